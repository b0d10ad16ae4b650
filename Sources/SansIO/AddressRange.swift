/// A block of IPv4 or IPv6 addresses: an address and how many of its leading bits count (CIDR, RFC 4632 §3.1).
public struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    private let family: SocketAddress.Family
    private let high: UInt64
    private let low: UInt64
    private let prefixLength: Int

    /// One address alone; its port does not count.
    public init(_ address: SocketAddress) {
        self.init(address, prefixLength: address.family == .ipv4 ? 32 : 128)
    }

    /// `192.0.2.0/24`, `2001:db8::/32`, or an address without a length for that one alone.
    ///
    /// Bits of the address beyond the length do not count.
    ///
    /// - Returns: `nil` for anything else, names included.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let address = SocketAddress(host: first, port: 0)
        else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(digits), length <= (address.family == .ipv4 ? 32 : 128)
        else { return nil }
        self.init(address, prefixLength: length)
    }

    private init(_ address: SocketAddress, prefixLength: Int) {
        family = address.family
        self.prefixLength = prefixLength
        (high, low) = Self.prefix(of: address, prefixLength)
    }

    /// Whether `address` lies in the block, whatever its port.
    public func contains(_ address: SocketAddress) -> Bool {
        address.family == family && Self.prefix(of: address, prefixLength) == (high, low)
    }

    public var description: String {
        let address =
            family == .ipv4
            ? SocketAddress(ipv4: UInt32(truncatingIfNeeded: high >> 32), port: 0)
            : SocketAddress(ipv6High: high, low: low, port: 0)
        return "\(address.host)/\(prefixLength)"
    }

    /// The leading bits; an IPv4 address stands in the first 32.
    private static func prefix(of address: SocketAddress, _ length: Int) -> (UInt64, UInt64) {
        let bits =
            address.ipv4.map { (high: UInt64($0) << 32, low: UInt64(0)) } ?? address.ipv6 ?? (0, 0)
        // Shifts beyond the width give zero, which is what no bits and all bits need.
        return (bits.high & ~(UInt64.max >> length), bits.low & ~(UInt64.max >> max(0, length - 64)))
    }
}
