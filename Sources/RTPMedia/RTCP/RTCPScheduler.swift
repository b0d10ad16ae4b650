public import SansIO

/// When RTCP reports are due, for a session of two (RFC 3550 §6.2, §6.3, §A.7).
public struct RTCPScheduler: Sendable {
    /// The least interval between two reports; the first comes after about half of it.
    public static let minimumInterval = Duration.seconds(5)
    /// UDP and IPv4 headers, which count towards the bandwidth.
    static let transportOverhead = 28

    /// Octets a second for RTCP: a twentieth of G.711 with its headers.
    private let bandwidth: Double
    private var averageSize = 128.0
    private var isInitial = true
    private var generator: SeededGenerator
    private var lastReport: MonotonicInstant

    /// When the next report is due.
    public private(set) var deadline: MonotonicInstant
    /// Participants known, ourselves included.
    public var members = 2
    /// Of these, the ones that send.
    public var senders = 0

    /// - Parameters:
    ///   - bandwidth: Octets a second for RTCP.
    ///   - generator: Draws the randomised intervals.
    public init(bandwidth: Double = 500, generator: SeededGenerator, at now: MonotonicInstant) {
        self.bandwidth = bandwidth
        self.generator = generator
        lastReport = now
        deadline = now
        deadline = now.advanced(by: nextInterval(isSender: false))
    }

    /// A compound packet has come.
    ///
    /// - Parameter byteCount: Without UDP and IP headers.
    public mutating func received(byteCount: Int) { note(byteCount: byteCount) }

    /// A report has been sent; sets the next deadline.
    ///
    /// - Parameter isSender: Whether RTP has been sent since the report before last.
    public mutating func sent(byteCount: Int, isSender: Bool, at now: MonotonicInstant) {
        note(byteCount: byteCount)
        isInitial = false
        lastReport = now
        deadline = now.advanced(by: nextInterval(isSender: isSender))
    }

    private mutating func note(byteCount: Int) {
        averageSize += (Double(byteCount + Self.transportOverhead) - averageSize) / 16
    }

    /// The deterministic interval in seconds, before randomisation.
    func calculatedInterval(isSender: Bool) -> Double {
        var share = bandwidth
        var count = Double(max(members, 1))
        // Senders get a quarter of the bandwidth for themselves while they are few.
        if senders > 0, Double(senders) <= count * 0.25 {
            share *= isSender ? 0.25 : 0.75
            count = isSender ? Double(senders) : count - Double(senders)
        }
        let minimum = Self.minimumInterval.inSeconds * (isInitial ? 0.5 : 1)
        return max(averageSize * count / share, minimum)
    }

    private mutating func nextInterval(isSender: Bool) -> Duration {
        // Between half and one and a half of it; the divisor makes up for timer reconsideration (§A.7).
        let seconds = calculatedInterval(isSender: isSender) * (0.5 + generator.nextUnit()) / 1.218_28
        return .nanoseconds(Int64(seconds * 1e9))
    }
}
