import CampaignKit
import Foundation
import SansIO
import Telephony
import Testing

@Suite("Campaign core")
struct CampaignCoreTests {
    private let wall = Sample.start

    private func at(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64(seconds * 1_000_000_000))
    }

    private func wall(_ seconds: Double) -> WallClockInstant {
        wall.advanced(by: .milliseconds(Int64(seconds * 1_000)))
    }

    private func core(
        _ count: Int, attempts: [Attempt] = [], doNotCall: DoNotCallList = .init(),
        recipients change: (inout [Recipient]) -> Void = { _ in },
        settings: (inout CampaignSettings) -> Void = { _ in }
    ) throws -> CampaignCore {
        let campaign = Sample.campaign("spring", settings)
        var recipients = try Sample.recipients(count, of: campaign)
        change(&recipients)
        return CampaignCore(
            campaign: campaign, recipients: recipients, attempts: attempts, doNotCall: doNotCall, at: at(0),
            wall: wall)
    }

    private func started(_ decisions: [CampaignDecision]) -> [String] {
        decisions.compactMap { if case .start(let call) = $0.action { call.id.rawValue } else { nil } }
    }

    private func outcome(_ id: String, _ disposition: CallDisposition) -> AttemptEnd {
        .outcome(CallOutcome(id: CallID(id), disposition: disposition, endedBy: .callee))
    }

    @Test("A tick starts one call, says why, and the request carries what the agent and the records need")
    func start() throws {
        var core = try core(2, settings: { $0.ringTimeout = .seconds(20) })
        let decisions = core.tick(at: at(0), wall: wall)
        #expect(decisions.map(\.reason) == ["next in order"])
        guard case .start(let call)? = decisions.first?.action else {
            Issue.record("nothing started")
            return
        }
        #expect(call.request.to == "+15550000002")
        #expect(call.request.id == CallID("spring-2-1") && call.id == CallID("spring-2-1"))
        #expect(call.request.context == ["name": "R2"])
        #expect(
            call.request.metadata == [
                "campaign": "spring", "recipient": "spring-2", "row": "2", "attempt": "1",
            ])
        #expect(call.request.ringTimeout == .seconds(20))
        #expect(core.counts.queued == 1 && core.running == 1)
        #expect(core.nextDeadline(at: at(0), wall: wall) == at(12))
        #expect(core.tick(at: at(11.9), wall: wall(11.9)).isEmpty)
        #expect(started(core.tick(at: at(12), wall: wall(12))) == ["spring-3-1"])
    }

    @Test("Refusals and deferrals take no place in the rate, and each has its reason")
    func refusals() throws {
        var core = try core(
            3, doNotCall: DoNotCallList(text: "+15550000002"),
            recipients: { $0[1].timeZone = "Asia/Tokyo" },
            settings: {
                $0.timeZone = "America/New_York"
                $0.callingHours = CallingHours([.init("09:00-17:00")!], on: CallingHours.Weekday.allCases)
            })
        let decisions = core.tick(at: at(0), wall: wall)
        // In Tokyo it is midnight: 09:00 there is 00:00 UTC, nine hours from 15:00.
        #expect(
            decisions.map(\.action).prefix(2) == [
                .refused(RecipientID("spring-2")), .deferred(RecipientID("spring-3"), until: wall(9 * 3_600)),
            ])
        #expect(
            decisions.map(\.reason) == ["on the do-not-call list", "outside calling hours", "next in order"])
        #expect(started(decisions) == ["spring-4-1"])
        let change = core.takeChange()
        #expect(change.recipients.map(\.state) == [.failed, .pending, .queued])
        #expect(change.status == CampaignStatus(.running))
        #expect(core.takeChange().isEmpty)
        _ = core.ended(CallID("spring-4-1"), with: outcome("spring-4-1", .answered), at: wall(20))
        #expect(core.nextDeadline(at: at(30), wall: wall(30)) == at(9 * 3_600))
    }

    @Test("After a restart: dialing becomes unknown, queued is pending again, and the rate holds")
    func recovery() throws {
        let campaign = Sample.campaign()
        let attempt = Attempt(
            id: CallID("spring-2-1"), campaign: campaign.id, recipient: RecipientID("spring-2"), sequence: 1,
            sipCallID: "x", startedAt: wall(-2))
        var core = try core(
            3, attempts: [attempt],
            recipients: {
                $0[0].state = .calling
                $0[1].state = .queued
            })
        #expect(core.counts.unknown == 1 && core.counts.pending == 2)
        let change = core.takeChange()
        #expect(change.recipients.map(\.state) == [.unknown, .pending])
        #expect(change.recipients.map(\.attemptsUsed) == [1, 0])
        #expect(change.attempts.map { $0.outcome?.disposition } == [.unknown])
        #expect(change.attempts.map(\.endedAt) == [wall])
        #expect(core.tick(at: at(0), wall: wall).isEmpty)
        #expect(core.nextDeadline(at: at(0), wall: wall) == at(10))
        #expect(started(core.tick(at: at(10), wall: wall(10))) == ["spring-3-1"])
    }

    @Test(
        "A change that could not be written is written with the next, but never an attempt that was not dialed"
    )
    func kept() throws {
        var core = try core(1)
        _ = core.tick(at: at(0), wall: wall)
        let isDialing = core.dialing(CallID("spring-2-1"), sipCallID: "x", wall: wall)
        #expect(isDialing)
        let lost = core.takeChange()
        #expect(lost.attempts.map(\.state) == [.dialing])
        core.keep(lost)
        core.undial(CallID("spring-2-1"))
        core.withdraw(CallID("spring-2-1"), at: wall)
        let next = core.takeChange()
        #expect(next.attempts.isEmpty)
        #expect(next.recipients.map(\.state) == [.pending])
        #expect(next.recipients.map(\.attemptsUsed) == [0])
        #expect(next.status == CampaignStatus(.running))
    }

    @Test("While the agent prepares the campaign may pause or the hours end: the INVITE does not leave")
    func lateRefusal() throws {
        var paused = try core(1)
        _ = paused.tick(at: at(0), wall: wall)
        #expect(paused.desire(.paused)?.action == .paused(PauseReason(.requested, "asked for")))
        let pausedDials = paused.dialing(CallID("spring-2-1"), sipCallID: "x", wall: wall)
        #expect(!pausedDials)
        var closing = try core(
            1,
            settings: {
                $0.callingHours = CallingHours([.init("10:00-10:01")!], on: [.friday]);
                $0.timeZone = "America/New_York"
            })
        #expect(started(closing.tick(at: at(59), wall: wall(59))) == ["spring-2-1"])
        let closingDials = closing.dialing(CallID("spring-2-1"), sipCallID: "x", wall: wall(60))
        #expect(!closingDials)
    }

    @Test(
        "A second trunk's INVITE that cannot be written leaves the attempt over the first, which is closed later"
    )
    func failoverUnwritten() throws {
        var core = try core(1)
        let id = CallID("spring-2-1")
        _ = core.tick(at: at(0), wall: wall)
        #expect(core.stranded(id) == nil)
        let first = core.dialing(id, sipCallID: "x", wall: wall)
        _ = core.takeChange()
        let second = core.dialing(id, sipCallID: "y", wall: wall(1))
        #expect(first && second)
        let lost = core.takeChange()
        #expect(lost.attempts.map(\.sipCallID) == ["y"])
        core.keep(lost)
        core.undial(id)
        #expect(core.attempt(id)?.sipCallID == "x")
        let end = try #require(core.stranded(id))
        let closed = core.ended(id, with: end, at: wall(2))
        #expect(closed?.recipient.state == .pending)
        #expect(closed?.recipient.attemptsUsed == 0)
        #expect(closed?.recipient.nextAttemptAt == wall(32), "not at once")
        let change = core.takeChange()
        #expect(change.attempts.map(\.state) == [.ended])
        #expect(change.attempts.map(\.sipCallID) == ["x"])
    }

    @Test("Paused, cancelled or out of hours while one trunk gave up: no INVITE leaves over the next")
    func lateRefusalOfFailover() throws {
        let id = CallID("spring-2-1")
        for wish in [DesiredCampaignState.paused, .cancelled] {
            var core = try core(1)
            _ = core.tick(at: at(0), wall: wall)
            let first = core.dialing(id, sipCallID: "x", wall: wall)
            _ = core.desire(wish)
            let second = core.dialing(id, sipCallID: "y", wall: wall(1))
            #expect(first && !second)
            #expect(core.attempt(id)?.sipCallID == "x")
        }
        var closing = try core(
            1,
            settings: {
                $0.callingHours = CallingHours([.init("10:00-10:01")!], on: [.friday])
                $0.timeZone = "America/New_York"
            })
        _ = closing.tick(at: at(0), wall: wall)
        let first = closing.dialing(id, sipCallID: "x", wall: wall)
        let second = closing.dialing(id, sipCallID: "y", wall: wall(60))
        #expect(first && !second)
    }

    @Test("Whatever comes for a call that is not in the air changes nothing")
    func strangers() throws {
        var core = try core(1)
        let ended = core.ended(CallID("nobody"), with: outcome("nobody", .answered), at: wall)
        let isDialing = core.dialing(CallID("nobody"), sipCallID: "x", wall: wall)
        #expect(ended == nil && !isDialing)
        core.withdraw(CallID("nobody"), at: wall)
        core.undial(CallID("nobody"))
        #expect(core.takeChange().isEmpty)
        #expect(core.counts.pending == 1)
    }

    @Test("A campaign that is over wants nothing more and follows nobody")
    func over() throws {
        var core = try core(0)
        #expect(core.tick(at: at(0), wall: wall).map(\.action) == [.completed])
        #expect(core.nextDeadline(at: at(0), wall: wall) == nil)
        #expect(core.desire(.running) == nil && core.desire(.cancelled) == nil)
        #expect(core.tick(at: at(1), wall: wall).isEmpty)
    }

    @Test("Thousands of recipients who sleep are deferred in short steps, in the order of their rows")
    func shortSteps() throws {
        var core = try core(
            5_000,
            settings: {
                $0.timeZone = "Asia/Tokyo"
                $0.callingHours = CallingHours([.init("09:00-17:00")!], on: CallingHours.Weekday.allCases)
            })
        var steps = 0
        while core.nextDeadline(at: at(0), wall: wall) == at(0) {
            #expect(core.tick(at: at(0), wall: wall).count <= 500)
            steps += 1
        }
        #expect(steps == 10)
        #expect(core.nextDeadline(at: at(0), wall: wall) == at(9 * 3_600))
        #expect(started(core.tick(at: at(9 * 3_600), wall: wall(9 * 3_600))) == ["spring-2-1"])
    }
}
