public import SansIO

/// Builds packets of the Homer Encapsulation Protocol, version 3 (EEP/HEP3), as capture servers take them.
///
/// Pure: no socket, no clock. One packet carries one message with its addresses, time and kind, each in a chunk of its own:
/// vendor (0: generic), type, length of the chunk, value; all numbers big-endian.
public struct HEPWriter: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Longest packet: its length has 16 bits, and it travels as one UDP datagram over IPv4.
    public static let maximumLength = 65_507

    /// Which of several captures it is, for the server.
    public var captureID: UInt32
    private var authenticationKey: [UInt8]

    /// - Parameters:
    ///   - authenticationKey: A password that the server may ask for; at most 255 bytes of it are sent. It never appears in a description.
    public init(captureID: UInt32 = 2_001, authenticationKey: String? = nil) {
        self.captureID = captureID
        self.authenticationKey = Array((authenticationKey ?? "").utf8.prefix(255))
    }

    public var description: String { "HEPWriter(capture \(captureID), key hidden)" }
    public var customMirror: Mirror { Mirror(self, children: ["captureID": captureID]) }

    private enum Chunk: UInt16 {
        case family = 1, ipProtocol, sourceIPv4, destinationIPv4, sourceIPv6, destinationIPv6, sourcePort
        case destinationPort, seconds, microseconds, payloadKind, captureID
        case authenticationKey = 14, payload = 15, correlationID = 17
    }

    /// Number of the kind of message, as capture servers know them; `nil` for what they do not take.
    private static func number(of kind: DatagramKind) -> UInt8? {
        switch kind {
        case .sip: 1
        case .rtp: 4
        case .rtcp: 5
        }
    }

    /// Appends the packet of one datagram.
    ///
    /// - Parameters:
    ///   - ipProtocol: 17 for UDP, 6 for TCP.
    ///   - correlationID: Call-ID, by which the server lays SIP and RTCP side by side; 255 bytes at most are sent.
    /// - Returns: False, appending nothing, when it would be longer than ``maximumLength`` or the addresses' families differ.
    @discardableResult
    public func append(
        _ payload: RawSpan, kind: DatagramKind, from source: SocketAddress, to destination: SocketAddress,
        at instant: WallClockInstant, ipProtocol: UInt8 = 17, correlationID: String?,
        into bytes: inout [UInt8]
    ) -> Bool {
        guard let number = Self.number(of: kind), source.family == destination.family else { return false }
        let start = bytes.count
        bytes += [0x48, 0x45, 0x50, 0x33, 0, 0]  // "HEP3", length to come.
        let isIPv4 = source.family == .ipv4
        Self.put(.family, [isIPv4 ? 2 : 10], into: &bytes)
        Self.put(.ipProtocol, [ipProtocol], into: &bytes)
        Self.put(isIPv4 ? .sourceIPv4 : .sourceIPv6, Self.octets(of: source), into: &bytes)
        Self.put(isIPv4 ? .destinationIPv4 : .destinationIPv6, Self.octets(of: destination), into: &bytes)
        Self.put(.sourcePort, Self.big(source.port), into: &bytes)
        Self.put(.destinationPort, Self.big(destination.port), into: &bytes)
        let nanoseconds = max(0, instant.nanosecondsSinceEpoch)
        Self.put(.seconds, Self.big(UInt32(clamping: nanoseconds / 1_000_000_000)), into: &bytes)
        Self.put(.microseconds, Self.big(UInt32(nanoseconds % 1_000_000_000 / 1_000)), into: &bytes)
        Self.put(.payloadKind, [number], into: &bytes)
        Self.put(.captureID, Self.big(captureID), into: &bytes)
        if !authenticationKey.isEmpty { Self.put(.authenticationKey, authenticationKey, into: &bytes) }
        if let correlationID { Self.put(.correlationID, Array(correlationID.utf8.prefix(255)), into: &bytes) }
        guard bytes.count - start + 6 + payload.byteCount <= Self.maximumLength else {
            bytes.removeSubrange(start...)
            return false
        }
        Self.head(.payload, length: payload.byteCount, into: &bytes)
        unsafe payload.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        let length = Self.big(UInt16(truncatingIfNeeded: bytes.count - start))
        bytes[start + 4] = length[0]
        bytes[start + 5] = length[1]
        return true
    }

    private static func head(_ chunk: Chunk, length: Int, into bytes: inout [UInt8]) {
        bytes += [0, 0]
        bytes += big(chunk.rawValue)
        bytes += big(UInt16(truncatingIfNeeded: length + 6))
    }

    private static func put(_ chunk: Chunk, _ value: [UInt8], into bytes: inout [UInt8]) {
        head(chunk, length: value.count, into: &bytes)
        bytes += value
    }

    private static func big<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func octets(of address: SocketAddress) -> [UInt8] {
        if let ipv4 = address.ipv4 { return big(ipv4) }
        guard let (high, low) = address.ipv6 else { return [UInt8](repeating: 0, count: 16) }
        return big(high) + big(low)
    }
}
