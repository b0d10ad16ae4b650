import SansIO
import Testing

@testable import Telephony

@Suite("Which trunk carries which call")
struct TrunkPoolTests {
    private typealias Commands = [TrunkPool.Command]

    private static func at(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64((seconds * 1e9).rounded()))
    }

    private static func trunk(_ name: String, _ change: (inout Trunk) -> Void = { _ in }) -> Trunk {
        var trunk = Trunk(name: name, host: "192.0.2.1")
        change(&trunk)
        return trunk
    }

    /// A pool under test: every step's commands, and the time.
    private struct Bench {
        var pool: TrunkPool
        var out = TrunkPool.Output()
        var ticket: TrunkPool.Ticket = 0
        var all: [Int]

        init(_ trunks: [Trunk], queueLimit: Int = 100, seed: UInt64 = 1) {
            pool = TrunkPool(
                trunks: trunks, queueLimit: queueLimit,
                generator: SeededGenerator(seed: seed, label: "test"))
            all = Array(trunks.indices)
        }

        mutating func request(
            _ suitable: [Int]? = nil, wait: Double = 30, at seconds: Double
        ) -> (ticket: TrunkPool.Ticket, commands: Commands) {
            ticket += 1
            out.removeAll()
            let now = TrunkPoolTests.at(seconds)
            pool.request(
                ticket, suitable: suitable ?? all, deadline: TrunkPoolTests.at(seconds + wait), at: now,
                into: &out)
            return (ticket, out.sends)
        }

        mutating func end(
            _ ticket: TrunkPool.Ticket, _ verdict: TrunkVerdict = .works, at seconds: Double
        ) -> Commands {
            out.removeAll()
            pool.end(ticket, verdict, at: TrunkPoolTests.at(seconds), into: &out)
            return out.sends
        }

        mutating func fire(at seconds: Double) -> Commands {
            out.removeAll()
            pool.fire(at: TrunkPoolTests.at(seconds), into: &out)
            return out.sends
        }

        /// Requests and at once starts; the trunk, or nil.
        mutating func call(at seconds: Double, _ verdict: TrunkVerdict = .works) -> Int? {
            let (ticket, commands) = request(wait: 0, at: seconds)
            guard case .grant(_, let trunk)? = commands.first else { return nil }
            _ = end(ticket, verdict, at: seconds)
            return trunk
        }
    }

    @Test("The least priority number goes first; the next one only when it cannot")
    func priority() {
        var bench = Bench([
            Self.trunk("backup") { $0.priority = 10 },
            Self.trunk("main") {
                $0.priority = 1
                $0.maximumCalls = 1
            },
        ])
        let first = bench.request(at: 0)
        #expect(first.commands == [.grant(1, trunk: 1)])
        #expect(bench.request(at: 0).commands == [.grant(2, trunk: 0)])
        _ = bench.end(first.ticket, at: 1)
        #expect(bench.request(at: 1).commands == [.grant(3, trunk: 1)])
    }

    @Test("Weights share out the calls, the same for the same seed")
    func weights() {
        func shares(seed: UInt64) -> [Int] {
            var bench = Bench(
                [
                    Self.trunk("a") { $0.weight = 60 }, Self.trunk("b") { $0.weight = 30 },
                    Self.trunk("c") { $0.weight = 10 }, Self.trunk("d") { $0.weight = 0 },
                ], seed: seed)
            var counts = [0, 0, 0, 0]
            for _ in 0..<10_000 { if let trunk = bench.call(at: 0) { counts[trunk] += 1 } }
            return counts
        }
        for seed in 0..<20 as Range<UInt64> {
            let counts = shares(seed: seed)
            // Six standard deviations.
            #expect(abs(counts[0] - 6_000) < 300)
            #expect(abs(counts[1] - 3_000) < 280)
            #expect(abs(counts[2] - 1_000) < 180)
            #expect(counts[3] == 0, "weight 0 only when there is no other")
            #expect(counts == shares(seed: seed))
        }
        var rest = Bench([Self.trunk("a") { $0.weight = 0 }])
        #expect(rest.call(at: 0) == 0)
    }

    @Test("At its limit of calls a trunk lets the next wait, in order, bounded in number and time")
    func limit() {
        var bench = Bench([Self.trunk("a") { $0.maximumCalls = 2 }], queueLimit: 2)
        #expect(bench.request(at: 0).commands == [.grant(1, trunk: 0)])
        #expect(bench.request(at: 0).commands == [.grant(2, trunk: 0)])
        #expect(bench.request(wait: 20, at: 0).commands == [.queued(3)])
        #expect(bench.request(wait: 10, at: 1).commands == [.queued(4)])
        #expect(bench.request(at: 1).commands == [.refuse(5, .queueFull)])
        #expect(bench.pool.nextDeadline == Self.at(11))
        #expect(bench.end(1, at: 5) == [.grant(3, trunk: 0)], "the one that waits longest")
        #expect(bench.fire(at: 11) == [.refuse(4, .waitedTooLong(.atLimit))])
        #expect(bench.end(2, at: 12) == [])
        #expect(bench.end(2, at: 12) == [], "twice is once")
        #expect(bench.request(wait: 0, at: 12).commands == [.grant(6, trunk: 0)])
        #expect(bench.request(wait: 0, at: 12).commands == [.refuse(7, .waitedTooLong(.atLimit))])
        #expect(bench.pool.lines[0].calls == 2)
    }

    @Test("A call that ends while it waits leaves the queue")
    func endsInQueue() {
        var bench = Bench([Self.trunk("a") { $0.maximumCalls = 1 }])
        let first = bench.request(at: 0)
        let second = bench.request(at: 0)
        let third = bench.request(at: 0)
        #expect(bench.end(second.ticket, .neutral, at: 1) == [.refuse(second.ticket, .callEnded)])
        #expect(bench.end(first.ticket, at: 2) == [.grant(third.ticket, trunk: 0)])
        #expect(bench.end(third.ticket, at: 3) == [])
        #expect(bench.pool.queueLength == 0)
        #expect(bench.pool.nextDeadline == nil)
    }

    @Test("A call that wants another trunk does not wait behind the one that does not")
    func headOfLine() {
        var bench = Bench([Self.trunk("a") { $0.maximumCalls = 1 }, Self.trunk("b")])
        _ = bench.request([0], at: 0)
        #expect(bench.request([0], at: 0).commands == [.queued(2)])
        #expect(bench.request([1], at: 0).commands == [.grant(3, trunk: 1)])
    }

    @Test("No second has more INVITEs than the trunk allows, however late they leave", arguments: 1...20)
    func rate(perSecond: Int) {
        var bench = Bench([Self.trunk("a") { $0.callsPerSecond = Double(perSecond) }], queueLimit: 1_000)
        var generator = SeededGenerator(seed: UInt64(perSecond), label: "jitter")
        var starts: [MonotonicInstant] = []
        var readyAt: [(ticket: TrunkPool.Ticket, instant: MonotonicInstant)] = []
        func take(_ commands: Commands, at now: MonotonicInstant) {
            for command in commands {
                switch command {
                case .grant(let ticket, _):
                    // Getting ready takes up to 3 s, in any order.
                    readyAt.append((ticket, now.advanced(by: .milliseconds(Int(generator.next() % 3_000)))))
                case .start: starts.append(now)
                case .queued, .refuse: break
                }
            }
        }
        for _ in 0..<100 { take(bench.request(wait: 3_000, at: 0).commands, at: Self.at(0)) }
        while starts.count < 100 {
            let next = (readyAt.map(\.instant) + [bench.pool.nextDeadline].compactMap { $0 }).min()
            guard let now = next else { break }
            bench.out.removeAll()
            for entry in readyAt where entry.instant <= now {
                bench.pool.ready(entry.ticket, at: now, into: &bench.out)
            }
            readyAt.removeAll { $0.instant <= now }
            bench.pool.fire(at: now, into: &bench.out)
            take(bench.out.sends, at: now)
        }
        #expect(starts.count == 100)
        for (index, start) in starts.enumerated() where index >= perSecond {
            #expect(starts[index - perSecond].duration(to: start) >= .seconds(1))
        }
        #expect(bench.pool.lines[0].attempts == 100)
    }

    @Test("A trunk that refuses us is stopped; calls go elsewhere, or hear so at once")
    func stopped() {
        var bench = Bench([Self.trunk("a"), Self.trunk("b") { $0.priority = 1 }])
        #expect(bench.call(at: 0, .refusal("403 no")) == 0)
        #expect(bench.out.events.contains(.init(trunk: 0, kind: .changed(.stopped))))
        #expect(bench.call(at: 1) == 1)
        #expect(bench.request([0], at: 1).commands == [.refuse(3, .unusable(.stopped, usableIn: nil))])
        bench.out.removeAll()
        bench.pool.resume(0, at: Self.at(2), into: &bench.out)
        #expect(bench.out.events == [.init(trunk: 0, kind: .changed(.ready))])
        #expect(bench.call(at: 2) == 0)
    }

    @Test("Who waits for a trunk hears at once when it is stopped")
    func stoppedWhileWaiting() {
        var bench = Bench([Self.trunk("a") { $0.maximumCalls = 1 }])
        let first = bench.request(at: 0)
        #expect(bench.request(at: 0).commands == [.queued(2)])
        #expect(
            bench.end(first.ticket, .refusal("407 no"), at: 1) == [
                .refuse(2, .unusable(.stopped, usableIn: nil))
            ])
    }

    @Test("A trunk that asks for rest gets it, and calls wait when the rest ends in time")
    func rest() {
        var bench = Bench([Self.trunk("a")])
        #expect(bench.call(at: 0, .rest(seconds: 20, "503")) == 0)
        let (early, commands) = bench.request(wait: 10, at: 1)
        #expect(commands == [.refuse(early, .unusable(.resting, usableIn: .seconds(19)))])
        #expect(bench.request(wait: 30, at: 1).commands == [.queued(3)])
        #expect(bench.pool.nextDeadline == Self.at(20))
        #expect(bench.fire(at: 19.9) == [])
        #expect(bench.fire(at: 20) == [.grant(3, trunk: 0)])
        #expect(bench.out.events == [.init(trunk: 0, kind: .changed(.ready))])
    }

    @Test("An open circuit lets one call try; those behind it wait for its word")
    func halfOpen() {
        var bench = Bench([Self.trunk("a") { $0.breaker.faultLimit = 2 }])
        for _ in 0..<2 { #expect(bench.call(at: 0, .fault("500")) == 0) }
        #expect(bench.request(wait: 60, at: 1).commands == [.queued(3)])
        #expect(bench.request(wait: 60, at: 1).commands == [.queued(4)])
        #expect(bench.fire(at: 30) == [.grant(3, trunk: 0)])
        bench.out.removeAll()
        bench.pool.hear(.works, of: 3, at: Self.at(31), into: &bench.out)
        #expect(bench.out.sends == [.grant(4, trunk: 0)], "ringing is word enough")
    }

    @Test("Calls wait for registration and for signs of life, as long as they may")
    func registration() {
        var registering = Self.trunk("a")
        registering.registration = TrunkRegistration()
        var bench = Bench([registering])
        #expect(bench.request(wait: 5, at: 0).commands == [.queued(1)])
        #expect(bench.request(wait: 50, at: 0).commands == [.queued(2)])
        #expect(bench.fire(at: 5) == [.refuse(1, .waitedTooLong(.unregistered))])
        bench.out.removeAll()
        bench.pool.setRegistered(true, 0, at: Self.at(6), into: &bench.out)
        #expect(bench.out.sends == [.grant(2, trunk: 0)])
        #expect(bench.out.events == [.init(trunk: 0, kind: .changed(.ready))])
        bench.out.removeAll()
        bench.pool.setReachable(false, 0, at: Self.at(7), into: &bench.out)
        #expect(bench.out.events == [.init(trunk: 0, kind: .changed(.unreachable))])
        #expect(bench.request(wait: 0, at: 7).commands == [.refuse(3, .waitedTooLong(.unreachable))])
    }

    @Test("Whatever happens in whatever order, limits hold and nothing is left", arguments: UInt64(0)..<200)
    func chaos(seed: UInt64) {
        var generator = SeededGenerator(seed: seed, label: "chaos")
        let limits = [2, 5, 3]
        var bench = Bench(
            [
                Self.trunk("a") { $0.maximumCalls = 2 },
                Self.trunk("b") {
                    $0.maximumCalls = 5
                    $0.callsPerSecond = 3
                },
                Self.trunk("c") {
                    $0.maximumCalls = 3
                    $0.priority = 1
                    $0.breaker.faultLimit = 2
                },
            ], queueLimit: 10, seed: seed)
        var open: [TrunkPool.Ticket: Int] = [:]
        var waiting: Set<TrunkPool.Ticket> = []
        var asked = 0
        var answered = 0
        func take(_ commands: Commands) {
            for command in commands {
                switch command {
                case .grant(let ticket, let trunk):
                    #expect(open.updateValue(trunk, forKey: ticket) == nil)
                    waiting.remove(ticket)
                    answered += 1
                case .refuse(let ticket, _):
                    waiting.remove(ticket)
                    answered += 1
                case .queued(let ticket): waiting.insert(ticket)
                case .start: break
                }
            }
            for trunk in limits.indices { #expect(open.values.count { $0 == trunk } <= limits[trunk]) }
        }
        var seconds = 0.0
        for _ in 0..<400 {
            seconds += generator.nextUnit()
            switch generator.next() % 4 {
            case 0, 1:
                asked += 1
                let suitable = bench.all.filter { _ in generator.chance(0.7) }
                take(bench.request(suitable.isEmpty ? [0] : suitable, wait: 10, at: seconds).commands)
            case 2:
                guard
                    let ticket = (open.keys.sorted() + waiting.sorted()).first(where: { _ in
                        generator.chance(0.5)
                    })
                else { continue }
                let verdicts: [TrunkVerdict] = [
                    .works, .works, .neutral, .fault("x"), .rest(seconds: 3, "y"),
                ]
                open[ticket] = nil
                take(bench.end(ticket, verdicts[Int(generator.next() % 5)], at: seconds))
            default: take(bench.fire(at: seconds))
            }
        }
        while !open.isEmpty || bench.pool.queueLength > 0 {
            for ticket in open.keys.sorted() {
                open[ticket] = nil
                take(bench.end(ticket, .neutral, at: seconds))
            }
            seconds += 1
            take(bench.fire(at: seconds))
        }
        #expect(asked == answered)
        #expect(bench.pool.queueLength == 0)
        for line in bench.pool.lines { #expect(line.calls == 0) }
    }
}
