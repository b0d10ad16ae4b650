internal import SansIO

/// The nonces of our challenges: how long they are good, and which counts of them have been used (RFC 7616 §3.4, §5.12).
///
/// A nonce is the time of its issue and a keyed hash of that, so nothing is kept until it is used. A used one keeps its
/// highest count and which of the 63 below it have been seen, since requests may arrive out of order. At
/// ``capacity`` the nonce that was used first is given up, and with it every older one that is not in the table: they
/// are stale then, which costs their users one more challenge.
struct NonceLedger: Sendable {
    private struct Use: Sendable {
        var highest: UInt32
        /// Bit n: count `highest - n` has been seen.
        var seen: UInt64
    }

    static let lifetime = Duration.seconds(300)
    static let defaultCapacity = 65_536

    private let capacity: Int
    private var uses: [UInt64: Use] = [:]
    /// Keys of `uses` in the order of their first use; a ring once it is full.
    private var order: [UInt64] = []
    private var oldest = 0
    /// The last time of issue that was given out: no nonce is given out twice.
    private var latest = UInt64(0)
    /// Nonces up to this one that are not in the table are stale.
    private var floor = UInt64(0)

    init(capacity: Int = defaultCapacity) { self.capacity = max(1, capacity) }

    /// Nonces that are kept account of.
    var count: Int { uses.count }

    /// The time of issue for a new nonce, unlike any before.
    mutating func stamp(at now: MonotonicInstant) -> UInt64 {
        latest = max(latest &+ 1, Self.number(now))
        return latest
    }

    /// Whether a nonce of ours may still be used, and this count of it has not been.
    ///
    /// - Parameter count: `nc`; 0 for an answer of the older form without one, which is good once.
    func isFresh(stamp: UInt64, count: UInt32, at now: MonotonicInstant) -> Bool {
        guard stamp <= max(latest, Self.number(now)) else { return false }
        let age = Self.number(now) > stamp ? Self.number(now) - stamp : 0
        guard age <= UInt64(Self.lifetime.nanoseconds) else { return false }
        guard let use = uses[stamp] else { return stamp > floor }
        let count = max(1, count)
        guard count <= use.highest else { return true }
        let distance = use.highest - count
        return distance < 64 && use.seen & (1 << UInt64(distance)) == 0
    }

    /// Notes that this count of a fresh nonce was used.
    mutating func use(stamp: UInt64, count: UInt32) {
        let count = max(1, count)
        guard var use = uses[stamp] else {
            uses[stamp] = Use(highest: count, seen: 1)
            guard order.count == capacity else { return order.append(stamp) }
            let given = order[oldest]
            uses[given] = nil
            floor = max(floor, given)
            order[oldest] = stamp
            oldest = (oldest + 1) % capacity
            return
        }
        if count > use.highest {
            let distance = count - use.highest
            use.seen = distance < 64 ? use.seen << UInt64(distance) | 1 : 1
            use.highest = count
        } else if use.highest - count < 64 {
            use.seen |= 1 << UInt64(use.highest - count)
        }
        uses[stamp] = use
    }

    /// Order-preserving, so that a clock that starts below zero has nonces too.
    private static func number(_ instant: MonotonicInstant) -> UInt64 {
        UInt64(bitPattern: instant.nanoseconds) ^ (1 << 63)
    }
}
