internal import SansIO
internal import Telephony

/// What the far end has asked for and a campaign keeps to: a time in which no call starts, and caller numbers that rest.
struct CampaignRestraint: Sendable {
    /// No call starts before then.
    private(set) var heldUntil: WallClockInstant?
    /// Caller numbers as they were shown, and until when each rests.
    private var callers = OrderedTable<String, WallClockInstant>()

    init() {}

    /// What attempts of before the restart have left. A campaign that a person has set going begins anew.
    init(_ attempts: [Attempt], of campaign: Campaign) {
        guard campaign.state == .running else { return }
        let policy = campaign.settings.retry
        for attempt in attempts {
            guard let outcome = attempt.outcome, let end = attempt.endedAt else { continue }
            if let wait = outcome.carrierWait, .seconds(wait) <= policy.maximumDelay {
                _ = hold(until: end.advanced(by: .seconds(wait)))
            }
            if outcome.disposition == .blocked, let number = outcome.callerNumber ?? campaign.settings.from {
                _ = rest(number, until: end.advanced(by: policy.blockedCallerRest))
            }
        }
    }

    func allowsStart(at wall: WallClockInstant) -> Bool { heldUntil.map { $0 <= wall } ?? true }

    /// - Returns: Whether it is longer than before.
    mutating func hold(until instant: WallClockInstant) -> Bool {
        if let heldUntil, heldUntil >= instant { return false }
        heldUntil = instant
        return true
    }

    /// - Returns: Whether the number did not rest so long before.
    mutating func rest(_ number: String, until instant: WallClockInstant) -> Bool {
        if let known = callers[number], known >= instant { return false }
        callers[number] = instant
        return true
    }

    /// Whether this number is not to be used; never for `nil`, which stands for whatever the trunk has.
    func rests(_ number: String?, at wall: WallClockInstant) -> Bool {
        guard let number, let until = callers[number] else { return false }
        return until > wall
    }

    func restingCallers(at wall: WallClockInstant) -> [String] {
        callers.entries.filter { $0.1 > wall }.map(\.0)
    }
}

extension RetryPolicy.Verdict {
    /// It is counted among the recipient's faults of the trunk.
    var isTrunkFault: Bool {
        switch effect {
        case .trunkFault, .forbidden, .backOff, .pause(.forbidden), .pause(.carrierLimit): true
        case .none, .neutral, .awaitTrunk, .restCaller, .pause: false
        }
    }
}
