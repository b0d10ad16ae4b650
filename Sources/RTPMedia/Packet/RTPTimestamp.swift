/// A 32-bit RTP timestamp in units of the payload's clock, with wrap-around order (RFC 3550 §5.1, RFC 1982 §3.2).
///
/// Not `Comparable` on purpose, as with ``SequenceNumber``.
public struct RTPTimestamp: Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// Units from `self` to `other`, in the range of `Int32`; positive when `other` is later.
    @inlinable public func distance(to other: Self) -> Int {
        Int(Int32(bitPattern: other.rawValue &- rawValue))
    }

    /// The timestamp `units` later; earlier when negative. Wraps.
    @inlinable public func advanced(by units: Int) -> Self {
        Self(rawValue &+ UInt32(truncatingIfNeeded: units))
    }
}
