import SansIO
import SocketDriver
import Synchronization
import Testing

@Suite("Socket driver", .timeLimit(.minutes(1)))
struct SocketDriverTests {
    @Test(
        "A datagram arrives with its bytes, its socket and its source, over IPv4 and IPv6",
        arguments: [
            "127.0.0.1", "::1",
        ])
    func roundTrip(host: String) async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver)
        await probe.attach()
        let address = try #require(SocketAddress(host: host, port: 0))
        let (here, there) = (try await probe.bind(address), try await probe.bind(address))
        #expect(here.localAddress.host == host && here.localAddress.port != 0)
        await probe.send("hello", from: here.id, to: there.localAddress)
        #expect(
            await probe.receive(1) == [
                Probe.Datagram(text: "hello", socket: there.id, source: here.localAddress)
            ])
        await probe.detach()
    }

    @Test("Datagrams of one socket keep their order, and a wake-up brings at most its share of them")
    func orderAndShare() async throws {
        let driver = try SocketDriver()
        let sender = Probe(driver), receiver = Probe(driver)
        await sender.attach()
        await receiver.attach()
        let from = try await sender.bind()
        let to = try await receiver.bind()
        let texts = (0..<700).map { "datagram \($0)" }
        // Posted as one job: all of them wait in the kernel when the receiver is first woken.
        driver.post {
            for text in texts {
                driver.transmit(Array(text.utf8).span.bytes, from: from.id, to: to.localAddress)
            }
        }
        #expect(await receiver.receive(700).map(\.text) == texts)
        #expect(await receiver.largestBatch <= 512)
        #expect(await receiver.wakeUps >= 2)
    }

    @Test("A flooded socket does not keep a quiet one of the same client waiting")
    func fairness() async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver)
        await probe.attach()
        let loud = try await probe.bind()
        let quiet = try await probe.bind()
        driver.post {
            for _ in 0..<200 {
                driver.transmit(Array("loud".utf8).span.bytes, from: quiet.id, to: loud.localAddress)
            }
            driver.transmit(Array("quiet".utf8).span.bytes, from: loud.id, to: quiet.localAddress)
        }
        let texts = await probe.receive(201).map(\.text)
        let position = try #require(texts.firstIndex(of: "quiet"))
        #expect(position <= 32)
    }

    @Test("A datagram larger than the buffer is dropped and counted, the next one is delivered")
    func oversize() async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver, capacity: 100)
        await probe.attach()
        let here = try await probe.bind()
        await probe.send(byteCount: 101, from: here.id, to: here.localAddress)
        await probe.send(byteCount: 60_000, from: here.id, to: here.localAddress)
        await probe.send(byteCount: 100, from: here.id, to: here.localAddress)
        await probe.send(byteCount: 0, from: here.id, to: here.localAddress)
        #expect(await probe.receive(2).map(\.text.utf8.count) == [100, 0])
        await settle(driver)
        #expect(driver.statistics.droppedOversize == 2)
        #expect(driver.statistics.datagramsReceived == 2 && driver.statistics.datagramsSent == 4)
    }

    @Test("What the kernel refuses is counted and otherwise looks like loss")
    func sendFailures() async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver)
        await probe.attach()
        let here = try await probe.bind()
        await probe.send(byteCount: 65_535, from: here.id, to: here.localAddress)
        await probe.send(
            "to a public address from a loopback socket", from: here.id,
            to: SocketAddress(ipv4: 0x0808_0808, port: 9))
        await probe.close(here.id)
        await probe.send("from a closed socket", from: here.id, to: here.localAddress)
        await settle(driver)
        #expect(driver.statistics.sendFailures == 3 && driver.statistics.datagramsSent == 0)
    }

    @Test("A taken port and a foreign address are typed errors")
    func bindErrors() async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver)
        await probe.attach()
        let here = try await probe.bind()
        func code(_ address: SocketAddress) async -> DriverError.Code? {
            do {
                _ = try await probe.bind(address)
                return nil
            } catch { return (error as? DriverError)?.code }
        }
        #expect(await code(here.localAddress) == .addressInUse)
        #expect(await code(SocketAddress(ipv4: 0xC000_0201, port: 0)) == .addressNotAvailable)
        await probe.close(here.id)
        #expect(await code(here.localAddress) == nil)
        await probe.detach()
        #expect(await code(.loopback(port: 0)) == .system)
    }

    @Test("A closed socket's name is never that of a later socket")
    func socketNames() async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver)
        await probe.attach()
        var seen: Set<SocketID> = []
        for _ in 0..<50 {
            let socket = try await probe.bind()
            #expect(seen.insert(socket.id).inserted)
            await probe.close(socket.id)
        }
    }

    @Test("A deadline fires at its time, not before; one in the past fires at once")
    func deadlines() async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver)
        await probe.attach()
        let soon = driver.now.advanced(by: .milliseconds(5))
        #expect(await probe.fire(at: soon) >= soon)
        #expect(await probe.fire(at: MonotonicInstant(nanoseconds: 0)) >= soon)
    }

    @Test("Closures posted from one thread run in order on the loop")
    func posts() async throws {
        let driver = try SocketDriver()
        let order = Locked<[Int]>([])
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<4 {
                group.addTask {
                    for index in 0..<500 {
                        driver.post {
                            driver.serialExecutor.checkIsolated()
                            order.withLock { $0.append(lane * 1_000 + index) }
                        }
                    }
                }
            }
        }
        await settle(driver)
        let seen = order.withLock { $0 }
        #expect(seen.count == 2_000)
        for lane in 0..<4 {
            #expect(seen.filter { $0 / 1_000 == lane }.map { $0 % 1_000 } == Array(0..<500))
        }
    }

    @Test("A sleep ends at its time; a cancelled one ends at once with CancellationError")
    func sleeps() async throws {
        let driver = try SocketDriver()
        let until = driver.now.advanced(by: .milliseconds(3))
        try await driver.sleep(until: until)
        #expect(driver.now >= until)
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { try await driver.sleep(for: .seconds(3_600)) } }
            group.cancelAll()
            while let result = await group.nextResult() {
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
        try await driver.sleep(for: .zero)
    }

    @Test("Blocking jobs of one lane run one after another, in order; lanes do not wait for each other")
    func lanes() async throws {
        let driver = try SocketDriver()
        let gate = Gate()
        let log = Locked<[String]>([])
        async let blocked = driver.runBlocking(lane: "slow") {
            gate.wait()
            log.withLock { $0.append("slow") }
        }
        for index in 0..<5 {
            try await driver.runBlocking(lane: "quick") { log.withLock { $0.append("quick \(index)") } }
        }
        gate.open()
        try await blocked
        #expect(log.withLock { $0 } == ["quick 0", "quick 1", "quick 2", "quick 3", "quick 4", "slow"])
        struct Refusal: Error {}
        await #expect(throws: Refusal.self) {
            try await driver.runBlocking(lane: "quick") { throw Refusal() }
        }
    }

    @Test(
        "Literals and localhost resolve; nonsense is nameNotFound; a loopback peer is reached from loopback")
    func names() async throws {
        let driver = try SocketDriver()
        #expect(try await driver.resolve("192.0.2.7", port: 5).map(\.description) == ["192.0.2.7:5"])
        #expect(try await driver.resolve("localhost", port: 5).contains { $0.isLoopback && $0.port == 5 })
        do {
            _ = try await driver.resolve("no such host", port: 5)
            Issue.record("resolved")
        } catch {
            #expect((error as? DriverError)?.code == .nameNotFound)
        }
        #expect(driver.sourceAddress(toReach: .loopback(port: 5_060)) == .loopback(port: 0))
        #expect(driver.makeGenerator(label: "a") != driver.makeGenerator(label: "a"))
    }

    @Test("Shutting down ends sleeps, forgets clients and closes sockets; jobs of actors still run")
    func shutDown() async throws {
        let driver = try SocketDriver()
        let probe = Probe(driver)
        await probe.attach()
        let socket = try await probe.bind()
        async let sleeping: Void = driver.sleep(for: .seconds(3_600))
        await settle(driver)
        driver.shutDown()
        do {
            try await sleeping
            Issue.record("slept")
        } catch { #expect(error is CancellationError) }
        await probe.send("into the void", from: socket.id, to: socket.localAddress)
        await #expect(throws: DriverError.self) { _ = try await probe.bind() }
        let next = try SocketDriver()
        let other = Probe(next)
        await other.attach()
        #expect(try await other.bind(socket.localAddress).localAddress == socket.localAddress)
    }

    @Test("A released driver releases its clients")
    func release() async throws {
        final class Quiet: DriverClient {
            let onRelease: @Sendable () -> Void
            init(_ onRelease: @escaping @Sendable () -> Void) { self.onRelease = onRelease }
            deinit { onRelease() }
            func wake() {}
        }
        await withCheckedContinuation { continuation in
            do {
                let driver = try SocketDriver()
                _ = driver.attach(Quiet { continuation.resume() })
                driver.post {}
            } catch {
                Issue.record(error)
                continuation.resume()
            }
        }
    }

    /// Returns once the loop has run everything posted so far and published its counters.
    private func settle(_ driver: SocketDriver) async {
        for _ in 0..<2 {
            await withCheckedContinuation { continuation in driver.post { continuation.resume() } }
        }
    }
}

extension SeededGenerator {
    fileprivate static func != (left: Self, right: Self) -> Bool {
        var (left, right) = (left, right)
        return left.next() != right.next()
    }
}

/// Lets a thread wait for another one without a sleep.
private final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    func wait() {
        while !isOpen.load(ordering: .acquiring) {}
    }
}
