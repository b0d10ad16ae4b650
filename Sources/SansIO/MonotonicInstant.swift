/// A point on the driver's monotonic clock, for timers and pacing.
///
/// The origin is the driver's own: boot time live, the start of the world in simulation. It is neither a wall
/// clock (``WallClockInstant``) nor media time (RTP timestamps), and the three types never mix.
public struct MonotonicInstant: InstantProtocol, Hashable, Comparable, Sendable {
    /// Nanoseconds since the driver's origin.
    public var nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// This instant moved by `duration`; saturates at the ends of the clock.
    @inlinable public func advanced(by duration: Duration) -> Self {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
        guard overflow else { return Self(nanoseconds: sum) }
        return Self(nanoseconds: duration < .zero ? .min : .max)
    }

    /// The time from here to `other`; negative when `other` is earlier.
    @inlinable public func duration(to other: Self) -> Duration {
        .nanoseconds(other.nanoseconds &- nanoseconds)
    }

    /// The earlier of two deadlines, either of which may be none.
    @inlinable public static func earlier(_ one: Self?, _ other: Self?) -> Self? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }
}

/// A point on the wall clock, for calling hours, records and reports.
public struct WallClockInstant: Hashable, Comparable, Sendable, Codable {
    /// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var nanosecondsSinceEpoch: Int64

    @inlinable public init(nanosecondsSinceEpoch: Int64) {
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
    }

    /// - Parameter secondsSinceEpoch: Whole seconds since 1970-01-01T00:00:00Z.
    @inlinable public init(secondsSinceEpoch: Int64) {
        let (product, overflow) = secondsSinceEpoch.multipliedReportingOverflow(by: 1_000_000_000)
        nanosecondsSinceEpoch = overflow ? (secondsSinceEpoch < 0 ? .min : .max) : product
    }

    @inlinable public static func < (left: Self, right: Self) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }

    /// This instant moved by `duration`; saturates at the ends of the clock.
    @inlinable public func advanced(by duration: Duration) -> Self {
        let (sum, overflow) = nanosecondsSinceEpoch.addingReportingOverflow(duration.nanoseconds)
        guard overflow else { return Self(nanosecondsSinceEpoch: sum) }
        return Self(nanosecondsSinceEpoch: duration < .zero ? .min : .max)
    }

    /// The time from here to `other`; negative when `other` is earlier.
    @inlinable public func duration(to other: Self) -> Duration {
        .nanoseconds(other.nanosecondsSinceEpoch &- nanosecondsSinceEpoch)
    }
}

extension Duration {
    /// Whole nanoseconds, saturating at about ±292 years.
    @inlinable public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds as a floating-point number, for reports.
    @inlinable public var inSeconds: Double { Double(nanoseconds) / 1e9 }

    /// Milliseconds as a floating-point number, for reports.
    @inlinable public var inMilliseconds: Double { Double(nanoseconds) / 1e6 }
}
