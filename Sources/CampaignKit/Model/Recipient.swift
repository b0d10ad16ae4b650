public import SansIO
public import Telephony

/// Names one recipient: its campaign and row.
public struct RecipientID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(_ rawValue: String) { self.rawValue = rawValue }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { rawValue }
}

/// Where a recipient stands.
@nonexhaustive
public enum RecipientState: String, Hashable, Sendable, Codable, CaseIterable {
    /// To be called: now, or from ``Recipient/nextAttemptAt`` on.
    case pending
    /// Chosen; the agent prepares and no INVITE has left.
    case queued
    /// The INVITE may have left.
    case calling
    case completed
    case failed
    case noAnswer = "no-answer"
    /// The process died while calling: nobody but a person can say what happened.
    case unknown

    /// Nothing more will be done by itself.
    public var isFinal: Bool {
        switch self {
        case .completed, .failed, .noAnswer, .unknown: true
        case .pending, .queued, .calling: false
        }
    }
}

/// One person to call in one campaign.
public struct Recipient: Hashable, Sendable, Codable {
    public var id: RecipientID
    public var campaign: CampaignID
    /// Row in the imported file, the header being row 1. Rows are dialed in this order.
    public var row: Int
    public var number: PhoneNumber
    /// IANA name; `nil` for the campaign's.
    public var timeZone: String?
    /// What the agent sees.
    public var context: [String: String]
    public var state: RecipientState = .pending
    /// Attempts of the budget that are spent.
    public var attemptsUsed = 0
    /// Attempts begun, also those that cost nothing.
    public var attemptsStarted = 0
    /// How often the callee was busy; the next wait depends on it.
    public var busyCount = 0
    /// How often the trunk could not carry it.
    public var trunkFaults = 0
    /// Not before then; `nil` for at once.
    public var nextAttemptAt: WallClockInstant?
    /// Why it stands where it stands, in words; empty at first.
    public var reason = ""

    public init(
        campaign: CampaignID, row: Int, number: PhoneNumber, timeZone: String? = nil,
        context: [String: String] = [:]
    ) {
        id = RecipientID("\(campaign.rawValue)-\(row)")
        self.campaign = campaign
        self.row = row
        self.number = number
        self.timeZone = timeZone
        self.context = context
    }
}

/// One try to call a recipient.
public struct Attempt: Hashable, Sendable, Codable {
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// Written before the INVITE leaves.
        case dialing
        case ended
    }

    /// The id of the call.
    public var id: CallID
    public var campaign: CampaignID
    public var recipient: RecipientID
    /// Counted per recipient from 1.
    public var sequence: Int
    /// `Call-ID` of its INVITE (RFC 3261 §20.8), to be found in captures and at the carrier.
    public var sipCallID: String
    public var startedAt: WallClockInstant
    public var endedAt: WallClockInstant?
    public var state: State
    /// How it ended; of disposition ``CallDisposition/unknown`` when the process died while calling.
    public var outcome: CallOutcome?

    public init(
        id: CallID, campaign: CampaignID, recipient: RecipientID, sequence: Int, sipCallID: String,
        startedAt: WallClockInstant
    ) {
        self.id = id
        self.campaign = campaign
        self.recipient = recipient
        self.sequence = sequence
        self.sipCallID = sipCallID
        self.startedAt = startedAt
        state = .dialing
    }
}
