internal import CallSimulator
internal import SIPCore
internal import SansIO
@testable internal import Telephony
internal import Testing

@Suite("Trunks by name: a slow DNS, and servers that move")
struct TrunkNamesTests {
    private static let user = SIPCredentials(username: "alice", password: "secret")

    private static func peer(_ world: World, _ host: String) -> LoopbackPeer {
        var configuration = LoopbackPeer.Configuration()
        configuration.address = SocketAddress(host: host, port: 5_060) ?? .loopback(port: 0)
        configuration.media = .signallingOnly
        return LoopbackPeer(
            driver: world.makeDriver(host: host), callee: .quick, configuration: configuration)
    }

    private static func registrar(_ world: World, _ host: String) -> LoopbackPeer {
        var configuration = LoopbackPeer.Configuration()
        configuration.address = SocketAddress(host: host, port: 5_060) ?? .loopback(port: 0)
        configuration.media = .signallingOnly
        configuration.credentials = [user]
        configuration.registrationLimit = .seconds(120)
        return LoopbackPeer(
            driver: world.makeDriver(host: host), callee: .quick, configuration: configuration)
    }

    @Test("A silent DNS of a backup trunk keeps no call waiting", arguments: ["10.0.0.2", "good.example"])
    func silentBackup(host: String) throws {
        let world = World(seed: 1)
        world.zone.add("good.example", address: "10.0.0.2")
        world.zone.set(.silent, for: "slow.example")
        let driver = world.makeDriver(host: "10.0.0.1")
        let peer = Self.peer(world, "10.0.0.2")
        var slow = Trunk(name: "slow", host: "slow.example", port: 5_060)
        slow.priority = 1
        let dialer = Dialer(trunks: [slow, Trunk(name: "main", host: host, port: 5_060)], driver: driver)
        let begin = driver.now
        let (outcome, end) = try world.run {
            try await peer.start()
            let result = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                let outcome = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
                    .outcome
                let end = driver.now
                await dialer.shutDown()
                try await group.waitForAll()
                return (outcome, end)
            }
            await peer.stop()
            return result
        }
        #expect(outcome.disposition == .answered)
        #expect(begin.duration(to: end) < .seconds(3))
    }

    @Test("Whoever waits for an answer that another one has asked for can be cancelled")
    func cancelledWaiter() throws {
        let world = World(seed: 1)
        world.zone.set(.silent, for: "slow.example")
        let driver = world.makeDriver(host: "10.0.0.1")
        let waited = try world.run {
            let directory = ServerDirectory(driver: driver)
            let query = ServerQuery(host: "slow.example", port: 5_060, supported: [.udp])
            return await withTaskGroup(of: Duration?.self) { group in
                group.addTask {
                    _ = try? await directory.targets(of: query)
                    return nil
                }
                group.addTask {
                    try? await driver.sleep(for: .seconds(1))
                    let start = driver.now
                    await withTaskGroup(of: Void.self) { both in
                        both.addTask { _ = try? await directory.targets(of: query) }
                        both.addTask { try? await driver.sleep(for: .milliseconds(500)) }
                        await both.next()
                        both.cancelAll()
                    }
                    return start.duration(to: driver.now)
                }
                var waited: Duration?
                for await one in group { waited = one ?? waited }
                return waited
            }
        }
        #expect(waited == .milliseconds(500))
    }

    /// Registers with `carrier.example` for `time`, then looks how the trunk stands and places a call.
    private func register(
        in world: World, with peers: [LoopbackPeer], for time: Duration
    ) throws -> (state: TrunkState?, outcome: CallOutcome) {
        let driver = world.makeDriver(host: "10.0.0.1")
        var trunk = Trunk(name: "carrier", host: "carrier.example", credentials: Self.user)
        trunk.registration = TrunkRegistration()
        let dialer = Dialer(trunk: trunk, driver: driver)
        return try world.run {
            for peer in peers { try await peer.start() }
            let result = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                try await driver.sleep(for: time)
                let state = try await dialer.trunks().first?.state
                let outcome = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
                    .outcome
                await dialer.shutDown()
                try await group.waitForAll()
                return (state, outcome)
            }
            for peer in peers { await peer.stop() }
            return result
        }
    }

    @Test("A registration follows the trunk's name to another server")
    func registrationFollows() throws {
        let world = World(seed: 1)
        world.zone.add("carrier.example", address: "10.0.0.2", timeToLive: .seconds(30))
        let peers = ["10.0.0.2", "10.0.0.3"].map { Self.registrar(world, $0) }
        world.at(MonotonicInstant(nanoseconds: 40_000_000_000)) {
            world.zone.remove("carrier.example")
            world.zone.add("carrier.example", address: "10.0.0.3", timeToLive: .seconds(30))
        }
        let asked = Locked<[String]>([])
        world.addTap { event, view in
            guard event == .sent, view.source.host == "10.0.0.1" else { return }
            let text = view.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            let host = view.destination.host
            if text.hasPrefix("REGISTER ") { asked.withLock { if $0.last != host { $0.append(host) } } }
        }
        let (state, outcome) = try register(in: world, with: peers, for: .seconds(600))
        #expect(state == .ready)
        #expect(outcome.disposition == .answered)
        #expect(asked.withLock { $0 } == ["10.0.0.2", "10.0.0.3"])
    }

    @Test("A registrar that is dead gives way to the trunk's next server at once")
    func registrationFailsOver() throws {
        let world = World(seed: 1)
        for (index, host) in ["10.0.0.2", "10.0.0.3"].enumerated() {
            world.zone.add(
                "_sip._udp.carrier.example",
                .service(
                    DNSService(
                        priority: UInt16(index), weight: 1, port: 5_060, target: "s\(index).carrier.example"))
            )
            world.zone.add("s\(index).carrier.example", address: host)
        }
        let (state, outcome) = try register(
            in: world, with: [Self.registrar(world, "10.0.0.3")], for: .seconds(40))
        #expect(state == .ready)
        #expect(outcome.disposition == .answered)
    }

    @Test("A trunk check that is cancelled leaves no socket behind")
    func cancelledCheck() throws {
        let world = World(seed: 1)
        for host in ["10.0.0.2", "10.0.0.3"] { world.zone.add("carrier.example", address: host) }
        let driver = world.makeDriver(host: "10.0.0.1")
        let check = TrunkCheck(Trunk(name: "t", host: "carrier.example", port: 5_060))
        let wasCancelled = try world.run {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        _ = try await check.run(driver: driver)
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                try? await driver.sleep(for: .seconds(2))
                group.cancelAll()
                return await group.next() ?? false
            }
        }
        #expect(wasCancelled)
        #expect(world.leaks.isEmpty, "\(world.leaks)")
    }
}
