public import SansIO

/// When the next call may start: so many per minute, evenly spaced, and so many at once.
///
/// A late start is never caught up with a burst, so no window of a minute ever sees more than the rate.
public struct Pacing: Hashable, Sendable {
    public let callsPerMinute: Int
    public let maximumConcurrency: Int
    /// Calls begun and not ended.
    public private(set) var running = 0
    private var nextStart: MonotonicInstant?

    /// - Parameters:
    ///   - callsPerMinute: At least 1.
    ///   - maximumConcurrency: At least 1.
    public init(callsPerMinute: Int, maximumConcurrency: Int) {
        self.callsPerMinute = max(1, callsPerMinute)
        self.maximumConcurrency = max(1, maximumConcurrency)
    }

    /// Time between two starts, rounded up so that the rate is kept.
    public var interval: Duration {
        .nanoseconds((60_000_000_000 + Int64(callsPerMinute) - 1) / Int64(callsPerMinute))
    }

    /// The earliest instant at which a call may start; `nil` until one of those running ends.
    public func nextStart(after now: MonotonicInstant) -> MonotonicInstant? {
        guard running < maximumConcurrency else { return nil }
        return max(nextStart ?? now, now)
    }

    public func allowsStart(at now: MonotonicInstant) -> Bool { nextStart(after: now) == now }

    public mutating func started(at now: MonotonicInstant) {
        running += 1
        hold(until: now.advanced(by: interval))
    }

    public mutating func ended() { running = max(0, running - 1) }

    /// Starts nothing before `instant`, for example because another process started a call just before.
    public mutating func hold(until instant: MonotonicInstant) {
        nextStart = max(nextStart ?? instant, instant)
    }
}
