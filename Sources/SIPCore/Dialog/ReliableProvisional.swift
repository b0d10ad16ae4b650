internal import SansIO

/// Reliable provisional responses of ours to one INVITE (RFC 3262 §3): one at a time, repeated until its PRACK.
///
///     idle ──1xx──► waiting, described ──PRACK──► idle
///                       │  └──2xx (described)──► holding ──PRACK──► over, 2xx sent
///                       └──64*T1──► over, INVITE refused
struct ReliableProvisional: Sendable {
    enum State: Hashable, Sendable, CaseIterable {
        /// None was sent, or all are acknowledged.
        case idle
        /// One without description waits for its PRACK.
        case waiting
        /// One with a description does.
        case described
        /// The same, and a 2xx waits behind it.
        case holding
        /// The INVITE has its final response.
        case over
    }

    enum Input: Hashable, Sendable, CaseIterable {
        /// The application responds without a description.
        case respond
        /// It responds with one.
        case describe
        /// PRACK for the latest response.
        case acknowledged
        /// PRACK for another.
        case unmatched
        case repeatDue
        /// 64*T1 without PRACK.
        case expired
        /// 2xx.
        case succeed
        /// 300 or more.
        case fail
    }

    enum Action: Hashable, Sendable, CaseIterable {
        case none, send
        /// To be sent once the one before is acknowledged.
        case queue
        /// 200 to the PRACK.
        case accept
        /// 200 to the PRACK, then the 2xx that waited.
        case release
        /// 481 to the PRACK.
        case reject
        case sendAgain
        /// 5xx to the INVITE.
        case refuse
        case sendFinal
        case hold
    }

    typealias Transition = MachineTransition<State, Action>

    /// Responses that may wait behind one that is not acknowledged.
    static let maximumQueued = 16

    private(set) var state = State.idle
    /// Of the latest response; the first is one more than the number at the start.
    private(set) var rSeq: UInt32
    /// The latest response, to be repeated.
    private(set) var response: [UInt8] = []
    var queued: [UserAgent.Answer] = []
    /// The 2xx that waits for a PRACK.
    var held: UserAgent.Answer?
    private var interval = Duration.zero
    private var repeatAt: MonotonicInstant?
    private var expiresAt: MonotonicInstant?

    /// - Parameter start: `0..<2^31 - 1`, at random.
    init(start: UInt32) { rSeq = start }

    /// The number of the next response.
    var nextRSeq: UInt32 { rSeq &+ 1 }

    /// Whether the latest response still waits for its PRACK.
    var isUnacknowledged: Bool { !response.isEmpty }

    var nextDeadline: MonotonicInstant? {
        guard let repeatAt, let expiresAt else { return nil }
        return min(repeatAt, expiresAt)
    }

    mutating func step(_ input: Input) -> Action {
        let transition = Self.transition(state, input)
        state = transition.next
        switch transition.action {
        case .accept, .release:
            response = []
            stopTimers()
        case .refuse, .sendFinal: stopTimers()
        case .none, .send, .queue, .reject, .sendAgain, .hold: break
        }
        return transition.action
    }

    /// Notes the response that was sent: T1, doubling, until 64*T1 (§3).
    mutating func sent(_ response: [UInt8], times: TransactionTimers, at now: MonotonicInstant) {
        rSeq = nextRSeq
        self.response = response
        interval = times.t1
        repeatAt = now.advanced(by: interval)
        expiresAt = now.advanced(by: times.timeout)
    }

    /// What is due at `now`.
    mutating func fire(at now: MonotonicInstant) -> Action {
        if let expiresAt, expiresAt <= now { return step(.expired) }
        guard let repeatAt, repeatAt <= now else { return .none }
        interval *= 2
        self.repeatAt = now.advanced(by: interval)
        return step(.repeatDue)
    }

    private mutating func stopTimers() { (repeatAt, expiresAt) = (nil, nil) }

    static func transition(_ state: State, _ input: Input) -> Transition {
        switch (state, input) {
        case (.idle, .respond): Transition(.waiting, .send, "RFC 3262 §3")
        case (.idle, .describe): Transition(.described, .send, "RFC 3262 §3")
        case (.waiting, .respond), (.waiting, .describe), (.described, .respond), (.described, .describe):
            Transition(state, .queue, "RFC 3262 §3")
        case (.holding, .respond), (.holding, .describe), (.over, .respond), (.over, .describe):
            Transition(state, .none, "RFC 3261 §17.2.1")
        case (.idle, .acknowledged), (_, .unmatched): Transition(state, .reject, "RFC 3262 §3")
        case (.waiting, .acknowledged), (.described, .acknowledged):
            Transition(.idle, .accept, "RFC 3262 §3")
        case (.holding, .acknowledged): Transition(.over, .release, "RFC 3262 §5")
        // What was sent before the final response may still be acknowledged.
        case (.over, .acknowledged): Transition(.over, .accept, "RFC 3262 §3")
        case (.waiting, .repeatDue), (.described, .repeatDue), (.holding, .repeatDue):
            Transition(state, .sendAgain, "RFC 3262 §3")
        case (.waiting, .expired), (.described, .expired), (.holding, .expired):
            Transition(.over, .refuse, "RFC 3262 §3")
        case (.described, .succeed): Transition(.holding, .hold, "RFC 3262 §5")
        case (.idle, .succeed), (.waiting, .succeed): Transition(.over, .sendFinal, "RFC 3262 §3")
        case (.idle, .fail), (.waiting, .fail), (.described, .fail), (.holding, .fail):
            Transition(.over, .sendFinal, "RFC 3262 §3")
        case (.holding, .succeed), (.over, .succeed), (.over, .fail):
            Transition(state, .none, "RFC 3261 §17.2.1")
        case (.idle, .repeatDue), (.idle, .expired), (.over, .repeatDue), (.over, .expired):
            Transition(state, .none, "RFC 3262 §3")
        }
    }
}
