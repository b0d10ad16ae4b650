import CallSimulator
import SansIO
import Telephony
import Testing

@Suite(
    "Full calls under faults: reliable provisional responses, hold, session refresh, transfer", .serialized)
struct FullCallSweepTests {
    /// Long enough for one refresh, at half of 90 s.
    private static let refreshed = FullCallWorld.Plan(talk: .seconds(46))

    @Test("The call without faults has PRACK, two re-INVITEs, a refresh and a BYE in it")
    func whole() throws {
        let report = try FullCallWorld.run(Self.refreshed)
        #expect(report.shortfalls.isEmpty, "\(report.shortfalls)")
        #expect(report.count("INVITE", ours: true) == 3)
        #expect(report.count("PRACK", ours: true) == 2)
        #expect(report.count("200 PRACK", ours: false) == 2)
        #expect(report.count("UPDATE", ours: true) == 1)
        #expect(report.count("200 UPDATE", ours: false) == 1)
        #expect(report.count("BYE", ours: true) == 1)
        #expect(report.count("ACK", ours: true) == 3)
    }

    @Test(
        "Whichever signalling datagram is lost, of either side: answered, held, refreshed, ended, nothing left"
    )
    func dropEach() throws {
        let whole = try FullCallWorld.run(Self.refreshed).signalling
        #expect(whole.count { $0.isOurs } >= 10 && whole.count { !$0.isOurs } >= 10)
        for datagram in whole {
            var plan = Self.refreshed
            plan.faults = [.drop(datagram.number)]
            let report = try FullCallWorld.run(plan)
            let lost: Comment = "without datagram \(datagram.number), \(datagram.name): \(report.shortfalls)"
            #expect(report.shortfalls.isEmpty, lost)
            #expect(report.count("200 UPDATE", ours: false) >= 1, lost)
        }
    }

    /// A call over a bad network, all of it drawn from the seed.
    private static func plan(seed: UInt64) -> FullCallWorld.Plan {
        var generator = SeededGenerator(seed: seed, label: "full calls")
        var plan = FullCallWorld.Plan(seed: seed)
        plan.network.latency = .milliseconds(30)
        plan.network.jitter = .milliseconds(12)
        plan.network.loss = [0, 0.05, 0.15, 0.3][Int(seed % 4)]
        plan.network.duplication = 0.1
        plan.network.reorder = 0.1
        var steps: [CalleeScript.Step] = [.ring(.milliseconds(Int64(generator.next() % 2_000)))]
        if generator.chance(0.5) { steps.append(.earlyMedia(.milliseconds(Int64(generator.next() % 1_000)))) }
        steps.append(generator.chance(0.1) ? .reject(status: 486) : .answer)
        if steps.last == .answer, generator.chance(0.3) {
            steps += [.wait(.milliseconds(Int64(generator.next() % 4_000))), .hangUp]
        }
        plan.callee = CalleeScript(steps: steps)
        plan.holds = generator.chance(0.7)
        plan.talk = generator.chance(0.1) ? .seconds(50) : .milliseconds(Int64(generator.next() % 3_000))
        return plan
    }

    @Test(
        "Over two hundred networks that lose, copy, delay and reorder: one clean end each", arguments: 0..<8)
    func sweep(block: UInt64) throws {
        for seed in block * 26..<(block + 1) * 26 {
            let report = try FullCallWorld.run(Self.plan(seed: seed))
            #expect(report.faults.isEmpty, "seed \(seed): \(report.faults)")
            if seed % 4 == 0 {
                #expect(
                    [.answered, .busy].contains(report.outcome?.disposition), "seed \(seed), nothing was lost"
                )
            }
        }
    }

    @Test("The same seed does the same", arguments: [7, 22] as [UInt64])
    func replay(seed: UInt64) throws {
        let runs = try (0..<2).map { _ in try FullCallWorld.run(Self.plan(seed: seed)) }
        #expect(runs[0].outcome == runs[1].outcome)
        #expect(runs[0].signalling.map(\.name) == runs[1].signalling.map(\.name))
    }

    @Test("The sweep can fail: a cut line is seen, and so is what has not ended yet")
    func planted() throws {
        var cut = Self.refreshed
        cut.faults = [.partition(nil, nil, from: .seconds(3), until: .seconds(3_600))]
        #expect(try !FullCallWorld.run(cut).shortfalls.isEmpty)
        var hasty = Self.refreshed
        hasty.rest = .seconds(1)
        let report = try FullCallWorld.run(hasty)
        #expect(report.left.contains { $0.hasSuffix("our transactions left") }, "\(report.left)")
        #expect(report.left.contains { $0.hasSuffix("their transactions left") }, "\(report.left)")
    }
}
