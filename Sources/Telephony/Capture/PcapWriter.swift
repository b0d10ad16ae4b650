public import SansIO

/// Builds the bytes of a classic pcap file: UDP datagrams with the IP headers that they would have had on the wire.
///
/// Pure: no file, no clock. Little-endian, LINKTYPE_RAW or Ethernet, one record per datagram, checksums right.
public struct PcapWriter: Hashable, Sendable {
    /// What stands in front of the IP header.
    public enum LinkType: UInt32, Hashable, Sendable {
        case ethernet = 1
        /// Nothing (LINKTYPE_RAW).
        case raw = 101
    }

    /// Unit of the records' time stamps.
    public enum Resolution: Hashable, Sendable {
        case microseconds
        case nanoseconds
    }

    /// Longest UDP payload over IPv4 without options.
    public static let maximumPayload = 65_507
    private static let snapLength: UInt32 = 262_144

    public let linkType: LinkType
    public let resolution: Resolution

    public init(linkType: LinkType = .raw, resolution: Resolution = .nanoseconds) {
        self.linkType = linkType
        self.resolution = resolution
    }

    /// The 24 bytes in front of the first record.
    public var header: [UInt8] {
        var bytes: [UInt8] = []
        Self.little(resolution == .nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4, into: &bytes)
        bytes += [2, 0, 4, 0]  // Version 2.4.
        bytes += [0, 0, 0, 0, 0, 0, 0, 0]  // UTC, accuracy unknown.
        Self.little(Self.snapLength, into: &bytes)
        Self.little(linkType.rawValue, into: &bytes)
        return bytes
    }

    /// Appends the record of one datagram.
    ///
    /// When the families differ, the IPv4 address is shown as `::ffff:a.b.c.d`.
    ///
    /// - Returns: False, appending nothing, when the payload is longer than ``maximumPayload``.
    @discardableResult
    public func append(
        _ payload: RawSpan, from source: SocketAddress, to destination: SocketAddress,
        at instant: WallClockInstant, into bytes: inout [UInt8]
    ) -> Bool {
        guard payload.byteCount <= Self.maximumPayload else { return false }
        let isIPv4 = source.family == .ipv4 && destination.family == .ipv4
        let length = (linkType == .ethernet ? 14 : 0) + (isIPv4 ? 20 : 40) + 8 + payload.byteCount
        appendRecordHeader(at: instant, length: UInt32(length), into: &bytes)
        if linkType == .ethernet {
            // Locally administered addresses: the frame never was on a cable.
            bytes += [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
            bytes += isIPv4 ? [0x08, 0x00] : [0x86, 0xDD]
        }
        let udpLength = UInt16(8 + payload.byteCount)
        let ip = bytes.count
        if isIPv4 {
            bytes += [0x45, 0]
            Self.big(20 + udpLength, into: &bytes)
            bytes += [0, 0, 0x40, 0, 64, 17, 0, 0]  // Not to be fragmented, 64 hops, UDP, checksum to come.
            Self.appendAddress(source, asIPv4: true, into: &bytes)
            Self.appendAddress(destination, asIPv4: true, into: &bytes)
            Self.put(Self.checksum(of: bytes, in: ip..<ip + 20, startingAt: 0), at: ip + 10, of: &bytes)
        } else {
            bytes += [0x60, 0, 0, 0]
            Self.big(udpLength, into: &bytes)
            bytes += [17, 64]
            Self.appendAddress(source, asIPv4: false, into: &bytes)
            Self.appendAddress(destination, asIPv4: false, into: &bytes)
        }
        let udp = bytes.count
        Self.big(source.port, into: &bytes)
        Self.big(destination.port, into: &bytes)
        Self.big(udpLength, into: &bytes)
        Self.big(0, into: &bytes)
        payload.withUnsafeBytes { bytes.append(contentsOf: $0) }
        // Over the pseudo header too (RFC 768, RFC 8200 §8.1); 0 would mean "none".
        let addresses = (isIPv4 ? ip + 12 : ip + 8)..<udp
        let pseudo = Self.sum(of: bytes, in: addresses) + 17 + UInt32(udpLength)
        let checksum = Self.checksum(of: bytes, in: udp..<bytes.count, startingAt: pseudo)
        Self.put(checksum == 0 ? 0xFFFF : checksum, at: udp + 6, of: &bytes)
        return true
    }

    private func appendRecordHeader(at instant: WallClockInstant, length: UInt32, into bytes: inout [UInt8]) {
        let nanoseconds = max(0, instant.nanosecondsSinceEpoch)
        let fraction = nanoseconds % 1_000_000_000
        Self.little(UInt32(clamping: nanoseconds / 1_000_000_000), into: &bytes)
        Self.little(UInt32(resolution == .nanoseconds ? fraction : fraction / 1_000), into: &bytes)
        Self.little(length, into: &bytes)
        Self.little(length, into: &bytes)
    }

    // MARK: Bytes

    private static func appendAddress(
        _ address: SocketAddress, asIPv4: Bool, into bytes: inout [UInt8]
    ) {
        if let ipv4 = address.ipv4 {
            if !asIPv4 { bytes += [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] }
            big(UInt16(truncatingIfNeeded: ipv4 >> 16), into: &bytes)
            big(UInt16(truncatingIfNeeded: ipv4), into: &bytes)
        } else if let (high, low) = address.ipv6 {
            for half in [high, low] {
                for shift in stride(from: 48, through: 0, by: -16) {
                    big(UInt16(truncatingIfNeeded: half >> UInt64(shift)), into: &bytes)
                }
            }
        }
    }

    private static func little(_ value: UInt32, into bytes: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func big(_ value: UInt16, into bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    private static func put(_ value: UInt16, at offset: Int, of bytes: inout [UInt8]) {
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// Sum of the 16-bit words; an odd byte counts as the upper half of one. 65,535 words do not overflow it.
    private static func sum(of bytes: [UInt8], in range: Range<Int>) -> UInt32 {
        var sum: UInt32 = 0
        var index = range.lowerBound
        while index + 1 < range.upperBound {
            sum &+= UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
            index += 2
        }
        if index < range.upperBound { sum &+= UInt32(bytes[index]) << 8 }
        return sum
    }

    /// The Internet checksum (RFC 1071).
    private static func checksum(of bytes: [UInt8], in range: Range<Int>, startingAt start: UInt32) -> UInt16
    {
        var total = UInt64(start) + UInt64(sum(of: bytes, in: range))
        while total > 0xFFFF { total = total >> 16 + total & 0xFFFF }
        return ~UInt16(truncatingIfNeeded: total)
    }
}
