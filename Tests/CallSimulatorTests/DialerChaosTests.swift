import CallSimulator
import SIPCore
import SansIO
import Telephony
import TestSupport
import Testing

/// Everything that can go wrong around a dialer at once, drawn from a seed.
@Suite("The dialer under chance", .serialized)
struct DialerChaosTests {
    private struct Oops: Error {}

    /// What one world left behind.
    private struct Report {
        var outcomes: [CallID: CallOutcome] = [:]
        var observer = Tally()
        var leaks = LeakReport()
        var digest = ""
    }

    /// Counts what an observer hears, per call.
    private final class Tally: CallObserver {
        struct Figures {
            var ended: [CallID: Int] = [:]
            var records: [CallID: CallRecord] = [:]
            var eventsAfterEnd = 0
            var phases: [CallID: CallPhase] = [:]
        }

        let figures = Locked(Figures())

        func call(_ id: CallID, did event: CallEvent) {
            figures.withLock { figures in
                if case .ended = event.kind {
                    figures.ended[id, default: 0] += 1
                } else if figures.ended[id] != nil {
                    figures.eventsAfterEnd += 1
                }
            }
        }

        func callEnded(_ record: CallRecord) {
            figures.withLock { figures in
                precondition(figures.records[record.id] == nil, "a second record")
                figures.records[record.id] = record
            }
        }
    }

    private static func draw(_ generator: inout SeededGenerator) -> MiniCallee.Script {
        var script = MiniCallee.Script()
        switch generator.next() % 8 {
        case 0: script.answer = .ring
        case 1: script.answer = .refuse([486, 603, 503, 404][Int(generator.next() % 4)])
        case 2: script.answer = .mute
        case 3: script.answer = .earlyMedia(.milliseconds(Int(generator.next() % 3_000)))
        case 4: script.answer = .unspeakable
        default: script.answer = .answer
        }
        if generator.chance(0.5) { script.hangsUpAfter = .milliseconds(Int(generator.next() % 4_000)) }
        return script
    }

    /// A closure that behaves somehow.
    private static func converse(_ call: Call, seed: UInt64) async throws -> AgentResult {
        var generator = SeededGenerator(seed: seed)
        switch generator.next() % 8 {
        case 0: return AgentResult(status: .done)
        case 1: throw Oops()
        case 2:
            try await call.sleep(for: .milliseconds(Int(generator.next() % 5_000)))
            return AgentResult(status: .done)
        case 3:
            do {
                try await call.sleep(for: .milliseconds(Int(generator.next() % 5_000)))
            } catch {
                return AgentResult(status: .interrupted)
            }
            throw CallError(.ended, "thrown by the agent")
        case 4:
            try await call.answered()
            while true { try await call.audio.write([Int16](repeating: 1_000, count: 5_000)) }
        case 5:
            while await call.audio.read() != nil {}
            return AgentResult(status: .done)
        case 6:
            try await call.answered()
            try call.sendDigits("12#")
            call.play([1, 2, 3], .repeated)
            try await call.sleep(for: .seconds(2))
            call.hangUp()
            for await _ in call.events {}
            return AgentResult(status: .done)
        default:
            for await _ in call.events {}
            return AgentResult(status: .done)
        }
    }

    private static func run(seed: UInt64) throws -> Report {
        var generator = SeededGenerator(seed: seed, label: "chaos")
        let world = World(seed: seed)
        world.setNetwork(
            NetworkModel.presets[Int(generator.next() % UInt64(NetworkModel.presets.count))].model)
        let callee = MiniCallee(
            driver: world.makeDriver(host: "10.0.0.9"), script: draw(&generator),
            host: SocketAddress(host: "10.0.0.9", port: 0)!)
        let driver = world.makeDriver(host: "10.0.0.1")
        let tally = Tally()
        let calls = (0..<5).map { _ in
            (
                delay: Duration.milliseconds(Int(generator.next() % 3_000)), seed: generator.next(),
                givesUpAfter: generator.chance(0.3)
                    ? Duration.milliseconds(Int(generator.next() % 6_000)) : nil
            )
        }
        let stopAfter = Duration.milliseconds(Int(generator.next() % 5_000))
        var report = Report()
        report.observer = tally
        report.outcomes = try world.run {
            let address = try await callee.open()
            let dialer = Dialer(
                trunk: Trunk(name: "t", host: address.host, port: address.port), driver: driver,
                observers: [tally])
            let outcomes = await withTaskGroup(of: (CallID, CallOutcome?).self) { callers in
                await withTaskGroup(of: Void.self) { running in
                    running.addTask { try? await dialer.run() }
                    for (index, plan) in calls.enumerated() {
                        let id = CallID("call-\(index)")
                        callers.addTask {
                            await withTaskGroup(of: CallOutcome?.self) { group in
                                group.addTask {
                                    try? await driver.sleep(for: plan.delay)
                                    let request = CallRequest(to: "100", id: id, ringTimeout: .seconds(10))
                                    return try? await dialer.call(request) {
                                        try await converse($0, seed: plan.seed)
                                    }.outcome
                                }
                                if let patience = plan.givesUpAfter {
                                    try? await driver.sleep(for: patience)
                                    group.cancelAll()
                                }
                                return (id, await group.next() ?? nil)
                            }
                        }
                    }
                    try? await driver.sleep(for: stopAfter)
                    running.cancelAll()
                    var outcomes: [CallID: CallOutcome] = [:]
                    for await (id, outcome) in callers { outcomes[id] = outcome }
                    return outcomes
                }
            }
            await callee.close()
            return outcomes
        }
        report.leaks = world.leaks
        report.digest = "\(world.trace.digest)"
        return report
    }

    @Test(
        "Every call has one ended event, one record and one outcome, and nothing is left",
        arguments: UInt64(0)..<24)
    func invariants(seed: UInt64) throws {
        let report = try Self.run(seed: seed)
        #expect(report.leaks.isEmpty, "\(report.leaks)")
        let figures = report.observer.figures.withLock { $0 }
        #expect(figures.eventsAfterEnd == 0)
        for (id, record) in figures.records {
            #expect(figures.ended[id] == 1, "\(id)")
            #expect(record.outcome.timings.ended != nil)
            #expect(record.outcome.disposition != .unknown)
            // A closure that threw its own error gets it back instead of the outcome.
            if let outcome = report.outcomes[id] { #expect(outcome == record.outcome) }
        }
        #expect(figures.ended.count == figures.records.count)
    }

    @Test("The same seed does the same", arguments: [3, 17] as [UInt64])
    func replay(seed: UInt64) throws {
        #expect(try Self.run(seed: seed).digest == Self.run(seed: seed).digest)
    }
}
