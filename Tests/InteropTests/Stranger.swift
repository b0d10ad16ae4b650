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

    /// Starts a program that is to listen on a free port of loopback, which another may take in between: up to three tries.
    static func listening(
        _ path: String, in folder: URL = .temporaryDirectory, table: String = "udp",
        arguments: (_ port: UInt16) throws -> [String]
    ) throws -> (stranger: Stranger, port: UInt16) {
        var output = ""
        for _ in 0..<3 {
            let port = try freePort()
            let stranger = try Stranger(path, try arguments(port), in: folder)
            if waitForListener(port: port, table: table, limit: 5) { return (stranger, port) }
            output = stranger.output
        }
        throw Missing(description: "\(path) does not listen: \(output)")
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
    static func waitForUDP(port: UInt16, limit: Double = 10) -> Bool {
        waitForListener(port: port, table: "udp", limit: limit)
    }

    /// Waits until a port stands in one of the kernel's tables: `udp`, `tcp`, `udp6` or `tcp6`.
    static func waitForListener(port: UInt16, table: String, limit: Double) -> Bool {
        let wanted = String(format: ":%04X ", port)
        let deadline = Date().addingTimeInterval(limit)
        while Date() < deadline {
            if let table = try? String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8),
                table.contains(wanted)
            {
                return true
            }
            usleep(20_000)
        }
        return false
    }

    /// Stops it together with its children: they are a process group of their own.
    ///
    /// By SIGKILL, since it inherits the mask of whatever thread has started it, which may block all others.
    func stop() {
        guard process.isRunning else { return }
        kill(-process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    // Guards the next port to hand out.
    private static let nextPort = Locked<UInt16>(20_000 + UInt16(getpid() % 1_000) * 8)

    /// A free UDP port of 127.0.0.1, even, eight away from any other: below the system's own choices, so that nobody takes it.
    static func freePort() throws -> UInt16 {
        for _ in 0..<500 {
            let port = nextPort.withLock { next in
                defer { next = next >= 31_900 ? 20_000 : next + 8 }
                return next
            }
            if isFree(port) { return port }
        }
        throw Missing(description: "no UDP port of 127.0.0.1 is free")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

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
