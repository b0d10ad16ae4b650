public import SansIO

/// Why a datagram is not an RTP packet; every case names the octets that are at fault.
public enum RTPPacketError: Error, Hashable, Sendable {
    /// Shorter than the fixed header of 12 octets.
    case tooShort(byteCount: Int)
    /// The version is not 2.
    case unsupportedVersion(UInt8)
    /// The CSRC list runs past the end.
    case truncatedContributingSources(count: Int)
    /// The header extension, or its length field, runs past the end.
    case truncatedExtension(offset: Int)
    /// The padding count is 0 or larger than what follows the header.
    case invalidPadding(count: Int)
}

/// The fixed RTP header as we send it: version 2, no padding, extension or CSRC (RFC 3550 §5.1).
public struct RTPHeader: Hashable, Sendable {
    /// Octets of the fixed header.
    public static let byteCount = 12

    public var marker: Bool
    /// 0...127.
    public var payloadType: UInt8
    public var sequence: SequenceNumber
    public var timestamp: RTPTimestamp
    /// SSRC.
    public var synchronizationSource: UInt32

    public init(
        marker: Bool = false, payloadType: UInt8, sequence: SequenceNumber, timestamp: RTPTimestamp,
        synchronizationSource: UInt32
    ) {
        self.marker = marker
        self.payloadType = payloadType
        self.sequence = sequence
        self.timestamp = timestamp
        self.synchronizationSource = synchronizationSource
    }

    /// Replaces what `packet` holds with this header and `payload`.
    ///
    /// - Returns: False, leaving the block empty, when they do not fit.
    @discardableResult
    public func pack(_ payload: RawSpan, into packet: inout OwnedBytes) -> Bool {
        guard Self.byteCount + payload.byteCount <= packet.capacity else {
            packet.removeAll()
            return false
        }
        packet.fill { block in
            write(into: block)
            payload.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: block[Self.byteCount...]).copyMemory(from: bytes)
            }
            return Self.byteCount + payload.byteCount
        }
        return true
    }

    /// Writes the 12 octets at the start of `block`, which has room for them.
    @inline(__always) func write(into block: UnsafeMutableRawBufferPointer) {
        precondition(block.count >= Self.byteCount, "an RTP header has 12 octets")
        block[0] = 0x80
        block[1] = (marker ? 0x80 : 0) | payloadType & 0x7F
        block.storeBytes(of: sequence.rawValue.bigEndian, toByteOffset: 2, as: UInt16.self)
        block.storeBytes(of: timestamp.rawValue.bigEndian, toByteOffset: 4, as: UInt32.self)
        block.storeBytes(of: synchronizationSource.bigEndian, toByteOffset: 8, as: UInt32.self)
    }
}

/// A received RTP packet: its header, and where the payload lies in the datagram (RFC 3550 §5.1, §5.3.1).
///
/// CSRC list, header extension and padding are checked and skipped.
public struct RTPPacket: Hashable, Sendable {
    public let header: RTPHeader
    /// Offsets of the payload in the datagram; may be empty.
    public let payload: Range<Int>

    /// Whether a datagram on a port that RTP and RTCP share is RTCP: its second octet is 192...223, where RTP would
    /// have a marker and a payload type of 64...95, which are not given out (RFC 5761 §4).
    public static func isControl(_ datagram: RawSpan) -> Bool {
        datagram.byteCount >= 2 && (192...223).contains(datagram.uint8(at: 1))
    }

    /// - Throws: ``RTPPacketError`` for anything whose lengths do not add up.
    public init(parsing datagram: RawSpan) throws(RTPPacketError) {
        let byteCount = datagram.byteCount
        guard byteCount >= RTPHeader.byteCount else { throw .tooShort(byteCount: byteCount) }
        let flags = datagram.uint8(at: 0)
        guard flags >> 6 == 2 else { throw .unsupportedVersion(flags >> 6) }

        let sources = Int(flags & 0x0F)
        var start = RTPHeader.byteCount + 4 * sources
        guard start <= byteCount else { throw .truncatedContributingSources(count: sources) }
        if flags & 0x10 != 0 {
            guard start + 4 <= byteCount else { throw .truncatedExtension(offset: start) }
            let end = start + 4 + 4 * Int(datagram.uint16(at: start + 2))
            guard end <= byteCount else { throw .truncatedExtension(offset: start) }
            start = end
        }
        var end = byteCount
        if flags & 0x20 != 0 {
            let padding = Int(datagram.uint8(at: byteCount - 1))
            guard padding > 0, padding <= byteCount - start else { throw .invalidPadding(count: padding) }
            end -= padding
        }

        let second = datagram.uint8(at: 1)
        header = RTPHeader(
            marker: second & 0x80 != 0, payloadType: second & 0x7F,
            sequence: SequenceNumber(datagram.uint16(at: 2)),
            timestamp: RTPTimestamp(datagram.uint32(at: 4)), synchronizationSource: datagram.uint32(at: 8))
        payload = start..<end
    }
}
