internal import SansIO

/// Absolute deadlines every 20 ms from one origin: late wake-ups never move them.
struct TickGrid: Sendable {
    static let interval = Duration.milliseconds(20)
    /// Ticks made up for at once after a late wake-up; older ones are skipped and counted.
    static let catchUpLimit = 5

    private(set) var next: MonotonicInstant
    /// Ticks that passed without their work.
    private(set) var skipped = 0

    /// - Parameter origin: The first deadline.
    init(origin: MonotonicInstant) { next = origin }

    /// Takes the first deadline that is due.
    ///
    /// - Returns: `nil` when none is due at `now`.
    mutating func popDue(at now: MonotonicInstant) -> MonotonicInstant? {
        guard next <= now else { return nil }
        let interval = Self.interval.nanoseconds
        let behind = (now.nanoseconds &- next.nanoseconds) / interval
        if behind >= Int64(Self.catchUpLimit) {
            let surplus = behind - Int64(Self.catchUpLimit) + 1
            skipped += Int(surplus)
            next = MonotonicInstant(nanoseconds: next.nanoseconds &+ surplus &* interval)
        }
        defer { next = next.advanced(by: Self.interval) }
        return next
    }

    /// Starts again, keeping the phase, after a time in which no tick was wanted.
    mutating func resume(at now: MonotonicInstant) {
        guard next < now else { return }
        let interval = Self.interval.nanoseconds
        let periods = (now.nanoseconds &- next.nanoseconds &+ interval - 1) / interval
        next = MonotonicInstant(nanoseconds: next.nanoseconds &+ periods &* interval)
    }
}
