public import SansIO
public import Telephony

/// What an ended attempt makes of its recipient: done, failed, or to be called again and when.
///
/// One budget of attempts holds for all causes together. Faults of the trunk or of our own side cost the recipient nothing.
/// Nobody is called before a `Retry-After` of theirs is over, and nobody at all before that of the trunk is.
public struct RetryPolicy: Hashable, Sendable {
    /// When a voicemail is called again; a screening assistant or a menu behind which nobody was reached likewise.
    public enum VoicemailRule: String, Hashable, Sendable, Codable, CaseIterable {
        case never
        /// Only when the agent left no message.
        case withoutMessage
        /// Also when it did, in the hope of meeting a person.
        case always
    }

    /// Attempts per recipient for all causes together, 1...20.
    public var maximumAttempts = 3
    /// Wait after the first busy; doubled after each further one.
    public var busyDelay = Duration.seconds(300)
    public var noAnswerDelay = Duration.seconds(3_600)
    public var voicemail = VoicemailRule.never
    public var voicemailDelay = Duration.seconds(14_400)
    /// Wait after an answered call that was lost before ``droppedTalkTime`` was over.
    public var droppedDelay = Duration.seconds(300)
    /// Talk time from which a lost call counts as done, and is not called again.
    public var droppedTalkTime = Duration.seconds(20)
    /// How long a caller number that analytics blocked is not used.
    public var blockedCallerRest = Duration.seconds(86_400)
    /// Wait after the first fault of the trunk; doubled after each further one of the same recipient.
    public var trunkFaultDelay = Duration.seconds(30)
    /// No wait that is doubled grows beyond this.
    public var maximumDelay = Duration.seconds(86_400)
    /// Faults of the trunk in a row, over all recipients, after which the campaign pauses, 1...100.
    public var trunkFaultsBeforePause = 3
    /// Recipients in a row, each counted once, whom the trunk does not allow us to call (402, 403) before the campaign
    /// pauses, 1...100. Credentials that it refuses (401, 407) pause it at once.
    public var refusalsBeforePause = 5
    /// Faults of the trunk after which a recipient is given up, so that a number that the trunk alone refuses does not
    /// keep a campaign from ending, 1...100.
    public var maximumTrunkFaults = 10

    public init() {}

    var problems: [String] {
        var found: [String] = []
        if !(1...20).contains(maximumAttempts) {
            found.append("retry.maximumAttempts is \(maximumAttempts), not 1...20")
        }
        for (name, delay) in [
            ("droppedDelay", droppedDelay), ("droppedTalkTime", droppedTalkTime),
            ("blockedCallerRest", blockedCallerRest),
        ] where delay < .zero {
            found.append("retry.\(name) is negative")
        }
        if !(1...100).contains(trunkFaultsBeforePause) {
            found.append("retry.trunkFaultsBeforePause is \(trunkFaultsBeforePause), not 1...100")
        }
        if !(1...100).contains(refusalsBeforePause) {
            found.append("retry.refusalsBeforePause is \(refusalsBeforePause), not 1...100")
        }
        if !(1...100).contains(maximumTrunkFaults) {
            found.append("retry.maximumTrunkFaults is \(maximumTrunkFaults), not 1...100")
        }
        return found
    }

    /// The decision on one ended attempt.
    public struct Verdict: Hashable, Sendable {
        public var state: RecipientState
        public var usesAttempt: Bool
        /// Set when the recipient becomes pending.
        public var retryAt: WallClockInstant?
        public var effect: Effect
        public var reason: String
    }

    /// What the attempt says about the campaign.
    public enum Effect: Hashable, Sendable {
        /// The far end was reached: the trunk works.
        case none
        /// It says nothing about the trunk.
        case neutral
        /// Counts towards ``RetryPolicy/trunkFaultsBeforePause``.
        case trunkFault
        /// The trunk does not allow the call. Counts towards ``RetryPolicy/refusalsBeforePause``.
        case forbidden
        /// The trunk asks to be left alone: no call starts before then. No fault, and no proof that it works.
        case backOff(until: WallClockInstant)
        /// No trunk of ours can take a call before then: none starts.
        case awaitTrunk(until: WallClockInstant)
        /// The caller number of the attempt is not to be used before then.
        case restCaller(until: WallClockInstant)
        case pause(PauseReason.Code)
    }

    /// Decides on an attempt that ended with `end`.
    ///
    /// - Parameters:
    ///   - recipient: As it stood during the attempt, which is not yet counted.
    ///   - now: The end of the attempt; waits are counted from here.
    public func verdict(on end: AttemptEnd, of recipient: Recipient, at now: WallClockInstant) -> Verdict {
        let step = RetryStep(policy: self, recipient: recipient, now: now)
        switch end {
        case .outcome(let outcome): return step.verdict(on: outcome)
        case .refused(let error): return step.verdict(on: error)
        case .fault(let text): return step.trunkFault(text)
        }
    }
}

/// How an attempt came to its end.
public enum AttemptEnd: Hashable, Sendable {
    case outcome(CallOutcome)
    /// The dialer did not place it.
    case refused(CallError)
    /// Something else failed on our own side.
    case fault(String)
}
