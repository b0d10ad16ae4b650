import SIPCore
import SansIO
import Testing

@testable import Telephony

@Suite("One call's rules")
struct CallCoreTests {
    private var core = CallCore(
        id: CallID("call-1"),
        configuration: .init(
            ringTimeout: .seconds(60), maximumDuration: .seconds(600), classifiesAnswers: true))
    private var out = CallCore.Output()

    private func at(_ seconds: Double) -> CallCore.Now {
        CallCore.Now(
            monotonic: MonotonicInstant(nanoseconds: Int64(seconds * 1e9)),
            wall: WallClockInstant(nanosecondsSinceEpoch: 1_000_000_000_000 + Int64(seconds * 1e9)))
    }

    private func response(
        _ status: Int, _ phrase: String = "x", headers: [SIPHeaderField] = [], sdp: [UInt8]? = nil
    ) -> ReceivedResponse {
        ReceivedResponse(
            status: status, reasonPhrase: phrase, toTag: "t", headers: headers,
            body: sdp.map { SIPBody(contentType: "application/sdp", bytes: $0) })
    }

    private mutating func answerCall() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.receive(provisional: response(180), at: at(1), into: &out)
        core.receive(answer: response(200, sdp: [1]), at: at(5), into: &out)
        core.mediaReady(isFinal: true, at: at(5), into: &out)
        out.removeAll()
    }

    @Test("An answered call that the callee ends: every event, every command, in order")
    mutating func answered() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        #expect(out.events == [.dialing(sipCallID: "abc")])
        #expect(out.sends == [.invite])
        out.removeAll()

        core.receive(provisional: response(180), at: at(1), into: &out)
        core.receive(provisional: response(180), at: at(2), into: &out)
        #expect(out.events == [.ringing(status: 180)], "a repeated 180 says nothing new")
        out.removeAll()

        core.receive(answer: response(200, sdp: [7]), at: at(5), into: &out)
        #expect(out.events == [], "answered only once the media agrees")
        #expect(out.sends == [.negotiate(answer: [7], isFinal: true)])
        out.removeAll()

        core.mediaReady(isFinal: true, at: at(5), into: &out)
        #expect(out.events == [.answered])
        #expect(core.nextDeadline == at(605).monotonic, "only the maximum duration is left")
        out.removeAll()

        let reason = SIPHeaderField(name: "Reason", value: "Q.850;cause=16;text=\"Normal call clearing\"")
        core.receive(end: .byRemote(headers: [reason]), at: at(30), into: &out)
        #expect(out.sends == [.stopMedia, .cancelAgent])
        #expect(core.outcome.disposition == .answered)
        #expect(core.outcome.endedBy == .callee)
        #expect(core.outcome.cause == CallCause(sipStatus: 200, q850: 16, text: "Normal call clearing"))
        #expect(core.outcome.timings.talkTime == .seconds(25))
        #expect(core.outcome.answeredBy == .unknown, "the classifier listened and said nothing")
        out.removeAll()

        core.mediaStopped(into: &out)
        #expect(out.sends == [], "the agent is still at work")
        core.agentFinished(AgentResult(status: .done), at: at(31), into: &out)
        #expect(out.sends == [.conclude])
        #expect(core.outcome.agentResult?.status == .done)
        #expect(core.nextDeadline == nil)
    }

    @Test("An agent that is done hangs up, and its call is over when the BYE is answered")
    mutating func agentHangsUp() {
        answerCall()
        core.agentFinished(AgentResult(status: .done), at: at(20), into: &out)
        #expect(out.sends == [.endSession(reason: nil), .stopMedia])
        core.mediaStopped(into: &out)
        #expect(core.state == .ending)
        core.receive(end: .byUs, at: at(20.1), into: &out)
        #expect(out.sends.last == .conclude)
        #expect(core.outcome.endedBy == .us)
        #expect(core.outcome.cause.sipStatus == 200)
        #expect(core.outcome.timings.talkTime == .seconds(15), "the call ends with our BYE")
    }

    @Test("A far end that never answers our BYE is waited for five seconds")
    mutating func patience() {
        answerCall()
        core.agentFinished(AgentResult(status: .done), at: at(20), into: &out)
        core.mediaStopped(into: &out)
        #expect(core.nextDeadline == at(25).monotonic)
        core.fire(at: at(25), into: &out)
        #expect(out.sends.last == .conclude)
        #expect(core.state == .concluded)
    }

    @Test("An agent that ignores its cancellation delays the outcome by two seconds and no more")
    mutating func grace() {
        answerCall()
        core.receive(end: .byRemote(headers: []), at: at(20), into: &out)
        core.mediaStopped(into: &out)
        #expect(core.nextDeadline == at(22).monotonic)
        core.fire(at: at(22), into: &out)
        #expect(out.sends.last == .conclude)
        #expect(core.outcome.agentResult?.status == .interrupted)
        out.removeAll()
        core.agentFinished(AgentResult(status: .done), at: at(50), into: &out)
        #expect(out.isEmpty, "too late: the outcome is out")
    }

    @Test("The ring timeout counts from the INVITE and ends with CANCEL and no answer")
    mutating func ringTimeout() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.receive(provisional: response(180), at: at(50), into: &out)
        #expect(core.nextDeadline == at(60).monotonic)
        out.removeAll()
        core.fire(at: at(60), into: &out)
        #expect(out.sends == [.endSession(reason: nil), .stopMedia, .cancelAgent])
        core.receive(failure: .rejected(response(487)), at: at(60.1), into: &out)
        #expect(core.outcome.disposition == .noAnswer)
        #expect(core.outcome.cause == CallCause(sipStatus: 487, text: "ring timeout"))
        #expect(core.outcome.endedBy == .us)
    }

    @Test("A ring timeout without any response is the trunk's fault, not the callee's absence")
    mutating func silentTrunk() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.fire(at: at(60), into: &out)
        core.receive(failure: .abandoned, at: at(60), into: &out)
        #expect(core.outcome.disposition == .trunkFault)
        #expect(core.outcome.cause.text == "no response from the trunk")
        #expect(core.outcome.endedBy == .network)
    }

    @Test("100 alone until the ring timeout is the trunk's fault: nothing says that anybody was reached")
    mutating func tryingOnly() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.receive(provisional: response(100), at: at(0.1), into: &out)
        out.removeAll()
        core.fire(at: at(60), into: &out)
        #expect(out.sends == [.endSession(reason: nil), .stopMedia, .cancelAgent])
        core.receive(failure: .rejected(response(487)), at: at(60.1), into: &out)
        #expect(core.outcome.disposition == .trunkFault)
        #expect(
            core.outcome.cause == CallCause(sipStatus: 100, text: "no more than that came from the trunk"))
        #expect(core.outcome.endedBy == .network)
    }

    @Test("A wall clock that is set back during a call makes its talk time no shorter")
    mutating func clockSetBack() {
        answerCall()
        var later = at(65)
        later.wall = later.wall.advanced(by: .seconds(-3_600))
        core.receive(end: .byRemote(headers: []), at: later, into: &out)
        #expect(core.outcome.timings.talkTime == .seconds(60))
        #expect(core.outcome.timings.answered == at(5).wall)
        #expect(core.outcome.timings.ended == at(65).wall)
    }

    @Test("A 2xx that crosses our CANCEL does not change the outcome")
    mutating func crossing() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.receive(provisional: response(180), at: at(1), into: &out)
        core.hangUp(text: "test", at: at(2), into: &out)
        out.removeAll()
        core.receive(answer: response(200, sdp: [1]), at: at(2.1), into: &out)
        #expect(out.isEmpty)
        core.receive(end: .byUs, at: at(2.2), into: &out)
        #expect(core.outcome.disposition == .cancelled)
        #expect(core.outcome.timings.answered == nil)
    }

    @Test("A description in 183 starts early media; the 2xx without one keeps it")
    mutating func earlyMedia() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        out.removeAll()
        core.receive(provisional: response(183, sdp: [9]), at: at(1), into: &out)
        #expect(out.events == [])
        #expect(out.sends == [.negotiate(answer: [9], isFinal: false)])
        core.mediaReady(isFinal: false, at: at(1), into: &out)
        #expect(out.events == [.earlyMedia])
        #expect(core.outcome.timings.ringing == nil, "183 with media is not ringing")
        out.removeAll()
        core.receive(answer: response(200), at: at(3), into: &out)
        #expect(out.sends == [.negotiate(answer: nil, isFinal: true)])
    }

    @Test("An information tone before the answer that says the number leads nowhere ends the call")
    mutating func notInService() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.receive(provisional: response(183, sdp: [9]), at: at(1), into: &out)
        core.mediaReady(isFinal: false, at: at(1), into: &out)
        out.removeAll()
        core.heard(.busy, at: at(2), into: &out)
        core.heard(.specialInformation(.noCircuit), at: at(3), into: &out)
        #expect(out.events == [.callProgress(.busy), .callProgress(.specialInformation(.noCircuit))])
        #expect(out.sends == [], "the network says by itself what becomes of those")
        out.removeAll()
        core.heard(.specialInformation(.vacantCode), at: at(4), into: &out)
        #expect(out.events == [.callProgress(.specialInformation(.vacantCode))])
        #expect(out.sends == [.endSession(reason: nil), .stopMedia, .cancelAgent])
        core.receive(failure: .rejected(response(487)), at: at(4.1), into: &out)
        #expect(core.outcome.disposition == .badNumber)
        #expect(
            core.outcome.cause
                == CallCause(
                    sipStatus: 487, text: "special information tone before the answer: vacant code"))
    }

    @Test(
        "A tone that the network plays until the ring timeout says what became of the call",
        arguments: [
            (ProgressTone.busy, CallDisposition.busy), (.congestion, .trunkFault),
            (.specialInformation(.noCircuit), .trunkFault), (.specialInformation(.reorder), .trunkFault),
            (.ringback, .noAnswer), (.beep(hertz: 900), .noAnswer),
        ])
    mutating func toneUntilTimeout(tone: ProgressTone, disposition: CallDisposition) throws {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.receive(provisional: response(183, sdp: [9]), at: at(1), into: &out)
        core.mediaReady(isFinal: false, at: at(1), into: &out)
        core.heard(tone, at: at(3), into: &out)
        #expect(core.state.awaitsAnswer)
        core.fire(at: at(60), into: &out)
        core.receive(failure: .rejected(response(487)), at: at(61), into: &out)
        #expect(core.outcome.disposition == disposition)
    }

    @Test("An information tone after the answer is told and changes nothing")
    mutating func informationAfterAnswer() {
        answerCall()
        core.heard(.specialInformation(.vacantCode), at: at(6), into: &out)
        #expect(out.events == [.callProgress(.specialInformation(.vacantCode))])
        #expect(out.sends == [])
        #expect(core.state == .answered)
    }

    @Test("A description that we cannot speak: borne in early media, ended after the answer")
    mutating func mediaRefused() {
        core.dial(sipCallID: "abc", at: at(0), into: &out)
        core.mediaRefused(text: "no codec", isFinal: false, at: at(1), into: &out)
        #expect(core.state == .dialing)
        core.receive(answer: response(200, sdp: [1]), at: at(2), into: &out)
        core.mediaRefused(text: "no codec", isFinal: true, at: at(2), into: &out)
        core.receive(end: .byUs, at: at(2.1), into: &out)
        #expect(core.outcome.disposition == .mediaRefused)
        #expect(core.outcome.cause == CallCause(sipStatus: 200, text: "no codec"))
    }

    @Test("An attempt ended before its INVITE sends nothing and cannot be dialed any more")
    mutating func endedInPreparation() {
        core.hangUp(text: "not wanted", at: at(0), into: &out)
        #expect(out.sends == [.cancelAgent])
        let started = core.dial(sipCallID: "abc", at: at(1), into: &out)
        #expect(!started)
        core.agentFinished(nil, at: at(1), into: &out)
        #expect(out.sends == [.cancelAgent, .conclude])
        #expect(core.outcome.disposition == .cancelled)
        #expect(core.outcome.timings.dialed == nil)
    }

    @Test("A stopped dialer gives up what has not ended by its deadline")
    mutating func drain() {
        answerCall()
        core.drain(by: at(12).monotonic, at: at(10), into: &out)
        core.mediaStopped(into: &out)
        #expect(core.nextDeadline == at(12).monotonic)
        core.fire(at: at(12), into: &out)
        #expect(core.state == .concluded)
        #expect(core.outcome.disposition == .answered)
        #expect(core.outcome.endedBy == .us)
    }

    @Test(
        "Every input in every state leads to at most one conclusion and one ended event", arguments: 0..<2_000
    )
    mutating func anyOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var now = 0.0
        for _ in 0..<40 {
            now += generator.nextUnit() * 20
            let time = at(now)
            switch generator.next() % 16 {
            case 0: core.dial(sipCallID: "x", at: time, into: &out)
            case 1: core.hangUp(text: "", at: time, into: &out)
            case 2: core.abort(.failed, text: "", at: time, into: &out)
            case 3: core.inviteRefused(text: "", at: time, into: &out)
            case 4: core.agentFinished(AgentResult(status: .done), at: time, into: &out)
            case 5: core.mediaStopped(into: &out)
            case 6: core.drain(by: at(now + 2).monotonic, at: time, into: &out)
            case 7: core.receive(provisional: response(180, sdp: [1]), at: time, into: &out)
            case 8: core.receive(answer: response(200), at: time, into: &out)
            case 9: core.receive(failure: .timedOut, at: time, into: &out)
            case 10: core.receive(end: .byRemote(headers: []), at: time, into: &out)
            case 11: core.mediaReady(isFinal: generator.chance(0.5), at: time, into: &out)
            case 12: core.mediaRefused(text: "", isFinal: true, at: time, into: &out)
            case 13: core.receive(failure: .abandoned, at: time, into: &out)
            case 14: core.heard(.specialInformation(.vacantCode), at: time, into: &out)
            default: core.fire(at: time, into: &out)
            }
        }
        // However it went, it ends when everybody lets go.
        core.hangUp(text: "", at: at(now), into: &out)
        core.fire(at: at(now + 10), into: &out)
        core.fire(at: at(now + 20), into: &out)
        core.mediaStopped(into: &out)
        #expect(core.state == .concluded)
        #expect(core.nextDeadline == nil)
        #expect(out.sends.count { $0 == .conclude } == 1)
        #expect(out.sends.count { $0 == .invite } <= 1)
        let ends = out.events.count { if case .ended = $0 { true } else { false } }
        #expect(ends == 1)
    }

    @Test("An agent that never gets ready ends as not prepared, and its grace time is bounded")
    mutating func neverReady() {
        core.admitted(at: at(0))
        #expect(core.nextDeadline == at(30).monotonic)
        core.fire(at: at(30), into: &out)
        #expect(core.outcome.disposition == .notPrepared)
        #expect(core.outcome.cause == CallCause(text: "the agent was not ready in time"))
        #expect(out.sends == [.cancelAgent])
        out.removeAll()
        core.fire(at: at(32), into: &out)
        #expect(out.sends == [.conclude])
        #expect(core.dial(sipCallID: "late", at: at(33), into: &out) == false)
    }

    @Test("Dialing ends the time for getting ready")
    mutating func readyInTime() {
        core.admitted(at: at(0))
        core.dial(sipCallID: "abc", at: at(29), into: &out)
        #expect(core.nextDeadline == at(89).monotonic, "the ring timeout, nothing before it")
    }
}
