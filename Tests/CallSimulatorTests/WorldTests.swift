private import Foundation
import CallSimulator
import SansIO
import Testing

@Suite("World: virtual time and tasks")
struct WorldTests {
    /// Every construct that must keep to the world, with the time and order of what it did.
    @Sendable private static func exercise(_ driver: SimulatedDriver) async throws -> [String] {
        let log = Locked<[String]>([])
        @Sendable func say(_ text: String) {
            log.withLock { $0.append("\(driver.now.nanoseconds / 1_000_000) \(text)") }
        }
        // Groups: results in the order of completion; ties in the order of arming.
        await withTaskGroup(of: Int.self) { group in
            for (index, delay) in [30, 10, 20, 10].enumerated() {
                group.addTask {
                    try? await driver.sleep(for: .milliseconds(delay))
                    return index
                }
            }
            for await index in group { say("group \(index)") }
        }
        async let left: Void = driver.sleep(for: .milliseconds(5))
        async let right: Void = driver.sleep(for: .milliseconds(7))
        _ = try await (left, right)
        say("async let")
        // An ordinary actor.
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<3 { group.addTask { await counter.add(index) } }
        }
        say("actor \(await counter.values)")
        // A stream between two tasks.
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        async let produced: Void = {
            for value in 0..<3 {
                try? await driver.sleep(for: .milliseconds(1))
                continuation.yield(value)
            }
            continuation.finish()
        }()
        for await value in stream { say("stream \(value)") }
        await produced
        await Task.yield()
        // A timeout race.
        await withTaskGroup(of: String.self) { group in
            group.addTask {
                try? await driver.sleep(for: .milliseconds(50))
                return "work"
            }
            group.addTask {
                try? await driver.sleep(for: .milliseconds(50))
                return "timeout"
            }
            say("race \(await group.next() ?? "")")
            group.cancelAll()
        }
        // The user's own sleeps and unstructured tasks.
        try await Task.sleep(for: .seconds(8))
        say("Task.sleep")
        try await Task.sleep(nanoseconds: 1_500_000)
        let child = Task {
            try await Task.sleep(for: .milliseconds(250))
            return "unstructured"
        }
        say(try await child.value)
        say(await Task.detached { "detached" }.value)
        let clockStart = ContinuousClock.now
        try await VirtualClock(driver).sleep(for: .seconds(60))
        say("clock \(clockStart.duration(to: .now))")
        let cancelled = Task { try await Task.sleep(for: .seconds(3_600)) }
        try await driver.sleep(for: .seconds(1))
        cancelled.cancel()
        say("cancelled \(await cancelled.result.isFailure)")
        return log.withLock { $0 }
    }

    private static let expected = [
        "10 group 1", "10 group 3", "20 group 2", "30 group 0", "37 async let", "37 actor [0, 1, 2]",
        "38 stream 0",
        "39 stream 1", "40 stream 2", "90 race work", "8090 Task.sleep", "8341 unstructured", "8341 detached",
        "68341 clock 60.0 seconds", "69341 cancelled true",
    ]

    @Test("Every construct of structured and unstructured concurrency keeps to virtual time and order")
    func constructs() throws {
        let world = World(seed: 1)
        let driver = world.makeDriver(host: "10.0.0.1")
        let log = try world.run { try await Self.exercise(driver) }
        #expect(log == Self.expected)
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }

    @Test("200 worlds at once, on several threads, each see the same", arguments: 0..<200)
    func parallel(index: Int) throws {
        let world = World(seed: UInt64(index))
        let driver = world.makeDriver(host: "10.0.0.1")
        #expect(try world.run { try await Self.exercise(driver) } == Self.expected)
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }

    @Test("Date() and the standard clocks show the world's time while it runs, and the real one afterwards")
    func clocks() throws {
        var configuration = WorldConfiguration()
        configuration.wallClock = WallClockInstant(secondsSinceEpoch: 1_000_000)
        let world = World(configuration: configuration)
        let driver = world.makeDriver(host: "10.0.0.1")
        let (before, after, wall) = try world.run {
            let before = Date().timeIntervalSince1970
            try await driver.sleep(for: .seconds(100))
            return (before, Date().timeIntervalSince1970, driver.wallClock)
        }
        #expect(before == 1_000_000 && after == 1_000_100)
        #expect(wall == WallClockInstant(secondsSinceEpoch: 1_000_100))
        #expect(Date().timeIntervalSince1970 > 1_700_000_000)
    }

    @Test("A world whose root task waits for nothing stalls with an error that says so")
    func stall() throws {
        let world = World()
        let driver = world.makeDriver(host: "10.0.0.1")
        do {
            try world.run {
                try await driver.sleep(for: .seconds(3))
                let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
                for await _ in stream {}
                continuation.finish()
                try await driver.sleep(for: .seconds(1))
            }
            Issue.record("the root task cannot end")
        } catch let error as WorldError {
            guard case .stalled(let instant, let cause, _) = error else { throw error }
            #expect(instant == MonotonicInstant(nanoseconds: 3_000_000_000) && cause == .lostWakeUp)
            #expect(error.description.hasPrefix("the world stalled at 3.0 s: the root task waits"))
        }
    }

    @Test("Work that comes back from another thread is named as the cause of a stall")
    func otherThread() throws {
        let world = World()
        do {
            try world.run {
                await withCheckedContinuation { continuation in
                    let thread = Thread { continuation.resume() }
                    thread.start()
                }
                // Whether the thread was quick enough or not, what follows can never be resumed.
                await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            }
            Issue.record("the root task cannot end")
        } catch let error as WorldError {
            guard case .stalled = error else { throw error }
        }
        #expect(world.leaks.foreignArrivals <= 1)
    }

    @Test("Turning in circles at one instant and running for ever are errors")
    func limits() throws {
        var configuration = WorldConfiguration()
        configuration.stepsPerInstant = 1_000
        configuration.timeLimit = .seconds(10)
        let circle = World(configuration: configuration)
        #expect(throws: WorldError.self) {
            try circle.run { while !Task.isCancelled { await Task.yield() } }
        }
        let world = World(configuration: configuration)
        let driver = world.makeDriver(host: "10.0.0.1")
        #expect(throws: WorldError.timeLimit(.seconds(10))) {
            try world.run { while true { try await driver.sleep(for: .seconds(1)) } }
        }
    }

    @Test("The error of the root task is thrown; what it leaves behind is reported and can be drained")
    func leaks() throws {
        struct Refusal: Error {}
        let world = World()
        let driver = world.makeDriver(host: "10.0.0.1")
        #expect(throws: Refusal.self) {
            try world.run {
                Task { try await driver.sleep(for: .seconds(60)) }
                let probe = DriverProbe(driver)
                await probe.attach()
                _ = try await probe.bind(SocketAddress(ipv4: 0, port: 5_060))
                await probe.schedule(at: driver.now.advanced(by: .seconds(3_600)))
                throw Refusal()
            }
        }
        var left = world.leaks
        #expect(left.openSockets.map(\.description) == ["0.0.0.0:5060"] && left.attachedClients == 1)
        #expect(left.scheduledEvents == 1)
        try world.drain(for: .seconds(61))
        left = world.leaks
        #expect(left.sleepers == 0 && !left.isEmpty)
    }

    @Test("A drawn order of ready work is the same for the same seed and differs between seeds")
    func drawnOrder() throws {
        func order(seed: UInt64) throws -> [Int] {
            var configuration = WorldConfiguration()
            configuration.jobOrder = .drawn
            return try World(seed: seed, configuration: configuration).run {
                let log = Locked<[Int]>([])
                await withTaskGroup(of: Void.self) { group in
                    for index in 0..<8 { group.addTask { log.withLock { $0.append(index) } } }
                }
                return log.withLock { $0 }
            }
        }
        #expect(try order(seed: 1) == order(seed: 1))
        let orders = try (0..<8).map { try order(seed: $0) }
        #expect(orders.contains { $0 != Array(0..<8) })
    }

    @Test("In a drawn order, too, posted work keeps the order of posting", arguments: UInt64(0)..<20)
    func drawnOrderOfPosts(seed: UInt64) throws {
        var configuration = WorldConfiguration()
        configuration.jobOrder = .drawn
        let world = World(seed: seed, configuration: configuration)
        let driver = world.makeDriver(host: "10.0.0.1")
        let order = try world.run {
            let log = Locked<[Int]>([])
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    driver.post { log.withLock { $0.append(index) } }
                    group.addTask { try? await driver.sleep(for: .milliseconds(1)) }
                }
            }
            return log.withLock { $0 }
        }
        #expect(order == Array(0..<8))
    }
}

private actor Counter {
    private(set) var values: [Int] = []
    func add(_ value: Int) { values.append(value) }
}

extension Result {
    fileprivate var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}
