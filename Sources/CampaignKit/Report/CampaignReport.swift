public import SansIO
public import Telephony

/// What came of a campaign: counts, every call, and how many ran at once over time.
///
/// It can be made at any time, also while the campaign runs. It holds whole numbers: it belongs to whoever owns the list.
public struct CampaignReport: Hashable, Sendable, Codable {
    public var campaign: CampaignID
    public var name: String
    public var state: CampaignState
    public var pauseReason: PauseReason?
    public var generatedAt: WallClockInstant
    /// First start and last end of a call; `nil` before the first.
    public var firstStartedAt: WallClockInstant?
    public var lastEndedAt: WallClockInstant?
    public var recipients: CampaignCounts
    /// How many attempts ended in which way, in a fixed order, without those that never occurred.
    public var outcomes: [OutcomeCount]
    /// In the order of their starts.
    public var calls: [CallRow]
    /// Recipients without a single attempt in the store, by row: refused, deferred, or not reached yet.
    public var notCalled: [RecipientRow]
    public var totalTalkSeconds: Double
    /// How the calls sounded; `nil` when of none anything is known.
    public var quality: Quality?
    public var peakConcurrency: Int
    /// Each change of the number of calls in the air.
    public var timeline: [ConcurrencyStep]
    /// `nil` when the recipients did not come from a file.
    public var importReport: ImportReport?

    public struct OutcomeCount: Hashable, Sendable, Codable {
        public var disposition: CallDisposition
        /// Splits those answered.
        public var answeredBy: AnsweredBy?
        public var count: Int
        /// How many of them the agent left a message in.
        public var messagesLeft = 0
        /// How many of them ended because nobody was there to talk to.
        public var notReached = 0
    }

    /// Mean opinion scores over the calls: of each the worse direction (``CallQuality/worst``).
    public struct Quality: Hashable, Sendable, Codable {
        /// Many people complain below it.
        public static let poorBelow = 3.6

        /// Calls of which it is known.
        public var calls: Int
        public var mean: Double
        public var least: Double
        /// Calls below ``poorBelow``.
        public var poor: Int

        init?(_ scores: [Double]) {
            guard let least = scores.min() else { return nil }
            calls = scores.count
            mean = scores.reduce(0, +) / Double(scores.count)
            self.least = least
            poor = scores.count { $0 < Self.poorBelow }
        }
    }

    /// One attempt.
    public struct CallRow: Hashable, Sendable, Codable {
        public var id: CallID
        public var sipCallID: String
        public var recipient: RecipientID
        public var row: Int
        public var number: String
        /// Counted per recipient from 1.
        public var sequence: Int
        public var startedAt: WallClockInstant
        /// `nil` while it is in the air.
        public var endedAt: WallClockInstant?
        /// `nil` while it is in the air.
        public var disposition: CallDisposition?
        public var answeredBy: AnsweredBy?
        public var endedBy: CallParty?
        public var cause: CallCause?
        /// From the INVITE to the answer; `nil` without one.
        public var secondsToAnswer: Double?
        /// From the answer to the end; `nil` without one.
        public var talkSeconds: Double?
        /// How it sounded; `nil` when that is not known.
        public var quality: CallQuality?
        public var agentStatus: AgentResult.Status?
        public var agentNote: String?
        /// Where the recipient stands now.
        public var recipientState: RecipientState
        public var reason: String
    }

    /// One recipient who was never dialed.
    public struct RecipientRow: Hashable, Sendable, Codable {
        public var recipient: RecipientID
        public var row: Int
        public var number: String
        public var state: RecipientState
        public var nextAttemptAt: WallClockInstant?
        public var reason: String
    }

    /// From `at` on, so many calls were in the air.
    public struct ConcurrencyStep: Hashable, Sendable, Codable {
        public var at: WallClockInstant
        public var calls: Int

        public init(at: WallClockInstant, calls: Int) {
            self.at = at
            self.calls = calls
        }
    }

    /// - Parameters:
    ///   - recipients: All of the campaign's.
    ///   - attempts: All of the campaign's.
    public init(
        campaign: Campaign, recipients: [Recipient], attempts: [Attempt], generatedAt: WallClockInstant
    ) {
        self.campaign = campaign.id
        name = campaign.name
        state = campaign.state
        pauseReason = campaign.pauseReason
        importReport = campaign.importReport
        self.generatedAt = generatedAt
        var counts = CampaignCounts()
        var known: [RecipientID: Recipient] = [:]
        for recipient in recipients {
            counts.add(recipient.state)
            known[recipient.id] = recipient
        }
        self.recipients = counts
        let called = Set(attempts.map(\.recipient))
        notCalled = recipients.filter { !called.contains($0.id) }.sorted { $0.row < $1.row }.map(
            RecipientRow.init)
        calls = attempts.sorted { ($0.startedAt, $0.id.rawValue) < ($1.startedAt, $1.id.rawValue) }
            .map { CallRow($0, of: known[$0.recipient]) }
        outcomes = Self.count(calls)
        firstStartedAt = calls.first?.startedAt
        lastEndedAt = calls.compactMap(\.endedAt).max()
        totalTalkSeconds = calls.compactMap(\.talkSeconds).reduce(0, +)
        quality = Quality(calls.compactMap { $0.quality?.worst })
        timeline = Self.timeline(of: calls)
        peakConcurrency = timeline.map(\.calls).max() ?? 0
    }

    /// Reads everything from `store`.
    public static func make(of id: CampaignID, from store: any CampaignStore, at now: WallClockInstant)
        async throws(CampaignStoreError) -> CampaignReport
    {
        CampaignReport(
            campaign: try await store.campaign(id), recipients: try await store.recipients(of: id),
            attempts: try await store.attempts(of: id), generatedAt: now)
    }

    private static func count(_ calls: [CallRow]) -> [OutcomeCount] {
        var counts: [OutcomeCount] = []
        for disposition in CallDisposition.allCases {
            let parts: [AnsweredBy?] = disposition == .answered ? AnsweredBy.allCases + [nil] : [nil]
            for part in parts {
                let rows = calls.filter {
                    $0.disposition == disposition && (disposition != .answered || $0.answeredBy == part)
                }
                guard !rows.isEmpty else { continue }
                counts.append(
                    OutcomeCount(
                        disposition: disposition, answeredBy: part, count: rows.count,
                        messagesLeft: rows.count { $0.agentStatus == .messageLeft },
                        notReached: rows.count { $0.agentStatus == .notReached }))
            }
        }
        return counts
    }

    /// A call that ends at the instant at which another starts does not overlap it.
    private static func timeline(of calls: [CallRow]) -> [ConcurrencyStep] {
        var changes: [(at: WallClockInstant, change: Int)] = []
        for call in calls {
            changes.append((call.startedAt, 1))
            if let ended = call.endedAt { changes.append((max(ended, call.startedAt), -1)) }
        }
        changes.sort { ($0.at, $0.change) < ($1.at, $1.change) }
        var steps: [ConcurrencyStep] = []
        var running = 0
        for (index, change) in changes.enumerated() {
            running += change.change
            let isLastOfInstant = index + 1 == changes.count || changes[index + 1].at != change.at
            if isLastOfInstant, steps.last?.calls != max(0, running) {
                steps.append(ConcurrencyStep(at: change.at, calls: max(0, running)))
            }
        }
        return steps
    }
}

extension CampaignReport.RecipientRow {
    init(_ recipient: Recipient) {
        self.init(
            recipient: recipient.id, row: recipient.row, number: recipient.number.e164,
            state: recipient.state,
            nextAttemptAt: recipient.nextAttemptAt, reason: recipient.reason)
    }
}

extension CampaignReport.CallRow {
    init(_ attempt: Attempt, of recipient: Recipient?) {
        let outcome = attempt.outcome
        let timings = outcome?.timings
        var secondsToAnswer: Double?
        if let dialed = timings?.dialed, let answered = timings?.answered {
            secondsToAnswer = dialed.duration(to: answered).inSeconds
        }
        self.init(
            id: attempt.id, sipCallID: attempt.sipCallID, recipient: attempt.recipient,
            row: recipient?.row ?? 0,
            number: recipient?.number.e164 ?? "", sequence: attempt.sequence, startedAt: attempt.startedAt,
            endedAt: attempt.endedAt, disposition: outcome?.disposition, answeredBy: outcome?.answeredBy,
            endedBy: outcome?.endedBy, cause: outcome?.cause, secondsToAnswer: secondsToAnswer,
            talkSeconds: timings?.talkTime?.inSeconds, quality: outcome?.quality,
            agentStatus: outcome?.agentResult?.status,
            agentNote: outcome?.agentResult?.note, recipientState: recipient?.state ?? .unknown,
            reason: recipient?.reason ?? "")
    }
}
