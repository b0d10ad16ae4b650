public import SansIO
public import Telephony

/// What a campaign does next, and why.
public struct CampaignDecision: Hashable, Sendable {
    @nonexhaustive
    public enum Action: Hashable, Sendable {
        case start(PlannedCall)
        /// Not before then: it is outside the recipient's calling hours.
        case deferred(RecipientID, until: WallClockInstant)
        /// Must not be called; failed without an attempt.
        case refused(RecipientID)
        /// The trunk asked to be left alone: no call starts before then.
        case heldBack(until: WallClockInstant)
        /// Analytics blocked this caller number: it is not used before then.
        case callerRests(String, until: WallClockInstant)
        case resumed
        case paused(PauseReason)
        case cancelled
        case completed
    }

    public var action: Action
    /// In words, without the number.
    public var reason: String

    public init(_ action: Action, reason: String) {
        self.action = action
        self.reason = reason
    }
}

/// A call to be placed now.
public struct PlannedCall: Hashable, Sendable {
    public var recipient: RecipientID
    /// Counted per recipient from 1.
    public var sequence: Int
    /// Carries the attempt's id.
    public var request: CallRequest

    /// The attempt's id: the recipient's with the sequence, so that it never repeats, not even after a crash.
    public var id: CallID { CallID("\(recipient.rawValue)-\(sequence)") }
}

/// What is to be written in one transaction.
public struct CampaignChange: Hashable, Sendable {
    /// The campaign's state and why it is paused, when that changed.
    public var status: CampaignStatus?
    public var recipients: [Recipient]
    public var attempts: [Attempt]

    public init(status: CampaignStatus? = nil, recipients: [Recipient] = [], attempts: [Attempt] = []) {
        self.status = status
        self.recipients = recipients
        self.attempts = attempts
    }

    public var isEmpty: Bool { status == nil && recipients.isEmpty && attempts.isEmpty }
}

/// Where a campaign stands as a whole.
public struct CampaignStatus: Hashable, Sendable, Codable {
    public var state: CampaignState
    /// Set while paused.
    public var pauseReason: PauseReason?

    public init(_ state: CampaignState, pauseReason: PauseReason? = nil) {
        self.state = state
        self.pauseReason = pauseReason
    }
}
