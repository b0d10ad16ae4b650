import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

/// Everything around inbound calls that a network can do, over many seeds.
@Suite("Inbound calls under chance", .serialized)
struct InboundSweepTests {
    /// What may happen to one call, and what nobody may see of it.
    private static func run(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed, label: "inbound sweep")
        func chance(_ probability: Double) -> Bool { generator.chance(probability) }
        func milliseconds(_ limit: UInt64) -> Duration { .milliseconds(Int64(generator.next() % limit)) }
        let preset = NetworkModel.presets[Int(generator.next() % UInt64(NetworkModel.presets.count))]
        let clock = Locked<(any Driver)?>(nil)
        let agentHolds = chance(0.4)
        let agentTransfers = chance(0.3)
        let agentTime = milliseconds(12_000)
        let decisionTime = chance(0.3) ? milliseconds(7_000) : .zero
        let answersAfter = milliseconds(3_000)
        let verdict = generator.next() % 8
        let handler = InboundHandler { call in
            try await call.answered()
            if agentHolds {
                try await call.hold()
                try await call.sleep(for: .milliseconds(700))
                try await call.resume()
            }
            try await call.audio.write([Int16](repeating: 9_000, count: 16_000))
            if agentTransfers { _ = try await call.transfer(to: "+15559999") }
            try await call.sleep(for: agentTime)
        }
        let world = InboundWorld(
            seed: seed, network: preset.model,
            routing: IncomingCallRouting { _ in
                if decisionTime > .zero { try? await clock.withLock { $0 }?.sleep(for: decisionTime) }
                switch verdict {
                case 0: return .reject(status: 486)
                case 1: return .redirect(to: ["sip:b@10.0.0.3"])
                default:
                    return .accept(
                        IncomingAcceptance(
                            handler, alerting: verdict == 2 ? .earlyMedia : .ringing,
                            answersAfter: answersAfter))
                }
            },
            configure: { policy, configuration in
                configuration.maximumDuration = .seconds(30)
                if seed % 5 == 0 { policy.strangers = .ignored }
            })
        let (trunk, stranger) = (world.trunk, world.stranger)
        let scripts = (0..<3).map { _ in
            var script = SimulatedCaller.Script(hangsUpAfter: chance(0.7) ? milliseconds(15_000) : nil)
            if chance(0.2) { script.givesUpAfter = milliseconds(6_000) }
            if chance(0.4) { (script.holdsAfter, script.resumesAfter) = (milliseconds(2_000), .seconds(4)) }
            if chance(0.6) { script.referralStatus = chance(0.5) ? 200 : 603 }
            if chance(0.2) { script.refersAfter = milliseconds(4_000) }
            if chance(0.2) { script.infoDigit = "7" }
            script.offersLate = chance(0.2)
            return (script, milliseconds(3_000))
        }
        let floods = chance(0.3)
        let cancels = chance(0.2)
        let stopAfter = milliseconds(20_000)
        let reports = try world.run(cancels: cancels) { driver -> [SimulatedCaller.Report] in
            clock.withLock { $0 = driver }
            return try await withThrowingTaskGroup(of: SimulatedCaller.Report?.self) { group in
                for (script, delay) in scripts {
                    group.addTask {
                        try await driver.sleep(for: delay)
                        return await trunk.call(InboundWorld.dialerAddress, script)
                    }
                }
                if floods {
                    group.addTask {
                        for _ in 0..<20 {
                            let report = await stranger.call(InboundWorld.dialerAddress)
                            #expect(!report.wasAnswered)
                            if report.status == 0 { break }
                        }
                        return nil
                    }
                }
                if cancels {
                    // Those still on the line are hung up by the end of the dialer.
                    try await driver.sleep(for: stopAfter)
                    group.cancelAll()
                    return []
                }
                var reports: [SimulatedCaller.Report] = []
                for try await report in group { if let report { reports.append(report) } }
                return reports
            }
        }
        let figures = world.observer.figures.withLock { $0 }
        #expect(Set(figures.records.map(\.id)).count == figures.records.count, "one record per call")
        for record in figures.records {
            let events = figures.events[record.id] ?? []
            let ends = events.count { if case .ended = $0 { true } else { false } }
            #expect(ends == 1, "seed \(seed)")
            #expect(events.first == .incoming(sipCallID: record.sipCallID), "seed \(seed)")
            #expect(record.direction == .inbound)
            #expect(record.outcome.disposition != .unknown, "seed \(seed)")
            #expect(record.outcome.timings.ended != nil)
        }
        let answered = reports.count { $0.wasAnswered }
        let recorded = figures.records.count { $0.outcome.timings.answered != nil }
        #expect(answered <= recorded, "seed \(seed): a caller was answered and nobody knows")
        #expect(world.world.leaks.isEmpty, "seed \(seed): \(world.world.leaks)")
    }

    @Test("Every call has one end, one record, and nothing is left", arguments: 0..<10)
    func sweep(part: Int) throws {
        for seed in UInt64(part) * 20..<UInt64(part + 1) * 20 { try Self.run(seed: seed) }
    }
}
