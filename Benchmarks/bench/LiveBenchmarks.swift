#if os(Linux)
    import CAllocationCounter
    import CallSimulator
    import SansIO
    import SocketDriver
    import Telephony

    /// Calls over UDP on loopback, as many as go: `live.calls`.
    let liveCallsSuite = Suite(name: "live.calls") { try await liveCalls() }

    /// Two-way calls at once over UDP on loopback: `live.media`.
    let liveMediaSuite = Suite(name: "live.media") {
        var figures: [Measurement] = []
        for count in [50, 200] { figures += try await liveMedia(calls: count) }
        return figures
    }

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

    // MARK: Media

    private func liveMedia(calls: Int) async throws -> [Measurement] {
        let talk = Duration.seconds(10)
        let configuration = DialerConfiguration()
        let callee = CalleeScript.answers(after: .zero).plays(soundFrame(samples: 88_000))
        let name = "live.media.\(calls)"
        return try await withLoopback(callee, configuration: configuration) { dialer in
            outdial_release_free_memory()
            let before = Double(outdial_resident_bytes())
            let used = outdial_process_cpu_nanoseconds()
            let start = ContinuousClock.now
            let (heard, resident, statistics) = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<calls {
                    group.addTask {
                        // Ten milliseconds apart, so that the answers are no burst.
                        try await Task.sleep(for: .milliseconds(10 * index))
                        let request = CallRequest(to: "+1555\(1_000_000 + index)")
                        return try await dialer.call(request) { try await converse(on: $0, for: talk) }.value
                            ?? 0
                    }
                }
                try await Task.sleep(for: .milliseconds(10 * calls + 8_000))
                let resident = Double(outdial_resident_bytes())
                let statistics = try await dialer.statistics()
                let heard = try await group.reduce(into: []) { $0.append($1) }
                return (heard, resident, statistics)
            }
            let elapsed = start.duration(to: .now).inSeconds
            let load = Double(outdial_process_cpu_nanoseconds() - used) / 1e9 / elapsed
            try BenchmarkFault.check(statistics.liveLegs == calls, "\(statistics.liveLegs) calls at once")
            let quiet = heard.filter { $0 < 16_000 * 8 }.count
            try BenchmarkFault.check(quiet == 0, "\(quiet) callees were hardly heard")
            let lateness = statistics.frameLateness
            let percent = (load * 100).rounded()
            return [
                Measurement(
                    name: name, unit: "ms", median: lateness.percentile(0.5).inMilliseconds,
                    p99: lateness.percentile(0.99).inMilliseconds, allocations: -1,
                    note:
                        "lateness of the dialer's packets after their 20 ms deadline, \(lateness.count) packets, "
                        + "one run of 10 s; both ends use \(percent) % of a core"),
                summarise(
                    "\(name).memory", unit: "KB/call", values: [(resident - before) / 1_000 / Double(calls)],
                    note: "resident memory, both ends of the call together, one value"),
            ]
        }
    }

    /// An agent that speaks and listens all the time, 200 ms at once, as a streaming one does.
    ///
    /// - Returns: Samples heard.
    private func converse(on call: Call, for duration: Duration) async throws -> Int {
        try await call.answered()
        let sound = soundFrame(samples: call.audio.rateHertz / 5)
        async let heard = listen(to: call)
        let end = call.now.advanced(by: duration)
        while call.now < end {
            try await call.audio.write(sound)
            try await call.sleep(for: .milliseconds(200))
        }
        call.hangUp()
        return await heard
    }

    private func listen(to call: Call) async -> Int {
        var count = 0
        while let samples = await call.audio.read() { count += samples.count }
        return count
    }
#endif
