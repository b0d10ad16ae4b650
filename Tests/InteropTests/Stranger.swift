import Foundation
import SIPCore
import SansIO
import Testing

/// A program that nobody here wrote, run on loopback for one test and stopped by process id.
final class Stranger: Sendable {
    private let process = Process()
    private let log: URL

    /// The path of an installed program; `nil`, with a printed line, when there is none.
    ///
    /// With `OUTDIAL_REQUIRE_TESTDATA=1`, as in continuous integration, absence is a failure.
    static func find(_ program: String) throws -> String? {
        for folder in ["/usr/bin", "/usr/local/bin", "/usr/sbin"] {
            let path = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        let line = "skipped: \(program) is not installed; script/bootstrap installs it"
        if ProcessInfo.processInfo.environment["OUTDIAL_REQUIRE_TESTDATA"] == "1" {
            throw Missing(description: line)
        }
        print(line)
        return nil
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    /// Starts a program; its output goes to a file of its own.
    init(_ path: String, _ arguments: [String], in folder: URL = .temporaryDirectory) throws {
        log = URL.temporaryDirectory.appending(path: "outdial-stranger-\(UUID().uuidString).log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let handle = try FileHandle(forWritingTo: log)
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: log)
    }

    /// The kernel's table that shows who listens.
    static func table(_ transport: SIPTransport, _ host: String) -> String {
        (transport == .udp ? "udp" : "tcp") + (host.contains(":") ? "6" : "")
    }

    /// Starts a program that is to listen on a free port of loopback, and waits until it does.
    static func listening(
        _ path: String, in folder: URL = .temporaryDirectory, table: String = "udp",
        arguments: (_ port: UInt16) throws -> [String]
    ) throws -> (stranger: Stranger, port: UInt16) {
        let port = try freePort()
        let stranger = try Stranger(path, try arguments(port), in: folder)
        guard waitForListener(port: port, table: table, while: { stranger.isRunning }) else {
            throw Missing(description: "\(path) does not listen: \(stranger.output)")
        }
        return (stranger, port)
    }

    var isRunning: Bool { process.isRunning }

    /// What it has printed so far.
    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Waits until it ends by itself.
    ///
    /// - Returns: Its exit code; `nil` when `limit` seconds have passed.
    func waitForExit(limit: Double) -> Int32? {
        let deadline = Date().addingTimeInterval(limit)
        while process.isRunning, Date() < deadline { usleep(20_000) }
        return process.isRunning ? nil : process.terminationStatus
    }

    /// Waits until something listens on a UDP port of 127.0.0.1.
    static func waitForUDP(port: UInt16) -> Bool { waitForListener(port: port, table: "udp") }

    /// The same of TCP.
    static func waitForTCP(port: UInt16) -> Bool { waitForListener(port: port, table: "tcp") }

    /// Waits until a port stands in one of the kernel's tables: `udp`, `tcp`, `udp6` or `tcp6`.
    ///
    /// - Parameter isWorthIt: Whether whoever is to listen can still come to it.
    static func waitForListener(
        port: UInt16, table: String, limit: Double = 30, while isWorthIt: () -> Bool = { true }
    ) -> Bool {
        let wanted = String(format: ":%04X", port)
        let deadline = Date().addingTimeInterval(limit)
        while Date() < deadline, isWorthIt() {
            let isThere = whole("/proc/net/\(table)").split(separator: "\n").contains { line in
                // Number, own address, the far end's, state.
                let fields = line.split(separator: " ", maxSplits: 4)
                guard fields.count > 3, fields[1].hasSuffix(wanted) else { return false }
                return table.hasPrefix("udp") || fields[3] == takesConnections
            }
            if isThere { return true }
            usleep(20_000)
        }
        return false
    }

    /// The state of a TCP socket that takes connections.
    private static let takesConnections = "0A"

    /// A file of the kernel's. Foundation takes one page of it for all of it: of a table of sockets the first thirty.
    static func whole(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var page = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &page, page.count), count > 0 { bytes += page[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Stops it together with its children: they are a process group of their own.
    ///
    /// By SIGKILL, since it inherits the mask of whatever thread has started it, which may block all others.
    func stop() {
        guard process.isRunning else { return }
        kill(-process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// A free port of 127.0.0.1 for UDP and TCP, even, eight away from any other that is handed out.
    static func freePort() throws -> UInt16 { try FreePorts.next() }

    /// A copy of a file of `Fixtures/`, with words of it replaced; the caller removes it.
    static func fixture(_ name: String, replacing words: [String: String] = [:]) throws -> URL {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
        var text = try String(contentsOf: source, encoding: .utf8)
        for (word, replacement) in words { text = text.replacingOccurrences(of: word, with: replacement) }
        let copy = URL.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString)-\(name)")
        try text.write(to: copy, atomically: true, encoding: .utf8)
        return copy
    }
}
