@testable internal import AgentBridge
internal import SansIO
internal import Synchronization
internal import Telephony
internal import Testing

@Suite("A conversation on a call")
struct ConversationTests {
    private struct Preparing: VoiceAgent {
        func prepare(for request: CallRequest, id: CallID) async throws -> [Int16] { tone(milliseconds: 100) }
        func converse(_ session: AgentSession, prepared: [Int16]) async throws -> AgentResult {
            try await session.say(prepared, text: "hello")
            return AgentResult(status: .done, note: "fine")
        }
    }

    @Test("The first audio leaves in the tick of the answer: no dead air")
    func noDeadAir() {
        let call = TestCall()
        let result = call.run(Preparing())
        #expect(call.firstSpokenMilliseconds == 0)
        #expect(call.samplesSpoken == 800)
        #expect(
            result
                == AgentResult(
                    status: .done, note: "fine",
                    transcript: [
                        TranscriptEntry(
                            speaker: .agent, source: .agentText, text: "hello", startMilliseconds: 0,
                            endMilliseconds: 80)
                    ]))
    }

    @Test("Preparation is done before the answer and its failure is thrown, not reported as a conversation")
    func preparationFails() {
        struct Unprepared: VoiceAgent {
            func prepare(for request: CallRequest, id: CallID) async throws {
                throw AgentError.failed("no model")
            }
            func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
                AgentResult(status: .done)
            }
        }
        let call = TestCall()
        #expect(call.run(Unprepared()) == nil)
        #expect(throws: AgentError.failed("no model")) { try call.result?.get() }
    }

    @Test("A call that nobody answers has no conversation")
    func notAnswered() {
        let call = TestCall(answersAt: nil)
        call.calleeHangsUp(at: 500)
        call.run(Preparing())
        #expect(throws: CallError.self) { try call.result?.get() }
    }

    @Test(
        "Barge-in: after the decision no packet with speech leaves, and the transcript ends at what was sent")
    func bargeIn() throws {
        var options = AgentOptions()
        options.bargeIn = BargeIn.Policy(minimumVoice: .milliseconds(200), protectedOpening: .zero)
        let words = "one two three four five six seven eight nine ten"
        let call = TestCall()
        call.voice(from: 2_000, to: 4_000)
        let agent = ClosureAgent(options) { session in
            let spoken = try await session.say(tone(milliseconds: 5_000), text: words)
            session.set("sent", to: String(spoken.samplesSent))
            session.set("decided", to: String(session.elapsedMilliseconds))
            return AgentResult(status: .done)
        }
        let result = try #require(call.run(agent))
        let decided = try #require(Int(result.data["decided"] ?? ""))
        let last = try #require(call.lastSpokenMilliseconds)
        #expect(decided == 1_200)
        #expect(last <= decided + 60)
        #expect(result.data["sent"] == String(call.samplesSpoken))
        #expect(result.transcript.first?.text == "one two")
        #expect(result.transcript.first?.isCutOff == true)
    }

    @Test("The opening is protected from a callee who says hello")
    func protectedOpening() throws {
        let call = TestCall()
        call.voice(from: 1_100, to: 2_000)
        let agent = ClosureAgent { session in
            let spoken = try await session.say(tone(milliseconds: 3_000))
            return AgentResult(status: .done, note: "cut: \(spoken.isCutOff)")
        }
        #expect(try #require(call.run(agent)).note == "cut: false")
    }

    @Test("A conversation that the callee ends is interrupted; what was said and found so far is kept")
    func calleeHangsUp() throws {
        let call = TestCall()
        call.voice(from: 1_200, to: 1_500)
        call.calleeHangsUp(at: 2_000)
        let agent = ClosureAgent { session in
            session.set("step", to: "greeting")
            try await session.say(tone(milliseconds: 4_000), text: "a b c d")
            return AgentResult(status: .done)
        }
        let result = try #require(call.run(agent))
        #expect(result.status == .interrupted)
        #expect(result.data == ["step": "greeting"])
        #expect(
            result.transcript == [
                TranscriptEntry(
                    speaker: .agent, source: .agentText, text: "a", startMilliseconds: 0,
                    endMilliseconds: 1_000,
                    isCutOff: true),
                TranscriptEntry(
                    speaker: .callee, source: .untranscribed, text: "", startMilliseconds: 200,
                    endMilliseconds: 500),
            ])
    }

    @Test("An agent that throws has failed; the report names the type and nothing else of a foreign error")
    func agentThrows() {
        struct Secret: Error { var number = "+15551234567" }
        let result = TestCall().run(ClosureAgent { _ in throw Secret() })
        #expect(result?.status == .failed)
        #expect(result?.note == "the agent threw Secret")
    }

    @Test("An agent that hangs is interrupted when the call ends")
    func agentHangs() {
        let call = TestCall()
        call.calleeHangsUp(at: 31_000)
        let result = call.run(
            ClosureAgent { session in
                while true { try await session.sleep(for: .seconds(3_600)) }
            })
        #expect(result?.status == .interrupted)
    }

    @Test("An agent that floods with speech fails, in bounded memory")
    func agentFloodsSpeech() {
        let call = TestCall()
        let result = call.run(
            ClosureAgent { session in
                let utterance = try session.startUtterance()
                while true { try utterance.append(tone(milliseconds: 1_000)) }
            })
        #expect(result?.status == .failed)
        #expect(result?.note == "more speech is waiting than a call can hold")
    }

    @Test("An agent that floods with utterances or keys fails")
    func agentFloodsElse() {
        let utterances = TestCall().run(
            ClosureAgent { session in
                while true { _ = try session.startUtterance() }
            })
        #expect(utterances?.status == .failed)
        let keys = TestCall().run(
            ClosureAgent { session in
                while true { try session.sendDigits("1234567890") }
            })
        #expect(keys?.note == "more keys were sent than a call allows")
    }

    @Test("An agent that hangs up gets the result it asked for")
    func hangsUp() {
        let call = TestCall()
        let result = call.run(
            ClosureAgent { session in
                session.hangUp(.messageLeft, note: "enough")
                try await session.sleep(for: .seconds(60))
                return AgentResult(status: .done)
            })
        #expect(result?.status == .messageLeft)
        #expect(result?.note == "enough")
        #expect(call.endedAtMilliseconds == 1_000)
    }

    @Test("An agent that speaks at one rate does not speak on a call at another")
    func rateMismatch() {
        var options = AgentOptions()
        options.audioRateHertz = 24_000
        let result = TestCall().run(ClosureAgent(options) { _ in AgentResult(status: .done) })
        #expect(result?.status == .failed)
        #expect(
            AgentCallHandler(ClosureAgent(options) { _ in AgentResult(status: .done) }).audioRateHertz
                == 24_000)
    }

    @Test("Echo: what the callee says comes back one frame later")
    func echo() {
        let call = TestCall()
        call.calleeAudio = tone(milliseconds: 400)
        call.calleeHangsUp(at: 3_000)
        #expect(call.run(EchoAgent())?.status == .done)
        #expect(call.samplesSpoken == 3_200)
        #expect(call.firstSpokenMilliseconds == 20)
    }

    @Test("Silence: nothing is said until the agreed time")
    func silence() throws {
        let call = TestCall()
        let result = try #require(call.run(SilentAgent(hangsUpAfter: .seconds(5))))
        #expect(result.status == .done)
        #expect(call.samplesSpoken == 0)
        #expect(call.sent.count == 251)
    }
}
