internal import AgentBridge
internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import SocketDriver
internal import Telephony
internal import Testing

@Suite("Calls over TCP: a dialer and a peer in a world")
struct StreamCallTests {
    /// Signalling only, over TCP on every link.
    private static func world(
        seed: UInt64 = 1, callee: CalleeScript = .answers(after: .seconds(1)),
        network: NetworkModel = .perfect,
        host: String = "10.0.0.2", callerHost: String = "10.0.0.1",
        configure: (inout Trunk, inout DialerConfiguration, inout LoopbackPeer.Configuration) -> Void = {
            _, _, _ in
        }
    ) throws -> StreamWorld {
        var worldConfiguration = WorldConfiguration()
        worldConfiguration.network = network
        let world = World(seed: seed, configuration: worldConfiguration)
        var trunk = Trunk(name: "test", host: host, numbers: ["+15550000"], transport: .tcp)
        var dialing = DialerConfiguration()
        var hosting = LoopbackPeer.Configuration()
        hosting.address = try #require(SocketAddress(host: host, port: 5_060))
        hosting.acceptsStreams = true
        hosting.media = .signallingOnly
        configure(&trunk, &dialing, &hosting)
        let caller = world.makeDriver(host: callerHost)
        return StreamWorld(
            world: world, caller: caller,
            peer: LoopbackPeer(driver: world.makeDriver(host: host), callee: callee, configuration: hosting),
            dialer: Dialer(trunk: trunk, configuration: dialing, driver: caller))
    }

    @Test("A call over TCP: one connection, no datagram of SIP, nothing left")
    func plainCall() throws {
        let stage = try Self.world()
        let outcome = try stage.run { dialer in
            try await dialer.call(CallRequest(to: "+15550101")) { call in
                try await call.answered()
                try await stage.caller.sleep(for: .seconds(2))
            }.outcome
        }
        #expect(outcome.disposition == .answered)
        #expect(stage.accepted == 1)
        #expect(stage.peer.reports.map(\.end) == [.callerHungUp])
        stage.expectNothingLeft()
    }

    @Test(
        "However a bad link cuts and delays the stream, every call is answered and ended, on one connection",
        arguments: 0..<40)
    func segmentation(seed: UInt64) throws {
        var network = NetworkModel.lossy
        network.largestSegment = 1 + Int(seed % 4) * 40
        let stage = try Self.world(seed: seed, network: network)
        let outcomes = try stage.run { dialer in
            try await withThrowingTaskGroup(of: CallOutcome.self) { group in
                for index in 0..<5 {
                    group.addTask {
                        try await dialer.call(CallRequest(to: "+1555010\(index)")) { call in
                            try await call.answered()
                            try await stage.caller.sleep(for: .seconds(2))
                        }.outcome
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(outcomes.map(\.disposition) == Array(repeating: .answered, count: 5))
        #expect(stage.accepted == 1)
        stage.expectNothingLeft()
    }

    @Test("The same seed takes the same course over TCP")
    func deterministic() throws {
        func digest(_ seed: UInt64) throws -> String {
            var network = NetworkModel.lossy
            network.largestSegment = 50
            let stage = try Self.world(seed: seed, network: network)
            _ = try stage.run { dialer in
                try await dialer.call(CallRequest(to: "+15550101")) { call in try await call.answered() }
            }
            return stage.world.trace.digest
        }
        #expect(try digest(3) == digest(3))
        #expect(try digest(3) != digest(4))
    }

    @Test(
        "A connection that is cut in the middle of a call is opened again for the BYE, whoever hangs up",
        arguments: [true, false])
    func resetMidCall(calleeHangsUp: Bool) throws {
        let callee = CalleeScript.answers(after: .seconds(1))
        let stage = try Self.world(callee: calleeHangsUp ? callee.waits(.seconds(4)).hangsUp() : callee)
        let outcome = try stage.run { dialer in
            try await dialer.call(CallRequest(to: "+15550101")) { call in
                try await call.answered()
                try await stage.caller.sleep(for: .seconds(1))
                stage.world.resetStreams(between: "10.0.0.1", and: "10.0.0.2")
                try await stage.caller.sleep(for: .seconds(calleeHangsUp ? 30 : 1))
            }.outcome
        }
        #expect(outcome.disposition == .answered)
        #expect(outcome.endedBy == (calleeHangsUp ? .callee : .us))
        #expect(stage.peer.reports.map(\.end) == [calleeHangsUp ? .calleeHungUp : .callerHungUp])
        stage.expectNothingLeft()
    }

    @Test(
        "A connection that dies without a word is found out by its pings, and the call's BYE takes a new one")
    func silentDeath() throws {
        let stage = try Self.world()
        // After the first ping was answered nothing passes for two minutes.
        stage.world.faults = FaultPlan([
            .partition("10.0.0.1", "10.0.0.2", from: .seconds(120), until: .seconds(240))
        ])
        let outcome = try stage.run { dialer in
            try await dialer.call(CallRequest(to: "+15550101")) { call in
                try await call.answered()
                try await stage.caller.sleep(for: .seconds(300))
            }.outcome
        }
        #expect(outcome.disposition == .answered)
        #expect(stage.accepted == 2)
        #expect(stage.peer.reports.map(\.end) == [.callerHungUp])
        stage.expectNothingLeft()
    }

    @Test("A connection is kept through a long silent call, and closed ten minutes after the last message")
    func idle() throws {
        let stage = try Self.world { _, dialing, _ in dialing.maximumDuration = .seconds(3_600) }
        let live = try stage.run { dialer in
            _ = try await dialer.call(CallRequest(to: "+15550101")) { call in
                try await call.answered()
                try await stage.caller.sleep(for: .seconds(590))
            }
            var live = [await stage.peer.streamStatistics.live]
            for _ in 0..<2 {
                try await stage.caller.sleep(for: .seconds(400))
                live.append(await stage.peer.streamStatistics.live)
            }
            return live
        }
        #expect(live == [1, 1, 0])
        #expect(stage.accepted == 1)
        stage.expectNothingLeft()
    }

    @Test(
        "Over a secured stream the certificate must be for the trunk's host name; any other is the trunk's fault",
        arguments: [
            ("sip.carrier.example", SimulatedSecurity.Condition.good, CallDisposition.answered),
            ("10.0.0.2", .good, .trunkFault), ("sip.carrier.example", .expired, .trunkFault),
        ])
    func secured(
        name: String, condition: SimulatedSecurity.Condition, disposition: CallDisposition
    ) throws {
        var network = NetworkModel.lossy
        network.largestSegment = 30
        let stage = try Self.world(network: network) { trunk, dialing, hosting in
            trunk.host = "sip.carrier.example"
            trunk.transport = .tls
            trunk.port = 5_061
            dialing.streamSecurity = SimulatedSecurity()
            hosting.streamSecurity = SimulatedSecurity(certificate: .init(name: name, condition: condition))
        }
        stage.world.setName("sip.carrier.example", to: ["10.0.0.2"])
        let outcome = try stage.run { dialer in
            try await dialer.call(CallRequest(to: "+15550101")) { call in
                try await call.answered()
                try await stage.caller.sleep(for: .seconds(2))
            }.outcome
        }
        #expect(outcome.disposition == disposition)
        stage.expectNothingLeft()
    }

    @Test("Over IPv6 hosts, by TCP and by UDP", arguments: [SIPTransport.tcp, .udp])
    func ipv6(transport: SIPTransport) throws {
        let stage = try Self.world(host: "2001:db8::2", callerHost: "2001:db8::1") { trunk, _, _ in
            trunk.transport = transport
        }
        let outcome = try stage.run { dialer in
            try await dialer.call(CallRequest(to: "+15550101")) { call in
                try await call.answered()
                try await stage.caller.sleep(for: .seconds(2))
            }.outcome
        }
        #expect(outcome.disposition == .answered)
        #expect(stage.peer.reports.map(\.end) == [.callerHungUp])
        stage.expectNothingLeft()
    }

    @Test(
        "A trunk that refuses connections, and one whose host is silent, is the trunk's fault within seconds",
        arguments: [true, false])
    func notAccepting(refuses: Bool) throws {
        let stage = try Self.world { trunk, _, hosting in
            hosting.acceptsStreams = !refuses
            if !refuses { trunk.host = "10.0.0.77" }
        }
        let start = stage.world.now
        let outcome = try stage.run { dialer in
            try await dialer.call(CallRequest(to: "+15550101")) { call in try await call.answered() }.outcome
        }
        #expect(outcome.disposition == .trunkFault)
        #expect(start.duration(to: stage.world.now) < .seconds(4))
        stage.expectNothingLeft()
    }

    @Test(
        "A large INVITE goes by TCP where that is wanted, and by UDP within three seconds where TCP is not served"
    )
    func switchesToTCP() throws {
        for accepts in [true, false] {
            let stage = try Self.world { trunk, _, hosting in
                trunk.transport = .udp
                trunk.switchesToTCP = true
                // What makes the INVITE large.
                trunk.callerName = String(repeating: "n", count: 120)
                trunk.domain = String(repeating: "a-long-domain.", count: 17) + "example"
                hosting.acceptsStreams = accepts
            }
            let outcomes = try stage.run { dialer in
                var outcomes: [CallOutcome] = []
                for _ in 0..<2 {
                    outcomes.append(
                        try await dialer.call(CallRequest(to: "+15550101")) { call in
                            try await call.answered()
                        }.outcome)
                }
                return outcomes
            }
            #expect(outcomes.map(\.disposition) == [.answered, .answered])
            #expect(stage.accepted == (accepts ? 1 : 0))
            stage.expectNothingLeft()
        }
    }

    @Test(
        "Live, on loopback: a call over TCP, on IPv4 and IPv6", .timeLimit(.minutes(1)),
        arguments: ["127.0.0.1", "::1"])
    func live(host: String) async throws {
        var configuration = LoopbackPeer.Configuration()
        configuration.address = try #require(SocketAddress(host: host, port: 0))
        configuration.acceptsStreams = true
        let callee = CalleeScript.answers(after: .zero).says("Hello?").presses("7")
        let peer = LoopbackPeer(driver: try SocketDriver(), callee: callee, configuration: configuration)
        let address = try await peer.start()
        let trunk = Trunk(
            name: "loopback", host: host, port: address.port, numbers: ["+15550000"], transport: .tcp)
        let dialer = Dialer(trunk: trunk)
        let outcome = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            let outcome = try await dialer.call(
                CallRequest(to: "+15550101"),
                agent: ClosureAgent { session in
                    let key = try await session.nextDigit(timeout: .seconds(10))
                    return AgentResult(status: .done, note: "\(key ?? "-")")
                })
            await dialer.shutDown()
            try await group.waitForAll()
            return outcome
        }
        let statistics = await peer.streamStatistics
        await peer.stop()
        #expect(outcome.agentResult?.note == "7")
        #expect(statistics.accepted == 1)
        #expect(peer.reports.first?.end == .callerHungUp)
    }
}

/// A dialer and a peer of one world.
struct StreamWorld: Sendable {
    let world: World
    let caller: SimulatedDriver
    let peer: LoopbackPeer
    let dialer: Dialer
    /// Connections that the peer took, as of the end of the run.
    private let statistics = Locked(StreamStatistics())

    var accepted: Int { statistics.withLock { $0.accepted } }

    /// Runs `body` while both serve, then stops both.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Dialer) async throws -> Value) throws -> Value {
        let ending = { @Sendable [peer, statistics] in
            let figures = await peer.streamStatistics
            statistics.withLock { $0 = figures }
        }
        return try world.serving(dialer, on: caller, calling: peer, ending: ending, body)
    }

    func expectNothingLeft() {
        try? world.drain(for: .seconds(300))
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }

    init(world: World, caller: SimulatedDriver, peer: LoopbackPeer, dialer: Dialer) {
        self.world = world
        self.caller = caller
        self.peer = peer
        self.dialer = dialer
    }
}
