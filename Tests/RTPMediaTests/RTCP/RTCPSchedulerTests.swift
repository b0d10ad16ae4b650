import RTPMedia
import SansIO
import Testing

@Suite("RTCP intervals, RFC 3550 §6.3 and §A.7")
struct RTCPSchedulerTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func scheduler(bandwidth: Double = 500, seed: UInt64 = 1) -> RTCPScheduler {
        RTCPScheduler(bandwidth: bandwidth, generator: SeededGenerator(seed: seed), at: start)
    }

    @Test("The first report comes after about 2.5 s, later ones after about 5 s, never in step")
    func intervals() {
        var firsts: Set<Int64> = []
        for seed in 0..<50 as Range<UInt64> {
            var scheduler = scheduler(seed: seed)
            #expect((1.02...3.08).contains(start.duration(to: scheduler.deadline).inSeconds))
            firsts.insert(scheduler.deadline.nanoseconds)
            for _ in 0..<10 {
                let now = scheduler.deadline
                scheduler.sent(byteCount: 100, isSender: true, at: now)
                #expect((2.05...6.16).contains(now.duration(to: scheduler.deadline).inSeconds))
            }
        }
        #expect(firsts.count == 50)
    }

    @Test("With reconsideration the mean interval is the 5 s that were meant, within a twentieth")
    func meanInterval() {
        var scheduler = scheduler()
        scheduler.senders = 2
        var reports = 0
        var now = start
        while now < start.advanced(by: .seconds(50_000)) {
            now = scheduler.deadline
            guard scheduler.isDue(isSender: true, at: now) else { continue }
            reports += 1
            scheduler.sent(byteCount: 100, isSender: true, at: now)
        }
        #expect((9_500...10_500).contains(reports))
    }

    @Test("A draw that is longer than the time passed puts the report off, never beyond one and a half")
    func reconsideration() {
        var putOff = 0
        for seed in 0..<100 as Range<UInt64> {
            var scheduler = scheduler(seed: seed)
            var now = scheduler.deadline
            while !scheduler.isDue(isSender: false, at: now) {
                #expect(scheduler.deadline > now)
                putOff += 1
                now = scheduler.deadline
            }
            #expect(now <= start.advanced(by: .milliseconds(3_079)))
        }
        #expect((20...150).contains(putOff))
        var early = scheduler()
        let isDueAtOnce = early.isDue(isSender: false, at: start)
        #expect(!isDueAtOnce)
    }

    @Test(
        "Octets, members and bandwidth: the interval before randomisation, as rtcp_interval() of §A.7 gives it"
    )
    func calculated() {
        var scheduler = scheduler(bandwidth: 10)
        for _ in 0..<200 { scheduler.received(byteCount: 172) }
        func seconds(isSender: Bool) -> Double {
            scheduler.calculatedInterval(isSender: isSender).inSeconds
        }
        func isClose(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) < 0.01 }
        // 200 octets, 10 octets a second. Two members, both sending: more than a quarter, so all share all.
        (scheduler.members, scheduler.senders) = (2, 2)
        #expect(isClose(seconds(isSender: true), 40))
        #expect(isClose(seconds(isSender: false), 40))
        // Ten members of whom two send: they share a quarter, the other eight the rest.
        (scheduler.members, scheduler.senders) = (10, 2)
        #expect(isClose(seconds(isSender: true), 200 * 2 / 2.5))
        #expect(isClose(seconds(isSender: false), 200 * 8 / 7.5))
        // Nobody sends: three quarters for all.
        (scheduler.members, scheduler.senders) = (4, 0)
        #expect(isClose(seconds(isSender: false), 200 * 4 / 7.5))
    }

    @Test("Five seconds are the least, half of it before the first report; there is no reduced minimum")
    func minimum() {
        var scheduler = scheduler(bandwidth: 1e9)
        #expect(scheduler.calculatedInterval(isSender: true) == .milliseconds(2_500))
        scheduler.sent(byteCount: 100, isSender: true, at: start)
        #expect(scheduler.calculatedInterval(isSender: true) == .seconds(5))
    }

    @Test("Who leaves brings the next report nearer in proportion")
    func reverseReconsideration() {
        var scheduler = scheduler()
        scheduler.members = 4
        let now = scheduler.deadline
        _ = scheduler.isDue(isSender: true, at: now)
        scheduler.sent(byteCount: 100, isSender: true, at: now)
        let wait = now.duration(to: scheduler.deadline).inSeconds
        scheduler.members = 2
        scheduler.membersLeft(at: now)
        #expect(abs(now.duration(to: scheduler.deadline).inSeconds - wait / 2) < 1e-6)
        scheduler.membersLeft(at: now)
        #expect(abs(now.duration(to: scheduler.deadline).inSeconds - wait / 2) < 1e-6)
    }
}
