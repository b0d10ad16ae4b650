/// One block of an extended report (RFC 3611 §4).
public enum ExtendedReportBlock: Hashable, Sendable {
    /// Which packets were lost, as runs (block type 1).
    case lossRuns(PacketRuns)
    /// Which packets came more than once, as runs (block type 2).
    case duplicateRuns(PacketRuns)
    /// When packets came (block type 3).
    case receiptTimes(PacketReceiptTimes)
    /// A receiver's clock, so that it may learn the round trip without sending (block type 4): NTP timestamp.
    case receiverReferenceTime(ntpTimestamp: UInt64)
    /// The answers to it (block type 5).
    case delaySinceReceiverReference([ReceiverReferenceDelay])
    /// Counts and jitter of an interval (block type 6).
    case statisticsSummary(StatisticsSummary)
    /// Quality of a voice stream (block type 7).
    case voipMetrics(VoIPMetrics)
    /// Any other type, or one of the above that is too short for what it says: skipped by its length.
    case other(type: UInt8, byteCount: Int)
}

/// Runs of packets from `begin` up to, not including, `end` (RFC 3611 §4.1).
public struct PacketRuns: Hashable, Sendable {
    public var synchronizationSource: UInt32
    /// One of 2^`thinning` packets was looked at, 0...15.
    public var thinning: UInt8
    public var begin: SequenceNumber
    public var end: SequenceNumber
    /// Run lengths and bit vectors as they stand (§4.1.1 to §4.1.3); the terminating null chunk is left out.
    public var chunks: [UInt16]

    public init(
        synchronizationSource: UInt32, thinning: UInt8 = 0, begin: SequenceNumber, end: SequenceNumber,
        chunks: [UInt16]
    ) {
        self.synchronizationSource = synchronizationSource
        self.thinning = thinning
        self.begin = begin
        self.end = end
        self.chunks = chunks
    }
}

/// Times of receipt in units of the stream's timestamp (RFC 3611 §4.3).
public struct PacketReceiptTimes: Hashable, Sendable {
    public var synchronizationSource: UInt32
    public var thinning: UInt8
    public var begin: SequenceNumber
    public var end: SequenceNumber
    public var times: [RTPTimestamp]

    public init(
        synchronizationSource: UInt32, thinning: UInt8 = 0, begin: SequenceNumber, end: SequenceNumber,
        times: [RTPTimestamp]
    ) {
        self.synchronizationSource = synchronizationSource
        self.thinning = thinning
        self.begin = begin
        self.end = end
        self.times = times
    }
}

/// How long ago a receiver's reference time came (RFC 3611 §4.5).
public struct ReceiverReferenceDelay: Hashable, Sendable {
    static let byteCount = 12

    /// Who sent the reference time.
    public var synchronizationSource: UInt32
    /// The middle 32 bits of it.
    public var lastReference: UInt32
    /// In 1/65,536 s.
    public var delay: UInt32

    public init(synchronizationSource: UInt32, lastReference: UInt32, delay: UInt32) {
        self.synchronizationSource = synchronizationSource
        self.lastReference = lastReference
        self.delay = delay
    }
}

/// Counts and jitter of an interval (RFC 3611 §4.6); what the block does not report is `nil`.
public struct StatisticsSummary: Hashable, Sendable {
    public var synchronizationSource: UInt32
    public var begin: SequenceNumber
    public var end: SequenceNumber
    public var lostPackets: UInt32?
    public var duplicatePackets: UInt32?
    /// Least, greatest, mean and deviation, in units of the timestamp.
    public var jitter: Spread?

    public struct Spread: Hashable, Sendable {
        public var minimum: UInt32
        public var maximum: UInt32
        public var mean: UInt32
        public var deviation: UInt32

        public init(minimum: UInt32, maximum: UInt32, mean: UInt32, deviation: UInt32) {
            self.minimum = minimum
            self.maximum = maximum
            self.mean = mean
            self.deviation = deviation
        }
    }

    public init(
        synchronizationSource: UInt32, begin: SequenceNumber, end: SequenceNumber,
        lostPackets: UInt32? = nil,
        duplicatePackets: UInt32? = nil, jitter: Spread? = nil
    ) {
        self.synchronizationSource = synchronizationSource
        self.begin = begin
        self.end = end
        self.lostPackets = lostPackets
        self.duplicatePackets = duplicatePackets
        self.jitter = jitter
    }
}

/// Quality of a voice stream as its receiver finds it (RFC 3611 §4.7). What it does not know is `nil`, on the wire 127.
public struct VoIPMetrics: Hashable, Sendable {
    static let byteCount = 32
    /// On the wire: not available.
    static let unavailable: UInt8 = 127

    /// How the receiver makes up for what is missing (§4.7.6).
    public enum Concealment: UInt8, Hashable, Sendable {
        case unspecified = 0
        /// Silence.
        case disabled = 1
        case enhanced = 2
        /// A simple repetition.
        case standard = 3
    }

    /// The source that is reported on.
    public var synchronizationSource: UInt32
    /// Packets lost, and packets that came too late or too early to be played, in 1/256 since reception began.
    public var lossRate: UInt8 = 0
    public var discardRate: UInt8 = 0
    /// Lost or discarded within bursts and within gaps, in 1/256.
    public var burstDensity: UInt8 = 0
    public var gapDensity: UInt8 = 0
    /// Mean lengths, milliseconds.
    public var burstMilliseconds: UInt16 = 0
    public var gapMilliseconds: UInt16 = 0
    /// As RTCP tells; 0 when not known.
    public var roundTripMilliseconds: UInt16 = 0
    /// Of the receiver's own: buffers, decoding, encoding; 0 when not known.
    public var endSystemMilliseconds: UInt16 = 0
    /// dBm0.
    public var signalLevel: Int8?
    public var noiseLevel: Int8?
    /// Residual echo return loss, dB.
    public var residualEchoReturnLoss: UInt8?
    /// Packets in a row that end a burst.
    public var gapThreshold: UInt8 = 16
    /// 0...100.
    public var rFactor: UInt8?
    /// Of the external network beyond, 0...100.
    public var externalRFactor: UInt8?
    /// 1...5, in tenths on the wire.
    public var listeningQuality: Double?
    public var conversationalQuality: Double?
    public var concealment = Concealment.unspecified
    /// `nil` when unknown.
    public var isJitterBufferAdaptive: Bool?
    /// Delay of the jitter buffer now, at its most, and at the most that it can; milliseconds.
    public var jitterBufferNominalMilliseconds: UInt16 = 0
    public var jitterBufferMaximumMilliseconds: UInt16 = 0
    public var jitterBufferAbsoluteMaximumMilliseconds: UInt16 = 0

    public init(synchronizationSource: UInt32) { self.synchronizationSource = synchronizationSource }
}
