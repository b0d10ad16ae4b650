import SIPCore
import SansIO
import Testing

@testable import Telephony

@Suite("An INVITE without offer, RFC 3262 §5")
struct LateOfferTests {
    private var out = CallCore.Output()

    private func at(_ seconds: Int64) -> CallCore.Now {
        CallCore.Now(
            monotonic: MonotonicInstant(nanoseconds: seconds * 1_000_000_000),
            wall: WallClockInstant(nanosecondsSinceEpoch: seconds * 1_000_000_000))
    }

    private func core(_ alerting: IncomingAcceptance.Alerting, offersEarly: Bool) -> CallCore {
        CallCore(
            id: CallID("call-1"),
            configuration: .init(
                ringTimeout: .seconds(60), maximumDuration: .seconds(600), classifiesAnswers: false,
                inbound: .init(
                    alerting: alerting, answersAfter: .seconds(5), received: at(0), offersEarly: offersEarly))
        )
    }

    @Test(
        "Who wants reliable responses is told that it rings once there is an offer to go with it, others at once",
        arguments: [
            (IncomingAcceptance.Alerting.ringing, true, [], [180]), (.ringing, false, [180], []),
            (.earlyMedia, true, [], [183]), (.earlyMedia, false, [], [183]), (.silent, true, [], []),
        ] as [(IncomingAcceptance.Alerting, Bool, [Int], [Int])])
    mutating func order(
        alerting: IncomingAcceptance.Alerting, offersEarly: Bool, whenAccepted: [Int], whenPrepared: [Int]
    ) {
        var core = core(alerting, offersEarly: offersEarly)
        core.accepted(at: at(0), into: &out)
        #expect(out.sends == whenAccepted.map { .respond(status: $0) })
        out.removeAll()
        core.prepared(at: at(1), into: &out)
        #expect(out.sends == whenPrepared.map { .respond(status: $0) })
        #expect(core.offersEarly == (offersEarly && alerting != .silent))
    }

    @Test(
        "The PRACK's answer is taken, also behind the 200; the call goes on ringing; the ACK then brings none"
    )
    mutating func answered() {
        for acknowledgedAt in [2, 6] as [Int64] {
            var core = core(.ringing, offersEarly: true)
            core.accepted(at: at(0), into: &out)
            core.prepared(at: at(1), into: &out)
            out.removeAll()
            if acknowledgedAt > 5 { core.fire(at: at(5), into: &out) }
            core.acknowledged(provisionalAnswer: [7], into: &out)
            core.mediaReady(isFinal: false, at: at(acknowledgedAt), into: &out)
            core.fire(at: at(7), into: &out)
            core.acknowledged(answer: nil, into: &out)
            core.mediaReady(isFinal: true, at: at(8), into: &out)
            #expect(core.state == .answered)
            #expect(out.sends.contains(.negotiate(answer: [7], isFinal: false)))
            #expect(out.sends.contains(.negotiate(answer: nil, isFinal: true)))
            #expect(out.sends.count { $0 == .respond(status: 200) } == 1)
            #expect(!out.events.contains(.earlyMedia))
            out.removeAll()
        }
    }

    @Test("A PRACK that is about no offer of ours changes nothing")
    mutating func others() {
        var core = core(.ringing, offersEarly: false)
        core.accepted(at: at(0), into: &out)
        core.prepared(at: at(1), into: &out)
        out.removeAll()
        core.acknowledged(provisionalAnswer: [7], into: &out)
        #expect(out.sends.isEmpty && out.events.isEmpty)
    }
}
