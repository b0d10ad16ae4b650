import RTPMedia
import SansIO

/// The whole two-way leg at the agent's 16 kHz: `media.leg`, and over a thousand legs in turn.
let legSuite = Suite(name: "media.leg") { [try leg(), try thousandLegs()] }

private let steps = "RTP in, statistics, jitter buffer, µ-law, 8 to 16, 16 to 8, µ-law, RTP out"

private func leg() throws -> Measurement {
    let lane = try LegLane(seed: 1)
    let figure = measure("media.leg", note: "per 20 ms, both ways: \(steps)") { lane.tick() }
    try lane.check()
    return figure
}

private func thousandLegs() throws -> Measurement {
    let lanes = try (0..<1_000).map { try LegLane(seed: UInt64($0)) }
    let figure = measure("media.leg.1000", per: lanes.count, note: "the same over 1,000 legs in turn") {
        for lane in lanes { lane.tick() }
    }
    for lane in lanes { try lane.check() }
    return figure
}

/// A leg that hears the packets that it sends itself, so that what is measured is the leg and nothing else.
private final class LegLane {
    private static let remote = SocketAddress(ipv4: 0xCB00_714D, port: 40_000)
    private static let hertz = 16_000

    private let leg: AudioLeg
    private var now = MonotonicInstant(nanoseconds: 0)
    private let sound = soundFrame(samples: hertz / 50)
    private var wide = [Int16](repeating: 0, count: hertz / 50)
    private var narrow = [Int16](repeating: 0, count: 160)
    private var packet = OwnedBytes(capacity: 2_048)

    init(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let negotiated = NegotiatedAudio(
            codec: .pcmu, sendPayloadType: 0, sendEventPayloadType: nil, receivePayloadType: 0,
            receiveEventPayloadType: nil, remoteRTP: Self.remote,
            remoteRTCP: Self.remote.with(port: Self.remote.port + 1), direction: .sendrecv)
        let configuration = AudioLeg.Configuration(
            negotiated: negotiated, rateHertz: Self.hertz, canonicalName: "bench")
        leg = try AudioLeg(configuration: configuration, generator: &generator, at: now)
    }

    /// What a media engine does with one leg at one deadline.
    func tick() {
        now = now.advanced(by: .milliseconds(20))
        leg.receiveRTP(packet.bytes, from: Self.remote, at: now)
        Self.pull(leg, &wide, &narrow, at: now)
        Self.push(leg, sound, &narrow, &packet, at: now)
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
