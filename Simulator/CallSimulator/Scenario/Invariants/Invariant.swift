internal import SansIO

/// A rule that no run may break, whatever the seed, the network and the callees do.
public enum Invariant: String, Hashable, Sendable, Codable, CaseIterable {
    case oneOutcome = "one-outcome"
    case acknowledgement = "ack"
    case commandSequence = "cseq"
    case endedDialog = "ended-dialog"
    case byeAnswered = "bye-answered"
    case rtpSequence = "rtp-sequence"
    case rtpTimestamp = "rtp-timestamp"
    case rtpWindow = "rtp-window"
    case bargeIn = "barge-in"
    case concurrency = "concurrency"
    case rate = "rate"
    case callingHours = "calling-hours"
    case attemptCap = "attempt-cap"
    case twiceAtOnce = "twice-at-once"
    case doNotCall = "do-not-call"
    case nothingLeft = "nothing-left"

    /// The rule in words.
    public var rule: String {
        switch self {
        case .oneOutcome: "every call has exactly one outcome, and its last event tells it"
        case .acknowledgement: "every final response to an INVITE is acknowledged, by the right layer"
        case .commandSequence: "CSeq grows with each new request; ACK and CANCEL carry their INVITE's"
        case .endedDialog: "no new request is sent in an ended dialog"
        case .byeAnswered: "every BYE that arrives is answered"
        case .rtpSequence: "RTP sequence numbers grow by one, under one synchronization source"
        case .rtpTimestamp: "RTP timestamps follow the samples; packets of one telephone event share theirs"
        case .rtpWindow: "no RTP before both descriptions were exchanged, nor after the end"
        case .bargeIn: "the last packet with speech leaves at most 60 ms after the decision to give way"
        case .concurrency: "no more calls at once than the campaign allows"
        case .rate: "no minute sees more calls than the campaign allows"
        case .callingHours: "nobody is called outside calling hours, by their own clock"
        case .attemptCap: "nobody is called more often than the campaign allows"
        case .twiceAtOnce: "nobody is called twice at once"
        case .doNotCall: "nobody on a do-not-call list is called"
        case .nothingLeft: "at the end no socket, timer, task, transaction, dialog or call is left"
        }
    }
}

/// One rule broken once.
public struct Violation: Hashable, Sendable, Codable, CustomStringConvertible {
    public var invariant: Invariant
    /// Virtual time since the start of the world.
    public var atMilliseconds: Int
    /// What happened. It names SIP Call-IDs and ports, not numbers.
    public var detail: String

    public init(invariant: Invariant, atMilliseconds: Int, detail: String) {
        self.invariant = invariant
        self.atMilliseconds = atMilliseconds
        self.detail = detail
    }

    public var description: String { "\(invariant.rawValue) at \(atMilliseconds) ms: \(detail)" }
}

/// How often a rule was checked and broken in a run.
public struct InvariantCount: Hashable, Sendable, Codable {
    public var invariant: Invariant
    public var checks: Int
    public var violations: Int

    public init(invariant: Invariant, checks: Int = 0, violations: Int = 0) {
        self.invariant = invariant
        self.checks = checks
        self.violations = violations
    }
}

/// Counts checks and keeps the first violations.
struct InvariantLedger {
    /// Violations kept in words; more are only counted.
    static let limit = 100

    private(set) var counts = Invariant.allCases.map { InvariantCount(invariant: $0) }
    private(set) var violations: [Violation] = []

    /// Counts one check, and a violation unless it `holds`.
    @inline(__always)
    mutating func check(
        _ invariant: Invariant, _ holds: Bool, at now: MonotonicInstant, _ detail: @autoclosure () -> String
    ) {
        counts[Self.index(invariant)].checks += 1
        if !holds { object(invariant, at: now, detail()) }
    }

    private mutating func object(_ invariant: Invariant, at now: MonotonicInstant, _ detail: String) {
        counts[Self.index(invariant)].violations += 1
        guard violations.count < Self.limit else { return }
        violations.append(
            Violation(
                invariant: invariant, atMilliseconds: Int(now.nanoseconds / 1_000_000), detail: detail))
    }

    @inline(__always)
    private static func index(_ invariant: Invariant) -> Int {
        // In order of declaration.
        switch invariant {
        case .oneOutcome: 0
        case .acknowledgement: 1
        case .commandSequence: 2
        case .endedDialog: 3
        case .byeAnswered: 4
        case .rtpSequence: 5
        case .rtpTimestamp: 6
        case .rtpWindow: 7
        case .bargeIn: 8
        case .concurrency: 9
        case .rate: 10
        case .callingHours: 11
        case .attemptCap: 12
        case .twiceAtOnce: 13
        case .doNotCall: 14
        case .nothingLeft: 15
        }
    }
}
