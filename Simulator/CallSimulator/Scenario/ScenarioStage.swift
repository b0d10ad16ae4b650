internal import CampaignKit
internal import RTPMedia
internal import SIPCore
internal import SansIO
internal import Telephony

/// How the trunk of a scenario meets its caller.
public enum TrunkChallenge: Hashable, Sendable {
    /// It knows the caller by address.
    case none
    /// It answers each first INVITE with 407 and wants a digest (RFC 3261 §22.3).
    case digest
}

/// What every scenario can set.
struct StageOptions: Sendable {
    var seed: UInt64
    var world = WorldConfiguration()
    /// From the dialer to the peer, and back.
    var outbound = NetworkModel.perfect
    var inbound = NetworkModel.perfect
    var faults = FaultPlan()
    var challenge = TrunkChallenge.digest
    var dialer = DialerConfiguration()
    var keepsAudio = false
    var media = MediaMode.full
    var blindfold: InvariantWatch.Blindfold?
    /// Answers in place of the peer.
    var rogue: RogueCallee.Fault?
}

/// Whether calls carry audio.
public enum MediaMode: Hashable, Sendable {
    case full
    /// Callees answer with an inactive stream and are silent: no RTP in either direction. For sweeps over signalling.
    case signallingOnly
}

/// A world with one dialer, one peer and the rules between them.
final class ScenarioStage: @unchecked Sendable {
    // @unchecked: belongs to the thread of its world, like the world itself.

    static let callerHost = "10.0.0.1"
    static let peerHost = "10.0.0.2"
    private static let user = "trunk"
    private static let password = "correct horse battery staple"

    let world: World
    let driver: SimulatedDriver
    let peer: LoopbackPeer
    let dialer: Dialer
    let watch: InvariantWatch
    private let rogue: RogueCallee?
    private var rest: Remainder?

    init(
        _ options: StageOptions, directory: CalleeDirectory, terms: CampaignTerms? = nil,
        observers: [any CallObserver] = []
    ) {
        world = World(seed: options.seed, configuration: options.world)
        driver = world.makeDriver(host: Self.callerHost)
        watch = InvariantWatch(
            caller: driver.hostAddress, clock: driver, terms: terms, blindfold: options.blindfold)
        var hosting = LoopbackPeer.Configuration()
        let peerDriver = world.makeDriver(host: Self.peerHost)
        hosting.address = peerDriver.hostAddress.with(port: 5_060)
        hosting.keepsAudio = options.keepsAudio
        hosting.media = options.media
        // The callee speaks what the dialer does.
        hosting.capabilities.codecs = options.dialer.codecs
        hosting.codecProviders = options.dialer.codecProviders
        var credentials: SIPCredentials?
        if options.challenge == .digest {
            credentials = SIPCredentials(username: Self.user, password: Self.password)
            hosting.credentials = credentials.map { [$0] } ?? []
        }
        let address = hosting.address
        rogue = options.rogue.map { RogueCallee(driver: peerDriver, address: address, fault: $0) }
        peer = LoopbackPeer(driver: peerDriver, directory: directory, configuration: hosting)
        var dialing = options.dialer
        // Peers without media would all be taken for lost.
        if options.media == .signallingOnly { dialing.mediaTimeout = nil }
        dialer = Dialer(
            trunk: Trunk(
                name: "simulated", host: Self.peerHost, port: 5_060, credentials: credentials,
                numbers: ["+15550000000"]),
            configuration: dialing, driver: driver, observers: [watch] + observers)
        world.setNetwork(options.outbound, from: Self.callerHost, to: Self.peerHost)
        world.setNetwork(options.inbound, from: Self.peerHost, to: Self.callerHost)
        world.faults = options.faults
        let watch = watch
        world.addTap { event, datagram in watch.tap(event, datagram) }
    }

    /// Runs `body` while dialer and peer serve, waits until nothing is left to be said, and stops both.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> (
        Value, RunSpeed
    ) {
        let meter = SpeedMeter()
        do {
            let value = try world.run { try await self.serve(body) }
            try world.drain(for: .seconds(2))
            if var rest {
                rest.add(world.leaks)
                watch.finish(rest)
            }
            return (value, meter.read(virtual: .nanoseconds(world.now.nanoseconds)))
        } catch {
            world.close()
            throw error
        }
    }

    private func serve<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws
        -> Value
    {
        if let rogue { try rogue.start() } else { try await peer.start() }
        let value = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.dialer.run() }
            do {
                let value = try await body()
                self.rest = try await self.settle()
                await self.dialer.shutDown()
                try await group.waitForAll()
                return value
            } catch {
                group.cancelAll()
                throw error
            }
        }
        if let rogue { rogue.stop() } else { await peer.stop() }
        return value
    }

    /// The last timers of SIP run for half a minute, and one may follow another.
    ///
    /// A callee whose caller could not be heard rings on for as long as it likes; after a while the network heals, it is made
    /// to give up, and then everything has to come to its end.
    private func settle() async throws -> Remainder {
        for round in 0..<60 {
            let rest = try await remainder()
            if rest.isEmpty { return rest }
            if round == 30 {
                world.heal()
                await peer.hangUpAll()
            }
            try await driver.sleep(for: .seconds(5))
        }
        return try await remainder()
    }

    private func remainder() async throws -> Remainder {
        Remainder(
            dialer: try await dialer.statistics(), peer: await peer.statistics,
            peerCalls: await peer.liveCalls)
    }
}
