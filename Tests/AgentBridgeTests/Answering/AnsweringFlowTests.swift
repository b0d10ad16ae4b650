@testable internal import AgentBridge
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Answering flow")
struct AnsweringFlowTests {
    private var flow: AnsweringFlow
    private var out = AnsweringFlow.Output()

    init() {
        var policy = AnsweringPolicy()
        policy.voicemail = .leaveMessage
        policy.screening = .introduce
        policy.silence = .prompt
        flow = AnsweringFlow(policy: policy)
    }

    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    private mutating func verdict(
        _ who: AnsweredBy, _ stage: AnswerVerdict.Stage = .recognised, at milliseconds: Int64,
        beep: Int? = nil
    ) {
        var facts = AnswerFacts()
        facts.beepMilliseconds = beep
        flow.classified(
            AnswerVerdict(
                answeredBy: who, stage: stage, confidence: 1, atMilliseconds: 0, evidence: "", facts: facts),
            at: at(milliseconds), into: &out)
    }

    private mutating func voice(from start: Int64, to end: Int64) {
        fire(until: start)
        flow.voiceStarted(at: at(start))
        fire(until: end)
        flow.voiceStopped(at: at(end))
    }

    /// Lets time pass.
    private mutating func fire(until milliseconds: Int64) {
        while let deadline = flow.nextDeadline, deadline <= at(milliseconds) {
            flow.fire(at: deadline, into: &out)
        }
    }

    @Test("An agent that talks is cut for a voicemail, and its message begins at the beep")
    mutating func voicemail() {
        flow.start(at: at(0), into: &out)
        verdict(.voicemail, at: 2_800)
        #expect(out.sends == [.converse(turn: 1), .yield, .prepare(.message)])
        verdict(.voicemail, .beepHeard, at: 9_000)
        #expect(out.sends.last == .say(.message, take: 1))
        flow.said(.message, take: 1, .whole, at: at(15_000), into: &out)
        fire(until: 15_200)
        #expect(out.sends.last == .finish(.messageLeft, note: ""))
        #expect(
            out.events == [.conversing, .awaitingBeep, .leavingMessage(attempt: 1), .messageLeft])
    }

    @Test("A greeting that pauses: the message begins again at the beep, and what was said before it is cut")
    mutating func restarts() {
        flow.start(at: at(0), into: &out)
        verdict(.voicemail, at: 2_800)
        voice(from: 300, to: 5_000)
        fire(until: 8_000)
        #expect(out.events.last == .leavingMessage(attempt: 1), "three seconds of silence and no beep")
        verdict(.voicemail, .beepHeard, at: 9_000)
        #expect(out.sends.last == .say(.message, take: 2))
        flow.said(.message, take: 1, .cut, at: at(9_000), into: &out)
        #expect(flow.state == .leavingMessage, "the end of the first one is old news")
        flow.said(.message, take: 2, .whole, at: at(14_000), into: &out)
        #expect(flow.state == .parting)
    }

    @Test("A greeting that goes on after its pause silences the message until it is over")
    mutating func greetingGoesOn() {
        flow.start(at: at(0), into: &out)
        verdict(.voicemail, at: 2_800)
        voice(from: 300, to: 5_000)
        voice(from: 8_500, to: 11_000)
        #expect(out.sends.contains(.hush))
        #expect(flow.state == .awaitingBeep)
        verdict(.voicemail, .beepHeard, at: 12_000)
        #expect(out.events.last == .leavingMessage(attempt: 2))
    }

    @Test("Noise on the tape does not stop a message that began after a beep")
    mutating func uninterrupted() {
        flow.start(at: at(0), into: &out)
        verdict(.voicemail, .beepHeard, at: 3_000)
        voice(from: 4_000, to: 9_000)
        #expect(flow.state == .leavingMessage)
        #expect(!out.sends.contains(.hush))
    }

    @Test("A vowel that was taken for a short beep: the message waits for the end of the greeting after all")
    mutating func vowelInGreeting() {
        flow.start(at: at(0), into: &out)
        flow.voiceStarted(at: at(400))
        verdict(.voicemail, .beepHeard, at: 2_800, beep: 100)
        #expect(out.events.last == .leavingMessage(attempt: 1))
        fire(until: 4_000)
        #expect(out.sends.last == .hush)
        #expect(flow.state == .awaitingBeep)
        fire(until: 8_000)
        flow.voiceStopped(at: at(8_000))
        verdict(.voicemail, .beepHeard, at: 9_000, beep: 400)
        #expect(out.events.last == .leavingMessage(attempt: 2))
    }

    @Test("Behind a short beep that was one, what is still heard of it does not stop the message")
    mutating func shortBeep() {
        flow.start(at: at(0), into: &out)
        flow.voiceStarted(at: at(400))
        verdict(.voicemail, .beepHeard, at: 5_000, beep: 80)
        flow.voiceStopped(at: at(5_500))
        fire(until: 9_000)
        #expect(flow.state == .leavingMessage)
        #expect(!out.sends.contains(.hush))
    }

    @Test("A mailbox that beeps at everything is not talked to for ever")
    mutating func beepsForEver() {
        flow.start(at: at(0), into: &out)
        for beep in Int64(1)...20 { verdict(.voicemail, .beepHeard, at: beep * 3_000) }
        #expect(flow.take == AnsweringFlow.takeLimit)
    }

    @Test("Silence behind the greeting without a beep begins the message, a greeting without end does too")
    mutating func withoutBeep() {
        flow.start(at: at(0), into: &out)
        voice(from: 300, to: 6_000)
        verdict(.voicemail, at: 6_100)
        verdict(.voicemail, .greetingEnded, at: 7_400)
        #expect(flow.nextDeadline == at(9_000))
        fire(until: 9_000)
        #expect(out.sends.last == .say(.message, take: 1))

        self = Self()
        flow.start(at: at(0), into: &out)
        flow.voiceStarted(at: at(300))
        verdict(.voicemail, at: 3_100)
        #expect(flow.nextDeadline == at(43_100))
        fire(until: 43_100)
        #expect(out.sends.last == .say(.message, take: 1))
    }

    @Test(
        "An assistant is told who calls once it has asked; its thanks are not the person, the next voice is")
    mutating func screening() {
        flow.start(at: at(0), into: &out)
        flow.voiceStarted(at: at(200))
        verdict(.screening, at: 3_000)
        #expect(out.sends == [.converse(turn: 1), .yield, .prepare(.introduction)])
        flow.voiceStopped(at: at(6_000))
        fire(until: 7_000)
        #expect(out.sends.last == .say(.introduction, take: 1))
        flow.said(.introduction, take: 1, .whole, at: at(10_000), into: &out)
        voice(from: 10_800, to: 11_800)
        fire(until: 14_000)
        #expect(flow.state == .awaitingPerson)
        voice(from: 16_000, to: 16_500)
        fire(until: 17_100)
        #expect(out.sends.last == .converse(turn: 2))
    }

    @Test("A long announcement behind the assistant is a voicemail's")
    mutating func screenedIntoVoicemail() {
        flow.start(at: at(0), into: &out)
        verdict(.screening, .greetingEnded, at: 6_000)
        flow.said(.introduction, take: 1, .whole, at: at(9_000), into: &out)
        var other = self
        voice(from: 14_000, to: 18_000)
        #expect(flow.state == .awaitingBeep)
        other.voice(from: 14_000, to: 15_800)
        other.voice(from: 16_200, to: 18_000)
        #expect(other.flow.state == .awaitingBeep, "in two sentences")
    }

    @Test("Nobody behind the assistant in time: it hangs up and says why")
    mutating func screenedInVain() {
        flow.start(at: at(0), into: &out)
        verdict(.screening, .greetingEnded, at: 6_000)
        flow.said(.introduction, take: 1, .whole, at: at(9_000), into: &out)
        fire(until: 49_000)
        #expect(out.sends.last == .finish(.notReached, note: "screened, and nobody came"))
    }

    @Test("An agent that has spoken into the silence is given five seconds more, unless somebody speaks")
    mutating func silence() {
        flow.start(at: at(0), into: &out)
        verdict(.silence, at: 5_000)
        var other = self
        fire(until: 10_000)
        #expect(out.sends.last == .finish(.notReached, note: "nobody spoke"))
        #expect(out.sends.contains(.yield))
        other.flow.voiceStarted(at: at(8_000))
        other.fire(until: 60_000)
        #expect(other.flow.state == .conversing)
    }

    @Test("Tones of the line mean nothing once a person was recognised")
    mutating func toneAfterPerson() {
        flow.start(at: at(0), into: &out)
        verdict(.human, at: 1_500)
        flow.heard(.busy, into: &out)
        #expect(flow.state == .conversing)
    }
}
