public import SansIO

/// Asks a server by OPTIONS whether it lives (RFC 3261 §11): up after some answers in a row, down after some silences.
///
///     unknown ──answers──► up ──silences──► down
///        └──silences──► down ──answers──► up
///
/// It sends nothing itself: its sends are requests for ``UserAgent/request(_:at:into:)``, of which at most one is open
/// at any time, and what comes of it is given back. Any final response but 408, 500, 502, 503 and 504 is a sign of
/// life: 404 or 405 says as well as 200 that somebody is there.
public struct OptionsProbe: Sendable {
    public struct Configuration: Sendable {
        /// What is sent; its method becomes OPTIONS and its Call-ID is drawn anew each time. A `timeout` of its own is
        /// worth setting: without one a silent server is found out after 64*T1 only.
        public var request: OutgoingRequest
        /// From one question to the next, give or take a tenth; at least 1 s.
        public var interval: Duration
        /// The same while the server is down.
        public var intervalWhileDown: Duration
        /// Silences in a row after which it is down, at least 1.
        public var failureLimit: Int
        /// Answers in a row after which it is up, at least 1.
        public var recoveryLimit: Int

        public init(
            request: OutgoingRequest, interval: Duration = .seconds(30),
            intervalWhileDown: Duration = .seconds(10), failureLimit: Int = 3, recoveryLimit: Int = 1
        ) {
            self.request = request
            self.interval = max(.seconds(1), interval)
            self.intervalWhileDown = max(.seconds(1), intervalWhileDown)
            self.failureLimit = max(1, failureLimit)
            self.recoveryLimit = max(1, recoveryLimit)
        }
    }

    public enum Health: Hashable, Sendable, CaseIterable {
        /// Neither enough answers nor enough silences yet.
        case unknown
        case up, down
    }

    /// Why a question counts as not answered.
    @nonexhaustive
    public enum Fault: Hashable, Sendable {
        case timedOut
        case transportFailed
        /// 408, 500, 502, 503 or 504.
        case refused(status: Int)
        /// The request itself could not be made.
        case notSent(UserAgentError)
    }

    @nonexhaustive
    public enum Event: Hashable, Sendable {
        /// One question was answered.
        case answered(status: Int, roundTrip: Duration)
        case unanswered(Fault)
        /// ``OptionsProbe/health`` has become this.
        case became(Health)
    }

    public typealias Output = Effects<OutgoingRequest, Event>

    public let configuration: Configuration
    public private(set) var health = Health.unknown
    /// Round-trip time of the last answer, and smoothed by an eighth of each (RFC 6298 §2); a retransmitted question
    /// counts from its first copy on. `nil` before the first answer.
    public private(set) var lastRoundTrip: Duration?
    public private(set) var smoothedRoundTrip: Duration?

    private var generator: SeededGenerator
    private var isRunning = false
    private var askedAt: MonotonicInstant?
    private var nextQuestion: MonotonicInstant?
    private var answersInRow = 0
    private var silencesInRow = 0

    public init(configuration: Configuration, generator: SeededGenerator) {
        var configuration = configuration
        configuration.request.method = .options
        configuration.request.callID = nil
        configuration.request.isSeries = false
        self.configuration = configuration
        self.generator = generator
    }

    /// The earliest instant at which ``fire(at:into:)`` has work to do; `nil` while a question is open or nothing runs.
    public var nextDeadline: MonotonicInstant? { nextQuestion }

    /// Asks at once, and from then on at the interval.
    public mutating func start(at now: MonotonicInstant, into out: inout Output) {
        guard !isRunning else { return }
        isRunning = true
        if askedAt == nil { ask(at: now, into: &out) }
    }

    /// Asks no more and knows nothing any more. An open question may be cancelled by its owner.
    public mutating func stop() {
        isRunning = false
        (askedAt, nextQuestion) = (nil, nil)
        (answersInRow, silencesInRow) = (0, 0)
        health = .unknown
    }

    public mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        guard let due = nextQuestion, due <= now else { return }
        ask(at: now, into: &out)
    }

    /// The final response to the open question; ignored when none is open.
    public mutating func receive(
        _ response: ReceivedResponse, at now: MonotonicInstant, into out: inout Output
    ) {
        switch response.status {
        case 408, 500, 502, 503, 504:
            let retryAfter = response.headers.number(.retryAfter).map { min($0, 3_600) }
            failed(.refused(status: response.status), retryAfter: retryAfter, at: now, into: &out)
        default:
            answered(response.status, at: now, into: &out)
        }
    }

    /// The open question came to nothing; ignored when none is open.
    public mutating func receive(
        _ failure: RequestFailure, at now: MonotonicInstant, into out: inout Output
    ) {
        switch failure {
        case .timedOut: failed(.timedOut, at: now, into: &out)
        case .transportFailed: failed(.transportFailed, at: now, into: &out)
        case .credentialsRefused(let response): answered(response.status, at: now, into: &out)
        }
    }

    /// The user agent has refused to send the open question; ignored when none is open.
    public mutating func receive(
        _ error: UserAgentError, at now: MonotonicInstant, into out: inout Output
    ) {
        failed(.notSent(error), at: now, into: &out)
    }

    private mutating func ask(at now: MonotonicInstant, into out: inout Output) {
        askedAt = now
        nextQuestion = nil
        out.send(configuration.request)
    }

    private mutating func answered(_ status: Int, at now: MonotonicInstant, into out: inout Output) {
        guard let asked = askedAt.take() else { return }
        let roundTrip = asked.duration(to: now)
        lastRoundTrip = roundTrip
        smoothedRoundTrip = smoothedRoundTrip.map { $0 + (roundTrip - $0) / 8 } ?? roundTrip
        out.emit(.answered(status: status, roundTrip: roundTrip))
        silencesInRow = 0
        answersInRow += 1
        if answersInRow >= configuration.recoveryLimit { enter(.up, into: &out) }
        scheduleNext(at: now)
    }

    private mutating func failed(
        _ fault: Fault, retryAfter: UInt32? = nil, at now: MonotonicInstant, into out: inout Output
    ) {
        guard askedAt.take() != nil else { return }
        out.emit(.unanswered(fault))
        answersInRow = 0
        silencesInRow += 1
        if silencesInRow >= configuration.failureLimit { enter(.down, into: &out) }
        scheduleNext(at: now, notBefore: .seconds(Int64(retryAfter ?? 0)))
    }

    private mutating func enter(_ next: Health, into out: inout Output) {
        guard health != next else { return }
        health = next
        out.emit(.became(next))
    }

    private mutating func scheduleNext(at now: MonotonicInstant, notBefore least: Duration = .zero) {
        guard isRunning else { return }
        let interval = health == .down ? configuration.intervalWhileDown : configuration.interval
        let drawn = Double(interval.nanoseconds) * (0.9 + 0.2 * generator.nextUnit())
        nextQuestion = now.advanced(by: max(least, .nanoseconds(Int64(drawn))))
    }
}
