#if os(Linux)
    import CAllocationCounter
    import Foundation
    import SansIO
    import SocketDriver
    import Telephony

    /// Two-way calls at once over UDP on loopback with a far end in a process of its own: `live.media`.
    let liveMediaSuite = Suite(name: "live.media") {
        var figures: [Measurement] = []
        for count in [100, 500] { figures += try await liveMedia(calls: count) }
        return figures
    }

    private let mediaPeerPort: UInt16 = 25_062
    private let window = Duration.seconds(10)
    /// From the last answer on: by then nobody asks any more who answered, and SIP has let go of the set-up (64·T1, RFC 3261 §17).
    private let settling = Duration.seconds(34)

    private func liveMedia(calls: Int) async throws -> [Measurement] {
        let peer = try PeerProcess(CommandLine.arguments[0], ["--media-peer", "\(mediaPeerPort)"])
        defer { peer.stop() }
        try await Task.sleep(for: .milliseconds(300))
        let driver = try SocketDriver()
        defer { driver.shutDown() }
        let trunk = Trunk(name: "bench", host: "127.0.0.1", port: mediaPeerPort, numbers: ["+15550100"])
        var configuration = DialerConfiguration()
        configuration.maximumCalls = calls + 10
        let dialer = Dialer(trunk: trunk, configuration: configuration, driver: driver)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                try await dialer.run()
                return 0
            }
            outdial_release_free_memory()
            let resident = Double(outdial_resident_bytes())
            for index in 0..<calls {
                group.addTask {
                    // Ten milliseconds apart, so that the answers are no burst.
                    try await Task.sleep(for: .milliseconds(10 * index))
                    let talk = window + settling + .milliseconds(10 * (calls - index) + 3_000)
                    let request = CallRequest(to: "+1555\(1_000_000 + index)")
                    return try await dialer.call(request) { try await converse(on: $0, for: talk) }.value ?? 0
                }
            }
            try await Task.sleep(for: .milliseconds(10 * calls + 500))
            let start = try await Moment(dialer, driver)
            try await Task.sleep(for: window)
            let early = try await Moment(dialer, driver)
            try await Task.sleep(for: settling - window)
            let before = try await Moment(dialer, driver)
            try await Task.sleep(for: window)
            let after = try await Moment(dialer, driver)
            let used = Double(outdial_resident_bytes()) - resident
            try BenchmarkFault.check(
                after.statistics.liveLegs == calls, "\(after.statistics.liveLegs) calls at once")
            for _ in 0..<calls {
                let heard = try await group.next() ?? 0
                try BenchmarkFault.check(heard > 16_000 * 40, "a callee was hardly heard")
            }
            await dialer.shutDown()
            try await group.waitForAll()
            return figures(of: calls, before, after, memory: used) + [figure(of: calls, start, early)]
        }
    }

    /// What had been used up at some instant.
    private struct Moment {
        let statistics: DialerStatistics
        let loop: SocketDriverStatistics
        let processor = outdial_process_cpu_nanoseconds()
        let instant = ContinuousClock.now

        init(_ dialer: Dialer, _ driver: SocketDriver) async throws {
            statistics = try await dialer.statistics()
            loop = driver.statistics
        }
    }

    /// Frames both ways between two moments, and what the process took for each.
    private func use(_ before: Moment, _ after: Moment) -> (microseconds: Double, coreShare: Double) {
        let elapsed = before.instant.duration(to: after.instant).inSeconds
        let nanoseconds = Double(after.processor - before.processor)
        let frames = Double(after.statistics.frameLateness.count - before.statistics.frameLateness.count)
        return (nanoseconds / 1_000 / max(frames, 1), (nanoseconds / 1e7 / elapsed).rounded())
    }

    private func figure(of calls: Int, _ before: Moment, _ after: Moment) -> Measurement {
        let use = use(before, after)
        return summarise(
            "live.media.\(calls).answered", unit: "µs", values: [use.microseconds],
            note: "the same in the seconds behind the answers, while it is found out who answered; "
                + "\(use.coreShare) % of a core")
    }

    private func figures(
        of calls: Int, _ before: Moment, _ after: Moment, memory: Double
    ) -> [Measurement] {
        let name = "live.media.\(calls)"
        let use = use(before, after)
        let ticks = Double(after.statistics.tickLateness.count - before.statistics.tickLateness.count)
        func lateness(_ suffix: String, _ histogram: LatenessHistogram, _ what: String) -> Measurement {
            Measurement(
                name: name + suffix, unit: "ms", median: histogram.percentile(0.5).inMilliseconds,
                p99: histogram.percentile(0.99).inMilliseconds, allocations: -1, note: what)
        }
        return [
            summarise(
                name, unit: "µs", values: [use.microseconds],
                note:
                    "process CPU per frame both ways: sockets, leg, listening to the line, and an agent that hears and "
                    + "speaks all the time; \(use.coreShare) % of a core, one run of 10 s"
            ).with(goal: Goal(atMost: 7.5)),
            summarise(
                "\(name).turns", unit: "a tick",
                values: [Double(after.loop.turns - before.loop.turns) / max(ticks, 1)],
                note:
                    "turns of the one loop for calls and media: ticks, events of calls, the questions for these figures"
            ).with(goal: Goal(atMost: 1)),
            lateness(".tick", after.statistics.tickLateness, "how late the work of a deadline began")
                .with(goal: Goal(figure: .p99, atMost: 2)),
            lateness(
                ".frame", after.statistics.frameLateness,
                "how late packets left after the deadline: each leg waits for those before it"),
            summarise(
                "\(name).memory", unit: "KB/call", values: [memory / 1_000 / Double(calls)],
                note: "resident memory, one value"),
        ]
    }

    /// An agent that listens all the time, and for each 200 ms that it has heard says as much, as a streaming one does.
    ///
    /// - Returns: Samples heard.
    private func converse(on call: Call, for duration: Duration) async throws -> Int {
        try await call.answered()
        let sound = soundFrame(samples: call.audio.rateHertz / 5)
        let end = call.now.advanced(by: duration)
        var heard = 0
        var said = 0
        while call.now < end, let samples = await call.audio.read() {
            heard += samples.count
            if said <= heard { said += try await send(sound, on: call) }
        }
        call.hangUp()
        return heard
    }

    private func send(_ sound: [Int16], on call: Call) async throws -> Int {
        try await call.audio.write(sound)
        return sound.count
    }
#endif
