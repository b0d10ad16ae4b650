import CallSimulator
import SansIO
import SocketDriver
import Synchronization
import Testing

/// What both drivers promise, run over each: real sockets on loopback, and a simulated host.
@Suite("Both drivers keep the driver's contract", .timeLimit(.minutes(1)))
struct DriverConformanceTests {
    private func with(
        _ kind: EitherDriver, _ body: @escaping @Sendable (any Driver) async throws -> Void
    ) async throws {
        try await kind.run(body) { world in
            #expect(world.leaks.sleepers == 0)
            #expect(world.leaks.foreignArrivals == 0)
        }
    }

    @Test(
        "Datagrams between two sockets keep bytes, order, socket and source", arguments: EitherDriver.allCases
    )
    func datagrams(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let one = DriverProbe(driver), other = DriverProbe(driver)
            await one.attach()
            await other.attach()
            let from = try await one.bind(.loopback(port: 0))
            let to = try await other.bind(.loopback(port: 0))
            #expect(from.localAddress.isLoopback && from.localAddress.port != 0)
            #expect(from.localAddress.port != to.localAddress.port)
            await other.echo()
            let texts = ["", "a", "two", String(repeating: "x", count: 1_500)]
            await one.send(texts, from: from.id, to: to.localAddress)
            await one.wait(texts: 4)
            #expect(await other.texts == texts)
            #expect(await other.sources == Array(repeating: from.localAddress, count: 4))
            #expect(await one.texts == texts)
            #expect(await one.sources == Array(repeating: to.localAddress, count: 4))
            await one.detach()
            await other.detach()
        }
    }

    @Test("What does not fit in the buffer is dropped, the next one comes", arguments: EitherDriver.allCases)
    func oversize(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let probe = DriverProbe(driver, capacity: 10)
            await probe.attach()
            let here = try await probe.bind(.loopback(port: 0))
            await probe.send(["eleven byte", "ten bytes!"], from: here.id, to: here.localAddress)
            await probe.wait(texts: 1)
            #expect(await probe.texts == ["ten bytes!"])
            await probe.detach()
        }
    }

    @Test(
        "A polled socket wakes nobody and keeps what comes, with the instant",
        arguments: EitherDriver.allCases)
    func polled(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let one = DriverProbe(driver, capacity: 10), other = DriverProbe(driver)
            await one.attach()
            await other.attach()
            let here = try await one.bindPolled(.loopback(port: 0))
            let there = try await other.bind(.loopback(port: 0))
            #expect(await one.poll(here.id).isEmpty)
            let before = driver.now
            let texts = (0..<40).map { "number \($0)" } + ["more than ten bytes", "the last"]
            await other.send(texts, from: there.id, to: here.localAddress)
            await one.schedule(at: driver.now.advanced(by: .milliseconds(5)))
            await one.wait(deadlines: 1)
            #expect(await one.wakeUps == 1)
            #expect(await one.texts.isEmpty)
            let asked = driver.now
            let found = await one.poll(here.id)
            #expect(found.map(\.text) == texts.filter { $0.utf8.count <= 10 })
            #expect(found.allSatisfy { $0.datagram.source == there.localAddress })
            #expect(found.allSatisfy { $0.datagram.socket == here.id })
            // The system notes no instants in its first moments: then it is that of the asking.
            let latest = kind == .simulation ? asked.advanced(by: .nanoseconds(-1)) : driver.now
            let slack = Duration.milliseconds(kind == .simulation ? 0 : 1)
            #expect(
                found.allSatisfy {
                    $0.datagram.arrival.advanced(by: slack) >= before && $0.datagram.arrival <= latest
                })
            #expect(await one.poll(here.id).isEmpty)
            #expect(await one.poll(there.id).isEmpty)
            await one.close(here.id)
            #expect(await one.poll(here.id).isEmpty)
            await one.detach()
            await other.detach()
        }
    }

    @Test("Sockets are refused with the same codes", arguments: EitherDriver.allCases)
    func bindErrors(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            func code(_ probe: DriverProbe, _ address: SocketAddress) async -> DriverError.Code? {
                do {
                    _ = try await probe.bind(address)
                    return nil
                } catch { return error.code }
            }
            let probe = DriverProbe(driver)
            #expect(await code(probe, .loopback(port: 0)) == .system)
            await probe.attach()
            let here = try await probe.bind(.loopback(port: 0))
            #expect(await code(probe, here.localAddress) == .addressInUse)
            #expect(await code(probe, SocketAddress(ipv4: 0xC000_0201, port: 0)) == .addressNotAvailable)
            await probe.close(here.id)
            #expect(await code(probe, here.localAddress) == nil)
            await probe.detach()
            #expect(await code(probe, .loopback(port: 0)) == .system)
        }
    }

    @Test(
        "A deadline fires once, not before its time; moved, cleared and past ones too",
        arguments: EitherDriver.allCases)
    func deadlines(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let probe = DriverProbe(driver)
            await probe.attach()
            let start = driver.now
            await probe.schedule(at: start.advanced(by: .seconds(3_600)))
            await probe.schedule(at: start.advanced(by: .milliseconds(4)))
            await probe.wait(deadlines: 1)
            let first = await probe.firedAt[0]
            #expect(start.duration(to: first) >= .milliseconds(4))
            await probe.schedule(at: MonotonicInstant(nanoseconds: 0))
            await probe.wait(deadlines: 2)
            let wakeUps = await probe.wakeUps
            await probe.schedule(at: driver.now.advanced(by: .milliseconds(1)))
            await probe.schedule(at: nil)
            try await driver.sleep(for: .milliseconds(5))
            #expect(await probe.wakeUps == wakeUps)
            await probe.detach()
        }
    }

    @Test(
        "Posted closures run in order, on the loop, after the step that posts them",
        arguments: EitherDriver.allCases)
    func posts(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let order = Locked<[Int]>([])
            await withCheckedContinuation { continuation in
                // All in one step: from another thread the loop may come between two posts.
                driver.post {
                    driver.post { order.withLock { $0.append(2) } }
                    driver.post {
                        driver.serialExecutor.checkIsolated()
                        order.withLock { $0.append(3) }
                        continuation.resume()
                    }
                    order.withLock { $0.append(1) }
                }
            }
            #expect(order.withLock { $0 } == [1, 2, 3])
        }
    }

    @Test(
        "Sleeps end in order of their deadlines; cancelled ones at once, with an error",
        arguments: EitherDriver.allCases)
    func sleeps(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let start = driver.now
            let order = await withTaskGroup(of: Int.self) { group in
                for index in [30, 10, 20] {
                    group.addTask {
                        let deadline = start.advanced(by: .milliseconds(index))
                        try? await driver.sleep(until: deadline)
                        #expect(driver.now >= deadline, "woken before its time")
                        return index
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            // Live, each sleeper goes on in the pool, which keeps no order when it is late.
            #expect(kind == .sockets ? order.sorted() == [10, 20, 30] : order == [10, 20, 30])
            #expect(start.duration(to: driver.now) >= .milliseconds(30))
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await driver.sleep(for: .seconds(3_600))
                        return false
                    } catch { return error is CancellationError }
                }
                group.cancelAll()
                #expect(await group.next() == true)
            }
            try await driver.sleep(until: MonotonicInstant(nanoseconds: 0))
        }
    }

    @Test(
        "Blocking jobs of a lane run in the order of the calls and return or throw",
        arguments: EitherDriver.allCases)
    func blocking(kind: EitherDriver) async throws {
        struct Refusal: Error {}
        try await with(kind) { driver in
            let order = Locked<[Int]>([])
            for index in 0..<5 {
                let value = try await driver.runBlocking(lane: "file") {
                    order.withLock { $0.append(index) }
                    return index * 2
                }
                #expect(value == index * 2)
            }
            #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
            await #expect(throws: Refusal.self) {
                try await driver.runBlocking(lane: "file") { throw Refusal() }
            }
        }
    }

    @Test(
        "Literals and localhost resolve, nonsense does not; loopback is reached from loopback",
        arguments: EitherDriver.allCases)
    func names(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let literal = try await driver.resolve("192.0.2.7", port: 5)
            #expect(literal.map(\.description) == ["192.0.2.7:5"])
            let local = try await driver.resolve("localhost", port: 5)
            #expect(local.contains { $0.isLoopback })
            do {
                _ = try await driver.resolve("no such host", port: 5)
                Issue.record("resolved")
            } catch { #expect((error as? DriverError)?.code == .nameNotFound) }
            #expect(driver.sourceAddress(toReach: .loopback(port: 5_060)) == .loopback(port: 0))
        }
    }

    @Test("Generators differ from one request to the next", arguments: EitherDriver.allCases)
    func generators(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            var one = driver.makeGenerator(label: "a"), other = driver.makeGenerator(label: "a")
            #expect(one.next() != other.next())
        }
    }
}
