internal import SansIO

/// How one trunk of a pool stands: its limits, its breaker, what it carries.
struct TrunkCondition: Sendable {
    /// When a call may get a place.
    enum Prospect: Hashable, Sendable {
        /// When another call ends, or the trunk is registered or reachable again.
        case someTime
        case at(MonotonicInstant)
        /// Not before a person acts.
        case never
    }

    let priority: Int
    let weight: Int
    private let maximumCalls: Int?
    private let mustRegister: Bool
    var breaker: TrunkBreaker
    /// Spaces out places; ``wire`` spaces out INVITEs, which leave a little later.
    private var bucket: TokenBucket?
    private var wire: TokenBucket?
    /// Places that wait to send their INVITE, in order.
    var starting: [TrunkPool.Ticket] = []
    /// Places taken.
    var calls = 0
    var isRegistered = false
    var isReachable = true

    private(set) var attempts = 0
    private(set) var faults = 0
    private(set) var lastFault: String?
    private var recentStarts: [MonotonicInstant] = []
    private var toldState = TrunkState.ready
    /// As of the last look.
    private var lastLook = MonotonicInstant(nanoseconds: 0)

    init(_ trunk: Trunk) {
        priority = trunk.priority
        weight = trunk.weight
        maximumCalls = trunk.maximumCalls
        mustRegister = trunk.registration?.isRequired == true
        breaker = TrunkBreaker(trunk.breaker)
        bucket = trunk.callsPerSecond.map { TokenBucket(rate: $0) }
        wire = bucket
        if mustRegister { toldState = .unregistered }
    }

    // MARK: Looking

    func state(at now: MonotonicInstant) -> TrunkState {
        switch breaker.state(at: now) {
        case .stopped: return .stopped
        case .open: return .open
        case .closed, .halfOpen: break
        }
        if mustRegister, !isRegistered { return .unregistered }
        if !isReachable { return .unreachable }
        if breaker.restEnd(at: now) != nil { return .resting }
        if breaker.state(at: now) == .halfOpen { return .halfOpen }
        return isAtLimit(at: now) ? .atLimit : .ready
    }

    private func isAtLimit(at now: MonotonicInstant) -> Bool {
        maximumCalls.map { calls >= $0 } ?? false || bucket.map { $0.readyAt(now) > now } ?? false
    }

    func prospect(at now: MonotonicInstant) -> Prospect {
        if breaker.state == .stopped { return .never }
        if mustRegister && !isRegistered || !isReachable { return .someTime }
        if maximumCalls.map({ calls >= $0 }) ?? false { return .someTime }
        guard let ready = breaker.readyAt(now) else { return .someTime }
        return .at(max(ready, bucket?.readyAt(now) ?? ready))
    }

    func isUsable(at now: MonotonicInstant) -> Bool { prospect(at: now) == .at(now) }

    /// When it can take a call, where that is a matter of time. Asked after a look.
    var wakesAt: MonotonicInstant? {
        guard case .at(let instant) = prospect(at: lastLook), instant > lastLook else { return nil }
        return instant
    }

    /// When its breaker changes by itself.
    var nextChange: MonotonicInstant? { breaker.nextChange(after: lastLook) }

    /// When the next INVITE may leave; `nil` when none waits.
    var nextStart: MonotonicInstant? {
        guard !starting.isEmpty else { return nil }
        return wire?.readyAt(lastLook) ?? lastLook
    }

    /// INVITEs in the second before `now`.
    func startsInLastSecond(at now: MonotonicInstant) -> Int {
        let begin = now.advanced(by: .seconds(-1))
        return recentStarts.count { $0 > begin }
    }

    // MARK: Changing

    /// Takes a place; only when it is usable.
    ///
    /// - Returns: Whether the call is the trial of a half-open circuit.
    mutating func take(at now: MonotonicInstant) -> Bool {
        calls += 1
        bucket?.take(at: now)
        return breaker.begin(at: now)
    }

    /// The place whose INVITE may leave now.
    mutating func startNext(at now: MonotonicInstant) -> TrunkPool.Ticket? {
        lastLook = max(lastLook, now)
        guard !starting.isEmpty, wire.map({ $0.readyAt(now) <= now }) ?? true else { return nil }
        wire?.take(at: now)
        attempts += 1
        let begin = now.advanced(by: .seconds(-1))
        recentStarts.removeAll { $0 <= begin }
        recentStarts.append(now)
        return starting.removeFirst()
    }

    mutating func noteFault(_ words: String) {
        faults += 1
        lastFault = words
    }

    /// What is to be told: a state other than the last one told. Limits are not.
    mutating func stateChange(at now: MonotonicInstant) -> TrunkState? {
        lastLook = max(lastLook, now)
        var state = state(at: now)
        if state == .atLimit { state = .ready }
        guard state != toldState else { return nil }
        toldState = state
        return state
    }
}
