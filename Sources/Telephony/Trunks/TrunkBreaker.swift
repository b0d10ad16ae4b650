internal import SansIO

/// When a trunk is left alone, and for how long.
public struct TrunkBreakerPolicy: Hashable, Sendable {
    /// Faults in a row (5xx, silence, no route) that open the circuit, 1...1,000.
    public var faultLimit = 5
    /// How long it stays open before one call may try again; doubled after each failed try.
    public var openTime = Duration.seconds(30)
    /// Longest time that it stays open.
    public var maximumOpenTime = Duration.seconds(600)
    /// Callees in a row, each counted once, whose calls are forbidden (402, 403) before the trunk is stopped until
    /// ``Dialer/resume(trunk:)``, 1...1,000. Credentials that it refuses (401, 407) stop it at once.
    public var refusalLimit = 5
    /// Rest after a 429 that names no time.
    public var defaultRest = Duration.seconds(10)
    /// Longest rest, whatever `Retry-After` says.
    public var maximumRest = Duration.seconds(3_600)

    public init() {}
}

/// A trunk's circuit breaker.
///
///     closed ─faults in a row→ open ─time→ half-open (one trial) ─works→ closed
///       │                       ▲              │
///       │                       └────fault─────┘ (twice the time)
///       └─credentials refused, callees in a row forbidden→ stopped ─a person→ closed
///
/// Beside it the trunk may rest, because it asked for it.
struct TrunkBreaker: Hashable, Sendable {
    enum State: Hashable, Sendable { case closed, open, halfOpen, stopped }

    private let policy: TrunkBreakerPolicy
    private(set) var state = State.closed
    /// Faults since the last call that worked.
    private(set) var faults = 0
    /// Whose calls were forbidden since the last that worked; fewer than the limit.
    private var forbidden: [String] = []
    private var openTime: Duration
    private var opensAgain = MonotonicInstant(nanoseconds: .min)
    private var restsUntil = MonotonicInstant(nanoseconds: .min)
    /// The half-open circuit's one call is under way.
    private var isTrying = false

    init(_ policy: TrunkBreakerPolicy) {
        self.policy = policy
        openTime = policy.openTime
    }

    /// When the next call may go: an instant not after `now` for at once, `nil` when that is not a matter of time.
    func readyAt(_ now: MonotonicInstant) -> MonotonicInstant? {
        switch state {
        case .stopped: nil
        case .halfOpen where isTrying: nil
        case .open: max(opensAgain, restsUntil, now)
        case .closed, .halfOpen: max(restsUntil, now)
        }
    }

    /// As seen from outside: an open circuit whose time is over is half-open, although nobody has tried yet.
    func state(at now: MonotonicInstant) -> State { state == .open && opensAgain <= now ? .halfOpen : state }

    /// When its state changes by itself; `nil`: it does not.
    func nextChange(after now: MonotonicInstant) -> MonotonicInstant? {
        let ends = [restsUntil, state == .open ? opensAgain : restsUntil]
        return ends.filter { $0 > now }.min()
    }

    /// Until when it rests; `nil` when it does not.
    func restEnd(at now: MonotonicInstant) -> MonotonicInstant? { restsUntil > now ? restsUntil : nil }

    /// A call goes; only when ``readyAt(_:)`` says so.
    ///
    /// - Returns: Whether it is the trial of a half-open circuit.
    mutating func begin(at now: MonotonicInstant) -> Bool {
        if state == .open { state = .halfOpen }
        guard state == .halfOpen else { return false }
        isTrying = true
        return true
    }

    /// A call has ended, or has been answered.
    ///
    /// - Parameter isTrial: What ``begin(at:)`` said of it.
    mutating func hear(_ verdict: TrunkVerdict, isTrial: Bool, at now: MonotonicInstant) {
        if isTrial { isTrying = false }
        switch verdict {
        case .works:
            faults = 0
            forbidden = []
            guard state == .halfOpen || state == .open, isTrial else { break }
            state = .closed
            openTime = policy.openTime
        case .fault:
            faults += 1
            if state == .halfOpen, isTrial {
                openTime = min(openTime * 2, policy.maximumOpenTime)
                open(at: now)
            } else if state == .closed, faults >= policy.faultLimit {
                open(at: now)
            }
        case .rest(let seconds, _):
            let asked = seconds.map { Duration.seconds(max(1, min($0, 86_400))) } ?? policy.defaultRest
            restsUntil = max(restsUntil, now.advanced(by: min(asked, policy.maximumRest)))
        case .refusal: state = .stopped
        case .forbidden(_, let callee):
            guard !forbidden.contains(callee) else { break }
            forbidden.append(callee)
            if forbidden.count >= policy.refusalLimit { state = .stopped }
        case .neutral: break
        }
    }

    /// A person says that it may be used again.
    mutating func resume() {
        let policy = policy
        self = Self(policy)
    }

    private mutating func open(at now: MonotonicInstant) {
        state = .open
        opensAgain = now.advanced(by: openTime)
    }
}
