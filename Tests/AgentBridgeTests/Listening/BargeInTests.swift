internal import AgentBridge
internal import SansIO
internal import Testing

@Suite("Barge-in policy")
struct BargeInTests {
    private var bargeIn = BargeIn(
        policy: BargeIn.Policy(
            minimumVoice: .milliseconds(200), protectedOpening: .milliseconds(1_000),
            minimumSpeech: .milliseconds(300)))

    private func ms(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test("Voice without speech, and speech without voice, decide nothing")
    mutating func needsBoth() {
        #expect(bargeIn.nextDeadline == nil)
        bargeIn.voiceStarted(at: ms(0))
        #expect(bargeIn.nextDeadline == nil)
        bargeIn.voiceStopped()
        bargeIn.speechStarted(at: ms(0))
        #expect(bargeIn.nextDeadline == nil)
        #expect(bargeIn.fire(at: ms(100_000)) == false)
    }

    @Test("Voice has to last; a shorter one is forgotten")
    mutating func minimumVoice() {
        bargeIn.speechStarted(at: ms(0))
        bargeIn.voiceStarted(at: ms(2_000))
        #expect(bargeIn.nextDeadline == ms(2_200))
        bargeIn.voiceStopped()
        #expect(bargeIn.fire(at: ms(2_200)) == false)
        bargeIn.voiceStarted(at: ms(2_250))
        #expect(bargeIn.fire(at: ms(2_449)) == false)
        #expect(bargeIn.fire(at: ms(2_450)) == true)
        #expect(bargeIn.fire(at: ms(2_451)) == false, "once per stretch of speech")
    }

    @Test("Voice in the opening counts from its end")
    mutating func protectsOpening() {
        bargeIn.voiceStarted(at: ms(50))
        bargeIn.speechStarted(at: ms(100))
        #expect(bargeIn.nextDeadline == ms(1_300))
    }

    @Test("The opening is protected once, later speech only by its own minimum")
    mutating func openingIsOnce() {
        bargeIn.speechStarted(at: ms(0))
        bargeIn.speechEnded()
        bargeIn.voiceStarted(at: ms(5_000))
        bargeIn.speechStarted(at: ms(6_000))
        #expect(bargeIn.nextDeadline == ms(6_300))
    }
}

@Suite("Turn detector")
struct TurnDetectorTests {
    private var turns = TurnDetector(
        policy: TurnDetector.Policy(endSilence: .milliseconds(500), minimumVoice: .milliseconds(100)))

    private func ms(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test("A turn spans its pauses and ends with the silence after them")
    mutating func spansPauses() {
        turns.voiceStarted(at: ms(100))
        #expect(turns.nextDeadline == nil)
        turns.voiceStopped(at: ms(300))
        #expect(turns.nextDeadline == ms(800))
        turns.voiceStarted(at: ms(700))
        #expect(turns.nextDeadline == nil)
        turns.voiceStopped(at: ms(1_000))
        #expect(turns.fire(at: ms(1_499)) == nil)
        #expect(turns.fire(at: ms(1_500)) == TurnDetector.Turn(start: ms(100), end: ms(1_000)))
        #expect(turns.fire(at: ms(9_000)) == nil)
    }

    @Test("A click is no turn")
    mutating func ignoresClicks() {
        turns.voiceStarted(at: ms(0))
        turns.voiceStopped(at: ms(60))
        #expect(turns.fire(at: ms(560)) == nil)
        #expect(turns.turnStart == nil)
    }

    @Test("The end of the call ends the turn under way")
    mutating func finishes() {
        turns.voiceStarted(at: ms(0))
        #expect(turns.finish(at: ms(250)) == TurnDetector.Turn(start: ms(0), end: ms(250)))
    }
}
