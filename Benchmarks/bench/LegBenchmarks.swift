import RTPMedia
import SansIO

/// The whole two-way leg at the agent's 16 kHz: `media.leg`, and over a thousand legs in turn.
let legSuite = Suite(name: "media.leg") { [try leg(), try thousandLegs()] }

private let steps = "RTP in, statistics, jitter buffer, µ-law, 8 to 16, 16 to 8, µ-law, RTP out"

private func leg() throws -> Measurement {
    let lane = try LegLane(seed: 1, desk: Desk())
    let figure = measure("media.leg", note: "per 20 ms, both ways: \(steps)") { lane.tick() }
    try lane.check()
    return figure
}

private func thousandLegs() throws -> Measurement {
    let desk = Desk()
    let lanes = try (0..<1_000).map { try LegLane(seed: UInt64($0), desk: desk) }
    let figure = measure("media.leg.1000", per: lanes.count, note: "the same over 1,000 legs in turn") {
        for lane in lanes { lane.tick() }
    }
    for lane in lanes { try lane.check() }
    return figure
}

/// What all legs of a loop share: the receive buffer, the packet to send and the frames of the deadline.
private final class Desk {
    var received = OwnedBytes(capacity: 2_048)
    var packet = OwnedBytes(capacity: 2_048)
    let sound = soundFrame(samples: hertz / 50)
    let payload = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    var wide = [Int16](repeating: 0, count: hertz / 50)
    var narrow = [Int16](repeating: 0, count: 160)
}

private let hertz = 16_000

/// A leg and the far end of its stream.
private final class LegLane {
    private static let remote = SocketAddress(ipv4: 0xCB00_714D, port: 40_000)

    private let leg: AudioLeg
    private let desk: Desk
    private var now = MonotonicInstant(nanoseconds: 0)
    private var header: RTPHeader

    init(seed: UInt64, desk: Desk) throws {
        self.desk = desk
        var generator = SeededGenerator(seed: seed)
        header = RTPHeader(
            payloadType: 0, sequence: SequenceNumber(1), timestamp: RTPTimestamp(160),
            synchronizationSource: UInt32(truncatingIfNeeded: generator.next()))
        let negotiated = NegotiatedAudio(
            codec: .pcmu, sendPayloadType: 0, sendEventPayloadType: nil, receivePayloadType: 0,
            receiveEventPayloadType: nil, remoteRTP: Self.remote,
            remoteRTCP: Self.remote.with(port: Self.remote.port + 1), direction: .sendrecv)
        let configuration = AudioLeg.Configuration(
            negotiated: negotiated, rateHertz: hertz, canonicalName: "bench")
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
        _ leg: AudioLeg, _ header: RTPHeader, _ payload: [UInt8], _ datagram: inout OwnedBytes,
        at now: MonotonicInstant
    ) {
        header.pack(payload.span.bytes, into: &datagram)
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
        _ leg: AudioLeg, _ sound: [Int16], _ sent: inout [Int16], _ packet: inout OwnedBytes,
        at now: MonotonicInstant
    ) {
        var sent = sent.mutableSpan
        _ = leg.pushFrame(sound.span, narrow: &sent, at: now, into: &packet)
    }

    /// Concealed frames would be cheaper, or dearer, than those that are to be measured.
    func check() throws {
        let figures = leg.statistics
        try BenchmarkFault.check(
            figures.framesPlayed > figures.packetsSent * 9 / 10, "\(figures.framesPlayed) frames were played")
    }
}
