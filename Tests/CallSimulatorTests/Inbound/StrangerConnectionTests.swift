import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("Strangers' connections to a dialer")
struct StrangerConnectionTests {
    private static let dialer = InboundWorld.dialerAddress

    private static func options(viaPort port: Int, number: Int = 1) -> String {
        """
        OPTIONS sip:10.0.0.1 SIP/2.0\r
        Via: SIP/2.0/TCP 10.0.0.66:\(port);branch=z9hG4bK\(port)x\(number)\r
        From: <sip:scan@10.0.0.66>;tag=1\r
        To: <sip:10.0.0.1>\r
        Call-ID: \(port)x\(number)@10.0.0.66\r
        CSeq: 1 OPTIONS\r
        Max-Forwards: 70\r
        Content-Length: 0\r
        \r

        """
    }

    /// A dialer whose trunk may use TCP.
    private static func stage(
        _ configure: (inout InboundPolicy, inout DialerConfiguration) -> Void = { _, _ in }
    ) -> InboundWorld {
        InboundWorld(configure: configure, changeTrunk: { $0.switchesToTCP = true }) { call in
            for await _ in call.events {}
        }
    }

    @Test(
        "A stranger that pipelines requests and hangs up has no connection opened to the ports that it names")
    func responsesOpenNothing() throws {
        let world = Self.stage()
        let prober = StreamProbe(world.world.makeDriver(host: "10.0.0.66"))
        let opened = try world.run { driver in
            for port in 7_001...7_040 {
                _ = try await prober.listen(SocketAddress(host: "10.0.0.66", port: UInt16(port))!)
            }
            let stream = try await prober.connect(to: Self.dialer)
            await prober.wait(for: .connected, stream.id)
            let text = (7_001...7_040).map { Self.options(viaPort: $0) }.joined()
            await prober.send(text, on: stream.id)
            await prober.close(stream.id)
            try await driver.sleep(for: .seconds(5))
            return await prober.accepted.count
        }
        #expect(opened == 0)
    }

    @Test("A stranger's connection lasts thirty seconds, whatever it says; the trunk's goes on")
    func strangersAreBrief() throws {
        let world = Self.stage()
        let stranger = StreamProbe(world.world.makeDriver(host: "10.0.0.66"))
        let trunk = StreamProbe(world.world.makeDriver(host: "10.0.0.9"))
        let (strange, known) = try world.run { driver in
            let (one, other) = (
                try await stranger.connect(to: Self.dialer), try await trunk.connect(to: Self.dialer)
            )
            await stranger.wait(for: .connected, one.id)
            await trunk.wait(for: .connected, other.id)
            for number in 1...6 {
                await stranger.send(Self.options(viaPort: 5_060, number: number), on: one.id)
                await trunk.send(Self.options(viaPort: 5_060, number: number + 100), on: other.id)
                try await driver.sleep(for: .seconds(10))
            }
            return (await stranger.has(.ended, one.id), await trunk.has(.ended, other.id))
        }
        #expect(strange)
        #expect(!known)
    }

    @Test("Strangers cannot take the places that are kept for the trunks")
    func reservedPlaces() throws {
        let world = Self.stage { _, configuration in configuration.streams.maximumAccepted = 8 }
        let stranger = StreamProbe(world.world.makeDriver(host: "10.0.0.66"))
        let trunk = StreamProbe(world.world.makeDriver(host: "10.0.0.9"))
        let (strangers, known) = try world.run { driver in
            var streams: [SocketID] = []
            for _ in 0..<20 { streams.append(try await stranger.connect(to: Self.dialer).id) }
            try await driver.sleep(for: .seconds(1))
            let other = try await trunk.connect(to: Self.dialer)
            try await driver.sleep(for: .seconds(1))
            let open = await Self.open(streams, of: stranger)
            return (open, await Self.open([other.id], of: trunk))
        }
        #expect(strangers == 4)
        #expect(known == 1)
    }

    @Test("Strangers open so many connections a second")
    func acceptsPerSecond() throws {
        let world = Self.stage { _, configuration in configuration.streams.maximumAcceptsPerSecond = 5 }
        let stranger = StreamProbe(world.world.makeDriver(host: "10.0.0.66"))
        let open = try world.run { driver in
            var streams: [SocketID] = []
            for _ in 0..<20 { streams.append(try await stranger.connect(to: Self.dialer).id) }
            try await driver.sleep(for: .seconds(1))
            return await Self.open(streams, of: stranger)
        }
        #expect(open == 5)
    }

    @Test("A caller with a secured trunk's address is a stranger over UDP")
    func forgedSource() throws {
        for transport in [SIPTransport.udp, .tcp] {
            let world = InboundWorld(changeTrunk: { $0.transport = transport }) { call in
                try await call.answered()
            }
            #expect(try world.call().status == (transport == .udp ? 200 : 403))
            #expect(world.observer.records.count == (transport == .udp ? 1 : 0))
        }
    }

    @Test("A trunk found by its services calls from the addresses of all of them, not from those of its name")
    func locatedServers() throws {
        let world = InboundWorld(changeTrunk: { $0.host = "carrier.example" }) { call in
            try await call.answered()
        }
        for (priority, host) in [(UInt16(1), "10.0.0.2"), (2, "10.0.0.9")] {
            world.world.zone.add(
                "_sip._udp.carrier.example",
                .service(
                    DNSService(priority: priority, weight: 1, port: 5_060, target: "s\(priority).example")),
                timeToLive: .seconds(300))
            world.world.zone.add("s\(priority).example", address: host)
        }
        world.world.zone.add("carrier.example", address: "10.0.0.66")
        let (trunk, stranger) = (world.trunk, world.stranger)
        let statuses = try world.run { driver in
            try await driver.sleep(for: .seconds(1))
            let one = await trunk.call(Self.dialer).status
            return [one, await stranger.call(Self.dialer).status]
        }
        #expect(statuses == [200, 403])
    }

    @Test("INVITEs above the rate are answered and counted, and leave neither events nor records")
    func rateLeavesNothing() throws {
        let world = InboundWorld(configure: { policy, _ in policy.maximumRatePerSource = 1 }) { call in
            try await call.answered()
        }
        let (trunk, dialer) = (world.trunk, world.dialer)
        let (statuses, statistics) = try world.run { _ in
            let statuses = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { await trunk.call(Self.dialer).status } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            return (statuses, try await dialer.statistics().inbound)
        }
        #expect(statuses.count { $0 == 200 } == 1)
        #expect(statuses.count { $0 == 503 } == 49)
        #expect(statistics.received == 50 && statistics.rateLimited == 49 && statistics.notAccepted == 49)
        #expect(world.observer.records.count == 1)
        #expect(world.observer.figures.withLock { $0.events.count } == 1)
    }

    @Test("Contact and Via tell the port that a translation of addresses shows")
    func advertisedPort() throws {
        let world = InboundWorld(changeTrunk: {
            $0.advertisedHost = "198.51.100.7"
            $0.advertisedPort = 15_060
        }) { call in try await call.answered() }
        _ = try world.call()
        let answer = try #require(
            world.observer.figures.withLock { $0.sent.first { $0.hasPrefix("SIP/2.0 200 ") } })
        #expect(answer.contains("Contact: <sip:outdial@198.51.100.7:15060>\r\n"))
    }

    private static func open(_ streams: [SocketID], of probe: StreamProbe) async -> Int {
        var count = 0
        for stream in streams {
            let isOpen = await probe.has(.connected, stream)
            let isOver = await probe.events.contains { event in
                guard event.stream == stream else { return false }
                switch event.kind {
                case .ended, .closed: return true
                default: return false
                }
            }
            if isOpen, !isOver { count += 1 }
        }
        return count
    }
}
