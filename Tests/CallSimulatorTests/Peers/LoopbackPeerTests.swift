internal import AgentBridge
internal import CallSimulator
internal import Foundation
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Loopback peer: a dialer calls scripted callees in a world")
struct LoopbackPeerTests {
    private func reminder() throws -> ScriptedAgent {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try ScriptedAgent(
            contentsOf: root.appending(path: "Examples/agents/appointment-reminder.json").path)
    }

    private let context = ["name": "Jane", "appointment_date": "May 4", "location": "Main Street"]

    @Test("A person answers and talks: both hear each other, and the transcript has both sides' words")
    func conversation() throws {
        let bench = PeerTestWorld(["+15550101": .talks], credentials: ("secret", "secret"))
        let outcome = try bench.call("+15550101", reminder(), context: context)
        #expect(outcome.disposition == .answered)
        #expect(outcome.endedBy == .us)
        let result = try #require(outcome.agentResult)
        #expect(result.status == .done)
        #expect(result.data["confirmed"] == "spoken")
        let callee = result.transcript.filter { $0.speaker == .callee }
        #expect(callee.first?.text.hasPrefix("Hello?") == true)
        #expect(callee.allSatisfy { $0.source == .calleeScript })
        let report = try #require(bench.peer.reports.first)
        #expect(report.end == .callerHungUp)
        #expect(report.answeredAfterMilliseconds == 2_000)
        #expect(callee.map(\.text).joined(separator: " ") == report.said)
        #expect(report.heard.voiceMilliseconds > 4_000)
        #expect(report.media?.packetsLost == 0)
    }

    @Test("A voicemail hears the message that comes after its beep, all of it")
    func voicemail() throws {
        let bench = PeerTestWorld(default: .voicemail)
        let outcome = try bench.call(
            "+15550102",
            ClosureAgent { session in
                _ = try await session.waitForVoice(timeout: .seconds(5))
                _ = try await session.waitForSilence(.milliseconds(1_500), timeout: .seconds(60))
                try await session.sayTones("Please call me back about your appointment on Monday.")
                try await session.sleep(for: .milliseconds(200))
                return AgentResult(status: .messageLeft)
            })
        #expect(outcome.agentResult?.status == .messageLeft)
        let message = try #require(outcome.agentResult?.transcript.last { $0.speaker == .agent })
        let report = try #require(bench.peer.reports.first)
        #expect(report.said.hasSuffix("and I will call you back."))
        let voice = try #require(report.heard.voice.first)
        #expect(report.heard.voice.count == 1)
        #expect(abs(voice.startMilliseconds - message.startMilliseconds) < 200)
        #expect(abs(voice.endMilliseconds - message.endMilliseconds) < 300)
    }

    @Test("The reminder tells a voicemail from a person, waits for the beep and leaves its message whole")
    func reminderOnVoicemail() throws {
        let bench = PeerTestWorld(default: .voicemail)
        let outcome = try bench.call("+15550102", reminder(), context: context)
        #expect(outcome.answeredBy == .voicemail)
        #expect(outcome.agentResult?.status == .messageLeft)
        let message = try #require(outcome.agentResult?.transcript.last { $0.speaker == .agent })
        #expect(!message.isCutOff)
        #expect(message.text.hasSuffix("at Main Street. Goodbye."))
        let report = try #require(bench.peer.reports.first)
        let first = try #require(report.heard.voice.first { $0.startMilliseconds > 5_000 })
        let last = try #require(report.heard.voice.last)
        #expect(abs(first.startMilliseconds - message.startMilliseconds) < 200)
        #expect(abs(last.endMilliseconds - message.endMilliseconds) < 300)
    }

    @Test("A person is told from a voicemail, and confirms with a key", arguments: [UInt64(1), 2, 3])
    func reminderOnPerson(seed: UInt64) throws {
        let bench = PeerTestWorld(seed: seed, default: .confirms, network: .cellular)
        let outcome = try bench.call("+15550101", reminder(), context: context)
        #expect(outcome.answeredBy == .human)
        #expect(outcome.agentResult?.status == .done)
        #expect(outcome.agentResult?.data["confirmed"] == "yes")
    }

    @Test(
        "Barge-in on the wire: the last packet with speech leaves within 60 ms of the decision",
        arguments: 1...8)
    func bargeIn(seed: UInt64) throws {
        let bench = PeerTestWorld(
            seed: seed,
            default: .answers(after: .zero).waits(.milliseconds(1_900 + Int(seed) * 7)).says(
                "Sorry, I have to stop you right here, this is not a good time at all."))
        let lastSpeech = Locked(MonotonicInstant(nanoseconds: 0))
        bench.world.addTap { event, datagram in
            guard event == .sent, datagram.source.host == "10.0.0.1", datagram.bytes.byteCount == 172 else {
                return
            }
            // Silence in µ-law is 0xFF, or 0x7F.
            let isSpeech = datagram.bytes.withUnsafeBytes { $0.dropFirst(12).contains { $0 | 0x80 != 0xFF } }
            if isSpeech { lastSpeech.withLock { $0 = datagram.time } }
        }
        let decided = Locked(MonotonicInstant(nanoseconds: 0))
        let outcome = try bench.call(
            "+15550111",
            ClosureAgent { session in
                let spoken = try await session.sayTones(String(repeating: "This goes on and on. ", count: 20))
                decided.withLock { [now = session.now] in $0 = now }
                try await session.sleep(for: .seconds(2))
                return AgentResult(status: .done, note: spoken.textSent)
            })
        let late = decided.withLock { $0 }.duration(to: lastSpeech.withLock { $0 })
        #expect(late <= .milliseconds(60), "\(late)")
        #expect(late > .milliseconds(-60), "it was speaking until the decision: \(late)")
        #expect(outcome.agentResult?.transcript.first { $0.speaker == .agent }?.isCutOff == true)
    }

    @Test(
        "Callees that do not answer",
        arguments: [
            ("busy", CallDisposition.busy, 486), ("declines", .declined, 603), ("noAnswer", .noAnswer, 487),
        ])
    func unanswered(preset: String, disposition: CallDisposition, status: Int) throws {
        let script = try #require(CalleeScript(preset: preset))
        let bench = PeerTestWorld(default: script)
        let outcome = try bench.call("+15550103", OneLiner(text: "Hello."))
        #expect(outcome.disposition == disposition)
        #expect(outcome.agentResult == nil)
        #expect(bench.peer.reports.map(\.status) == [status])
    }

    @Test("A number that leads nowhere is 404, wrong credentials are forbidden")
    func refused() throws {
        #expect(try PeerTestWorld().call("+15550104", OneLiner(text: "x")).disposition == .badNumber)
        let locked = PeerTestWorld(default: .talks, credentials: ("right", "wrong"))
        #expect(try locked.call("+15550104", OneLiner(text: "x")).disposition == .forbidden)
        #expect(locked.peer.reports.isEmpty)
    }

    @Test("Busy on the first attempt and reached on the second")
    func busyFirst() throws {
        let bench = PeerTestWorld(default: .busyFirst(then: .answers(after: .zero)))
        let outcomes = try bench.run { dialer in
            [
                try await dialer.call(CallRequest(to: "+15550105"), agent: OneLiner(text: "Hi.")).disposition,
                try await dialer.call(CallRequest(to: "+15550105"), agent: OneLiner(text: "Hi.")).disposition,
            ]
        }
        #expect(outcomes == [.busy, .answered])
        #expect(bench.peer.reports.map(\.attempt) == [1, 2])
    }

    @Test("A callee that hangs up mid-sentence interrupts the agent")
    func hangsUpMidSentence() throws {
        let bench = PeerTestWorld(default: .hangsUpMidSentence)
        let outcome = try bench.call(
            "+15550106",
            ClosureAgent { session in
                try await session.sayTones(String(repeating: "This is a very long sentence. ", count: 20))
                return AgentResult(status: .done)
            })
        #expect(outcome.endedBy == .callee)
        #expect(outcome.agentResult?.status == .interrupted)
        #expect(outcome.agentResult?.transcript.first { $0.speaker == .agent }?.isCutOff == true)
        #expect(bench.peer.reports.first?.end == .calleeHungUp)
    }

    @Test("Keys go both ways")
    func keys() throws {
        let bench = PeerTestWorld(default: .answers(after: .zero).presses("42#", after: .milliseconds(500)))
        let outcome = try bench.call(
            "+15550107",
            ClosureAgent { session in
                let keys = try await session.digits(count: 5, terminator: "#", timeout: .seconds(5))
                try session.sendDigits("9*1")
                try await session.sleep(for: .seconds(2))
                return AgentResult(status: .done, note: keys)
            })
        #expect(outcome.agentResult?.note == "42")
        #expect(bench.peer.reports.first?.heard.digits == "9*1")
    }

    @Test("Early media is heard before the answer and does not count as the conversation")
    func earlyMedia() throws {
        let bench = PeerTestWorld(default: .earlyMediaThenAnswer(after: .seconds(3)).says("Hello?"))
        let outcome = try bench.call(
            "+15550108",
            ClosureAgent { session in
                _ = try await session.waitForTurnEnd(timeout: .seconds(10))
                return AgentResult(status: .done)
            })
        #expect(outcome.disposition == .answered)
        #expect(outcome.agentResult?.transcript.map(\.text) == ["Hello?"])
    }

    @Test("Agents that throw, hang or flood end as they should; forty others on the same line are untouched")
    func othersUntouched() throws {
        struct Fault: Error {}
        let bench = PeerTestWorld(default: .answers(after: .seconds(1))) { dialing, _ in
            dialing.maximumDuration = .seconds(30)
        }
        let outcomes = try bench.run { dialer in
            try await withThrowingTaskGroup(of: (Int, CallOutcome).self) { group in
                for index in 0..<43 {
                    group.addTask {
                        let request = CallRequest(to: "+1555020\(index)")
                        let outcome =
                            switch index {
                            case 40:
                                try await dialer.call(request, agent: ClosureAgent { _ in throw Fault() })
                            case 41:
                                try await dialer.call(
                                    request,
                                    agent: ClosureAgent { session in
                                        while true { try await session.sleep(for: .seconds(1_000)) }
                                    })
                            case 42:
                                try await dialer.call(
                                    request,
                                    agent: ClosureAgent { session in
                                        while true { _ = try session.startUtterance() }
                                    })
                            default:
                                try await dialer.call(request, agent: OneLiner(text: "Good morning to you."))
                            }
                        return (index, outcome)
                    }
                }
                return try await group.reduce(into: [Int: CallOutcome]()) { $0[$1.0] = $1.1 }
            }
        }
        #expect((0..<40).allSatisfy { outcomes[$0]?.agentResult?.note == "whole" })
        #expect(outcomes[40]?.agentResult?.status == .failed)
        #expect(outcomes[41]?.agentResult?.status == .interrupted)
        #expect((29.9...30.1).contains(outcomes[41]?.timings.talkTime?.inSeconds ?? 0))
        #expect(outcomes[42]?.agentResult?.status == .failed)
        let voices = Set(bench.peer.reports.filter { $0.heard.voice.count == 1 }.map { $0.heard.voice[0] })
        #expect(bench.peer.reports.count == 43)
        #expect(voices.count == 1, "forty callees heard the same, to the millisecond")
    }

    @Test("One seed, one course: reports and digest are the same on a bad network")
    func deterministic() throws {
        func course() throws -> (String, [PeerCallReport]) {
            let bench = PeerTestWorld(seed: 77, default: .talks, network: .cellular)
            _ = try bench.call("+15550109", reminder(), context: context)
            return (bench.world.trace.digest, bench.peer.reports)
        }
        let (first, second) = (try course(), try course())
        #expect(first.0 == second.0)
        #expect(first.1 == second.1)
        #expect(first.1.first?.status == 200)
    }

    @Test("After stopping, nothing is left in the world")
    func leavesNothing() throws {
        let bench = PeerTestWorld(default: .talks)
        _ = try bench.call("+15550110", OneLiner(text: "Hello there."))
        #expect(bench.world.leaks.openSockets.isEmpty)
        #expect(bench.world.leaks.attachedClients == 0)
    }
}
