/// An IPv4 or IPv6 transport address: no names, no sockets.
public struct SocketAddress: Hashable, Sendable {
    /// The address family.
    public enum Family: UInt8, Hashable, Sendable { case ipv4, ipv6 }

    public let family: Family
    public var port: UInt16
    /// IPv6 scope (interface index) for link-local addresses; 0 otherwise.
    public var scope: UInt32
    /// First eight octets in network order (IPv6), or zero.
    @usableFromInline let high: UInt64
    /// Last eight octets in network order (IPv6), or the IPv4 address in the low 32 bits.
    @usableFromInline let low: UInt64

    /// An IPv4 address.
    ///
    /// - Parameter ipv4: The address as a number, most significant octet first: 127.0.0.1 is `0x7F00_0001`.
    @inlinable public init(ipv4: UInt32, port: UInt16) {
        family = .ipv4
        self.port = port
        scope = 0
        high = 0
        low = UInt64(ipv4)
    }

    /// An IPv6 address from its upper and lower eight octets.
    @inlinable public init(ipv6High: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
        family = .ipv6
        self.port = port
        self.scope = scope
        self.high = ipv6High
        self.low = low
    }

    /// The IPv4 address as a number; `nil` for IPv6.
    @inlinable public var ipv4: UInt32? { family == .ipv4 ? UInt32(truncatingIfNeeded: low) : nil }

    /// The two halves of an IPv6 address; `nil` for IPv4.
    @inlinable public var ipv6: (high: UInt64, low: UInt64)? { family == .ipv6 ? (high, low) : nil }

    /// The same host on another port.
    @inlinable public func with(port: UInt16) -> Self {
        var copy = self
        copy.port = port
        return copy
    }

    /// The host without port; for IPv6 the network of 64 bits, all of whose addresses are one subscriber's (RFC 6177).
    ///
    /// What limits a sender counts by it.
    public var network: Self {
        family == .ipv6 ? Self(ipv6High: high, low: 0, port: 0) : with(port: 0)
    }

    /// Whether both name the same host, ports aside.
    @inlinable public func isSameHost(as other: Self) -> Bool {
        family == other.family && high == other.high && low == other.low
    }

    /// True for 127.0.0.0/8 and ::1.
    public var isLoopback: Bool {
        switch family {
        case .ipv4: low >> 24 == 127
        case .ipv6: high == 0 && low == 1
        }
    }

    /// True for 0.0.0.0 and ::.
    public var isUnspecified: Bool { high == 0 && low == 0 }

    /// 127.0.0.1 on `port`.
    public static func loopback(port: UInt16) -> Self { Self(ipv4: 0x7F00_0001, port: port) }
}
