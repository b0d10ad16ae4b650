import RTPMedia
import SansIO

/// Two legs that call each other over a network of seeded faults, in virtual time.
final class LegPair {
    struct Network {
        var delay = Duration.milliseconds(30)
        /// Added uniformly, so that packets overtake one another when it exceeds 20 ms.
        var jitter = Duration.zero
        var loss = 0.0
        var duplication = 0.0
    }

    struct Flight {
        var arrival: MonotonicInstant
        var order: Int
        var bytes: [UInt8]
        var source: SocketAddress
        var isControl: Bool
    }

    static let addressA = SocketAddress(ipv4: 0x0A00_0001, port: 4000)
    static let addressB = SocketAddress(ipv4: 0x0A00_0002, port: 6000)

    let a: AudioLeg
    let b: AudioLeg
    var network = Network()
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    /// Sound that A and B say, by sample index at the wide rate.
    var speechOfA: (Int) -> Int16 = { _ in 0 }
    var speechOfB: (Int) -> Int16 = { _ in 0 }
    private(set) var heardByB: [Int16] = []
    private(set) var narrowHeardByB: [Int16] = []
    private(set) var kindsAtB: [AudioLeg.FrameKind] = []
    private(set) var sentByA: [[UInt8]] = []
    /// Source address that A's packets seem to come from.
    var apparentAddressOfA = LegPair.addressA

    private let rate: Int
    private var generator: SeededGenerator
    private var toA: [Flight] = []
    private var toB: [Flight] = []
    private var order = 0
    private var frames = 0

    init(seed: UInt64, rate: Int = 16_000, codec: AudioCodecKind = .pcmu) throws {
        self.rate = rate
        generator = SeededGenerator(seed: seed, label: "network")
        var entropy = SeededGenerator(seed: seed, label: "legs")
        a = try AudioLeg(
            configuration: .init(
                negotiated: .between(Self.addressB, codec: codec), rateHertz: rate, canonicalName: "a@test"),
            generator: &entropy, at: now)
        b = try AudioLeg(
            configuration: .init(
                negotiated: .between(Self.addressA, codec: codec), rateHertz: rate, canonicalName: "b@test"),
            generator: &entropy, at: now)
    }

    /// Headers of what A has sent.
    func headersOfA() throws -> [RTPHeader] {
        try sentByA.map { try RTPPacket(parsing: $0.span.bytes).header }
    }

    /// Runs whole periods of 20 ms.
    func run(frames count: Int) {
        for _ in 0..<count {
            deliver()
            step()
            now = now.advanced(by: .milliseconds(20))
        }
    }

    func put(_ bytes: [UInt8], toBFrom source: SocketAddress) -> Bool {
        b.receiveRTP(bytes.span.bytes, from: source, at: now)
    }

    func putControl(_ bytes: [UInt8], toBFrom source: SocketAddress) -> Bool {
        b.receiveRTCP(bytes.span.bytes, from: source, at: now)
    }

    private func step() {
        let wideCount = rate / 50
        var wide = [Int16](repeating: 0, count: wideCount)
        var narrow = [Int16](repeating: 0, count: 160)
        var packet = OwnedBytes(capacity: 1500)
        do {
            var narrowSpan = narrow.mutableSpan
            var wideSpan = wide.mutableSpan
            _ = a.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now)
            kindsAtB.append(b.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now))
        }
        heardByB += wide
        narrowHeardByB += narrow

        for isA in [true, false] {
            let speech = isA ? speechOfA : speechOfB
            let frame = (0..<wideCount).map { speech(frames * wideCount + $0) }
            var narrowSpan = narrow.mutableSpan
            let leg = isA ? a : b
            var isDue = leg.pushFrame(frame.span, narrow: &narrowSpan, at: now, into: &packet)
            while isDue {
                let bytes = Self.copy(packet)
                if isA { sentByA.append(bytes) }
                transmit(bytes, fromA: isA, isControl: false)
                isDue = leg.takePacket(into: &packet)
            }
        }
        for isA in [true, false] where (isA ? a : b).nextReportDeadline <= now {
            let wallClock = WallClockInstant(
                nanosecondsSinceEpoch: 1_700_000_000_000_000_000 + now.nanoseconds)
            guard (isA ? a : b).makeReport(at: now, wallClock: wallClock, into: &packet) else { continue }
            transmit(Self.copy(packet), fromA: isA, isControl: true)
        }
        frames += 1
    }

    static func copy(_ packet: borrowing OwnedBytes) -> [UInt8] { packet.bytes.withUnsafeBytes { Array($0) } }

    private func transmit(_ bytes: [UInt8], fromA: Bool, isControl: Bool) {
        guard !generator.chance(network.loss) else { return }
        for _ in 0..<(generator.chance(network.duplication) ? 2 : 1) {
            let extra = Duration.nanoseconds(
                Int64(Double(network.jitter.nanoseconds) * generator.nextUnit()))
            let source = fromA ? apparentAddressOfA : Self.addressB
            let flight = Flight(
                arrival: now.advanced(by: network.delay + extra), order: order, bytes: bytes,
                source: isControl ? source.with(port: source.port + 1) : source, isControl: isControl)
            order += 1
            if fromA { toB.append(flight) } else { toA.append(flight) }
        }
    }

    private func deliver() {
        func due(_ flights: inout [Flight]) -> [Flight] {
            let ready = flights.filter { $0.arrival <= now }
            flights.removeAll { $0.arrival <= now }
            return ready.sorted { ($0.arrival, $0.order) < ($1.arrival, $1.order) }
        }
        for (leg, flights) in [(a, due(&toA)), (b, due(&toB))] {
            for flight in flights {
                if flight.isControl {
                    leg.receiveRTCP(flight.bytes.span.bytes, from: flight.source, at: flight.arrival)
                } else {
                    leg.receiveRTP(flight.bytes.span.bytes, from: flight.source, at: flight.arrival)
                }
            }
        }
    }
}

extension NegotiatedAudio {
    /// A symmetric agreement with telephone events as type 101.
    static func between(
        _ remote: SocketAddress, codec: AudioCodecKind = .pcmu, direction: MediaDirection = .sendrecv
    ) -> Self {
        let type: UInt8 = codec == .pcmu ? 0 : 8
        return Self(
            codec: codec, sendPayloadType: type, sendEventPayloadType: 101, receivePayloadType: type,
            receiveEventPayloadType: 101, remoteRTP: remote, remoteRTCP: remote.with(port: remote.port + 1),
            direction: direction)
    }
}
