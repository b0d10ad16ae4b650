import SIPCore
import SansIO
import Testing

@testable import Telephony

@Suite("An inbound call's rules")
struct InboundCallCoreTests {
    /// A call whose INVITE came at 10 s.
    fileprivate static func core(
        alerting: IncomingAcceptance.Alerting = .ringing, answersAfter: Duration? = .seconds(2)
    ) -> CallCore {
        CallCore(
            id: CallID("call-1"),
            configuration: .init(
                ringTimeout: .seconds(60), maximumDuration: .seconds(600), classifiesAnswers: false,
                inbound: .init(alerting: alerting, answersAfter: answersAfter, received: at(10))))
    }

    /// Where a call can be, each with the way there.
    enum Place: String, CaseIterable, CustomTestStringConvertible {
        case preparing, ringing, earlyMedia, answering, acknowledged, answered, ending, ended

        var testDescription: String { rawValue }

        func reach() -> CallCore {
            var out = CallCore.Output()
            var core = InboundCallCoreTests.core(
                alerting: self == .earlyMedia ? .earlyMedia : .ringing, answersAfter: nil)
            core.accepted(at: at(10.1), into: &out)
            guard self != .preparing else { return core }
            core.prepared(at: at(11), into: &out)
            guard self != .ringing, self != .earlyMedia else { return core }
            if self == .ended {
                core.callerGaveUp(at: at(12), into: &out)
                return core
            }
            core.answer(at: at(12), into: &out)
            guard self != .answering else { return core }
            core.acknowledged(answer: nil, into: &out)
            guard self != .acknowledged else { return core }
            core.mediaReady(isFinal: true, at: at(12.2), into: &out)
            guard self != .answered else { return core }
            core.hangUp(text: "test", at: at(13), into: &out)
            return core
        }
    }

    enum Input: String, CaseIterable, CustomTestStringConvertible {
        case prepared, answer, acknowledged, cancel, hangUp, prepareFailed, mediaUnspeakable, bye, lost,
            ringTimeout

        var testDescription: String { rawValue }

        func put(into core: inout CallCore, _ out: inout CallCore.Output) {
            let now = at(14)
            switch self {
            case .prepared: core.prepared(at: now, into: &out)
            case .answer: core.answer(at: now, into: &out)
            case .acknowledged: core.acknowledged(answer: [1], into: &out)
            case .cancel: core.callerGaveUp(at: now, into: &out)
            case .hangUp: core.hangUp(text: "x", at: now, into: &out)
            case .prepareFailed: core.abort(.notPrepared, text: "x", at: now, into: &out)
            case .mediaUnspeakable: core.abort(.mediaRefused, text: "x", at: now, into: &out)
            case .bye: core.receive(end: .byRemote(headers: []), at: now, into: &out)
            case .lost: core.receive(end: .lost(status: nil), at: now, into: &out)
            case .ringTimeout: core.fire(at: at(70), into: &out)
            }
        }
    }

    /// What a step does, in short: commands, and the state after it. An empty text: nothing at all.
    private static let table: [Place: [Input: String]] = [
        .preparing: [
            .prepared: "ringing", .cancel: "cancelAgent ended", .hangUp: "480 cancelAgent ended",
            .prepareFailed: "480 cancelAgent ended", .mediaUnspeakable: "488 cancelAgent ended",
            // The agent's own time, 30 s, is over first.
            .ringTimeout: "480 cancelAgent ended",
        ],
        .ringing: [
            .answer: "200 answering", .cancel: "stopMedia cancelAgent ended",
            .hangUp: "480 stopMedia cancelAgent ended", .prepareFailed: "480 stopMedia cancelAgent ended",
            .mediaUnspeakable: "488 stopMedia cancelAgent ended",
            .ringTimeout: "480 stopMedia cancelAgent ended",
        ],
        .earlyMedia: [
            .answer: "200 answering", .cancel: "stopMedia cancelAgent ended",
            .hangUp: "480 stopMedia cancelAgent ended", .prepareFailed: "480 stopMedia cancelAgent ended",
            .mediaUnspeakable: "488 stopMedia cancelAgent ended",
            .ringTimeout: "480 stopMedia cancelAgent ended",
        ],
        .answering: [
            .acknowledged: "negotiate answering", .hangUp: "endSession stopMedia cancelAgent ending",
            .prepareFailed: "endSession stopMedia cancelAgent ending",
            .mediaUnspeakable: "endSession stopMedia cancelAgent ending",
            .bye: "stopMedia cancelAgent ended", .lost: "stopMedia cancelAgent ended",
        ],
        .acknowledged: [
            .hangUp: "endSession stopMedia cancelAgent ending",
            .prepareFailed: "endSession stopMedia cancelAgent ending",
            .mediaUnspeakable: "endSession stopMedia cancelAgent ending",
            .bye: "stopMedia cancelAgent ended", .lost: "stopMedia cancelAgent ended",
        ],
        .answered: [
            .hangUp: "endSession stopMedia cancelAgent ending",
            .prepareFailed: "endSession stopMedia cancelAgent ending",
            .mediaUnspeakable: "endSession stopMedia cancelAgent ending",
            .bye: "stopMedia cancelAgent ended", .lost: "stopMedia cancelAgent ended",
        ],
        // At 70 s the wait for the BYE's answer and for the agent are long over.
        .ending: [.bye: "ended", .lost: "ended", .ringTimeout: "ended"],
        .ended: [:],
    ]

    private static func text(_ commands: [CallCore.Command]) -> String {
        commands.map { command in
            switch command {
            case .respond(let status): "\(status)"
            case .endSession: "endSession"
            case .negotiate: "negotiate"
            case .stopMedia: "stopMedia"
            case .cancelAgent: "cancelAgent"
            case .conclude: "conclude"
            case .invite: "invite"
            }
        }.joined(separator: " ")
    }

    @Test(
        "Every input in every state does what the table says, and nothing elsewhere",
        arguments: Place.allCases)
    func everyInput(place: Place) {
        for input in Input.allCases {
            var core = place.reach()
            let before = core.state
            var out = CallCore.Output()
            input.put(into: &core, &out)
            let done = Self.text(out.sends.filter { $0 != .conclude })
            let state = core.state == before ? "" : "\(core.state)"
            let expected = Self.table[place]?[input] ?? ""
            let words = expected.split(separator: " ").map(String.init)
            let isStateNamed =
                words.last.map { ["ringing", "answering", "ending", "ended"].contains($0) } == true
            let expectedCommands = (isStateNamed ? words.dropLast() : words[...]).joined(separator: " ")
            #expect(done == expectedCommands, "\(place) × \(input)")
            if isStateNamed {
                #expect("\(core.state)" == words.last, "\(place) × \(input)")
            } else {
                #expect(state == "", "\(place) × \(input)")
            }
        }
    }

    @Test("180 at once, 200 when the agent is ready and the delay is over, answered with the ACK")
    func answered() {
        var core = Self.core()
        var out = CallCore.Output()
        core.accepted(at: at(10.1), into: &out)
        #expect(out.sends == [.respond(status: 180)])
        #expect(out.events == [.ringing(status: 180)])
        out.removeAll()
        #expect(core.prepared(at: at(11), into: &out))
        #expect(out.isEmpty)
        #expect(core.nextDeadline == at(12).monotonic)
        core.fire(at: at(12), into: &out)
        #expect(out.sends == [.respond(status: 200)])
        out.removeAll()
        core.acknowledged(answer: [7], into: &out)
        #expect(out.sends == [.negotiate(answer: [7], isFinal: true)])
        out.removeAll()
        core.acknowledged(answer: [7], into: &out)
        #expect(out.isEmpty, "an ACK that comes again")
        core.mediaReady(isFinal: true, at: at(12.5), into: &out)
        #expect(out.events == [.answered])
        core.receive(end: .byRemote(headers: []), at: at(20), into: &out)
        #expect(core.outcome.disposition == .answered)
        #expect(core.outcome.endedBy == .caller)
        #expect(core.outcome.timings.dialed == at(10).wall)
        #expect(core.outcome.timings.talkTime == .seconds(8))
        #expect(core.outcome.answeredBy == nil, "nobody asks who answered: we did")
    }

    @Test("An agent that takes longer than the delay is waited for; then the answer comes at once")
    func slowAgent() {
        var core = Self.core(alerting: .silent)
        var out = CallCore.Output()
        core.accepted(at: at(10.1), into: &out)
        #expect(out.isEmpty)
        core.prepared(at: at(15), into: &out)
        #expect(out.sends == [.respond(status: 200)])
    }

    @Test("Early media is told with 183 once the agent is ready")
    func earlyMedia() {
        var core = Self.core(alerting: .earlyMedia, answersAfter: nil)
        var out = CallCore.Output()
        core.accepted(at: at(10.1), into: &out)
        core.prepared(at: at(11), into: &out)
        #expect(out.sends == [.respond(status: 183)])
        #expect(out.events == [.earlyMedia])
        out.removeAll()
        core.fire(at: at(70), into: &out)
        #expect(core.outcome.disposition == .noAnswer)
        #expect(core.outcome.cause.sipStatus == 480)
    }

    @Test("A caller that gives up is a cancelled call, ended by the caller")
    func cancelled() {
        var core = Self.core()
        var out = CallCore.Output()
        core.accepted(at: at(10.1), into: &out)
        core.callerGaveUp(at: at(11), into: &out)
        core.agentFinished(nil, at: at(11.1), into: &out)
        #expect(core.state == .concluded)
        #expect(core.outcome.disposition == .cancelled)
        #expect(core.outcome.endedBy == .caller)
        #expect(core.outcome.cause.sipStatus == 487)
        #expect(core.nextDeadline == nil)
    }

    @Test("What we refuse has the status that we gave, and ends with us")
    func refused() {
        var core = Self.core()
        var out = CallCore.Output()
        core.accepted(at: at(10.1), into: &out)
        core.hangUp(text: "no", at: at(11), into: &out)
        #expect(core.outcome.disposition == .declined)
        #expect(core.outcome.endedBy == .us)
        #expect(core.outcome.cause == CallCause(sipStatus: 480, text: "no"))
    }
}

private func at(_ seconds: Double) -> CallCore.Now {
    CallCore.Now(
        monotonic: MonotonicInstant(nanoseconds: Int64(seconds * 1e9)),
        wall: WallClockInstant(nanosecondsSinceEpoch: 1_000_000_000_000 + Int64(seconds * 1e9)))
}
