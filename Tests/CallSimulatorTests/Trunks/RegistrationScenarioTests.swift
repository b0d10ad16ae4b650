internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Trunks that we register with, and their health, in virtual time")
struct RegistrationScenarioTests {
    private typealias Line = TrunkTestWorld.Line

    private static let user = SIPCredentials(username: "alice", password: "secret")

    private static func registering(
        _ name: String, expires: Duration = .seconds(3_600), limit: Duration = .seconds(120)
    ) -> Line {
        Line(name, .quick) {
            $0.credentials = user
            $0.registration = TrunkRegistration()
            $0.registration?.expires = expires
        } peer: {
            $0.credentials = [user]
            $0.registrationLimit = limit
        }
    }

    @Test(
        "Registers with a challenge, refreshes in time, calls, and takes the binding back",
        arguments: UInt64(0)..<200)
    func registers(seed: UInt64) throws {
        var network = NetworkModel.internet
        network.loss = 0.05
        let stage = TrunkTestWorld(seed: seed, [Self.registering("r")], network: network)
        let (driver, registrar) = (stage.driver, stage.peers[0])
        try stage.run { dialer in
            // Before the registration: the call waits for it.
            let early = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
            #expect(early.outcome.disposition == .answered)
            for _ in 0..<12 {
                try await driver.sleep(for: .seconds(50))
                #expect(await registrar?.liveBindings == 1)
            }
            let status = try await dialer.trunks()[0]
            #expect(status.state == .ready)
            let left = status.registeredUntil.map { driver.wallClock.duration(to: $0) } ?? .zero
            #expect(left > .zero && left <= .seconds(120))
            // The last REGISTER has two seconds, in which a lossy network may swallow every copy.
            stage.world.heal()
        }
        #expect(stage.log.events(of: "r").contains(.unregistered))
        #expect(stage.log.changes(of: "r").first == .ready)
        let granted = try stage.world.run { await registrar?.grantedRegistrations }
        #expect((granted ?? 0) >= 8)
        let bindings = try stage.world.run { await registrar?.liveBindings }
        #expect(bindings == 0, "taken back at the end")
    }

    @Test("A registrar dies and comes back: calls go elsewhere meanwhile", arguments: UInt64(0)..<200)
    func registrarDies(seed: UInt64) throws {
        let stage = TrunkTestWorld(
            seed: seed, [Self.registering("r"), Line("backup", .quick) { $0.priority = 1 }])
        let driver = stage.driver
        var gone = NetworkModel.perfect
        gone.loss = 1
        let dead = gone
        stage.world.at(MonotonicInstant(nanoseconds: 100_000_000_000)) { [world = stage.world] in
            world.setNetwork(dead, from: "10.0.0.1", to: "10.0.0.2")
        }
        stage.world.at(MonotonicInstant(nanoseconds: 700_000_000_000)) { [world = stage.world] in
            world.setNetwork(.perfect, from: "10.0.0.1", to: "10.0.0.2")
        }
        try stage.run { dialer in
            func call() async throws -> CallOutcome {
                try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }.outcome
            }
            try await driver.sleep(for: .seconds(5))
            _ = try await call()
            try await driver.sleep(for: .seconds(300))
            #expect(try await dialer.trunks()[0].state == .unregistered)
            let meanwhile = try await call()
            #expect(meanwhile.disposition == .answered)
            try await driver.sleep(for: .seconds(1_500))
            #expect(try await dialer.trunks()[0].state == .ready)
            _ = try await call()
        }
        #expect(stage.log.records.map(\.trunk) == ["r", "backup", "r"])
    }

    @Test("A registrar that refuses our credentials stops the trunk; calls hear so at once")
    func refused() throws {
        var line = Self.registering("r")
        line.trunk.credentials = SIPCredentials(username: "alice", password: "wrong")
        let stage = TrunkTestWorld(seed: 1, [line])
        let driver = stage.driver
        let outcome = try stage.run { dialer in
            try await driver.sleep(for: .seconds(5))
            #expect(try await dialer.trunks()[0].state == .stopped)
            return try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }.outcome
        }
        #expect(outcome.disposition == .trunkFault)
        #expect(outcome.cause.text == "no trunk can be used: it is stopped, since it refuses us")
        #expect(stage.invites[0].isEmpty)
    }

    @Test("Service-Route is the Route of our calls")
    func serviceRoute() throws {
        var line = Self.registering("r")
        let configure = line.configure
        line.configure = {
            configure(&$0)
            $0.serviceRoutes = ["<sip:10.0.0.2;lr>"]
        }
        let stage = TrunkTestWorld(seed: 1, [line])
        let routed = Locked(0)
        stage.world.addTap { event, view in
            guard event == .sent, view.source.host == TrunkTestWorld.callerHost else { return }
            let text = view.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            if text.hasPrefix("INVITE "), text.contains("\r\nRoute: <sip:10.0.0.2;lr>\r\n") {
                routed.withLock { $0 += 1 }
            }
        }
        let outcomes = try stage.call(1, every: .seconds(1))
        #expect(outcomes[0].disposition == .answered)
        #expect(routed.withLock { $0 } >= 1)
    }

    @Test("OPTIONS tell a trunk that lives from one that does not", arguments: UInt64(0)..<200)
    func health(seed: UInt64) throws {
        func checked(_ trunk: inout Trunk) {
            trunk.healthCheck = TrunkHealthCheck()
            trunk.healthCheck?.interval = .seconds(10)
        }
        let stage = TrunkTestWorld(
            seed: seed,
            [
                Line("dead", nil, checked),
                Line(
                    "alive", .quick,
                    {
                        $0.priority = 1; checked(&$0)
                    }),
            ])
        let driver = stage.driver
        try stage.run { dialer in
            try await driver.sleep(for: .seconds(90))
            let trunks = try await dialer.trunks()
            #expect(trunks.map(\.state) == [.unreachable, .ready])
            #expect(trunks[0].roundTrip == nil)
            #expect(trunks[1].roundTrip == .milliseconds(2))
            let start = driver.now
            let outcome = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }.outcome
            #expect(outcome.disposition == .answered)
            #expect(start.duration(to: driver.now) < .seconds(3), "nobody waited for the dead one")
        }
        #expect(stage.invites[0].isEmpty)
    }
}
