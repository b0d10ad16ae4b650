internal import CallSimulator
internal import Foundation
internal import Testing

@Suite("callsim as a process")
struct CallsimProcessTests {
    private struct Run {
        var code: Int32
        var output: String
        var errors: String
    }

    /// The executable lies beside the test bundle.
    private static var executable: URL? {
        let places = [
            URL(filePath: CommandLine.arguments.first ?? "").deletingLastPathComponent(),
            Bundle.main.bundleURL,
            URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".build/debug"),
        ]
        return places.map { $0.appending(path: "callsim") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    private func callsim(_ words: String...) throws -> Run {
        let process = Process()
        let executable: URL = try #require(Self.executable, "callsim is not built")
        process.executableURL = executable
        process.arguments = words
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Run(code: process.terminationStatus, output: text, errors: complaint)
    }

    private struct Summary: Decodable {
        var seed: UInt64
        var calls: Int
        var traceDigest: String
        var outcomes: [String: Int]
        var violations: [Violation]
        var invariants: [InvariantCount]
        var replay: String
    }

    private func summary(seed: UInt64) throws -> Summary {
        let run = try callsim(
            "run", "--seed", "\(seed)", "--calls", "4", "--loss", "0.03", "--jitter", "20", "--json")
        #expect(run.code == 0, "\(run.errors)")
        return try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8))
    }

    @Test("Two processes with one seed have one trace; another seed has another")
    func determinism() throws {
        let first = try summary(seed: 11)
        let second = try summary(seed: 11)
        let other = try summary(seed: 12)
        #expect(first.traceDigest == second.traceDigest)
        #expect(first.outcomes == second.outcomes)
        #expect(first.traceDigest.count == 32)
        #expect(first.traceDigest != other.traceDigest)
        #expect(first.seed == 11 && first.calls == 4)
        #expect(first.violations.isEmpty)
        #expect(first.invariants.count == Invariant.allCases.count)
        #expect(first.replay == "callsim run --seed 11 --calls 4 --loss 0.03 --jitter 20")
    }

    @Test("Wrong arguments are usage, exit code 64; help is not")
    func usage() throws {
        #expect(try callsim("run", "--cals", "4").code == 64)
        #expect(try callsim("run", "--loss", "3").code == 64)
        #expect(try callsim("sweep").code == 64)
        #expect(try callsim("sing").code == 64)
        #expect(try callsim().code == 64)
        for command in ["run", "sweep", "canary"] {
            let run = try callsim(command, "--help")
            #expect(run.code == 0)
            #expect(run.output.contains("Usage: callsim \(command)"))
        }
    }

    @Test("A sweep is clean, and a trace can be read as text")
    func sweepAndTrace() throws {
        #expect(try callsim("sweep", "--seeds", "0..<3", "--calls", "2", "--no-media").code == 0)
        let file = FileManager.default.temporaryDirectory.appending(path: "callsim-\(UUID()).txt")
        defer { try? FileManager.default.removeItem(at: file) }
        let run = try callsim("run", "--calls", "2", "--no-media", "--trace", file.path)
        #expect(run.code == 0)
        #expect(run.output.contains("Violations: 0"))
        #expect(try String(contentsOf: file, encoding: .utf8).contains("INVITE sip:"))
    }
}
