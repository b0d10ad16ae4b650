import CallSimulator
import SansIO
import Telephony
import Testing

@Suite("Attended transfer under chance", .serialized)
struct AttendedTransferSweepTests {
    private struct Report {
        var result: TransferResult?
        var referTo: String?
        var faults: [String] = []
    }

    /// Two callers; the far end of the second is asked to call that of the first.
    private static func run(seed: UInt64) throws -> Report {
        var generator = SeededGenerator(seed: seed, label: "attended transfer")
        var network = NetworkModel.perfect
        network.latency = .milliseconds(30)
        network.jitter = .milliseconds(12)
        network.loss = [0, 0.05, 0.15, 0.3][Int(seed % 4)]
        network.duplication = 0.1
        network.reorder = 0.1
        let result = Locked<TransferResult?>(nil)
        let complaint = Locked("")
        let calls = Locked<[Call]>([])
        let world = InboundWorld(
            seed: seed, network: network, configure: { _, dialing in dialing.maximumDuration = .seconds(30) }
        ) { call in
            try await call.answered()
            let other = calls.withLock { calls in
                calls.append(call)
                return calls.count == 2 ? calls[0] : nil
            }
            guard let other else {
                for await _ in call.events {}
                return
            }
            do {
                let outcome = try await call.transfer(to: other)
                result.withLock { $0 = outcome }
            } catch {
                complaint.withLock { $0 = "\(error)" }
            }
        }
        let trunk = world.trunk
        let delay = Duration.milliseconds(Int64(500 + generator.next() % 500))
        let status = generator.chance(0.8) ? 200 : 486
        let reports = try world.run { driver in
            await withTaskGroup(of: (Int, SimulatedCaller.Report).self) { group in
                for index in 0..<2 {
                    group.addTask {
                        if index == 1 { try? await driver.sleep(for: delay) }
                        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(3))
                        script.givesUpAfter = .seconds(20)
                        script.referralStatus = status
                        return (index, await trunk.call(InboundWorld.dialerAddress, script))
                    }
                }
                var reports: [Int: SimulatedCaller.Report] = [:]
                for await (index, report) in group { reports[index] = report }
                return reports
            }
        }
        var report = Report(result: result.withLock { $0 }, referTo: reports[1]?.referTo)
        let figures = world.observer.figures.withLock { $0 }
        if Set(figures.records.map(\.id)).count != figures.records.count {
            report.faults.append("two records")
        }
        for record in figures.records {
            let ends = figures.events[record.id, default: []].count {
                if case .ended = $0 { true } else { false }
            }
            if ends != 1 { report.faults.append("\(ends) ends of \(record.id)") }
            if record.outcome.disposition == .unknown { report.faults.append("unknown outcome") }
        }
        if !world.world.leaks.isEmpty { report.faults.append("\(world.world.leaks)") }
        if seed % 4 == 0 {
            let expected: TransferResult =
                status == 200 ? .completed : .failed(status: 486, reason: "Busy Here")
            if report.result != expected {
                let told = report.result.map { "\($0)" } ?? complaint.withLock { $0 }
                report.faults.append("nothing was lost, and the transfer: \(told)")
            }
        }
        return report
    }

    @Test("Every call has one end, and without loss the transfer its result", arguments: 0..<4)
    func sweep(block: UInt64) throws {
        for seed in block * 12..<(block + 1) * 12 {
            let report = try Self.run(seed: seed)
            #expect(report.faults.isEmpty, "seed \(seed): \(report.faults)")
            if seed % 4 == 0 { #expect(report.referTo == "sip:caller@10.0.0.9:5060", "seed \(seed)") }
        }
    }
}
