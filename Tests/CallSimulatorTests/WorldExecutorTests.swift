import CallSimulator
import SansIO
import Testing

/// Where a task may be when it sleeps or is resumed: everywhere it must stay in the world.
@Suite("World: executors")
struct WorldExecutorTests {
    private actor OnWorld {
        let driver: SimulatedDriver
        private nonisolated let loop: any SerialExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

        init(_ driver: SimulatedDriver) {
            self.driver = driver
            loop = driver.serialExecutor
        }

        func nap() async throws -> Duration {
            let start = driver.now
            try await Task.sleep(for: .seconds(5))
            preconditionIsolated()
            try await driver.sleep(for: .seconds(1))
            preconditionIsolated()
            try await ContinuousClock().sleep(until: .now + .milliseconds(250))
            return start.duration(to: driver.now)
        }
    }

    private actor Ordinary {
        let driver: SimulatedDriver
        init(_ driver: SimulatedDriver) { self.driver = driver }

        func nap() async throws -> Duration {
            let start = driver.now
            try await Task.sleep(for: .seconds(5))
            try await driver.sleep(for: .seconds(1))
            try await SuspendingClock().sleep(for: .milliseconds(250))
            return start.duration(to: driver.now)
        }
    }

    @Test("Sleeping in an actor of the world, an ordinary actor and a detached task takes virtual time")
    func naps() throws {
        let world = World()
        let driver = world.makeDriver(host: "10.0.0.1")
        let naps = try world.run {
            let onWorld = try await OnWorld(driver).nap()
            let ordinary = try await Ordinary(driver).nap()
            let detached = try await Task.detached { try await OnWorld(driver).nap() }.value
            let concurrent = try await concurrently { try await Ordinary(driver).nap() }
            return [onWorld, ordinary, detached, concurrent]
        }
        #expect(naps == Array(repeating: .milliseconds(6_250), count: 4))
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }

    @Test("Cancelling runs the handler before the next line and ends every kind of sleep at once")
    func cancellation() throws {
        let world = World()
        let driver = world.makeDriver(host: "10.0.0.1")
        let log = try world.run {
            let log = Locked<[String]>([])
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withTaskCancellationHandler {
                        do { try await Task.sleep(for: .seconds(3_600)) } catch {
                            log.withLock { $0.append("woken") }
                        }
                    } onCancel: {
                        log.withLock { $0.append("handler") }
                    }
                }
                group.addTask {
                    do { try await driver.sleep(for: .seconds(3_600)) } catch {
                        log.withLock { $0.append("driver") }
                    }
                }
                try? await driver.sleep(for: .seconds(1))
                group.cancelAll()
                log.withLock { $0.append("next line") }
            }
            return log.withLock { $0 }
        }
        #expect(
            log == ["handler", "next line", "driver", "woken"]
                || log == ["handler", "next line", "woken", "driver"])
        #expect(world.now == MonotonicInstant(nanoseconds: 1_000_000_000))
    }

    @Test("Two worlds take turns on one thread without mixing")
    func twoWorlds() throws {
        let worlds = [World(seed: 1), World(seed: 2)]
        let drivers = worlds.map { $0.makeDriver(host: "10.0.0.1") }
        for round in 1...3 {
            for (index, world) in worlds.enumerated() {
                try world.run { try await drivers[index].sleep(for: .seconds(index + 1)) }
                #expect(
                    world.now == MonotonicInstant(nanoseconds: Int64(round * (index + 1)) * 1_000_000_000))
            }
        }
    }

    @Test("The result of blocking work is there at once, in virtual time")
    func blocking() throws {
        let world = World()
        let driver = world.makeDriver(host: "10.0.0.1")
        let value = try world.run { try await driver.runBlocking(lane: "x") { 42 } }
        #expect(value == 42 && world.now == MonotonicInstant(nanoseconds: 0))
    }
}

@concurrent private func concurrently<Value: Sendable>(
    _ body: @Sendable () async throws -> Value
) async throws -> Value { try await body() }
