/// Why a datagram is not a compound RTCP packet (RFC 3550 §A.2).
public enum RTCPError: Error, Hashable, Sendable {
    /// Fewer than the four octets of a header are left at the offset.
    case truncatedHeader(offset: Int)
    /// The version at the offset is not 2.
    case unsupportedVersion(offset: Int)
    /// A compound packet starts with a sender or receiver report.
    case doesNotStartWithReport(type: UInt8)
    /// Only the last packet of a compound may be padded, and the padding lies inside it.
    case invalidPadding(offset: Int)
    /// The length at the offset runs past the end of the datagram.
    case truncatedPacket(offset: Int)
    /// The packet at the offset is shorter than its count of blocks says.
    case truncatedBlocks(offset: Int)
}

/// Octet 2 of an RTCP packet (RFC 3550 §12.1).
enum RTCPType {
    static let senderReport: UInt8 = 200
    static let receiverReport: UInt8 = 201
    static let sourceDescription: UInt8 = 202
    static let goodbye: UInt8 = 203
    /// RFC 3611 §2.
    static let extendedReport: UInt8 = 207
}

/// A reception report block (RFC 3550 §6.4.1).
public struct ReceptionReport: Hashable, Sendable {
    static let byteCount = 24

    /// The source that is reported on.
    public var synchronizationSource: UInt32
    /// Loss since the last report, in 1/256.
    public var fractionLost: UInt8
    /// Loss since the beginning, `-8_388_608...8_388_607`; negative when duplicates outnumber losses.
    public var cumulativeLost: Int32
    /// Cycles of the sequence number in the upper 16 bits, the highest one received in the lower.
    public var extendedHighestSequence: UInt32
    /// Interarrival jitter in units of the timestamp.
    public var jitter: UInt32
    /// The middle 32 bits of the NTP timestamp of the last sender report; 0 when none has come.
    public var lastSenderReport: UInt32
    /// Time since it came, in 1/65,536 s.
    public var delaySinceLastSenderReport: UInt32

    public init(
        synchronizationSource: UInt32, fractionLost: UInt8, cumulativeLost: Int32,
        extendedHighestSequence: UInt32,
        jitter: UInt32, lastSenderReport: UInt32, delaySinceLastSenderReport: UInt32
    ) {
        self.synchronizationSource = synchronizationSource
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.extendedHighestSequence = extendedHighestSequence
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    init(reading bytes: RawSpan, at offset: Int) {
        synchronizationSource = bytes.uint32(at: offset)
        fractionLost = bytes.uint8(at: offset + 4)
        // 24 bits, signed.
        cumulativeLost = Int32(bitPattern: bytes.uint32(at: offset + 4) << 8) >> 8
        extendedHighestSequence = bytes.uint32(at: offset + 8)
        jitter = bytes.uint32(at: offset + 12)
        lastSenderReport = bytes.uint32(at: offset + 16)
        delaySinceLastSenderReport = bytes.uint32(at: offset + 20)
    }

    func write(to writer: inout NetworkOrderWriter) {
        let lost = UInt32(bitPattern: min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)) & 0xFF_FFFF
        writer.append(synchronizationSource)
        writer.append(UInt32(fractionLost) << 24 | lost)
        writer.append(extendedHighestSequence)
        writer.append(jitter)
        writer.append(lastSenderReport)
        writer.append(delaySinceLastSenderReport)
    }
}

/// What a sender reports about its stream (RFC 3550 §6.4.1).
public struct SenderInformation: Hashable, Sendable {
    static let byteCount = 20

    /// Wall clock, seconds since 1900 in the upper 32 bits, fractions in the lower.
    public var ntpTimestamp: UInt64
    /// The same moment in units of the media clock.
    public var rtpTimestamp: RTPTimestamp
    public var packetCount: UInt32
    /// Payload octets sent.
    public var octetCount: UInt32

    public init(ntpTimestamp: UInt64, rtpTimestamp: RTPTimestamp, packetCount: UInt32, octetCount: UInt32) {
        self.ntpTimestamp = ntpTimestamp
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
    }

    /// What a reception report calls LSR.
    public var middleNTP: UInt32 { UInt32(truncatingIfNeeded: ntpTimestamp >> 16) }
}

/// One packet of a compound (RFC 3550 §6).
public enum RTCPPacket: Hashable, Sendable {
    case senderReport(synchronizationSource: UInt32, SenderInformation, [ReceptionReport])
    case receiverReport(synchronizationSource: UInt32, [ReceptionReport])
    case sourceDescription([SourceDescription])
    case goodbye(synchronizationSources: [UInt32], reason: String?)
    /// RFC 3611.
    case extendedReport(synchronizationSource: UInt32, [ExtendedReportBlock])
    /// APP, feedback and unknown types: skipped over by their length.
    case other(type: UInt8)
}

/// One chunk of a source description (RFC 3550 §6.5).
public struct SourceDescription: Hashable, Sendable {
    public var synchronizationSource: UInt32
    /// CNAME; `nil` when the chunk has none.
    public var canonicalName: String?

    public init(synchronizationSource: UInt32, canonicalName: String?) {
        self.synchronizationSource = synchronizationSource
        self.canonicalName = canonicalName
    }
}
