import Foundation
import Testing

/// The built `outdial`, beside the test bundle.
struct CommandLineTool {
    struct Result {
        var code: Int32
        var output: String
        var errors: String
    }

    static func path(_ name: String) throws -> String {
        var folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        for _ in 0..<6 {
            let candidate = folder.appending(path: name).path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        let source = URL(filePath: #filePath)
        let root = source.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for configuration in ["debug", "release"] {
            let candidate = root.appending(path: ".build/\(configuration)/\(name)").path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Stranger.Missing(description: "\(name) is not built; run swift build first")
    }

    /// Starts the tool with output and errors in files of their own.
    static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let running = Running()
        let process = running.process
        process.executableURL = URL(filePath: try path("outdial"))
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try running.output.open()
        process.standardError = try running.errors.open()
        try process.run()
        return running
    }

    /// Runs the tool to its end, at most `limit` seconds.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], limit: Double = 30
    ) throws -> Result {
        try start(arguments, environment: environment).finish(limit: limit)
    }

    /// A run that goes on.
    final class Running {
        let process = Process()
        let output = TextFile()
        let errors = TextFile()

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        func finish(limit: Double = 30) throws -> Result {
            let deadline = Date().addingTimeInterval(limit)
            while process.isRunning, Date() < deadline { usleep(10_000) }
            try #require(!process.isRunning, "still running after \(limit) s: \(output.text) \(errors.text)")
            return Result(code: process.terminationStatus, output: output.text, errors: errors.text)
        }

        /// Waits until the output holds `text`.
        func waitForOutput(_ text: String, limit: Double = 15) throws {
            let deadline = Date().addingTimeInterval(limit)
            while !output.text.contains(text), Date() < deadline { usleep(10_000) }
            try #require(output.text.contains(text), "no '\(text)' in: \(output.text) \(errors.text)")
        }
    }

    /// A temporary file that something writes to.
    final class TextFile {
        let url = URL.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString).txt")

        deinit { try? FileManager.default.removeItem(at: url) }

        func open() throws -> FileHandle {
            _ = FileManager.default.createFile(atPath: url.path, contents: nil)
            return try FileHandle(forWritingTo: url)
        }

        var text: String { (try? String(contentsOf: url, encoding: .utf8)) ?? "" }
    }
}

/// A folder that is removed at the end of a test.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = URL.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file and returns its path.
    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        return path(name)
    }
}
