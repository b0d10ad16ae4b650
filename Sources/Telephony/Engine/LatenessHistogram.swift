internal import SansIO

/// How late frames left after their 20 ms deadline: 50 µs wide buckets up to 51.2 ms, then one for the rest.
public struct LatenessHistogram: Hashable, Sendable {
    private static let width: Int64 = 50_000
    private static let buckets = 1_024

    private var counts = [UInt32](repeating: 0, count: Self.buckets + 1)
    public private(set) var count = 0
    public private(set) var maximum = Duration.zero

    public init() {}

    mutating func record(_ lateness: Duration) {
        let nanoseconds = max(0, lateness.nanoseconds)
        let bucket = min(Self.buckets, Int(nanoseconds / Self.width))
        counts[bucket] &+= 1
        count += 1
        maximum = max(maximum, lateness)
    }

    mutating func add(_ other: Self) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The upper edge of the bucket in which the `fraction` of all frames (0...1) was reached; zero without frames.
    public func percentile(_ fraction: Double) -> Duration {
        guard count > 0 else { return .zero }
        let wanted = max(1, Int((Double(count) * min(max(fraction, 0), 1)).rounded(.up)))
        var seen = 0
        for (bucket, value) in counts.enumerated() {
            seen += Int(value)
            guard seen >= wanted else { continue }
            return bucket == Self.buckets ? maximum : .nanoseconds(Int64(bucket + 1) * Self.width)
        }
        return maximum
    }
}
