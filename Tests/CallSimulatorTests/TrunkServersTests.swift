import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("A trunk with several servers, RFC 3263, in virtual time")
struct TrunkServersTests {
    /// What is wrong with the first of three servers.
    enum Fault: UInt64, CaseIterable, Sendable { case dead, unavailable, tryingOnly, none }

    private static let hosts = ["10.0.0.2", "10.0.0.3", "10.0.0.4"]
    private static let good = CalleeScript(steps: [.ring(.seconds(1)), .answer])

    /// A world with a zone of three servers; `equal` gives them one priority, with weights 60, 30 and 10.
    private struct Stage {
        let world: World
        let driver: SimulatedDriver
        let peers: [LoopbackPeer?]
        let dialer: Dialer

        init(
            seed: UInt64, scripts: [CalleeScript?], equal: Bool = false, timeToLive: Duration = .seconds(300)
        ) {
            world = World(seed: seed)
            driver = world.makeDriver(host: "10.0.0.1")
            for (index, host) in hosts.enumerated() {
                let service = DNSService(
                    priority: equal ? 1 : UInt16(index), weight: [60, 30, 10][index], port: 5_060,
                    target: "s\(index).carrier.example")
                world.zone.add("_sip._udp.carrier.example", .service(service), timeToLive: timeToLive)
                world.zone.add("s\(index).carrier.example", address: host, timeToLive: timeToLive)
            }
            let world = world
            peers = zip(hosts, scripts).map { host, script in
                script.map { script in
                    var configuration = LoopbackPeer.Configuration()
                    configuration.address = SocketAddress(host: host, port: 5_060) ?? .loopback(port: 0)
                    configuration.media = .signallingOnly
                    return LoopbackPeer(
                        driver: world.makeDriver(host: host), callee: script, configuration: configuration)
                }
            }
            dialer = Dialer(
                trunk: Trunk(name: "carrier", host: "carrier.example", numbers: ["+15550000"]), driver: driver
            )
        }

        /// Places calls one after another, each for a second.
        func run(calls: Int, between pause: Duration = .zero) throws -> [CallOutcome] {
            let (dialer, peers, driver) = (dialer, peers, driver)
            return try world.run {
                for peer in peers { try await peer?.start() }
                let outcomes = try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await dialer.run() }
                    var outcomes: [CallOutcome] = []
                    for number in 0..<calls {
                        let request = CallRequest(to: "+1555010\(1_000 + number)")
                        outcomes.append(
                            try await dialer.call(request) { call in
                                try await call.answered()
                                try await driver.sleep(for: .seconds(1))
                            }.outcome)
                        try await driver.sleep(for: pause)
                    }
                    await dialer.shutDown()
                    try await group.waitForAll()
                    return outcomes
                }
                for peer in peers { await peer?.stop() }
                return outcomes
            }
        }

        func reports(_ index: Int) -> [PeerCallReport] { peers[index]?.reports ?? [] }
    }

    @Test(
        "Calls complete on the next server when the first is dead, busy or answers 100 alone",
        arguments: UInt64(0)..<200)
    func failover(seed: UInt64) throws {
        let fault = Fault.allCases[Int(seed % 4)]
        let first: CalleeScript? =
            switch fault {
            case .dead: nil
            case .unavailable: CalleeScript(steps: [.reject(status: 503)])
            case .tryingOnly: CalleeScript(steps: [.wait(.seconds(100)), .ring(.seconds(1)), .answer])
            case .none: Self.good
            }
        let stage = Stage(seed: seed, scripts: [first, Self.good, Self.good])
        if seed >= 100 { stage.world.setNetwork(.internet) }
        let outcomes = try stage.run(calls: 2)
        #expect(outcomes.map(\.disposition) == [.answered, .answered])
        // One attempt each, however many servers it took.
        #expect(stage.reports(1).count == (fault == .none ? 0 : 2) && stage.reports(2).isEmpty)
        if fault == .none || fault == .tryingOnly { #expect(stage.reports(0).count == 2) }
        let setup =
            try #require(outcomes[0].timings.answered).nanosecondsSinceEpoch
            - (outcomes[0].timings.dialed?.nanosecondsSinceEpoch ?? 0)
        let limit: Int64 = [.dead: 6, .unavailable: 3, .tryingOnly: 15, .none: 3][fault] ?? 0
        #expect(setup < limit * 1_000_000_000)
        #expect(stage.world.leaks.isEmpty, "\(stage.world.leaks)")
    }

    @Test("When no server takes the call, the outcome is the trunk's fault and nothing is left")
    func allDead() throws {
        let stage = Stage(seed: 5, scripts: [nil, nil, nil])
        let outcomes = try stage.run(calls: 1)
        #expect(outcomes[0].disposition == .trunkFault)
        #expect(stage.world.leaks.isEmpty, "\(stage.world.leaks)")
    }

    @Test("A refusal that is the callee's goes to no other server")
    func busy() throws {
        let stage = Stage(
            seed: 6, scripts: [CalleeScript(steps: [.reject(status: 486)]), Self.good, Self.good])
        #expect(try stage.run(calls: 1)[0].disposition == .busy)
        #expect(stage.reports(1).isEmpty && stage.reports(2).isEmpty)
    }

    @Test("Weights share the calls out: 60, 30 and 10 of a hundred")
    func weights() throws {
        var counts = [0, 0, 0]
        for seed in UInt64(0)..<20 {
            let stage = Stage(seed: seed, scripts: [Self.good, Self.good, Self.good], equal: true)
            _ = try stage.run(calls: 25)
            for index in 0..<3 { counts[index] += stage.reports(index).count }
        }
        #expect(counts.reduce(0, +) == 500)
        // Four standard deviations around 300, 150 and 50.
        #expect(
            (256...344).contains(counts[0]) && (109...191).contains(counts[1])
                && (23...77).contains(counts[2]))
    }

    @Test("The DNS is asked again when its records have run out, and the new server is called")
    func changes() throws {
        let stage = Stage(seed: 8, scripts: [Self.good, Self.good, Self.good], timeToLive: .seconds(30))
        let world = stage.world
        world.at(MonotonicInstant(nanoseconds: 10_000_000_000)) {
            world.zone.remove("_sip._udp.carrier.example")
            let service = DNSService(priority: 0, weight: 0, port: 5_060, target: "s2.carrier.example")
            world.zone.add("_sip._udp.carrier.example", .service(service))
        }
        _ = try stage.run(calls: 6, between: .seconds(10))
        #expect((2...4).contains(stage.reports(0).count) && stage.reports(1).isEmpty)
        #expect(stage.reports(0).count + stage.reports(2).count == 6)
        #expect(world.nameQuestions < 12, "answers are kept for their time")
    }

    @Test(
        "A DNS that falls silent, fails or lies later on does not stop the calls", arguments: UInt64(0)..<60)
    func laterFaults(seed: UInt64) throws {
        let stage = Stage(seed: seed, scripts: [Self.good, Self.good, Self.good], timeToLive: .seconds(5))
        let world = stage.world
        world.at(MonotonicInstant(nanoseconds: 6_000_000_000)) {
            let lie = DNSAnswer.records([DNSRecord("evil.example", .alias("_sip._udp.carrier.example"))])
            let behaviours: [NameZone.Behaviour] = [
                .silent, .fails(.serverFailure(code: 2)), .lies(lie),
                .fails(.malformed(DNSParseError(.badPointer, at: 12))),
            ]
            for name in ["carrier.example", "_sip._udp.carrier.example", "s0.carrier.example"] {
                world.zone.set(behaviours[Int(seed % 4)], for: name)
            }
        }
        let outcomes = try stage.run(calls: 4, between: .seconds(5))
        #expect(outcomes.allSatisfy { $0.disposition == .answered })
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }

    @Test(
        "A silent or absent name makes the call the trunk's fault, and a later one finds it",
        arguments: [NameZone.Behaviour.silent, .fails(.noSuchName)])
    func firstFault(behaviour: NameZone.Behaviour) throws {
        let stage = Stage(seed: 9, scripts: [Self.good, nil, nil])
        let world = stage.world
        for name in ["carrier.example", "_sip._udp.carrier.example"] { world.zone.set(behaviour, for: name) }
        world.at(MonotonicInstant(nanoseconds: 40_000_000_000)) {
            for name in ["carrier.example", "_sip._udp.carrier.example"] {
                world.zone.set(.answers, for: name)
            }
        }
        let outcomes = try stage.run(calls: 2, between: .seconds(60))
        #expect(outcomes.map(\.disposition) == [.trunkFault, .answered])
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }
}
