/// How one direction of a link treats datagrams. Values only; ``NetworkLink`` applies them.
///
/// Queues on a path are first in, first out, so jitter alone never reorders; ``reorder`` does.
public struct NetworkModel: Hashable, Sendable {
    /// Loss in bursts: a two-state chain, advanced once per datagram (Gilbert and Elliott).
    public struct Burst: Hashable, Sendable {
        /// Chance per datagram to enter the bad state, 0...1.
        public var enter: Double
        /// Chance per datagram to leave it, 0...1; its inverse is the mean length of a burst.
        public var leave: Double
        /// Chance of loss inside the bad state, 0...1.
        public var loss: Double

        public init(enter: Double, leave: Double, loss: Double = 1) {
            self.enter = enter
            self.leave = leave
            self.loss = loss
        }
    }

    /// Least one-way delay.
    public var latency = Duration.zero
    /// How uneven the delay is: a datagram is late by the size of a normal draw with this standard deviation, so by
    /// 0.8 times as much on average and by 3.5 times as much at most.
    public var jitter = Duration.zero
    /// How much a datagram's lateness resembles that of the one before, 0..<1.
    public var jitterCorrelation = 0.0
    /// Chance of independent loss, 0...1.
    public var loss = 0.0
    public var burst: Burst?
    /// Chance that a datagram is held back by ``reorderDelay`` while later ones pass it, 0...1.
    public var reorder = 0.0
    public var reorderDelay = Duration.milliseconds(30)
    /// Chance that a datagram arrives twice, 0...1.
    public var duplication = 0.0
    /// Capacity of the line, payload and 28 bytes of IP and UDP headers counted; `nil` for no limit.
    public var bitsPerSecond: Int?
    /// Longest wait for the line; a datagram that would wait longer is lost (full queue).
    public var queueLimit = Duration.milliseconds(200)

    /// Streams (TCP) are cut into segments whose sizes are drawn from 1 up to this; `nil` for 1,460 bytes each.
    public var largestSegment: Int?

    public init() {}

    /// One millisecond and nothing else.
    public static let perfect = make(latency: 1)
    /// A switched office network.
    public static let lan = make(latency: 0.3, jitter: 0.05)
    /// A good wired path through the Internet.
    public static let internet = make(latency: 20, jitter: 1, loss: 0.001)
    /// A busy home wireless network.
    public static let wifi = make(
        latency: 4, jitter: 4, correlation: 0.5, loss: 0.002,
        burst: Burst(enter: 0.002, leave: 0.4, loss: 0.8))
    /// A mobile network on the move.
    public static let cellular = make(
        latency: 45, jitter: 12, correlation: 0.6, loss: 0.004,
        burst: Burst(enter: 0.003, leave: 0.25, loss: 0.9))
    /// 3 % independent loss and 20 ms of jitter.
    public static let lossy = make(latency: 30, jitter: 20, loss: 0.03)
    /// One hop through a geostationary satellite.
    public static let satellite = make(latency: 270, jitter: 5, loss: 0.002)
    /// Everything at once; no call should be good here, and none may break.
    public static let hostile: Self = {
        var model = make(
            latency: 80, jitter: 40, correlation: 0.3, loss: 0.05, burst: Burst(enter: 0.02, leave: 0.2))
        model.reorder = 0.05
        model.duplication = 0.02
        return model
    }()

    /// Presets by name, for command lines and scenarios.
    public static let presets: [(name: String, model: Self)] = [
        ("perfect", .perfect), ("lan", .lan), ("internet", .internet), ("wifi", .wifi),
        ("cellular", .cellular),
        ("lossy", .lossy), ("satellite", .satellite), ("hostile", .hostile),
    ]

    /// Times in milliseconds.
    private static func make(
        latency: Double, jitter: Double = 0, correlation: Double = 0, loss: Double = 0, burst: Burst? = nil
    ) -> Self {
        var model = Self()
        model.latency = .microseconds(Int64(latency * 1_000))
        model.jitter = .microseconds(Int64(jitter * 1_000))
        model.jitterCorrelation = correlation
        model.loss = loss
        model.burst = burst
        return model
    }
}
