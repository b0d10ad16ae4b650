internal import SansIO

/// How many connections a second strangers may open: a bucket of one second's worth, filled evenly.
struct AcceptRate {
    private let rate: Int64
    /// Thousandths of a connection that may come at `updated`.
    private var tokens: Int64
    private var updated: MonotonicInstant?

    /// - Parameter rate: Less than 1 counts as 1.
    init(perSecond rate: Int) {
        self.rate = Int64(max(1, min(rate, 1_000_000)))
        tokens = self.rate * 1_000
    }

    /// - Returns: Whether one more keeps to the rate; then it is counted.
    mutating func take(at now: MonotonicInstant) -> Bool {
        let elapsed = updated.map { max(0, min($0.duration(to: now).nanoseconds, 1_000_000_000)) } ?? 0
        // What is left of a millisecond counts next time.
        let whole = elapsed / 1_000_000
        tokens = min(rate * 1_000, tokens + whole * rate)
        updated = elapsed == 1_000_000_000 ? now : updated?.advanced(by: .milliseconds(whole)) ?? now
        guard tokens >= 1_000 else { return false }
        tokens -= 1_000
        return true
    }
}
