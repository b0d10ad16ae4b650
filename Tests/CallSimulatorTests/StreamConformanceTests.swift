import CallSimulator
import SansIO
import SocketDriver
import Testing

/// What both drivers promise of byte streams, run over each: real TCP on loopback, and a simulated host.
@Suite("Both drivers keep the contract of streams", .timeLimit(.minutes(1)))
struct StreamConformanceTests {
    private func with(
        _ kind: EitherDriver, _ body: @escaping @Sendable (any Driver) async throws -> Void
    ) async throws {
        try await kind.run(body) { world in
            try world.drain(for: .seconds(200))
            #expect(world.leaks.openSockets == [])
            #expect(world.leaks.scheduledEvents == 0)
        }
    }

    /// Two probes joined by one stream: the caller's end and the callee's.
    private static func joined(
        _ driver: any Driver, at address: SocketAddress = .loopback(port: 0)
    ) async throws -> (StreamProbe, SocketID, StreamProbe, SocketID) {
        let caller = StreamProbe(driver), callee = StreamProbe(driver)
        let listener = try await callee.listen(address)
        let stream = try await caller.connect(to: listener.localAddress)
        await caller.wait(for: .connected, stream.id)
        await callee.wait { !$0.accepted.isEmpty }
        let accepted = await callee.accepted[0]
        #expect(
            await callee.has(.accepted(listener: listener.id, source: stream.localAddress), accepted))
        return (caller, stream.id, callee, accepted)
    }

    @Test(
        "A stream carries bytes both ways, in order and whole",
        arguments: EitherDriver.allCases,
        [SocketAddress.loopback(port: 0), SocketAddress(ipv6High: 0, low: 1, port: 0)])
    func bytes(kind: EitherDriver, address: SocketAddress) async throws {
        try await with(kind) { driver in
            let (caller, stream, callee, accepted) = try await Self.joined(driver, at: address)
            await callee.echo()
            let long = String(repeating: "0123456789", count: 10_000)
            #expect(await caller.send("one ", on: stream))
            #expect(await caller.send("two ", on: stream))
            #expect(await caller.send(long, on: stream))
            await caller.wait(for: "one two " + long, on: stream)
            #expect(await callee.texts[accepted] == "one two " + long)
            await caller.detach()
            await callee.detach()
        }
    }

    @Test(
        "An end is seen after the last byte, and the other direction stays open",
        arguments: EitherDriver.allCases)
    func halfClose(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let (caller, stream, callee, accepted) = try await Self.joined(driver)
            await caller.send("last words", on: stream)
            await caller.endSending(stream)
            #expect(await !caller.send("more", on: stream))
            await callee.wait(for: .ended, accepted)
            #expect(await callee.texts[accepted] == "last words")
            await callee.send("answer", on: accepted)
            await callee.close(accepted)
            await caller.wait(for: .ended, stream)
            #expect(await caller.texts[stream] == "answer")
            await caller.close(stream)
            #expect(await !caller.send("more", on: stream))
            await caller.detach()
            await callee.detach()
        }
    }

    @Test("Where nobody listens a stream is refused", arguments: EitherDriver.allCases)
    func refused(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let caller = StreamProbe(driver), callee = StreamProbe(driver)
            let listener = try await callee.listen(.loopback(port: 0))
            await callee.close(listener.id)
            let stream = try await caller.connect(to: listener.localAddress)
            await caller.wait(for: .closed(.refused), stream.id)
            #expect(await !caller.send("x", on: stream.id))
            await caller.detach()
            await callee.detach()
        }
    }

    @Test("A stream closed with bytes unread is reset, and forgotten", arguments: EitherDriver.allCases)
    func reset(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let (caller, stream, callee, accepted) = try await Self.joined(driver)
            await callee.close(accepted)
            await caller.wait(for: .ended, stream)
            // What comes to a closed end is answered by a reset.
            await caller.send("to nobody", on: stream)
            try await driver.sleep(for: .milliseconds(20))
            await caller.send("to nobody", on: stream)
            await caller.wait(for: .closed(.reset), stream)
            #expect(await !caller.send("x", on: stream))
            await caller.detach()
            await callee.detach()
        }
    }

    @Test(
        "Listeners are refused with the same codes, and their ports are not those of datagrams",
        arguments: EitherDriver.allCases)
    func listenErrors(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let probe = StreamProbe(driver), other = DriverProbe(driver)
            func code(_ address: SocketAddress) async -> DriverError.Code? {
                do {
                    _ = try await probe.listen(address)
                    return nil
                } catch { return error.code }
            }
            let here = try await probe.listen(.loopback(port: 0))
            #expect(await code(here.localAddress) == .addressInUse)
            #expect(await code(SocketAddress(ipv4: 0xC000_0201, port: 0)) == .addressNotAvailable)
            await other.attach()
            #expect(try await other.bind(here.localAddress).localAddress == here.localAddress)
            await probe.close(here.id)
            #expect(await code(here.localAddress) == nil)
            await probe.detach()
            await other.detach()
        }
    }

    @Test("Many streams at once, each with its own bytes", arguments: EitherDriver.allCases)
    func many(kind: EitherDriver) async throws {
        try await with(kind) { driver in
            let caller = StreamProbe(driver), callee = StreamProbe(driver)
            let listener = try await callee.listen(.loopback(port: 0))
            await callee.echo()
            var streams: [SocketID] = []
            for _ in 0..<200 { streams.append(try await caller.connect(to: listener.localAddress).id) }
            let all = streams
            await caller.wait { probe in all.allSatisfy { probe.has(.connected, $0) } }
            for (index, stream) in streams.enumerated() { await caller.send("stream \(index)", on: stream) }
            for (index, stream) in streams.enumerated() {
                await caller.wait(for: "stream \(index)", on: stream)
            }
            await caller.detach()
            await callee.wait { $0.events.count { $0.kind == .ended } == 200 }
            await callee.detach()
        }
    }
}

@Suite("Streams of a world")
struct WorldStreamTests {
    private func pair(_ world: World) -> (SimulatedDriver, SimulatedDriver) {
        (world.makeDriver(host: "10.0.0.1"), world.makeDriver(host: "10.0.0.2"))
    }

    @Test("Opening takes a round trip, bytes take the link's delay")
    func latency() throws {
        let world = World(seed: 1)
        var model = NetworkModel()
        model.latency = .milliseconds(50)
        world.setNetwork(model)
        let (here, there) = pair(world)
        try world.run {
            let caller = StreamProbe(here), callee = StreamProbe(there)
            let listener = try await callee.listen(SocketAddress(ipv4: 0x0A00_0002, port: 5060))
            let stream = try await caller.connect(to: listener.localAddress)
            await caller.wait(for: .connected, stream.id)
            #expect(here.now == MonotonicInstant(nanoseconds: 100_000_000))
            await caller.send("x", on: stream.id)
            await callee.wait { $0.pieces == 1 }
            #expect(here.now == MonotonicInstant(nanoseconds: 150_000_000))
            await caller.detach()
            await callee.detach()
        }
    }

    @Test(
        "Whatever the link loses, repeats and turns round, a stream is whole and in order", arguments: 0..<50)
    func lossyLink(seed: UInt64) throws {
        let world = World(seed: seed)
        var model = NetworkModel.hostile
        model.largestSegment = 7
        world.setNetwork(model)
        let (here, there) = pair(world)
        let text = (0..<300).map(String.init).joined(separator: ",")
        try world.run {
            let caller = StreamProbe(here), callee = StreamProbe(there)
            let listener = try await callee.listen(SocketAddress(ipv4: 0x0A00_0002, port: 5060))
            let stream = try await caller.connect(to: listener.localAddress)
            await caller.wait(for: .connected, stream.id)
            await caller.send(text, on: stream.id)
            await callee.wait { $0.texts.values.first == text }
            #expect(await callee.pieces > 20)
            await caller.detach()
            await callee.detach()
        }
    }

    @Test("A stream that cannot be delivered takes 256 KiB and no more")
    func stalled() throws {
        let world = World(seed: 1)
        let (here, there) = pair(world)
        try world.run {
            let caller = StreamProbe(here), callee = StreamProbe(there)
            let listener = try await callee.listen(SocketAddress(ipv4: 0x0A00_0002, port: 5060))
            let stream = try await caller.connect(to: listener.localAddress)
            await caller.wait(for: .connected, stream.id)
            world.faults = FaultPlan([.hold(to: "10.0.0.2", from: .zero, until: .seconds(60))])
            let piece = String(repeating: "x", count: 65_536)
            var taken = 0
            while taken < 10, await caller.send(piece, on: stream.id) { taken += 1 }
            #expect(taken == 4)
            try await here.sleep(for: .seconds(61))
            #expect(await caller.send(piece, on: stream.id))
            await caller.detach()
            await callee.detach()
        }
    }

    @Test("A reset by the network reaches both ends; a host that does not exist times out")
    func resets() throws {
        let world = World(seed: 1)
        let (here, there) = pair(world)
        try world.run {
            let caller = StreamProbe(here), callee = StreamProbe(there)
            let listener = try await callee.listen(SocketAddress(ipv4: 0x0A00_0002, port: 5060))
            let stream = try await caller.connect(to: listener.localAddress)
            await caller.wait(for: .connected, stream.id)
            world.resetStreams(between: "10.0.0.1", and: "10.0.0.2")
            await caller.wait(for: .closed(.reset), stream.id)
            await callee.wait { $0.events.contains { $0.kind == .closed(.reset) } }
            let nowhere = try await caller.connect(to: SocketAddress(ipv4: 0x0A00_0063, port: 5060))
            let start = here.now
            await caller.wait(for: .closed(.timedOut), nowhere.id)
            #expect(start.duration(to: here.now) == .seconds(127))
            await caller.detach()
            await callee.detach()
        }
    }
}
