public import RTPMedia
public import SansIO

/// One direction of a call in virtual time: what A says goes to B over a network that delays by 40 ms and loses what it is told to.
public final class CodecCall {
    public static let addressA = SocketAddress(ipv4: 0x0A00_0001, port: 4_000)
    public static let addressB = SocketAddress(ipv4: 0x0A00_0002, port: 6_000)

    public let a: AudioLeg
    public let b: AudioLeg
    public private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    /// What A says, by sample index at the leg's rate.
    public var speech: (Int) -> Int16 = { _ in 0 }
    /// Whether the packet of this number, counted from 0, is lost.
    public var isLost: (Int) -> Bool = { _ in false }
    /// What becomes of the packet of this number on its way.
    public var change: (Int, inout [UInt8]) -> Void = { _, _ in }
    public private(set) var heard: [Int16] = []
    public private(set) var narrowHeard: [Int16] = []
    public private(set) var narrowSaid: [Int16] = []
    public private(set) var kinds: [AudioLeg.FrameKind] = []
    /// Packets of A, and at which tick each was sent.
    public private(set) var packets: [(tick: Int, bytes: [UInt8])] = []

    private let rate: Int
    private var flights: [(arrival: MonotonicInstant, bytes: [UInt8])] = []
    private var ticks = 0

    public init(
        codec: AudioCodecKind, rate: Int = 16_000, providers: [any AudioCodecProvider] = [],
        protection: (any MediaProtectionProvider)? = nil, adjust: (inout NegotiatedAudio) -> Void = { _ in }
    ) throws {
        self.rate = rate
        var entropy = SeededGenerator(seed: 5, label: "legs")
        let start = MonotonicInstant(nanoseconds: 1_000_000_000)
        func leg(to remote: SocketAddress) throws -> AudioLeg {
            var negotiated = Self.agreement(codec, remote: remote)
            adjust(&negotiated)
            var configuration = AudioLeg.Configuration(
                negotiated: negotiated, rateHertz: rate, canonicalName: "a@test")
            configuration.codecProviders = providers
            configuration.protection = protection
            return try AudioLeg(configuration: configuration, generator: &entropy, at: start)
        }
        a = try leg(to: Self.addressB)
        b = try leg(to: Self.addressA)
    }

    /// A symmetric agreement with telephone events as type 101 at the codec's clock.
    public static func agreement(_ codec: AudioCodecKind, remote: SocketAddress) -> NegotiatedAudio {
        let type = codec.staticPayloadType ?? 111
        var negotiated = NegotiatedAudio(
            codec: codec, sendPayloadType: type, sendEventPayloadType: 101, receivePayloadType: type,
            receiveEventPayloadType: 101, remoteRTP: remote, remoteRTCP: remote.with(port: remote.port + 1),
            direction: .sendrecv)
        negotiated.eventClockRateHertz = codec.clockRateHertz
        return negotiated
    }

    public func headers() throws -> [RTPHeader] {
        try packets.map { try RTPPacket(parsing: $0.bytes.span.bytes).header }
    }

    /// Runs whole periods of 20 ms.
    public func run(ticks count: Int) {
        let samples = rate / 50
        for _ in 0..<count {
            run(frame: (0..<samples).map { speech(ticks * samples + $0) })
        }
    }

    /// B hears one frame.
    ///
    /// - Returns: It, at ``rate``.
    @discardableResult
    public func hear(at now: MonotonicInstant) -> [Int16] {
        var wide = [Int16](repeating: 0, count: rate / 50)
        var narrow = [Int16](repeating: 0, count: 160)
        var wideSpan = wide.mutableSpan
        var narrowSpan = narrow.mutableSpan
        kinds.append(b.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now))
        heard += wide
        narrowHeard += narrow
        return wide
    }

    /// Runs one period in which A says `frame`.
    public func run(frame: [Int16]) {
        for flight in flights where flight.arrival <= now {
            b.receiveRTP(flight.bytes.span.bytes, from: Self.addressA, at: flight.arrival)
        }
        flights.removeAll { $0.arrival <= now }
        hear(at: now)
        var narrow = [Int16](repeating: 0, count: 160)
        var packet = OwnedBytes(capacity: 2_048)
        var isDue: Bool
        do {
            var narrowSpan = narrow.mutableSpan
            isDue = a.pushFrame(frame.span, narrow: &narrowSpan, at: now, into: &packet)
        }
        narrowSaid += narrow
        while isDue {
            let bytes = packet.bytes.withUnsafeBytes { Array($0) }
            if !isLost(packets.count) {
                var arriving = bytes
                change(packets.count, &arriving)
                flights.append((now.advanced(by: .milliseconds(40)), arriving))
            }
            packets.append((ticks, bytes))
            isDue = a.takePacket(into: &packet)
        }
        ticks += 1
        now = now.advanced(by: .milliseconds(20))
    }
}
