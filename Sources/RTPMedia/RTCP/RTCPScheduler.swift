public import SansIO

/// When RTCP reports are due (RFC 3550 §6.2, §6.3, §A.7): a twentieth of the session's bandwidth for all reports
/// together, at least 5 s apart on average, each interval drawn anew and reconsidered when it ends.
///
/// The reduced minimum of §6.2 is never used.
public struct RTCPScheduler: Sendable {
    /// The least interval between two reports, before it is randomised; half of it before the first one.
    public static let minimumInterval = Duration.seconds(5)
    /// UDP and IPv4 headers, which count towards the bandwidth.
    static let transportOverhead = 28
    /// e − 3/2: reconsideration lets fewer reports out than their intervals say, and this makes up for it (§A.7).
    static let compensation = 1.218_281_828
    /// Share of the bandwidth that senders have for themselves while they are at most this share of all.
    static let senderShare = 0.25

    private let bandwidth: Double
    private var averageSize = 128.0
    private var isInitial = true
    private var generator: SeededGenerator
    private var lastReport: MonotonicInstant
    private var membersBefore = 2

    /// When ``isDue(isSender:at:)`` is to be asked next.
    public private(set) var deadline: MonotonicInstant
    /// Participants known, ourselves included.
    public var members = 2
    /// Of these, the ones that send.
    public var senders = 0

    /// - Parameters:
    ///   - bandwidth: Octets a second for RTCP: by default a twentieth of G.711 with its headers, about 80 kbit/s.
    ///   - generator: Draws the randomised intervals.
    public init(bandwidth: Double = 500, generator: SeededGenerator, at now: MonotonicInstant) {
        self.bandwidth = max(bandwidth, 1)
        self.generator = generator
        lastReport = now
        deadline = now
        deadline = now.advanced(by: nextInterval(isSender: false))
    }

    /// A compound packet has come.
    ///
    /// - Parameter byteCount: Without UDP and IP headers.
    public mutating func received(byteCount: Int) { note(byteCount: byteCount) }

    /// Asks at the deadline whether a report is to be sent; otherwise the deadline has been put off: the session has
    /// become larger, or the new draw is longer (timer reconsideration, §6.3.6).
    ///
    /// - Parameter isSender: Whether RTP has been sent since the report before last.
    public mutating func isDue(isSender: Bool, at now: MonotonicInstant) -> Bool {
        guard now >= deadline else { return false }
        let next = lastReport.advanced(by: nextInterval(isSender: isSender))
        membersBefore = members
        guard next > now else { return true }
        deadline = next
        return false
    }

    /// A report has been sent; sets the next deadline.
    public mutating func sent(byteCount: Int, isSender: Bool, at now: MonotonicInstant) {
        note(byteCount: byteCount)
        isInitial = false
        lastReport = now
        // Drawn anew: the interval that has just been found short enough is not distributed like others.
        deadline = now.advanced(by: nextInterval(isSender: isSender))
    }

    /// Members have left (BYE or timeout, ``members`` says how many are left): the deadline comes nearer in proportion
    /// (reverse reconsideration, §6.3.4).
    public mutating func membersLeft(at now: MonotonicInstant) {
        guard members < membersBefore, membersBefore > 0 else { return }
        let share = Double(max(members, 1)) / Double(membersBefore)
        deadline = now.advanced(by: .seconds(now.duration(to: deadline).inSeconds * share))
        lastReport = now.advanced(by: .seconds(-lastReport.duration(to: now).inSeconds * share))
        membersBefore = members
    }

    private mutating func note(byteCount: Int) {
        averageSize += (Double(byteCount + Self.transportOverhead) - averageSize) / 16
    }

    /// The deterministic interval, before randomisation: what timeouts are counted in (§6.3.5).
    public func calculatedInterval(isSender: Bool) -> Duration { .seconds(interval(isSender: isSender)) }

    func interval(isSender: Bool) -> Double {
        var share = bandwidth
        var count = Double(max(members, 1))
        if Double(senders) <= count * Self.senderShare {
            share *= isSender ? Self.senderShare : 1 - Self.senderShare
            count = isSender ? Double(max(senders, 1)) : count - Double(senders)
        }
        let minimum = Self.minimumInterval.inSeconds * (isInitial ? 0.5 : 1)
        return max(averageSize * count / share, minimum)
    }

    private mutating func nextInterval(isSender: Bool) -> Duration {
        let seconds = interval(isSender: isSender) * (0.5 + generator.nextUnit()) / Self.compensation
        return .nanoseconds(Int64(min(seconds, 1e6) * 1e9))
    }
}
