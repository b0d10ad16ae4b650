public import Telephony

/// Something happened in a running campaign.
public struct CampaignProgress: Hashable, Sendable {
    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// The runner has taken up the campaign.
        case opened
        /// A call was chosen; its agent prepares.
        case queued(CallID, Recipient)
        /// The INVITE is about to leave.
        case dialing(Attempt)
        /// A call is over and its recipient stands as given. The outcome is `nil` when it did not come about.
        case ended(CallID, Recipient, CallOutcome?)
        /// Deferred, refused, paused, resumed, cancelled or completed.
        case decided(CampaignDecision)
        /// The store failed; no new calls until it works again.
        case storeFailed(CampaignStoreError)
        case storeRecovered
    }

    public var kind: Kind
    public var counts: CampaignCounts
    /// Calls begun and not ended.
    public var running: Int
}

/// How a run came to its end.
@nonexhaustive
public enum CampaignEnd: Hashable, Sendable {
    case completed
    case cancelled
    /// See ``CampaignRunner/Configuration/whenPaused``.
    case paused(PauseReason)
    /// ``CampaignRunner/stop()`` was called; what is left waits for the next run.
    case stopped
}

/// Why a run could not go on.
@nonexhaustive
public enum CampaignRunError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another runner, which is alive, runs the campaign.
    case ownedByAnother(owner: String)
    /// The runner is running or has run.
    case alreadyRunning
    case settings(CampaignSettingsError)
    /// The store failed for good. Every call had come to its end; what could not be written of them is in `unwritten`.
    case store(CampaignStoreError, unwritten: [Attempt])

    public var description: String {
        switch self {
        case .ownedByAnother(let owner): "the campaign is run by \(owner)"
        case .alreadyRunning: "this runner is running or has run"
        case .settings(let error): error.description
        case .store(let error, let unwritten):
            unwritten.isEmpty
                ? "the campaign stopped: \(error)"
                : "the campaign stopped: \(error); the outcomes of \(unwritten.count) calls are not stored"
        }
    }
}
