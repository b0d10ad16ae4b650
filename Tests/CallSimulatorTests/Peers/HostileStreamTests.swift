internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Connections of peers that do not behave")
struct HostileStreamTests {
    private static let address = SocketAddress(ipv4: 0x0A00_0002, port: 5_060)

    /// Runs `body` against a listening peer; returns the figures of its connections.
    private static func run(
        limits: StreamLimits = StreamLimits(),
        _ body: @escaping @Sendable (SimulatedDriver, StreamProbe) async throws -> Void
    ) throws -> StreamStatistics {
        let world = World(seed: 1)
        let driver = world.makeDriver(host: "10.0.0.1")
        var hosting = LoopbackPeer.Configuration()
        hosting.address = address
        hosting.acceptsStreams = true
        hosting.streams = limits
        let peer = LoopbackPeer(
            driver: world.makeDriver(host: "10.0.0.2"), callee: .answers(after: .zero), configuration: hosting
        )
        let statistics = try world.run {
            try await peer.start()
            let probe = StreamProbe(driver)
            try await body(driver, probe)
            let statistics = await peer.streamStatistics
            await probe.detach()
            await peer.stop()
            return statistics
        }
        try world.drain(for: .seconds(300))
        #expect(world.leaks.isEmpty, "\(world.leaks)")
        return statistics
    }

    private static let options = """
        OPTIONS sip:a@10.0.0.2 SIP/2.0\r
        Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKx\r
        From: <sip:b@example.com>;tag=1\r
        To: <sip:a@10.0.0.2>\r
        Call-ID: 1\r
        CSeq: 1 OPTIONS\r
        Content-Length: 0\r
        \r

        """

    @Test(
        "A peer that sends an octet a second is closed after ten seconds, one that says nothing after thirty")
    func slow() throws {
        let statistics = try Self.run { driver, probe in
            let drip = try await probe.connect(to: Self.address).id
            let silent = try await probe.connect(to: Self.address).id
            await probe.wait(for: .connected, silent)
            let start = driver.now
            for byte in Self.options {
                await probe.send(String(byte), on: drip)
                if await probe.has(.ended, drip) { break }
                try await driver.sleep(for: .seconds(1))
            }
            #expect((.seconds(9) ... .seconds(12)).contains(start.duration(to: driver.now)))
            await probe.wait(for: .ended, silent)
            #expect((.seconds(29) ... .seconds(31)).contains(start.duration(to: driver.now)))
        }
        #expect(statistics.expelled == 2)
        #expect(statistics.live == 0)
    }

    @Test("Garbage, a header without end and a message without length close the connection")
    func garbage() throws {
        let statistics = try Self.run { _, probe in
            for text in [
                "\u{16}\u{3}\u{1}\u{2}", String(repeating: "x", count: 70_000),
                "OPTIONS sip:a SIP/2.0\r\nX: y\r\n\r\n",
            ] {
                let stream = try await probe.connect(to: Self.address).id
                await probe.wait(for: .connected, stream)
                await probe.send(text, on: stream)
                await probe.wait { probe in
                    probe.events.contains { event in
                        event.stream == stream && (event.kind == .ended || event.kind == .closed(.reset))
                    }
                }
            }
        }
        #expect(statistics.expelled == 3)
    }

    @Test("A request is answered on its connection, a ping with CRLF")
    func answers() throws {
        _ = try Self.run { _, probe in
            let stream = try await probe.connect(to: Self.address).id
            await probe.wait(for: .connected, stream)
            await probe.send("\r\n\r\n", on: stream)
            await probe.wait(for: "\r\n", on: stream)
            await probe.send(Self.options, on: stream)
            await probe.wait { $0.texts[stream]?.hasPrefix("\r\nSIP/2.0 200 OK\r\nVia: SIP/2.0/TCP") == true }
        }
    }

    @Test("Of ten thousand connections from one host 128 are kept, and calls go on")
    func flood() throws {
        let statistics = try Self.run { driver, probe in
            var last = SocketID(rawValue: 0)
            for _ in 0..<10_000 { last = try await probe.connect(to: Self.address).id }
            let end = last
            await probe.wait(for: .ended, end)
            #expect(await probe.events.count { $0.kind == .ended } == 10_000 - 128)
            try await driver.sleep(for: .seconds(31))
            let stream = try await probe.connect(to: Self.address).id
            await probe.wait(for: .connected, stream)
            await probe.send(Self.options, on: stream)
            await probe.wait { $0.texts[stream]?.hasPrefix("SIP/2.0 200 OK") == true }
        }
        #expect(statistics.accepted == 129)
        #expect(statistics.refused == 10_000 - 128)
        #expect(statistics.live == 1)
    }
}
