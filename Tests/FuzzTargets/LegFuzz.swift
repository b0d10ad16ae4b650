import RTPMedia
import SansIO

/// A leg in a call, with jitter buffer, latch and reports, to which the octets happen as a list of events.
struct LegFuzz: ~Copyable {
    private static let remote = SocketAddress(ipv4: 0xC000_0202, port: 4_000)
    private static let stranger = SocketAddress(ipv4: 0xC633_6401, port: 9_999)

    private var input: Input
    private let leg: AudioLeg
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private var sequence = SequenceNumber(65_000)
    private var timestamp = RTPTimestamp(0xFFFF_0000)
    private var datagrams = 0
    private var packet = OwnedBytes(capacity: 2_048)

    static func run(_ bytes: [UInt8]) {
        guard var fuzz = try? LegFuzz(bytes) else { return promise(false, "the leg can be made") }
        fuzz.run()
    }

    private init(_ bytes: [UInt8]) throws {
        input = Input(bytes)
        let settings = input.next() ?? 0
        var negotiated = NegotiatedAudio(
            codec: settings & 1 == 0 ? .pcmu : .pcma, sendPayloadType: 0, sendEventPayloadType: 101,
            receivePayloadType: settings & 1 == 0 ? 0 : 8, receiveEventPayloadType: 101,
            remoteRTP: Self.remote, remoteRTCP: Self.remote.with(port: 4_001), direction: .sendrecv)
        negotiated.isMultiplexed = settings & 2 != 0
        negotiated.extendedReports = true
        var configuration = AudioLeg.Configuration(
            negotiated: negotiated, rateHertz: 16_000, canonicalName: "fuzz")
        if settings & 4 != 0 { configuration.jitterBuffer = .speex }
        var generator = SeededGenerator(seed: 1)
        leg = try AudioLeg(configuration: configuration, generator: &generator, at: now)
    }

    private mutating func run() {
        while let operation = input.next() { perform(operation) }
        let figures = leg.statistics
        promise(figures.packetsRejected <= datagrams, "a datagram is rejected once")
        promise(figures.packetsReceived <= datagrams, "a packet is counted once")
        promise(figures.packetsLost >= 0 && figures.packetsDiscarded >= 0, "counts are counts")
        for quality in [figures.inboundQuality, figures.outboundQuality].compactMap(\.self) {
            promise((0...100).contains(quality.rFactor), "R is \(quality.rFactor)")
            promise((1...5).contains(quality.mosListening), "MOS-LQ is \(quality.mosListening)")
            promise((1...5).contains(quality.mosConversational), "MOS-CQ is \(quality.mosConversational)")
        }
        report(isLast: true)
    }

    private mutating func perform(_ operation: UInt8) {
        switch operation & 7 {
        case 0: receive(raw(), isControl: false, from: Self.remote)
        case 1: receive(raw(), isControl: true, from: Self.remote.with(port: 4_001))
        case 2, 3: receive(sound(type: operation & 8 == 0 ? 0 : 8), isControl: false, from: Self.remote)
        case 4: receive(sound(type: 101), isControl: false, from: Self.remote)
        case 5: receive(sound(type: 0), isControl: false, from: Self.stranger)
        case 6: frame()
        default:
            now = now.advanced(by: .milliseconds(Int64(input.next() ?? 0) * 4))
            if leg.nextReportDeadline <= now { report(isLast: false) }
        }
    }

    /// As many octets as the next one says.
    private mutating func raw() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<(input.next() ?? 0) { bytes.append(input.next() ?? 0) }
        return bytes
    }

    /// A packet of the stream, or near it.
    private mutating func sound(type: UInt8) -> [UInt8] {
        let step = Int(Int8(bitPattern: input.next() ?? 1))
        sequence = sequence.advanced(by: step)
        timestamp = timestamp.advanced(by: Int(Int8(bitPattern: input.next() ?? 1)) * 160)
        let header = RTPHeader(
            payloadType: type, sequence: sequence, timestamp: timestamp, synchronizationSource: 7)
        let count = type == 101 ? 4 : Int(input.next() ?? 160)
        var payload: [UInt8] = []
        for _ in 0..<count { payload.append(type == 101 ? input.next() ?? 0 : 0x55) }
        var block = OwnedBytes(capacity: 512)
        header.pack(payload.span.bytes, into: &block)
        return block.bytes.withUnsafeBytes { Array($0) }
    }

    private mutating func receive(_ bytes: [UInt8], isControl: Bool, from source: SocketAddress) {
        datagrams += 1
        if isControl {
            leg.receiveRTCP(bytes.span.bytes, from: source, at: now)
        } else {
            leg.receiveRTP(bytes.span.bytes, from: source, at: now)
        }
        while leg.takeDigit() != nil {}
    }

    private mutating func frame() {
        now = now.advanced(by: .milliseconds(20))
        var narrow = [Int16](repeating: 0, count: 160)
        var wide = [Int16](repeating: 0, count: 320)
        var narrowSpan = narrow.mutableSpan
        var wideSpan = wide.mutableSpan
        _ = leg.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now)
        _ = leg.pushFrame(wideSpan.span, narrow: &narrowSpan, at: now, into: &packet)
        promise(packet.count <= 1_500, "what we send fits a datagram")
        promise((try? RTPPacket(parsing: packet.bytes)) != nil, "what we send is RTP")
    }

    private mutating func report(isLast: Bool) {
        let wallClock = WallClockInstant(nanosecondsSinceEpoch: now.nanoseconds)
        if isLast {
            leg.makeGoodbye(at: now, wallClock: wallClock, into: &packet)
        } else if !leg.makeReport(at: now, wallClock: wallClock, into: &packet) {
            return
        }
        promise(packet.count <= RTCPPacket.maximumCompound, "a report fits its block")
        promise((try? RTCPPacket.parseCompound(packet.bytes)) != nil, "what we report is RTCP")
    }
}
