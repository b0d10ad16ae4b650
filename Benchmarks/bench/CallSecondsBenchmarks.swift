import AgentBridge
import CAllocationCounter
import CallSimulator
import SansIO
import Telephony

/// Whole calls in virtual time, per second of thread CPU time: `sim.call-seconds` and `sim.call-seconds.signalling`.
let callSecondsSuite = Suite(name: "sim.call-seconds") {
    [
        try callSeconds(
            "sim.call-seconds", CallLoad(calls: 100, callee: .talks, network: .lossy),
            note: "scripted agent and talking callee, 3 % loss, 20 ms jitter"),
        try callSeconds(
            "sim.call-seconds.signalling", CallLoad(calls: 500, callee: ringing, network: .internet),
            note: "rings for 20 s, then 486: no media"),
    ]
}

private let ringing = CalleeScript(steps: [.ring(.seconds(20)), .reject(status: 486)])

/// Calls that begin ten a second on one dialer, to one peer with one script.
private struct CallLoad: Sendable {
    var calls: Int
    var callee: CalleeScript
    var network: NetworkModel

    /// - Returns: Seconds from the first INVITE of every call to its end, added up.
    func run(seed: UInt64) throws -> Double {
        var configuration = WorldConfiguration()
        configuration.network = network
        let world = World(seed: seed, configuration: configuration)
        let driver = world.makeDriver(host: "10.0.0.1")
        var hosting = LoopbackPeer.Configuration()
        hosting.address = SocketAddress(ipv4: 0x0A00_0002, port: 5_060)
        let peer = LoopbackPeer(
            driver: world.makeDriver(host: "10.0.0.2"), callee: callee, configuration: hosting)
        let trunk = Trunk(name: "bench", host: "10.0.0.2", port: 5_060, numbers: ["+15550100"])
        let dialer = Dialer(trunk: trunk, driver: driver)
        let agent = try ScriptedAgent(Self.script)
        let calls = calls
        return try world.run {
            try await peer.start()
            let seconds = try await withThrowingTaskGroup(of: Void.self) { services in
                services.addTask { try await dialer.run() }
                let seconds = try await withThrowingTaskGroup(of: Double.self) { group in
                    for index in 0..<calls {
                        group.addTask {
                            try await driver.sleep(for: .milliseconds(100 * index + 1))
                            let request = CallRequest(to: "+1555020\(1_000 + index)")
                            let outcome = try await dialer.call(request, agent: agent)
                            guard let start = outcome.timings.dialed, let end = outcome.timings.ended else {
                                throw BenchmarkFault("a call was not placed: \(outcome.cause.text)")
                            }
                            return start.duration(to: end).inSeconds
                        }
                    }
                    return try await group.reduce(0, +)
                }
                await dialer.shutDown()
                try await services.waitForAll()
                return seconds
            }
            await peer.stop()
            return seconds
        }
    }

    /// Says three sentences and listens to what comes back.
    private static let script = AgentScript(steps: [
        .init(.waitForTurn(timeout: .seconds(5))),
        .init(.say("Good morning, this is the practice calling about your appointment next week.")),
        .init(.waitForTurn(timeout: .seconds(8))),
        .init(.say("It is on Tuesday at ten in the morning. Would that still suit you?")),
        .init(.waitForTurn(timeout: .seconds(8))),
        .init(.say("Thank you very much, we look forward to seeing you. Goodbye.")),
        .init(.waitForTurn(timeout: .seconds(5))),
        .init(.hangUp(.done)),
    ])
}

private func callSeconds(_ name: String, _ load: CallLoad, note: String) throws -> Measurement {
    var rates: [Double] = []
    var seconds = 0.0
    var allocations = 0.0
    _ = try load.run(seed: 1)
    for _ in 0..<repetitions {
        let counted = outdial_allocation_count()
        let start = outdial_thread_cpu_nanoseconds()
        seconds = try load.run(seed: 1)
        let spent = Double(outdial_thread_cpu_nanoseconds() - start) / 1e9
        rates.append(seconds / spent)
        allocations = Double(outdial_allocation_count() - counted) / seconds
    }
    return summarise(
        name, unit: "s/s", values: rates, worst: .lowest, allocations: allocations,
        note: "\(load.calls) calls of \((seconds / Double(load.calls)).rounded()) s, both ends; \(note)")
}
