import CallSimulator
import RTPMedia
import SIPCore
import SansIO
import Telephony
import Testing

#if Secure
    import SecureMedia
#endif

@Suite("Calls with encrypted audio: a dialer, a peer and a wire-tapper in a world")
struct EncryptedCallTests {
    /// Which encryption a world has.
    enum Cipher: CaseIterable, Sendable {
        case simulated
        #if Secure
            case srtp
        #endif

        var provider: any MediaProtectionProvider {
            switch self {
            case .simulated: SimulatedMediaSecurity()
            #if Secure
                case .srtp: SRTPProvider()
            #endif
            }
        }
    }

    private struct Stage: Sendable {
        let world: World
        let caller: SimulatedDriver
        let peer: LoopbackPeer
        let dialer: Dialer
        let tap = WireTap()

        init(
            seed: UInt64, ours: MediaSecurityPolicy, theirs: MediaSecurityPolicy, cipher: Cipher,
            network: NetworkModel = .perfect, multiplexing: RTCPMultiplexing = .answered
        ) {
            var worldConfiguration = WorldConfiguration()
            worldConfiguration.network = network
            world = World(seed: seed, configuration: worldConfiguration)
            var hosting = LoopbackPeer.Configuration()
            hosting.address = SocketAddress(ipv4: 0x0A00_0002, port: 5_060)
            hosting.capabilities.security = theirs
            hosting.mediaSecurity = cipher.provider
            peer = LoopbackPeer(
                driver: world.makeDriver(host: "10.0.0.2"),
                callee: CalleeScript(steps: [
                    .ring(.seconds(1)), .answer, .say("hello"), .press("42"), .wait(.seconds(20)),
                ]),
                configuration: hosting)
            var trunk = Trunk(name: "test", host: "10.0.0.2", port: 5_060, numbers: ["+15550000"])
            trunk.mediaSecurity = ours
            trunk.multiplexing = multiplexing
            var dialing = DialerConfiguration()
            dialing.mediaSecurity = cipher.provider
            dialing.audioRateHertz = 8_000
            caller = world.makeDriver(host: "10.0.0.1")
            dialer = Dialer(trunk: trunk, configuration: dialing, driver: caller, observers: [tap])
        }

        /// One call in which we speak for a second, hold and resume, and listen.
        func call() throws -> CallOutcome {
            try world.serving(dialer, on: caller, calling: peer) { [caller] dialer in
                try await dialer.call(CallRequest(to: "+15550101")) { call in
                    try await call.answered()
                    try await caller.sleep(for: .seconds(2))
                    try await call.hold()
                    try await caller.sleep(for: .seconds(1))
                    try await call.resume()
                    try await call.audio.write((0..<8_000).map { Int16($0 % 16 < 8 ? 8_000 : -8_000) })
                    try await caller.sleep(for: .seconds(6))
                }.outcome
            }
        }
    }

    @Test(
        "Required on both sides: speech, keys and reports arrive, nothing on the wire is in the clear, holding keeps the keys",
        arguments: Cipher.allCases, [UInt64](0..<6))
    func required(cipher: Cipher, seed: UInt64) throws {
        let stage = Stage(
            seed: seed, ours: .required, theirs: .required, cipher: cipher,
            network: seed < 2 ? .perfect : .cellular, multiplexing: seed % 2 == 0 ? .answered : .offered)
        let outcome = try stage.call()
        #expect(outcome.disposition == .answered, "\(outcome.cause)")
        let record = try #require(stage.tap.records.first)
        let heard = try #require(stage.peer.reports.first)
        let suite = try #require(cipher.provider.suites.first).rawValue
        for media in [record.media, heard.media] {
            #expect(media?.cryptoSuite == suite)
            #expect((media?.rejections?.unauthenticated ?? 0) == 0)
            #expect((media?.packetsReceived ?? 0) > 100)
            #expect((media?.framesPlayed ?? 0) > 100)
        }
        #expect(record.digits == "42")
        if seed < 2 { #expect(record.media?.roundTripMilliseconds != nil, "reports are understood, too") }
        #expect(stage.tap.clearPackets == 0 && stage.tap.packets > 200)
        #expect(stage.world.leaks.isEmpty, "\(stage.world.leaks)")
    }

    @Test(
        "Who wants what decides: encrypted, clear, or no call and the reason",
        arguments: [
            (MediaSecurityPolicy.optional, MediaSecurityPolicy.optional, true),
            (.optional, .off, false), (.optional, .required, true), (.required, .optional, true),
            (.off, .optional, false), (.off, .off, false),
        ])
    func policies(ours: MediaSecurityPolicy, theirs: MediaSecurityPolicy, isEncrypted: Bool) throws {
        let stage = Stage(seed: 5, ours: ours, theirs: theirs, cipher: .simulated)
        #expect(try stage.call().disposition == .answered)
        #expect((stage.tap.records.first?.media?.cryptoSuite != nil) == isEncrypted)
        #expect((stage.tap.clearPackets > 0) == !isEncrypted)
        #expect((stage.peer.reports.first?.media?.framesPlayed ?? 0) > 100)
    }

    @Test(
        "A far end without encryption refuses what is required, and the call ends without a word in the clear"
    )
    func refusal() throws {
        let stage = Stage(seed: 6, ours: .required, theirs: .off, cipher: .simulated)
        let outcome = try stage.call()
        #expect(outcome.disposition != .answered)
        #expect(stage.tap.packets == 0)
        #expect(stage.world.leaks.isEmpty, "\(stage.world.leaks)")
    }

    @Test("A trunk that asks for encryption needs a provider")
    func missingProvider() async {
        var trunk = Trunk(name: "test", host: "10.0.0.2")
        trunk.mediaSecurity = .optional
        await #expect(
            throws: CallError(
                .invalidTrunk, "trunk 1: `mediaSecurity` needs the dialer's `mediaSecurity` to encrypt with")
        ) {
            try await Dialer(trunk: trunk, driver: World(seed: 1).makeDriver(host: "10.0.0.1")).run()
        }
    }
}

/// Reads every media packet as somebody on the wire would.
private final class WireTap: CallObserver {
    private struct State {
        var records: [CallRecord] = []
        var packets = 0
        var clearPackets = 0
    }

    // Guards what has been seen; loops write, the test reads.
    private let state = Locked(State())

    let wantsDatagrams = true
    var records: [CallRecord] { state.withLock { $0.records } }
    var packets: Int { state.withLock { $0.packets } }
    /// RTP of the length that 20 ms of G.711 have in the clear, or RTCP whose source description can be read.
    var clearPackets: Int { state.withLock { $0.clearPackets } }

    func callEnded(_ record: CallRecord) { state.withLock { $0.records.append(record) } }

    func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        guard kind == .rtp || kind == .rtcp else { return }
        let octets = bytes.withUnsafeBytes { Array($0) }
        let isControl = octets.count > 1 && (192...223).contains(octets[1])
        let isClear =
            isControl
            ? (try? RTCPPacket.parseCompound(bytes)) != nil : octets.count == 172 || octets.count == 16
        state.withLock { state in
            state.packets += 1
            if isClear { state.clearPackets += 1 }
        }
    }
}
