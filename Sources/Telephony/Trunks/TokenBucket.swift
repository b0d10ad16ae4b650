internal import SansIO

/// Starts at a limited rate, evenly: the bucket holds one token, and another comes every interval.
///
/// So no second, wherever it begins, holds more starts than the rate.
struct TokenBucket: Hashable, Sendable {
    private let interval: Duration
    /// When the next token is there.
    private var next = MonotonicInstant(nanoseconds: .min)

    /// - Parameter rate: Starts per second, more than 0.
    init(rate: Double) {
        // Rounded up, so that as many intervals as the rate says are never less than a second.
        interval = .nanoseconds(Int64((1e9 / max(rate, 0.001)).rounded(.up)))
    }

    /// The earliest instant, from `now` on, at which a token can be taken.
    func readyAt(_ now: MonotonicInstant) -> MonotonicInstant { max(next, now) }

    /// Takes a token. Only when ``readyAt(_:)`` says so.
    mutating func take(at now: MonotonicInstant) { next = now.advanced(by: interval) }
}
