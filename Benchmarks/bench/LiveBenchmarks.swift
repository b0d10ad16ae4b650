#if os(Linux)
    import CAllocationCounter
    import CallSimulator
    import SansIO
    import SocketDriver
    import Telephony

    /// Calls over UDP on loopback, as many as go: `live.calls`.
    let liveCallsSuite = Suite(name: "live.calls") { try await liveCalls() }

    /// A dialer and a peer on a loop each, both in this process.
    private func withLoopback<Value: Sendable>(
        _ callee: CalleeScript, configuration: DialerConfiguration,
        _ body: @escaping @Sendable (Dialer) async throws -> Value
    ) async throws -> Value {
        let drivers = (caller: try SocketDriver(), peer: try SocketDriver())
        defer {
            drivers.caller.shutDown()
            drivers.peer.shutDown()
        }
        let peer = LoopbackPeer(driver: drivers.peer, callee: callee)
        let address = try await peer.start()
        let trunk = Trunk(name: "bench", host: "127.0.0.1", port: address.port, numbers: ["+15550100"])
        let dialer = Dialer(trunk: trunk, configuration: configuration, driver: drivers.caller)
        let value = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            let value = try await body(dialer)
            await dialer.shutDown()
            try await group.waitForAll()
            return value
        }
        await peer.stop()
        return value
    }

    // MARK: Signalling

    private func liveCalls() async throws -> [Measurement] {
        let (runs, calls, window) = (5, 3_000, 50)
        var configuration = DialerConfiguration()
        configuration.classifiesAnswers = false
        // A thousand calls a second would otherwise keep ten thousand ports at rest.
        configuration.portQuarantine = .zero
        return try await withLoopback(.answers(after: .zero), configuration: configuration) { dialer in
            _ = try await place(500, atOnce: window, on: dialer)
            var rates: [Double] = []
            var costs: [Double] = []
            for _ in 0..<runs {
                let start = ContinuousClock.now
                let used = outdial_process_cpu_nanoseconds()
                let answered = try await place(calls, atOnce: window, on: dialer)
                let spent = Double(outdial_process_cpu_nanoseconds() - used) / 1_000
                let elapsed = start.duration(to: .now).inSeconds
                try BenchmarkFault.check(answered == calls, "\(answered) of \(calls) calls were answered")
                rates.append(Double(calls) / elapsed)
                costs.append(spent / Double(2 * calls))
            }
            return [
                summarise(
                    "live.calls", unit: "µs", values: costs,
                    note: "process CPU per call and side: INVITE, 200, ACK, BYE, media ports without rest; "
                        + "\(runs) runs of \(calls) calls, \(window) at once"),
                summarise(
                    "live.calls.rate", unit: "calls/s", values: rates, worst: .lowest,
                    note: "wall time, both ends in one process"),
            ]
        }
    }

    /// - Returns: Calls that were answered.
    private func place(_ count: Int, atOnce window: Int, on dialer: Dialer) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for lane in 0..<window {
                group.addTask {
                    var answered = 0
                    for index in stride(from: lane, to: count, by: window) {
                        let result = try await dialer.call(CallRequest(to: "+1555\(1_000_000 + index)")) {
                            call in
                            try await call.answered()
                        }
                        if result.value != nil { answered += 1 }
                    }
                    return answered
                }
            }
            return try await group.reduce(0, +)
        }
    }
#endif
