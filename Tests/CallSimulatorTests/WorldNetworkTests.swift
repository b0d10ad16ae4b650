private import Foundation
import CallSimulator
import SansIO
import Testing

@Suite("World: network and digest")
struct WorldNetworkTests {
    /// Two hosts, one probe and one socket on each, and a body that uses them.
    private func exchange<Value: Sendable>(
        _ world: World,
        _ body:
            @escaping @Sendable (_ near: DriverProbe, _ far: DriverProbe, BoundSocket, SocketAddress)
            async throws -> Value
    ) throws -> Value {
        let drivers = ["10.0.0.1", "10.0.0.2"].map { world.makeDriver(host: $0) }
        return try world.run {
            let near = DriverProbe(drivers[0]), far = DriverProbe(drivers[1])
            await near.attach()
            await far.attach()
            let here = try await near.bind(SocketAddress(ipv4: 0, port: 5_060))
            _ = try await far.bind(drivers[1].hostAddress.with(port: 5_060))
            let value = try await body(near, far, here, drivers[1].hostAddress.with(port: 5_060))
            await near.detach()
            await far.detach()
            return value
        }
    }

    /// Fifty numbers, each repeated every 500 ms until its echo has come.
    private func pingPong(_ world: World) throws -> [String] {
        try exchange(world) { near, far, here, there in
            await far.echo()
            for number in 0..<50 {
                while await !near.texts.contains("ping \(number)") {
                    await near.send("ping \(number)", from: here.id, to: there)
                    try await near.driver.sleep(for: .milliseconds(500))
                }
            }
            return await near.texts
        }
    }

    private func lossyWorld(seed: UInt64) -> World {
        var configuration = WorldConfiguration()
        configuration.network = .lossy
        return World(seed: seed, configuration: configuration)
    }

    @Test("Repeating until answered gets through a lossy network", arguments: UInt64(0)..<20)
    func lossyPingPong(seed: UInt64) throws {
        let world = lossyWorld(seed: seed)
        let texts = try pingPong(world)
        #expect(Set(texts).count == 50)
        #expect(world.statistics.sent >= 100 && world.statistics.lost == world.statistics.lost(.network))
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }

    @Test("The same seed gives the same digest, another seed another one")
    func digest() throws {
        func digest(_ seed: UInt64) throws -> String {
            let world = lossyWorld(seed: seed)
            _ = try pingPong(world)
            return world.trace.digest
        }
        #expect(try digest(1) == digest(1))
        #expect(try digest(1) != digest(2))
        #expect(try digest(1).utf8.count == 32)
    }

    /// Prints the digest for ``twoProcesses()``; also run on its own it must not fail.
    @Test("The digest of seed 7 is printed on request")
    func printsDigest() throws {
        guard ProcessInfo.processInfo.environment["OUTDIAL_PRINT_DIGEST"] != nil else { return }
        let world = lossyWorld(seed: 7)
        _ = try pingPong(world)
        // The order of a set differs between processes: it shows that these are two.
        let order = Set((0..<40).map { "\($0)" }).joined(separator: " ")
        print("digest=\(world.trace.digest) order=\(order)")
    }

    #if os(Linux)
        @Test("Two processes get the same digest from the same seed")
        func twoProcesses() throws {
            func run() throws -> [Substring] {
                let process = Process()
                process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
                process.arguments = ["--testing-library", "swift-testing", "--filter", "printsDigest"]
                process.environment = ProcessInfo.processInfo.environment.merging([
                    "OUTDIAL_PRINT_DIGEST": "1"
                ]) {
                    $1
                }
                let output = Pipe()
                process.standardOutput = output
                process.standardError = FileHandle.nullDevice
                try process.run()
                let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                let line = try #require(text.split(separator: "\n").first { $0.contains("digest=") })
                let start = try #require(line.range(of: "digest=")?.upperBound)
                return line[start...].split(separator: " order=")
            }
            let (one, other) = (try run(), try run())
            #expect(one[0].utf8.count == 32 && one[0] == other[0])
            #expect(one[1] != other[1], "these were not two processes")
        }
    #endif

    @Test("A datagram reaches the host that it names, from the host that sent it, after the latency")
    func addresses() throws {
        var configuration = WorldConfiguration()
        configuration.network.latency = .milliseconds(25)
        let world = World(configuration: configuration)
        try exchange(world) { near, far, here, there in
            await near.send("hello", from: here.id, to: there)
            await far.wait(texts: 1)
            #expect(await far.sources == [SocketAddress(host: "10.0.0.1", port: 5_060)])
            #expect(far.driver.now == MonotonicInstant(nanoseconds: 25_000_000))
            await near.send("nobody there", from: here.id, to: there.with(port: 9))
            let nowhere = SocketAddress(ipv4: 0x0A00_0009, port: 9)
            await near.send("no such host", from: here.id, to: nowhere)
            let inside = try await near.bind(.loopback(port: 0))
            await near.send("from loopback outwards", from: inside.id, to: there)
            try await near.driver.sleep(for: .seconds(1))
            #expect(near.driver.sourceAddress(toReach: there) == SocketAddress(host: "10.0.0.1", port: 0))
        }
        #expect(world.statistics.lost(.unreachable) == 2 && world.statistics.refused == 1)
        #expect(world.statistics.sent == 3 && world.statistics.delivered == 1)
    }

    @Test("Datagrams of the same instant come in one wake-up")
    func batches() throws {
        let world = World()
        try exchange(world) { near, far, here, there in
            await near.send((0..<100).map(String.init), from: here.id, to: there)
            await far.wait(texts: 100)
            #expect(await far.wakeUps == 1)
            #expect(await far.texts == (0..<100).map(String.init))
        }
    }

    @Test("A full socket loses what comes, and a closed one what waited")
    func socketLimits() throws {
        var configuration = WorldConfiguration()
        configuration.socketCapacity = 10
        let world = World(configuration: configuration)
        try exchange(world) { near, far, here, there in
            await near.send((0..<15).map(String.init), from: here.id, to: there)
            await far.wait(texts: 10)
        }
        #expect(world.statistics.lost(.socketFull) == 5)
    }

    @Test("Dropping the Nth datagram drops that one, for every N", arguments: 1...5)
    func dropNth(number: Int) throws {
        let world = World()
        world.faults = FaultPlan([.drop(number)])
        try exchange(world) { near, far, here, there in
            await near.send((1...5).map(String.init), from: here.id, to: there)
            await far.wait(texts: 4)
            #expect(await far.texts == (1...5).filter { $0 != number }.map(String.init))
        }
        #expect(world.statistics.lost(.fault) == 1)
    }

    @Test("Partitions, holds, copies and delays happen exactly where the plan says")
    func faultPlan() throws {
        let world = World()
        world.faults = FaultPlan([
            .partition("10.0.0.1", nil, from: .milliseconds(100), until: .milliseconds(200)),
            .hold(to: "10.0.0.2", from: .milliseconds(300), until: .milliseconds(400)),
            .duplicate(1, after: .milliseconds(7)), .delay(2, by: .milliseconds(30)),
        ])
        let heldUntil = Locked<[Int64]>([])
        world.addTap { event, datagram in
            guard event == .delivered, (31...40).contains(datagram.number) else { return }
            heldUntil.withLock { $0.append(datagram.time.nanoseconds / 1_000_000) }
        }
        try exchange(world) { near, far, here, there in
            for index in 0..<50 {
                try await near.driver.sleep(until: MonotonicInstant(nanoseconds: Int64(index) * 10_000_000))
                await near.send("\(index * 10)", from: here.id, to: there)
            }
            try await near.driver.sleep(for: .seconds(1))
            let texts = await far.texts
            #expect(texts.prefix(5) == ["0", "0", "20", "30", "10"])
            #expect(texts.allSatisfy { !(100..<200).contains(Int($0) ?? 0) })
            #expect(texts.count == 50 - 10 + 1)
        }
        #expect(world.statistics.lost(.fault) == 10)
        #expect(heldUntil.withLock { $0 } == Array(repeating: 400, count: 10))
    }

    @Test("Links can change in the middle of a run, and heal")
    func changes() throws {
        let world = World()
        var dead = NetworkModel()
        dead.loss = 1
        world.setNetwork(dead, from: "10.0.0.1", to: "10.0.0.2")
        world.faults = FaultPlan([.partition(nil, nil, from: .zero, until: .seconds(3_600))])
        world.at(MonotonicInstant(nanoseconds: 500_000_000)) { world.heal() }
        try exchange(world) { near, far, here, there in
            await near.send("lost", from: here.id, to: there)
            try await near.driver.sleep(for: .milliseconds(500))
            await near.send("found", from: here.id, to: there)
            await far.wait(texts: 1)
            #expect(await far.texts == ["found"])
        }
    }

    @Test("The trace tells what happened in words, and a tap sees the bytes")
    func traceText() throws {
        var configuration = WorldConfiguration()
        configuration.recording = .datagrams
        let world = World(configuration: configuration)
        world.faults = FaultPlan([.drop(2)])
        let seen = Locked<[String]>([])
        world.addTap { event, datagram in
            seen.withLock { $0.append("\(event) \(datagram.number) \(datagram.bytes.byteCount)") }
        }
        try exchange(world) { near, far, here, there in
            await near.send("OPTIONS sip:x SIP/2.0\r\n\r\n", from: here.id, to: there)
            await near.send("abc", from: here.id, to: there)
            await far.wait(texts: 1)
            world.note("the end")
        }
        #expect(
            world.trace.text().split(separator: "\n") == [
                "0.000000 sent #1 10.0.0.1:5060 > 10.0.0.2:5060 25 bytes OPTIONS sip:x SIP/2.0",
                "0.000000 sent #2 10.0.0.1:5060 > 10.0.0.2:5060 3 bytes",
                "0.000000 lost #2 10.0.0.1:5060 > 10.0.0.2:5060 (fault)",
                "0.001000 delivered #1 10.0.0.1:5060 > 10.0.0.2:5060",
                "0.001000 the end",
            ])
        #expect(seen.withLock { $0 } == ["sent 1 25", "sent 2 3", "delivered 1 25"])
    }

    @Test("Names resolve as the world says, IPv6 hosts too")
    func names() throws {
        let world = World()
        world.setName("trunk.example", to: ["10.0.0.2", "2001:db8::2"])
        let driver = world.makeDriver(host: "2001:db8::1")
        let addresses = try world.run { try await driver.resolve("trunk.example", port: 5_060) }
        #expect(addresses.map(\.description) == ["10.0.0.2:5060", "[2001:db8::2]:5060"])
        #expect(driver.sourceAddress(toReach: addresses[1])?.host == "2001:db8::1")
        #expect(driver.sourceAddress(toReach: addresses[0]) == nil)
    }

    @Test("A closed world frees its clients, whatever they wait for")
    func close() throws {
        final class Flag: Sendable {
            let onRelease: @Sendable () -> Void
            init(_ onRelease: @escaping @Sendable () -> Void) { self.onRelease = onRelease }
            deinit { onRelease() }
        }
        let released = Locked(0)
        weak var weakWorld: World?
        do {
            let world = World()
            weakWorld = world
            let driver = world.makeDriver(host: "10.0.0.1")
            #expect(throws: WorldError.self) {
                try world.run {
                    let flag = Flag { released.withLock { $0 += 1 } }
                    let probe = DriverProbe(driver)
                    await probe.attach()
                    Task {
                        try? await driver.sleep(for: .seconds(1_000_000_000))
                        _ = flag
                    }
                    while true { try await driver.sleep(for: .seconds(86_400)) }
                }
            }
            world.close()
        }
        #expect(released.withLock { $0 } == 1 && weakWorld == nil)
    }
}

@Suite("Choice source")
struct ChoiceSourceTests {
    @Test("Draws follow the seed per label, and replaying their values gives them again")
    func replay() {
        func draw(_ source: inout ChoiceSource) -> [Int] {
            [
                source.draw("a", in: 5...9), Int(source.draw("b", below: 100)),
                source.pick("c", from: [1, 2, 3]),
                source.chance("d", 1, in: 2) ? 1 : 0,
            ]
        }
        var source = ChoiceSource(seed: 3)
        let drawn = draw(&source)
        var again = ChoiceSource(replaying: source.choices.map(\.value))
        #expect(draw(&again) == drawn && again.choices == source.choices)
        var simplest = ChoiceSource(replaying: [])
        #expect(draw(&simplest) == [5, 0, 1, 0])
    }

    @Test("One more draw for one label does not move the others")
    func labels() {
        var one = ChoiceSource(seed: 3), other = ChoiceSource(seed: 3)
        _ = one.draw("network", below: 10)
        #expect(one.draw("callee", below: 1 << 60) == other.draw("callee", below: 1 << 60))
    }
}
