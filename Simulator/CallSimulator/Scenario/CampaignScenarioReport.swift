public import CampaignKit
private import Telephony

/// Everything there is to know of a simulated campaign.
public struct CampaignScenarioReport: Sendable {
    public let seed: UInt64
    /// How the run came to its end.
    public let end: CampaignEnd
    /// The report of production: outcomes, every call, every recipient.
    public let campaign: CampaignReport
    /// Virtual time from the start of the world to the end of the campaign.
    public let duration: Duration
    /// Every call as its callee saw it.
    public let callees: [PeerCallReport]
    /// How often each rule was checked.
    public let invariants: [InvariantCount]
    /// Rules that were broken, the first hundred.
    public let violations: [Violation]
    public let speed: RunSpeed
    public let network: NetworkStatistics
    public let trace: Trace

    /// The same for the same scenario in every process.
    public var traceDigest: String { trace.digest }

    /// Attempts by what became of them, `answered by human` for example, in the order of the campaign report.
    public var outcomes: [(name: String, count: Int)] {
        campaign.outcomes.map { outcome in
            let by = outcome.answeredBy.map { " by \($0.rawValue)" } ?? ""
            return (outcome.disposition.rawValue + by, outcome.count)
        }
    }

    /// How to see it again, with the default network and callees.
    public var replay: String { "callsim run --seed \(seed) --calls \(campaign.recipients.total)" }
}
