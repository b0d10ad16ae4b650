internal import SansIO

/// The session timer of a confirmed dialog (RFC 4028): who refreshes it, when, and when it is taken for dead.
///
///     off ──agreed──► ours ──half the interval──► refreshing ──2xx──► ours
///      │                └──────expired──────────────┴──► over (BYE)
///      └──agreed──► theirs ──expired──► over (BYE)
///
/// Each 2xx to an INVITE or UPDATE settles it anew, whoever sent the request. Both sides give up min(32 s, a third of
/// the interval) before the interval ends (§10), so that the BYE comes before a proxy forgets the call.
struct SessionTimer: Hashable, Sendable {
    enum State: Hashable, Sendable, CaseIterable {
        case off
        /// We are the refresher and wait for half the interval.
        case ours
        /// Our refresh is under way.
        case refreshing
        /// They are the refresher.
        case theirs
        /// Expired.
        case over
    }

    enum Input: Hashable, Sendable, CaseIterable {
        /// A 2xx names us as the refresher.
        case agreedOurs
        /// A 2xx names them.
        case agreedTheirs
        /// A 2xx without Session-Expires.
        case agreedNone
        /// Half the interval has passed, or it is time to try again.
        case refreshDue
        case expired
        /// Our refresh was refused by a response that leaves the dialog.
        case refused
    }

    enum Action: Hashable, Sendable, CaseIterable {
        case none
        /// The interval starts anew.
        case start
        case stop
        /// UPDATE or re-INVITE now.
        case refresh
        /// Another refresh in half the time that is left.
        case tryAgain
        /// BYE.
        case hangUp
    }

    typealias Transition = MachineTransition<State, Action>

    /// The least interval there is, in seconds (§4).
    static let leastInterval: UInt32 = 90

    private(set) var state = State.off
    /// Seconds; meaningful unless ``state`` is off.
    private(set) var interval: UInt32 = 0
    private var refreshAt: MonotonicInstant?
    private var expiresAt: MonotonicInstant?

    /// The earliest instant at which ``fire(at:)`` has work; `nil` when the timer is off.
    var nextDeadline: MonotonicInstant? {
        guard let expiresAt else { return nil }
        return refreshAt.map { min($0, expiresAt) } ?? expiresAt
    }

    /// A 2xx settles the timer: `refresher` is `nil` when it has no Session-Expires.
    mutating func settle(interval: UInt32, refresher: OfferAnswer.Party?, at now: MonotonicInstant) {
        self.interval = max(Self.leastInterval, interval)
        switch refresher {
        case .us?: step(.agreedOurs, at: now)
        case .them?: step(.agreedTheirs, at: now)
        case nil: step(.agreedNone, at: now)
        }
    }

    mutating func refreshRefused(at now: MonotonicInstant) { step(.refused, at: now) }

    /// What is due at `now`.
    mutating func fire(at now: MonotonicInstant) -> Action {
        if let expiresAt, expiresAt <= now { return step(.expired, at: now) }
        if let refreshAt, refreshAt <= now { return step(.refreshDue, at: now) }
        return .none
    }

    @discardableResult
    private mutating func step(_ input: Input, at now: MonotonicInstant) -> Action {
        let transition = Self.transition(state, input)
        state = transition.next
        switch transition.action {
        case .none: break
        case .start:
            let whole = Duration.seconds(Int64(interval))
            refreshAt = state == .ours ? now.advanced(by: whole / 2) : nil
            expiresAt = now.advanced(by: whole - min(.seconds(32), whole / 3))
        case .stop, .hangUp: (refreshAt, expiresAt) = (nil, nil)
        case .refresh: refreshAt = nil
        case .tryAgain:
            let left = expiresAt.map { now.duration(to: $0) } ?? .zero
            refreshAt = left > .seconds(2) ? now.advanced(by: left / 2) : nil
        }
        return transition.action
    }

    static func transition(_ state: State, _ input: Input) -> Transition {
        switch (state, input) {
        case (.over, _): Transition(.over, .none, "RFC 4028 §10")
        case (_, .agreedOurs): Transition(.ours, .start, "RFC 4028 §7.2")
        case (_, .agreedTheirs): Transition(.theirs, .start, "RFC 4028 §7.2")
        case (.off, .agreedNone): Transition(.off, .none, "RFC 4028 §7.2")
        case (_, .agreedNone): Transition(.off, .stop, "RFC 4028 §7.2")
        case (.ours, .refreshDue): Transition(.refreshing, .refresh, "RFC 4028 §10")
        case (.off, .refreshDue), (.refreshing, .refreshDue), (.theirs, .refreshDue):
            Transition(state, .none, "RFC 4028 §10")
        case (.off, .expired): Transition(.off, .none, "RFC 4028 §10")
        case (.ours, .expired), (.refreshing, .expired), (.theirs, .expired):
            Transition(.over, .hangUp, "RFC 4028 §10")
        case (.refreshing, .refused): Transition(.ours, .tryAgain, "RFC 4028 §7.4")
        case (.off, .refused), (.ours, .refused), (.theirs, .refused):
            Transition(state, .none, "RFC 4028 §7.4")
        }
    }
}
