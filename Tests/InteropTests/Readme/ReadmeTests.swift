import AgentBridge
import CallSimulator
import CampaignKit
import Foundation
import SIPCore
import SansIO
import SocketDriver
import Telephony
import Testing

@Suite("README", .timeLimit(.minutes(1)))
struct ReadmeTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The text between `// snippet: NAME` and `// end` of a source file.
    private static func snippet(_ name: String, in file: String) throws -> String {
        let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
        let start = try #require(text.range(of: "// snippet: \(name)\n"), "no snippet \(name) in \(file)")
        let end = try #require(text.range(of: "\n// end", range: start.upperBound..<text.endIndex))
        return String(text[start.upperBound..<end.lowerBound])
    }

    @Test(
        "Its code blocks are the ones that are compiled",
        arguments: [
            ("agent", "Tests/InteropTests/Readme/ReadmeSnippets.swift"),
            ("call", "Tests/InteropTests/Readme/ReadmeSnippets.swift"),
            ("campaign", "Tests/InteropTests/Readme/ReadmeSnippets.swift"),
            ("transfer", "Tests/InteropTests/Readme/ReadmeSnippets.swift"),
            ("answering", "Tests/InteropTests/Readme/ReadmeSnippets.swift"),
            ("simulation", "Tests/InteropTests/Readme/ReadmeSnippets.swift"),
        ])
    func blocksAreCompiled(name: String, file: String) throws {
        let page = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let code = try Self.snippet(name, in: file)
        #expect(
            page.contains("```swift\n\(code)\n```"),
            "README.md does not show the snippet \(name) as it is compiled")
    }

    /// A trunk with one kind of callee behind it, on loopback.
    private static func withTrunk<Value>(
        _ callee: CalleeScript, _ body: (Trunk) async throws -> Value
    ) async throws -> Value {
        let peer = LoopbackPeer(driver: try SocketDriver(), callee: callee)
        let address = try await peer.start()
        let value = try await body(
            Trunk(name: "loopback", host: address.host, port: address.port, numbers: ["+15550100"]))
        await peer.stop()
        return value
    }

    @Test("The call block places a call")
    func callBlockRuns() async throws {
        let callee = CalleeScript.answers(after: .milliseconds(100)).waits(.seconds(1)).presses("1").waits(
            .seconds(20))
        let outcome = try await Self.withTrunk(callee) { try await remindJane(over: $0) }
        #expect(outcome.disposition == .answered)
        #expect(outcome.agentResult?.note == "confirmed")
    }

    @Test("The transfer block briefs the colleague alone, and connects the two")
    func transferBlockRuns() async throws {
        var hosting = LoopbackPeer.Configuration()
        hosting.keepsAudio = true
        let colleague = CalleeScript(steps: [
            .answer, .wait(.seconds(1)), .press("1"), .wait(.milliseconds(400)), .tone(.busy, .seconds(2)),
            .hangUp,
        ])
        let peer = LoopbackPeer(
            driver: try SocketDriver(),
            directory: CalleeDirectory(["2": colleague], default: .answers(after: .zero)),
            configuration: hosting)
        let address = try await peer.start()
        let dialer = Dialer(
            trunk: Trunk(name: "loopback", host: address.host, port: address.port, numbers: ["+15550100"]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            _ = try await dialer.call(CallRequest(to: "1")) { customer in
                try await customer.answered()
                try await handOver(customer, to: CallRequest(to: "2"), by: dialer)
            }
            await dialer.shutDown()
            try await group.waitForAll()
        }
        await peer.stop()
        let heard = Dictionary(uniqueKeysWithValues: peer.reports.map { ($0.number, $0.heard) })
        #expect(heard["2"]?.voice.isEmpty == false, "the briefing")
        // The busy tone of the colleague's line, and nothing of the briefing.
        let loud = heard["1"]?.samples.count { $0.magnitude > 500 } ?? 0
        #expect((2_000...20_000).contains(loud), "\(loud) samples")
    }

    @Test("The answering block leaves its message on a voicemail")
    func answeringBlockRuns() throws {
        let report = try Scenario(seed: 7).callee(.voicemail).agent(ClinicAgent()).run()
        #expect(report.outcome.agentResult?.status == .messageLeft)
        #expect(report.transcript.last { $0.speaker == .agent }?.text == "Hello there, please call us.")
    }

    @Test("The campaign block runs a campaign")
    func campaignBlockRuns() async throws {
        let callee = CalleeScript.answers(after: .milliseconds(100)).waits(.seconds(1)).presses("1").waits(
            .seconds(20))
        let csv = Array("phone,name\n(555) 123-4567,Jane\n".utf8)
        let report = try await Self.withTrunk(callee) { try await remindEverybody(in: csv, over: $0) }
        #expect(report.recipients.completed == 1)
        #expect(report.calls.first?.agentNote == "confirmed")
    }
}
