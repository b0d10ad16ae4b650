internal import SansIO

/// How often one address (of IPv6: one network of 64 bits) may call, and how often an observer hears of those turned away.
///
/// A fixed table: two addresses that fall on one bucket share it, so that no flood of addresses makes it grow or
/// pushes anybody out.
struct InboundGuard: Sendable {
    private struct Bucket {
        /// Thousandths of a call that may come at `updated`.
        var tokens: Int64
        var updated: MonotonicInstant
    }

    private static let bucketCount = 1_024
    private static let reportInterval = Duration.seconds(1)

    private let rate: Int64
    private let salt: UInt64
    private var buckets: [Bucket?] = []
    private var refused = 0
    private var lastReport: MonotonicInstant?

    /// - Parameters:
    ///   - rate: Calls per second and address, and the size of a burst; less than 1 counts as 1.
    ///   - salt: Random, so that nobody can choose whose bucket it shares.
    init(rate: Int, salt: UInt64) {
        self.rate = Int64(max(1, min(rate, 1_000_000)))
        self.salt = salt
    }

    /// Takes one call from `source` into account.
    ///
    /// - Returns: Whether it keeps to the rate.
    mutating func admits(_ source: SocketAddress, at now: MonotonicInstant) -> Bool {
        if buckets.isEmpty { buckets = Array(repeating: nil, count: Self.bucketCount) }
        let index = bucket(of: source)
        let full = rate * 1_000
        var bucket = buckets[index] ?? Bucket(tokens: full, updated: now)
        let elapsed = max(0, min(bucket.updated.duration(to: now).nanoseconds, 10_000_000_000))
        bucket.tokens = min(full, bucket.tokens + elapsed / 1_000_000 * rate)
        // What is left of a millisecond counts next time.
        bucket.updated = bucket.updated.advanced(by: .nanoseconds(elapsed - elapsed % 1_000_000))
        if elapsed == 10_000_000_000 { bucket.updated = now }
        defer { buckets[index] = bucket }
        guard bucket.tokens >= 1_000 else { return false }
        bucket.tokens -= 1_000
        return true
    }

    /// Counts one that was turned away.
    ///
    /// - Returns: What to tell; `nil` as a rule.
    mutating func refuse(
        _ source: SocketAddress, _ reason: RefusedCallers.Reason, at now: MonotonicInstant
    ) -> RefusedCallers? {
        refused += 1
        if let lastReport, lastReport.duration(to: now) < Self.reportInterval { return nil }
        lastReport = now
        defer { refused = 0 }
        return RefusedCallers(source: source, reason: reason, count: refused, instant: now)
    }

    private func bucket(of source: SocketAddress) -> Int {
        // Hasher is seeded per process and would break replay.
        var hash = salt
        // Of IPv6 the network of 64 bits: one subscriber has all of its addresses.
        let network = source.network
        hash = (hash ^ (network.ipv4.map(UInt64.init) ?? network.ipv6?.high ?? 0)) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
        hash = (hash ^ (network.family == .ipv6 ? 1 : 0)) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
        return Int(hash % UInt64(Self.bucketCount))
    }
}
