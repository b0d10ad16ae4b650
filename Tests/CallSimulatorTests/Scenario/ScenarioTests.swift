internal import AgentBridge
internal import CallSimulator
internal import Foundation
internal import RTPMedia
internal import SansIO
internal import Telephony
internal import Testing

@Suite("A scenario: one call in virtual time")
struct ScenarioTests {
    @Test("Ten lines are a whole call: outcome, words, what the callee heard, times to the millisecond")
    func wholeCall() throws {
        let report = try Scenario(seed: 7)
            .callee(.answers(after: .seconds(4)).says("Hello?"))
            .network(.perfect)
            .agent(GreetingAgent())
            .request(CallRequest(to: "+15550100", context: ["name": "Jane"]))
            .run()
        #expect(report.violations.isEmpty, "\(report)")
        #expect(report.outcome.disposition == .answered)
        #expect(report.outcome.endedBy == .us)
        #expect(report.outcome.agentResult?.data["name"] == "Jane")
        #expect(report.transcript.map(\.text) == ["Hello?", "Hello Jane, this is a test."])
        // The INVITE takes a millisecond there, the 180 and the 200 one back; dialing begins within the first.
        #expect(report.time { if case .ringing = $0 { true } else { false } } == .milliseconds(2))
        #expect(report.time { $0 == .answered } == .milliseconds(4_002))
        #expect(report.callee?.answeredAfterMilliseconds == 4_000)
        #expect((report.callee?.heard.voiceMilliseconds ?? 0) > 1_000)
        #expect(report.record?.to == "+15550100")
        #expect(report.ladder.contains("INVITE"))
        #expect(report.ladder.contains("BYE"))
        #expect(Array(report.pcap.prefix(4)) == [0x4D, 0x3C, 0xB2, 0xA1])
        #expect(report.invariants.first { $0.invariant == .rtpSequence }?.checks ?? 0 > 100)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var preset: String
        var disposition: CallDisposition
        var endedBy: CallParty
        var calleeEnd: PeerCallReport.End?
        var status: AgentResult.Status?

        var testDescription: String { preset }
    }

    @Test(
        "What each callee makes of a call",
        arguments: [
            Row(
                preset: "answers", disposition: .answered, endedBy: .us, calleeEnd: .callerHungUp,
                status: .done),
            Row(
                preset: "talks", disposition: .answered, endedBy: .us, calleeEnd: .callerHungUp, status: .done
            ),
            Row(
                preset: "confirms", disposition: .answered, endedBy: .us, calleeEnd: .callerHungUp,
                status: .done),
            Row(
                preset: "voicemail", disposition: .answered, endedBy: .us, calleeEnd: .callerHungUp,
                status: .messageLeft),
            Row(preset: "busy", disposition: .busy, endedBy: .callee, calleeEnd: .rejected, status: nil),
            Row(preset: "busyFirst", disposition: .busy, endedBy: .callee, calleeEnd: .rejected, status: nil),
            Row(
                preset: "declines", disposition: .declined, endedBy: .callee, calleeEnd: .rejected,
                status: nil),
            Row(preset: "noAnswer", disposition: .noAnswer, endedBy: .us, calleeEnd: .cancelled, status: nil),
            Row(
                preset: "earlyMedia", disposition: .answered, endedBy: .us, calleeEnd: .callerHungUp,
                status: .done),
            Row(
                preset: "hangsUpMidSentence", disposition: .answered, endedBy: .callee,
                calleeEnd: .calleeHungUp, status: .interrupted),
        ])
    func presets(row: Row) throws {
        let script = try #require(CalleeScript(preset: row.preset))
        let report = try Scenario().callee(script).challenge(.digest).run()
        #expect(report.violations.isEmpty, "\(report)")
        #expect(report.outcome.disposition == row.disposition)
        #expect(report.outcome.endedBy == row.endedBy)
        #expect(report.callee?.end == row.calleeEnd)
        #expect(report.outcome.agentResult?.status == row.status)
        let calleeWords = report.transcript.filter { $0.source == .calleeScript }.map(\.text).joined(
            separator: " ")
        if row.disposition == .answered { #expect(report.callee?.said.hasPrefix(calleeWords) == true) }
        #expect(row.preset != "confirms" || report.record?.digits == "1")
    }

    @Test("A ring timeout comes after exactly sixty seconds")
    func ringTimeout() throws {
        let report = try Scenario().callee(.noAnswer).run()
        let timings = report.outcome.timings
        let dialed = try #require(timings.dialed)
        let ended = try #require(timings.ended)
        #expect(dialed.duration(to: ended) == .seconds(60))
        #expect(report.outcome.disposition == .noAnswer)
        #expect(report.violations.isEmpty, "\(report)")
    }

    @Test("The same seed gives the same trace, another seed another")
    func digest() throws {
        func digest(_ seed: UInt64) throws -> String {
            try Scenario(seed: seed).callee(.confirms).network(.cellular).run().traceDigest
        }
        let first = try digest(3)
        #expect(try digest(3) == first)
        #expect(try digest(4) != first)
    }

    @Test("A recording in the scenario's directory has both sides")
    func recording() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "scenario-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let report = try Scenario().callee(.answers().says("Hello there.")).records(in: directory.path).run()
        let path = try #require(report.record?.recording)
        let file = try WAVFile(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
        #expect(file.channels == 2)
    }

    @Test("A recorded call that is never dialed ends, says why, and leaves no file")
    func recordingUndialed() throws {
        struct Unready: VoiceAgent {
            func prepare(for request: CallRequest, id: CallID) async throws {
                throw AgentError.failed("the diary is closed")
            }
            func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
                AgentResult(status: .done)
            }
        }
        let directory = FileManager.default.temporaryDirectory.appending(path: "scenario-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let report = try Scenario().agent(Unready()).records(in: directory.path).run()
        #expect(report.outcome.disposition == .notPrepared)
        #expect(report.outcome.cause.text == "the agent could not prepare: the diary is closed")
        #expect(report.record?.recording == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test(
        "An agent that throws, one that does nothing for an hour, one that floods: the call ends in order",
        arguments: Misbehaviour.allCases)
    func badAgents(_ misbehaviour: Misbehaviour) throws {
        var dialer = DialerConfiguration()
        dialer.maximumDuration = .seconds(30)
        let report = try Scenario().callee(.answers().says("Hello?")).dialer(dialer)
            .agent(BadAgent(misbehaviour: misbehaviour)).run()
        #expect(report.violations.isEmpty, "\(report)")
        #expect(report.outcome.disposition == .answered)
        switch misbehaviour {
        case .throwing: #expect(report.outcome.agentResult?.status == .failed)
        case .hanging:
            #expect(report.outcome.agentResult?.status == .interrupted)
            #expect(report.outcome.timings.talkTime == .seconds(30))
        case .flooding: #expect(report.outcome.agentResult?.status == .failed)
        }
    }

    @Test(
        "Barge-in: the voice is off the wire within 60 ms of the decision, whatever the network",
        arguments: UInt64(1)...6)
    func bargeIn(seed: UInt64) throws {
        let report = try Scenario(seed: seed).network(.lossy)
            .callee(
                .answers(after: .zero).waits(.milliseconds(2_000 + Int64(seed) * 7))
                    .says("Sorry, I have to stop you right here, this is not a good time at all.")
            )
            .agent(ChatterAgent()).run()
        #expect(report.violations.isEmpty, "\(report)")
        #expect(report.invariants.first { $0.invariant == .bargeIn }?.checks == 1)
        #expect(report.transcript.first { $0.speaker == .agent }?.isCutOff == true)
    }
}

/// Greets by name; sleeps as anybody would.
struct GreetingAgent: VoiceAgent {
    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        _ = try await session.waitForVoice(timeout: .seconds(5))
        _ = try await session.waitForSilence(.milliseconds(500), timeout: .seconds(5))
        try await Task.sleep(for: .milliseconds(200))
        let name = session.context["name"] ?? "there"
        try await session.sayTones("Hello \(name), this is a test.")
        return AgentResult(status: .done, data: ["name": name])
    }
}

/// Talks until it is stopped.
struct ChatterAgent: VoiceAgent {
    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        try await session.sayTones(String(repeating: "This goes on and on. ", count: 20))
        try await session.sleep(for: .seconds(6))
        return AgentResult(status: .done)
    }
}

enum Misbehaviour: String, Sendable, CaseIterable { case throwing, hanging, flooding }

struct BadAgent: VoiceAgent {
    struct Fault: Error {}

    var misbehaviour: Misbehaviour

    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        switch misbehaviour {
        case .throwing: throw Fault()
        case .hanging:
            try await session.sleep(for: .seconds(3_600))
            return AgentResult(status: .done)
        case .flooding:
            let utterance = try session.startUtterance()
            let second = [Int16](repeating: 900, count: session.rateHertz)
            while true { try utterance.append(second) }
        }
    }
}
