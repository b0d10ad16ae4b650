public import SansIO

/// Names one campaign.
public struct CampaignID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    /// - Parameter rawValue: 1...64 letters, digits, `-`, `_` and `.`, since it becomes part of file names.
    /// - Returns: `nil` for anything else.
    public init?(_ rawValue: String) {
        let isPlain = rawValue.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard (1...64).contains(rawValue.utf8.count), isPlain else { return nil }
        self.rawValue = rawValue
    }

    /// A new id, from `generator`.
    public init(from generator: inout SeededGenerator) { rawValue = "c" + generator.token(digits: 12) }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a campaign id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { rawValue }
}

@nonexhaustive
public enum CampaignState: String, Hashable, Sendable, Codable, CaseIterable {
    case pending, running, paused, completed, cancelled

    /// It will not call anyone any more.
    public var isFinal: Bool { self == .completed || self == .cancelled }
}

/// What people want of a campaign. Its runner follows, from whichever process it was said.
public enum DesiredCampaignState: String, Hashable, Sendable, Codable, CaseIterable {
    case running, paused, cancelled
}

/// Why a campaign is paused.
public struct PauseReason: Hashable, Sendable, Codable, CustomStringConvertible {
    @nonexhaustive
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// Somebody asked for it.
        case requested
        /// The trunk failed several times in a row.
        case trunkFault
        /// The agent could not get ready.
        case agentNotReady
        /// Nothing can be dialed from here: the dialer does not run, or shuts down.
        case dialerUnavailable
        /// The trunk does not allow the calls: account, balance, country, caller number or credentials.
        case forbidden
        /// The trunk wants its calls signed, and they cannot be.
        case notSigned
        /// Analytics blocked the caller number, and there is no other.
        case callerBlocked
        /// The trunk asks to be left alone for longer than the campaign waits by itself.
        case carrierLimit
    }

    public var code: Code
    /// In words, without numbers or credentials.
    public var detail: String

    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { detail }
}

/// A list of people to be called, under which rules, and where that stands.
public struct Campaign: Hashable, Sendable, Codable {
    public var id: CampaignID
    public var name: String
    public var createdAt: WallClockInstant
    public var settings: CampaignSettings
    /// What became of the rows of its file; `nil` when its recipients did not come from one.
    public var importReport: ImportReport?
    public var state: CampaignState = .pending
    public var desiredState: DesiredCampaignState = .running
    /// Set while ``state`` is paused.
    public var pauseReason: PauseReason?

    public init(
        id: CampaignID, name: String, createdAt: WallClockInstant,
        settings: CampaignSettings = CampaignSettings(),
        importReport: ImportReport? = nil
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.settings = settings
        self.importReport = importReport
    }
}

/// How many recipients stand where.
public struct CampaignCounts: Hashable, Sendable, Codable {
    public var total = 0
    public var pending = 0
    public var queued = 0
    public var calling = 0
    public var completed = 0
    public var failed = 0
    public var noAnswer = 0
    public var unknown = 0

    public init() {}

    /// Recipients for whom nothing more will be done.
    public var finished: Int { completed + failed + noAnswer + unknown }

    public subscript(state: RecipientState) -> Int {
        get { self[keyPath: Self.path(state)] }
        set { self[keyPath: Self.path(state)] = newValue }
    }

    mutating func add(_ state: RecipientState) {
        total += 1
        self[state] += 1
    }

    private static func path(_ state: RecipientState) -> WritableKeyPath<Self, Int> {
        switch state {
        case .pending: \.pending
        case .queued: \.queued
        case .calling: \.calling
        case .completed: \.completed
        case .failed: \.failed
        case .noAnswer: \.noAnswer
        case .unknown: \.unknown
        }
    }
}
