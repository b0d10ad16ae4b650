internal import AgentBridge
internal import Foundation
internal import Telephony
internal import Testing

@Suite("Scripted agent")
struct ScriptedAgentTests {
    private let context = ["name": "Jane", "appointment_date": "May 4", "location": "Main Street"]

    private func reminder() throws -> ScriptedAgent {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appending(path: "Examples/agents/appointment-reminder.json").path
        return try ScriptedAgent(AgentScript(contentsOf: path))
    }

    private func texts(_ result: AgentResult, _ speaker: TranscriptEntry.Speaker = .agent) -> [String] {
        result.transcript.filter { $0.speaker == speaker }.map(\.text)
    }

    @Test("The reminder greets at once, and a key confirms")
    func confirmsWithKey() throws {
        let call = TestCall(context: context)
        call.verdict(.human, at: 2_500)
        call.at(15_000, .digit("1"))
        let result = try #require(call.run(try reminder()))
        #expect(call.firstSpokenMilliseconds == 0)
        #expect(result.status == .done)
        #expect(result.data == ["confirmed": "yes"])
        #expect(
            texts(result) == [
                "Hello Jane.",
                "This is a reminder of your appointment on May 4 at Main Street. Press 1 to confirm, or just tell me.",
                "Thank you. See you on May 4. Goodbye.",
            ])
        #expect(texts(result, .callee) == ["1"])
    }

    @Test("A spoken reply is let finish before the agent thanks")
    func confirmsWithVoice() throws {
        let call = TestCall(context: context)
        call.verdict(.human, at: 2_500)
        call.voice(from: 14_000, to: 16_000)
        let result = try #require(call.run(try reminder()))
        #expect(result.data == ["confirmed": "spoken"])
        let thanks = try #require(result.transcript.last { $0.text == "Thank you. Goodbye." })
        #expect(thanks.startMilliseconds == 15_500)
    }

    @Test("A reminder that is talked over is said again when the callee has finished")
    func saysAgain() throws {
        let call = TestCall(context: context)
        call.verdict(.human, at: 2_500)
        call.voice(from: 3_500, to: 4_500)
        call.at(12_000, .digit("1"))
        let result = try #require(call.run(try reminder()))
        #expect(result.data == ["confirmed": "yes"])
        let lines = result.transcript.filter { $0.speaker == .agent }
        #expect(lines.map(\.isCutOff) == [false, true, false, false])
        #expect(lines[2].text.hasPrefix("As I was saying, your appointment is on May 4"))
        #expect(lines[2].startMilliseconds == 4_000)
    }

    @Test("Nobody replies: the agent says so and hangs up by itself")
    func noReply() throws {
        let call = TestCall(context: context)
        let result = try #require(call.run(try reminder()))
        #expect(result.data == ["confirmed": "no answer"])
        #expect(result.note == "no reply to the reminder")
    }

    @Test("On a voicemail it waits for the beep, leaves the message whole, and says that it did")
    func voicemail() throws {
        let call = TestCall(context: context)
        call.voice(from: 1_200, to: 7_000)
        call.verdict(.voicemail, at: 3_200)
        call.verdict(.voicemail, .beepHeard, at: 8_000)
        // Noise on the recorder must not cut the message.
        call.voice(from: 9_000, to: 11_000)
        let result = try #require(call.run(try reminder()))
        #expect(result.status == .messageLeft)
        let message = try #require(result.transcript.last { $0.speaker == .agent })
        #expect(message.startMilliseconds == 7_000)
        #expect(
            message.text
                == "Hello Jane. This is a reminder of your appointment on May 4 at Main Street. Goodbye.")
        #expect(!message.isCutOff)
    }

    @Test("A greeting that only paused: the message is said again behind its beep, whole")
    func beepIntoMessage() throws {
        let script = AgentScript(steps: [
            .init(.leaveMessage("Your appointment is on May 4.", timeout: .seconds(20)))
        ])
        let call = TestCall()
        call.verdict(.voicemail, at: 3_200)
        call.verdict(.voicemail, .greetingEnded, at: 5_000)
        call.verdict(.voicemail, .beepHeard, at: 5_600)
        let result = try #require(call.run(try ScriptedAgent(script)))
        #expect(result.status == .messageLeft)
        #expect(result.transcript.map(\.startMilliseconds) == [4_000, 4_600])
        #expect(result.transcript.map(\.isCutOff) == [true, false])
        #expect(result.transcript.last?.text == "Your appointment is on May 4.")
    }

    @Test("Behind a message the callee's voice cuts again what is said")
    func interruptsAfterMessage() throws {
        let script = AgentScript(steps: [
            .init(.leaveMessage("Your appointment is on May 4.", timeout: .seconds(1))),
            .init(.say("Press 1 to confirm, or stay on the line and tell me what I can do for you today.")),
        ])
        let call = TestCall()
        call.voice(from: 6_000, to: 9_000)
        let result = try #require(call.run(try ScriptedAgent(script)))
        #expect(result.transcript.filter { $0.speaker == .agent }.map(\.isCutOff) == [false, true])
    }

    @Test("A context that lacks a variable fails preparation, with step and field, and costs no call")
    func missingVariable() async throws {
        let agent = try reminder()
        let error = await #expect(throws: AgentError.self) {
            try await agent.prepare(
                for: CallRequest(to: "+15550100", context: ["name": "Jane"]), id: CallID("a"))
        }
        guard case .script(let fault) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(fault.step == 2)
        #expect(fault.field == "say")
    }

    @Test("Keys, a tool and a branch on them; later texts use what was saved")
    func toolsAndDigits() throws {
        let tool = AgentTool(name: "slot", description: "", parameters: [.init("day", description: "")]) {
            "10:30 on day \($0["day"] ?? "")"
        }
        let agent = try ScriptedAgent(
            AgentScript(steps: [
                .init(.waitForDigits(count: 2, terminator: "#", timeout: .seconds(3), saveAs: "day")),
                .init(.branch(.init(on: .digits, cases: ["none": "bye"]))),
                .init(.callTool("slot", arguments: ["day": "{{day}}"], saveAs: "slot")),
                .init(.say("{{slot}}")), .init(.sendDigits("{{day}}#")),
                .init(.hangUp(.done, note: "booked")),
                .init(.hangUp(.failed), label: "bye"),
            ]), tools: [tool])
        let call = TestCall()
        call.at(1_500, .digit("2"))
        call.at(1_800, .digit("#"))
        let result = try #require(call.run(agent))
        #expect(result.note == "booked")
        #expect(result.data == ["day": "2", "slot": "10:30 on day 2"])
        #expect(texts(result).first == "10:30 on day 2")
        #expect(call.digitsSent == "2#")
    }

    @Test("A recording is played at the call's rate")
    func playsSound() throws {
        let agent = try ScriptedAgent(
            AgentScript(steps: [.init(.play(file: "a.wav"))]),
            sounds: ["a.wav": .init(samples: tone(milliseconds: 500, rateHertz: 16_000), rateHertz: 16_000)])
        let call = TestCall()
        call.run(agent)
        #expect((3_900...4_000).contains(call.samplesSpoken))
    }

    @Test("A script that goes round in circles is stopped and does not hold the thread")
    func circles() throws {
        let agent = try ScriptedAgent(AgentScript(steps: [.init(.goTo("a"), label: "a")]))
        let result = try #require(TestCall().run(agent))
        #expect(result.status == .failed)
        #expect(result.note == "the script goes round in circles")
    }
}
