/// A 16-bit RTP sequence number with wrap-around order (RFC 3550 §5.1, RFC 1982 §3.2).
///
/// Not `Comparable` on purpose: serial order is not transitive across the full ring.
public struct SequenceNumber: Hashable, Sendable {
    public var rawValue: UInt16

    @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// Packets from `self` to `other`, in `-32_768...32_767`; positive when `other` is newer.
    @inlinable public func distance(to other: Self) -> Int {
        Int(Int16(bitPattern: other.rawValue &- rawValue))
    }

    /// The number `count` packets later; earlier when negative. Wraps.
    @inlinable public func advanced(by count: Int) -> Self {
        Self(rawValue &+ UInt16(truncatingIfNeeded: count))
    }
}
