internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Calls over TLS: a dialer and a peer in a world")
struct SecureCallTests {
    private struct Stage: Sendable {
        let world: World
        let caller: SimulatedDriver
        let peer: LoopbackPeer
        let dialer: Dialer

        /// One call of two seconds.
        func call() throws -> CallOutcome {
            try world.serving(dialer, on: caller, calling: peer) { [caller] dialer in
                try await dialer.call(CallRequest(to: "+15550101")) { call in
                    try await call.answered()
                    try await caller.sleep(for: .seconds(2))
                }.outcome
            }
        }
    }

    private static func stage(
        seed: UInt64 = 1, server: SimulatedSecurity, client: SimulatedSecurity = SimulatedSecurity(),
        largestSegment: Int? = nil
    ) throws -> Stage {
        var worldConfiguration = WorldConfiguration()
        worldConfiguration.network = .lossy
        if let largestSegment { worldConfiguration.network.largestSegment = largestSegment }
        let world = World(seed: seed, configuration: worldConfiguration)
        var hosting = LoopbackPeer.Configuration()
        hosting.address = try #require(SocketAddress(host: "10.0.0.2", port: 5_060))
        hosting.acceptsStreams = true
        hosting.streamSecurity = server
        hosting.media = .signallingOnly
        let peer = LoopbackPeer(
            driver: world.makeDriver(host: "10.0.0.2"), callee: .answers(after: .seconds(1)),
            configuration: hosting)
        let trunk = Trunk(
            name: "test", host: "10.0.0.2", port: 5_061, numbers: ["+15550000"], transport: .tls)
        var dialing = DialerConfiguration()
        dialing.streamSecurity = client
        let caller = world.makeDriver(host: "10.0.0.1")
        return Stage(
            world: world, caller: caller, peer: peer,
            dialer: Dialer(trunk: trunk, configuration: dialing, driver: caller))
    }

    @Test("A call over a secured stream is answered and ended, however the link cuts it", arguments: 0..<40)
    func call(seed: UInt64) throws {
        let stage = try Self.stage(
            seed: seed, server: SimulatedSecurity(certificate: .init(name: "10.0.0.2")),
            largestSegment: 1 + Int(seed % 4) * 40)
        let outcome = try stage.call()
        #expect(outcome.disposition == .answered)
        #expect(stage.peer.reports.map(\.end) == [.callerHungUp])
        try stage.world.drain(for: .seconds(300))
        #expect(stage.world.leaks.isEmpty, "\(stage.world.leaks)")
    }

    @Test(
        "A certificate's fault ends the call as the trunk's, and the outcome says which",
        arguments: [
            (SimulatedSecurity.Condition.expired, "10.0.0.2", StreamSecurityError.certificateExpired),
            (.notYetValid, "10.0.0.2", .certificateNotYetValid), (.selfSigned, "10.0.0.2", .selfSigned),
            (.unknownAuthority, "10.0.0.2", .unknownAuthority), (.revoked, "10.0.0.2", .certificateRevoked),
            (.good, "sip.example.com", .wrongHostName(asked: "10.0.0.2")),
        ])
    func faults(
        condition: SimulatedSecurity.Condition, name: String, error: StreamSecurityError
    ) throws {
        let stage = try Self.stage(
            server: SimulatedSecurity(certificate: .init(name: name, condition: condition)))
        let start = stage.world.now
        let outcome = try stage.call()
        #expect(outcome.disposition == .trunkFault)
        #expect(outcome.cause.text == "no connection to the trunk: \(error)")
        #expect(start.duration(to: stage.world.now) < .seconds(4))
        #expect(stage.peer.reports.isEmpty)
    }

    @Test("A trunk that wants a client certificate gets it, or refuses, which the outcome says")
    func mutual() throws {
        let server = SimulatedSecurity(certificate: .init(name: "10.0.0.2"), requiresClientCertificate: true)
        let known = SimulatedSecurity(certificate: .init(name: "dialer.example.com"))
        #expect(try Self.stage(server: server, client: known).call().disposition == .answered)
        let refused = try Self.stage(server: server).call()
        #expect(refused.disposition == .trunkFault)
        #expect(
            refused.cause.text
                == "no connection to the trunk: \(StreamSecurityError.alertReceived(.certificateRequired))")
    }
}
