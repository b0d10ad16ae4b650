import RTPMedia
import SansIO

/// The whole two-way leg: `media.leg` at the agent's 16 kHz, `media.leg.24k`, `media.leg.speex` with libspeexdsp's
/// jitter buffer and resampler, and each over two thousand legs in turn.
let legSuite = Suite(name: "media.leg") {
    var figures: [Measurement] = []
    for kind in LegKind.allCases { figures += try [one(kind), many(kind)] }
    return figures
}

/// What a leg is made of.
enum LegKind: String, CaseIterable {
    case own = "media.leg"
    case wide = "media.leg.24k"
    case speex = "media.leg.speex"

    var rateHertz: Int { self == .wide ? 24_000 : 16_000 }

    var note: String {
        switch self {
        case .own:
            "per 20 ms, both ways: RTP in, statistics, jitter buffer, µ-law, 8 to 16, 16 to 8, µ-law, RTP out"
        case .wide: "the same with 8 to 24, 24 to 8"
        case .speex: "the same with libspeexdsp's jitter buffer, 8 to 16, 16 to 8 at quality 3"
        }
    }

    func apply(to configuration: inout AudioLeg.Configuration) {
        guard self == .speex else { return }
        configuration.jitterBuffer = .speex
        configuration.resampler = .speex
    }
}

/// Legs that a loop serves in turn.
let manyLegs = 2_000

func one(_ kind: LegKind) throws -> Measurement {
    let lane = try LegLane(kind, seed: 1, desk: Desk(kind))
    let figure = measure(kind.rawValue, note: kind.note) { lane.tick() }
    try lane.check()
    return try figure.mustNotAllocate()
}

func many(_ kind: LegKind) throws -> Measurement {
    let desk = Desk(kind)
    let lanes = try (0..<manyLegs).map { try LegLane(kind, seed: UInt64($0), desk: desk) }
    // The jitter buffer finds its delay by stretching in the first seconds.
    for _ in 0..<200 { for lane in lanes { lane.tick() } }
    let figure = measure(
        "\(kind.rawValue).\(manyLegs)", per: lanes.count, note: "the same over \(manyLegs) legs in turn"
    ) {
        for lane in lanes { lane.tick() }
    }
    for lane in lanes { try lane.check() }
    return figure
}

/// What all legs of a loop share: the receive buffer, the packet to send and the frames of the deadline.
private final class Desk {
    var received = OwnedBytes(capacity: 2_048)
    var packet = OwnedBytes(capacity: 2_048)
    // Never freed. Arrays would be retained for every leg, and that would be counted.
    let sound: UnsafeMutableBufferPointer<Int16>
    let payload = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 160)
    var wide: [Int16]
    var narrow = [Int16](repeating: 0, count: 160)

    init(_ kind: LegKind) {
        wide = soundFrame(samples: kind.rateHertz / 50)
        sound = .allocate(capacity: wide.count)
        _ = sound.initialize(from: wide)
        _ = payload.initialize(from: (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 37) })
    }
}

/// A leg and the far end of its stream.
private final class LegLane {
    private static let remote = SocketAddress(ipv4: 0xCB00_714D, port: 40_000)

    private let leg: AudioLeg
    private let desk: Desk
    private var now = MonotonicInstant(nanoseconds: 0)
    private var header: RTPHeader

    init(_ kind: LegKind, seed: UInt64, desk: Desk) throws {
        self.desk = desk
        var generator = SeededGenerator(seed: seed)
        header = RTPHeader(
            payloadType: 0, sequence: SequenceNumber(1), timestamp: RTPTimestamp(160),
            synchronizationSource: UInt32(truncatingIfNeeded: generator.next()))
        let negotiated = NegotiatedAudio(
            codec: .pcmu, sendPayloadType: 0, sendEventPayloadType: nil, receivePayloadType: 0,
            receiveEventPayloadType: nil, remoteRTP: Self.remote,
            remoteRTCP: Self.remote.with(port: Self.remote.port + 1), direction: .sendrecv)
        var configuration = AudioLeg.Configuration(
            negotiated: negotiated, rateHertz: kind.rateHertz, canonicalName: "bench")
        kind.apply(to: &configuration)
        leg = try AudioLeg(configuration: configuration, generator: &generator, at: now)
    }

    /// What a media engine does with one leg at one deadline; making the far end's packet is counted too.
    func tick() {
        now = now.advanced(by: .milliseconds(20))
        header.sequence.rawValue &+= 1
        header.timestamp.rawValue &+= 160
        Self.receive(leg, header, desk.payload, &desk.received, at: now)
        Self.pull(leg, &desk.wide, &desk.narrow, at: now)
        Self.push(leg, desk.sound, &desk.narrow, &desk.packet, at: now)
    }

    private static func receive(
        _ leg: AudioLeg, _ header: RTPHeader, _ payload: UnsafeMutableBufferPointer<UInt8>,
        _ datagram: inout OwnedBytes,
        at now: MonotonicInstant
    ) {
        header.pack(UnsafeRawBufferPointer(payload).bytes, into: &datagram)
        leg.receiveRTP(datagram.bytes, from: remote, at: now)
    }

    private static func pull(
        _ leg: AudioLeg, _ wide: inout [Int16], _ narrow: inout [Int16], at now: MonotonicInstant
    ) {
        var wide = wide.mutableSpan
        var narrow = narrow.mutableSpan
        _ = leg.pullFrame(narrow: &narrow, wide: &wide, at: now)
    }

    private static func push(
        _ leg: AudioLeg, _ sound: UnsafeMutableBufferPointer<Int16>, _ sent: inout [Int16],
        _ packet: inout OwnedBytes,
        at now: MonotonicInstant
    ) {
        var sent = sent.mutableSpan
        _ = leg.pushFrame(UnsafeBufferPointer(sound).span, narrow: &sent, at: now, into: &packet)
    }

    /// Concealed frames would be cheaper, or dearer, than those that are to be measured.
    func check() throws {
        let figures = leg.statistics
        try BenchmarkFault.check(
            figures.framesPlayed > figures.packetsSent * 9 / 10, "\(figures.framesPlayed) frames were played")
    }
}
