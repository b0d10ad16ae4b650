package import SansIO

/// One direction between two hosts: a model, its state and its own stream of randomness. Pure.
package struct NetworkLink: Sendable {
    /// What became of one datagram.
    package enum Passage: Hashable, Sendable {
        case lost(LossReason)
        case arrives(at: MonotonicInstant)
        /// Arrives twice.
        case arrivesTwice(at: MonotonicInstant, again: MonotonicInstant)
    }

    package var model: NetworkModel { didSet { prepare() } }
    private var generator: SeededGenerator
    private var isInBurst = false
    private var lateness = 0.0
    private var lastArrival = Int64.min
    private var lineIsFreeAt = Int64.min

    // The model's durations in nanoseconds, and the weight of fresh noise: worked out once, not per datagram.
    private var latency: Int64 = 0
    private var jitter = 0.0
    private var reorderDelay: Int64 = 0
    private var queueLimit: Int64 = 0
    private var noise = 1.0

    package init(model: NetworkModel, generator: SeededGenerator) {
        self.model = model
        self.generator = generator
        prepare()
    }

    private mutating func prepare() {
        latency = model.latency.nanoseconds
        jitter = Double(model.jitter.nanoseconds)
        reorderDelay = model.reorderDelay.nanoseconds
        queueLimit = model.queueLimit.nanoseconds
        let correlation = model.jitterCorrelation
        noise = (1 - correlation * correlation).squareRoot()
    }

    /// Sends a datagram into the link.
    package mutating func send(byteCount: Int, at now: MonotonicInstant) -> Passage {
        if isLostInBurst() || (model.loss > 0 && generator.chance(model.loss)) { return .lost(.network) }
        guard let departure = departure(byteCount: byteCount, at: now.nanoseconds) else {
            return .lost(.queueFull)
        }
        var arrival = departure + latency + drawLateness()
        if model.reorder > 0, generator.chance(model.reorder) {
            arrival += reorderDelay
        } else {
            arrival = max(arrival, lastArrival)
            lastArrival = arrival
        }
        let instant = MonotonicInstant(nanoseconds: arrival)
        guard model.duplication > 0, generator.chance(model.duplication) else { return .arrives(at: instant) }
        // The copy took another way and is up to a jitter later.
        let copy = arrival + Int64(generator.nextUnit() * max(jitter, 1e6))
        return .arrivesTwice(at: instant, again: MonotonicInstant(nanoseconds: copy))
    }

    private mutating func isLostInBurst() -> Bool {
        guard let burst = model.burst else { return false }
        if generator.chance(isInBurst ? burst.leave : burst.enter) { isInBurst.toggle() }
        return isInBurst && generator.chance(burst.loss)
    }

    /// When the last bit is on the line; `nil` when the queue before the line is full.
    private mutating func departure(byteCount: Int, at now: Int64) -> Int64? {
        guard let rate = model.bitsPerSecond, rate > 0 else { return now }
        let start = max(now, lineIsFreeAt)
        guard start - now <= queueLimit else { return nil }
        lineIsFreeAt = start + Int64(byteCount + 28) * 8_000_000_000 / Int64(rate)
        return lineIsFreeAt
    }

    /// The absolute value of a nearly normal draw: four 16-bit uniforms, so that every machine draws the same.
    private mutating func drawLateness() -> Int64 {
        guard jitter > 0 else { return 0 }
        let bits = generator.next()
        let sum = bits & 0xFFFF + bits >> 16 & 0xFFFF + bits >> 32 & 0xFFFF + bits >> 48
        // Mean 2 × 65,535; one standard deviation is 65,536 / √3.
        let fresh = (Double(sum) - 131_070) / 37_837.22
        lateness = model.jitterCorrelation * lateness + noise * fresh
        return Int64(abs(lateness) * jitter)
    }
}

/// Why a datagram did not arrive.
public enum LossReason: UInt8, Hashable, Sendable {
    /// The link's random or burst loss.
    case network
    /// The queue before a line of limited capacity was full.
    case queueFull
    /// The ``FaultPlan`` said so.
    case fault
    /// No such host or port, or the socket was closed meanwhile.
    case unreachable
    /// The socket of the receiver was full.
    case socketFull
    /// Longer than a UDP datagram can be, or than the receiver's buffer.
    case oversize
}
