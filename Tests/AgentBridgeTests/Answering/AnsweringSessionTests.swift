@testable internal import AgentBridge
internal import SansIO
internal import Telephony
internal import Testing

/// Talks when it has the floor, and has a message and an introduction of its own.
private struct Assistant: VoiceAgent {
    typealias Message = @Sendable (AgentSession) async throws -> PreparedSpeech?

    var policy: AnsweringPolicy
    var bargeIn: BargeIn.Policy? = BargeIn.Policy()
    var message: Message = { _ in
        PreparedSpeech(tone(milliseconds: 2_000), rateHertz: 8_000, text: "please call back")
    }
    var talk: @Sendable (AgentSession) async throws -> AgentResult = { session in
        try await session.say(tone(milliseconds: 600), text: "hello")
        return AgentResult(status: .done)
    }

    init(
        _ policy: AnsweringPolicy, talk: (@Sendable (AgentSession) async throws -> AgentResult)? = nil
    ) {
        self.policy = policy
        self.talk = talk ?? self.talk
    }

    var options: AgentOptions {
        var options = AgentOptions()
        options.answering = policy
        options.bargeIn = bargeIn
        return options
    }

    func voicemailMessage(for session: AgentSession, prepared: Void) async throws -> PreparedSpeech? {
        try await message(session)
    }

    func introduction(for session: AgentSession, prepared: Void) async throws -> PreparedSpeech? {
        PreparedSpeech(tone(milliseconds: 1_000), rateHertz: 8_000, text: "it is me")
    }

    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        try await talk(session)
    }
}

@Suite("Who answered decides what the agent does")
struct AnsweringSessionTests {
    private func policy(_ change: (inout AnsweringPolicy) -> Void = { _ in }) -> AnsweringPolicy {
        var policy = AnsweringPolicy()
        policy.opening = .afterVerdict
        policy.voicemail = .leaveMessage
        policy.screening = .introduce
        policy.silence = .prompt
        change(&policy)
        return policy
    }

    private func texts(_ result: AgentResult) -> [String] {
        result.transcript.filter { $0.speaker == .agent }.map(\.text)
    }

    @Test(
        "Told to wait, the agent is silent until the verdict, and its first sample leaves with the next packet"
    )
    func atVerdict() throws {
        let call = TestCall()
        call.verdict(.human, at: 2_513)
        let result = try #require(call.run(Assistant(policy())))
        #expect(call.firstSpokenMilliseconds == 1_520)
        #expect(result.status == .done)
        #expect(texts(result) == ["hello"])
    }

    @Test("Without a verdict the agent talks after the time-out")
    func verdictTimeout() throws {
        let call = TestCall()
        call.run(Assistant(policy { $0.verdictTimeout = .seconds(2) }))
        #expect(call.firstSpokenMilliseconds == 2_020)
    }

    @Test(
        "An agent that talks is cut in the tick of the verdict, learns to the sample what was sent, and is silent"
    )
    func cut() throws {
        let told = Locked<[Int]>([])
        let afterwards = Locked<[String]>([])
        let call = TestCall()
        call.voice(from: 1_300, to: 8_500)
        call.verdict(.voicemail, at: 4_005)
        call.verdict(.voicemail, .beepHeard, at: 9_000)
        var agent = Assistant(policy { $0.opening = .atAnswer }) { session in
            let utterance = try session.startUtterance(text: "one two three four five six")
            try utterance.append(tone(milliseconds: 6_000))
            utterance.end()
            do {
                _ = try await utterance.spoken()
                try await session.sleep(for: .seconds(60))
            } catch {
                told.withLock { $0.append(utterance.result?.samplesSent ?? -1) }
                // It has lost the floor: none of this is sent, cuts anything or ends the call.
                do { try await session.say(tone(milliseconds: 500), text: "and") } catch {
                    afterwards.withLock { $0.append("\(type(of: error))") }
                }
                session.clear()
                session.hangUp()
                throw error
            }
            return AgentResult(status: .done)
        }
        // The greeting runs all the time; it is the verdict that cuts, not the voice.
        agent.bargeIn = nil
        let result = try #require(call.run(agent))
        #expect(told.withLock { $0 } == [3_020 * 8])
        #expect(afterwards.withLock { $0 } == ["CancellationError"])
        #expect(result.status == .messageLeft)
        #expect(texts(result) == ["one two three", "please call back"])
        let silent = call.sent[152..<400].allSatisfy { $0.allSatisfy { $0 == 0 } }
        #expect(silent, "from the verdict to the beep")
        #expect(call.sent[400...].joined().count { $0 != 0 } == 16_000, "and the message is whole")
    }

    @Test(
        "The message begins in the tick of the beep, is interrupted by nothing, and the call ends behind it")
    func message() throws {
        let call = TestCall()
        call.voice(from: 1_300, to: 6_000)
        call.verdict(.voicemail, at: 4_000)
        call.verdict(.voicemail, .beepHeard, at: 7_001)
        call.voice(from: 7_500, to: 8_900)
        let result = try #require(call.run(Assistant(policy())))
        #expect(call.firstSpokenMilliseconds == 6_020)
        #expect(call.samplesSpoken == 16_000)
        #expect(result.status == .messageLeft)
        #expect(result.transcript.last?.isCutOff == false)
        #expect(call.sent.count * 20 < 8_400)
    }

    @Test("A message that began in a pause of the greeting begins again behind the beep")
    func restarts() throws {
        let call = TestCall()
        call.voice(from: 1_300, to: 4_000)
        call.verdict(.voicemail, at: 4_000)
        call.verdict(.voicemail, .beepHeard, at: 8_000)
        let result = try #require(call.run(Assistant(policy())))
        #expect(call.firstSpokenMilliseconds == 6_020, "three seconds of silence")
        #expect(result.status == .messageLeft)
        let spoken = result.transcript.filter { $0.speaker == .agent }
        #expect(spoken.map(\.isCutOff) == [true, false])
        #expect(spoken.last?.startMilliseconds == 7_000)
        #expect(spoken.last?.text == "please call back")
    }

    @Test("The steps are events of the session, in order, each at its instant")
    func events() throws {
        let steps = Locked<[String]>([])
        let call = TestCall()
        call.verdict(.voicemail, at: 2_000)
        call.verdict(.voicemail, .beepHeard, at: 4_000)
        call.perform { call in
            let agent = Assistant(policy { $0.opening = .atAnswer }) { session in
                await withTaskGroup { group in
                    // Another task of the application that follows the session for its own log.
                    group.addTask {
                        for await event in session.events {
                            guard case .answering(let step) = event.kind else { continue }
                            let time = session.answeredAt.duration(to: event.instant) / .milliseconds(1)
                            steps.withLock { $0.append("\(Int(time)) \(step)") }
                            if step == .awaitingBeep { return }
                        }
                    }
                }
                #expect(session.answeredBy == .voicemail)
                return AgentResult(status: .done)
            }
            return try await agent.converse(on: call)
        }
        #expect(steps.withLock { $0 } == ["0 the agent talks", "1000 waiting for the beep"])
    }

    @Test("An agent without a message hangs up on a voicemail; one whose message fails or hangs says so")
    func noMessage() throws {
        func result(_ message: @escaping Assistant.Message) throws -> AgentResult {
            let call = TestCall()
            call.verdict(.voicemail, at: 2_000)
            call.verdict(.voicemail, .beepHeard, at: 5_000)
            var agent = Assistant(policy())
            agent.message = message
            return try #require(call.run(agent))
        }
        let absent = try result { _ in nil }
        #expect(absent.status == .notReached)
        #expect(absent.note == "voicemail, and no message to leave")
        #expect(try result { _ in throw AgentError.failed("no voice") }.status == .failed)
        let hanging = try result { session in
            try await session.sleep(for: .seconds(600))
            return nil
        }
        #expect(hanging.status == .failed)
    }

    @Test("The message of the request's policy comes before the agent's own, in the agent's voice")
    func requestsPolicy() throws {
        struct Talker: VoiceAgent {
            func speech(of text: String, for session: AgentSession, prepared: Void) async throws
                -> PreparedSpeech
            {
                PreparedSpeech(tone(milliseconds: 1_000, rateHertz: 16_000), rateHertz: 16_000, text: text)
            }
            func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
                AgentResult(status: .done)
            }
        }
        let wanted = policy { $0.message = "Hello {{name}}, call us." }
        let call = TestCall(context: ["name": "Jane"], answering: wanted)
        call.verdict(.voicemail, .beepHeard, at: 3_000)
        let result = try #require(call.run(Talker()))
        #expect(result.status == .messageLeft)
        #expect(texts(result) == ["Hello Jane, call us."])
        #expect(call.lastSpokenMilliseconds == 2_980, "one second, though spoken at another rate")
    }

    @Test("A text of the policy that cannot be filled stops the call before it is dialed")
    func unknownVariable() throws {
        let call = TestCall(answering: policy { $0.introduction = "This is {{company}}." })
        call.run(SilentAgent())
        let error = #expect(throws: AgentError.self) { try call.result?.get() }
        #expect(
            error?.description
                == "answering.introduction: {{company}} at byte 8 is not in the call's context and has no fallback"
        )
    }

    @Test("A screening assistant hears who calls, and the person behind it the agent, from its beginning")
    func screening() throws {
        let call = TestCall()
        call.voice(from: 1_200, to: 7_000)
        call.verdict(.screening, at: 4_000)
        call.voice(from: 15_000, to: 15_500)
        let agent = Assistant(policy { $0.opening = .atAnswer }) { session in
            try await session.say(tone(milliseconds: 600), text: "hello")
            try await session.sleep(for: .seconds(10))
            return AgentResult(status: .done)
        }
        let result = try #require(call.run(agent))
        #expect(texts(result) == ["hello", "it is me", "hello"])
        #expect(result.status == .done)
        let starts = result.transcript.filter { $0.speaker == .agent }.map(\.startMilliseconds)
        #expect(starts == [0, 7_000, 15_100])
    }

    @Test("Nothing is said to a fax", arguments: [AnsweredBy.fax, .silence])
    func fax(who: AnsweredBy) throws {
        let call = TestCall()
        call.verdict(who, at: 3_000)
        let result = try #require(call.run(Assistant(policy())))
        #expect(result.status == .notReached)
        #expect(texts(result) == (who == .fax ? [] : ["Hello?"]))
        #expect((call.samplesSpoken == 0) == (who == .fax))
    }

    @Test("A menu gets its key, and the agent the floor")
    func menu() throws {
        let call = TestCall()
        call.verdict(.ivr, at: 5_000)
        let result = try #require(call.run(Assistant(policy { $0.menu = .press("0") })))
        #expect(call.digitsSent == "0")
        #expect(texts(result) == ["0", "hello"])
    }

    @Test("A voicemail that hangs up on the message leaves an interrupted call; behind it the message counts")
    func mailboxHangsUp() throws {
        for (end, status) in [(5_000, AgentResult.Status.interrupted), (6_100, .messageLeft)] {
            let call = TestCall()
            call.verdict(.voicemail, .beepHeard, at: 4_000)
            call.calleeHangsUp(at: end)
            #expect(call.run(Assistant(policy()))?.status == status)
        }
    }

    @Test("An agent that ignores its cancellation holds back the report, never the message or the line")
    func stubbornAgent() throws {
        let call = TestCall()
        call.verdict(.voicemail, at: 2_000)
        call.verdict(.voicemail, .beepHeard, at: 4_000)
        let waiting = Locked<UnsafeContinuation<Void, Never>?>(nil)
        let result = try #require(
            call.perform { call in
                await withTaskGroup { group in
                    group.addTask {
                        try? await call.sleep(for: .seconds(20))
                        waiting.withLock { $0.take() }?.resume()
                    }
                    let agent = Assistant(policy { $0.opening = .atAnswer }) { _ in
                        await withUnsafeContinuation { continuation in
                            waiting.withLock { $0 = continuation }
                        }
                        return AgentResult(status: .done)
                    }
                    return try? await agent.converse(on: call)
                } ?? AgentResult(status: .failed)
            })
        #expect(result.status == .messageLeft)
        #expect(try #require(call.endedAtMilliseconds) < 6_500)
    }
}
