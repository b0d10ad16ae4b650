/// The named timers of one machine: a fixed table of optional deadlines and their minimum.
///
/// `Timer` is an enum with raw values `0..<10`; the table holds no clock and starts nothing by itself.
public struct TimerTable<Timer: RawRepresentable & CaseIterable>: Sendable where Timer.RawValue == Int {
    // Int64.max stands for "stopped": one comparison per slot and no optionals in the table.
    @usableFromInline var deadlines: InlineArray<10, Int64>

    @inlinable public init() {
        assert(Timer.allCases.allSatisfy { (0..<10).contains($0.rawValue) }, "raw values are 0..<10")
        deadlines = InlineArray(repeating: .max)
    }

    @inlinable public mutating func set(_ timer: Timer, to deadline: MonotonicInstant) {
        deadlines[timer.rawValue] = deadline.nanoseconds
    }

    @inlinable public mutating func stop(_ timer: Timer) { deadlines[timer.rawValue] = .max }

    @inlinable public mutating func stopAll() { deadlines = InlineArray(repeating: .max) }

    /// When `timer` fires; `nil` when it is stopped.
    @inlinable public func deadline(of timer: Timer) -> MonotonicInstant? {
        let value = deadlines[timer.rawValue]
        return value == .max ? nil : MonotonicInstant(nanoseconds: value)
    }

    /// The earliest deadline; `nil` when all timers are stopped.
    @inlinable public var next: MonotonicInstant? {
        let span = deadlines.span
        var least = Int64.max
        for index in span.indices { least = min(least, span[index]) }
        return least == .max ? nil : MonotonicInstant(nanoseconds: least)
    }

    /// Stops and returns one timer that is due at `now`: the earliest, and of equals the one with the least raw value.
    ///
    /// - Returns: `nil` when no timer is due.
    @inlinable public mutating func popDue(at now: MonotonicInstant) -> Timer? {
        guard let timer = earliest, let deadline = deadline(of: timer), deadline <= now else { return nil }
        stop(timer)
        return timer
    }

    @inlinable var earliest: Timer? {
        let span = deadlines.span
        var first = -1
        var least = Int64.max
        for index in span.indices where span[index] < least {
            least = span[index]
            first = index
        }
        return first < 0 ? nil : Timer(rawValue: first)
    }
}
