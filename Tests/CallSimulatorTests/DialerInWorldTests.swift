import CallSimulator
import SIPCore
import SansIO
import Telephony
import TestSupport
import Testing

@Suite("The dialer in virtual time")
struct DialerInWorldTests {
    private static func run(seed: UInt64, network: NetworkModel = .perfect) throws -> (
        outcomes: [CallOutcome], digest: String, leaks: LeakReport, now: MonotonicInstant
    ) {
        let world = World(seed: seed)
        world.setNetwork(network)
        let drivers = ["10.0.0.1", "10.0.0.2"].map { world.makeDriver(host: $0) }
        let callees = ["10.0.0.8", "10.0.0.9"].map {
            MiniCallee(driver: world.makeDriver(host: $0), host: SocketAddress(host: $0, port: 0)!)
        }
        let outcomes = try world.run {
            try await withThrowingTaskGroup(of: CallOutcome.self) { callers in
                let outcomes = try await withThrowingTaskGroup(of: Void.self) { dialers in
                    for (driver, callee) in zip(drivers, callees) {
                        let address = try await callee.open()
                        let dialer = Dialer(
                            trunk: Trunk(name: "t", host: address.host, port: address.port), driver: driver)
                        dialers.addTask { try await dialer.run() }
                        for _ in 0..<3 {
                            callers.addTask {
                                try await dialer.call(CallRequest(to: "100")) { call in
                                    try await call.answered()
                                    try await call.audio.write([Int16](repeating: 9_000, count: 16_000))
                                    call.audio.mark("end")
                                    for await event in call.events { if case .mark = event.kind { return } }
                                }.outcome
                            }
                        }
                    }
                    let outcomes = try await callers.reduce(into: []) { $0.append($1) }
                    dialers.cancelAll()
                    try await dialers.waitForAll()
                    return outcomes
                }
                for callee in callees { await callee.close() }
                return outcomes
            }
        }
        return (outcomes, "\(world.trace.digest)", world.leaks, world.now)
    }

    @Test(
        "Two dialers place calls at once; a second of speech takes a second of virtual time, and nothing is left"
    )
    func calls() throws {
        let (outcomes, digest, leaks, now) = try Self.run(seed: 1)
        #expect(outcomes.count == 6)
        for outcome in outcomes {
            #expect(outcome.disposition == .answered)
            let talkTime = try #require(outcome.timings.talkTime)
            #expect(talkTime == .milliseconds(980), "fifty frames, the first at the answer")
        }
        #expect(leaks.isEmpty, "\(leaks)")
        let again = try Self.run(seed: 1)
        #expect(again.digest == digest)
        #expect(again.outcomes == outcomes)
        #expect(now < MonotonicInstant(nanoseconds: 2_000_000_000))
        #expect(try Self.run(seed: 2).digest != digest)
    }

    /// Keeps the keys that stand in the record of a call.
    private final class RecordedKeys: CallObserver {
        // Guards the keys; the dialer's loop writes.
        let keys = Locked("")

        func callEnded(_ record: CallRecord) { keys.withLock { $0 = record.digits } }
    }

    @Test(
        "A key stands in the record however soon after it the callee hangs up",
        arguments: Array(stride(from: 201, to: 242, by: 2)))
    func lastKey(hangsUpAfter: Int) throws {
        let world = World(seed: 1)
        // The second of two keys begins 200 ms after the answer.
        let callee = MiniCallee(
            driver: world.makeDriver(host: "10.0.0.9"),
            script: .init(hangsUpAfter: .milliseconds(hangsUpAfter), digits: "5#"),
            host: SocketAddress(host: "10.0.0.9", port: 0)!)
        let driver = world.makeDriver(host: "10.0.0.1")
        let observer = RecordedKeys()
        try world.run {
            let address = try await callee.open()
            let dialer = Dialer(
                trunk: Trunk(name: "t", host: address.host, port: address.port), driver: driver,
                observers: [observer])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                _ = try await dialer.call(CallRequest(to: "100")) { call in for await _ in call.events {} }
                await dialer.shutDown()
                try await group.waitForAll()
            }
            await callee.close()
        }
        #expect(observer.keys.withLock { $0 } == "5#")
    }
}
