import CallSimulator
import CampaignKit
import Foundation
import SansIO

/// What `callsim run` prints.
struct RunSummary: Encodable {
    struct Speed: Encodable {
        var callSeconds: Double
        var virtualSeconds: Double
        var wallSeconds: Double
        var cpuSeconds: Double
        var callSecondsPerSecond: Double
        var callSecondsPerCPUSecond: Double
        var timesRealTime: Double

        init(_ speed: RunSpeed) {
            callSeconds = speed.callSeconds
            virtualSeconds = speed.virtualSeconds
            wallSeconds = speed.wallSeconds
            cpuSeconds = speed.cpuSeconds
            callSecondsPerSecond = speed.callSecondsPerSecond
            callSecondsPerCPUSecond = speed.callSecondsPerCPUSecond
            timesRealTime = speed.timesRealTime
        }
    }

    struct Datagrams: Encodable {
        var sent: Int
        var delivered: Int
        var lost: Int
    }

    var seed: UInt64
    /// Recipients.
    var calls: Int
    var attempts: Int
    var end: String
    var outcomes: [String: Int]
    var recipients: CampaignCounts
    var peakConcurrency: Int
    var campaignSeconds: Double
    var datagrams: Datagrams
    var invariants: [InvariantCount]
    var violations: [Violation]
    var traceDigest: String
    var speed: Speed
    var replay: String
    private let outcomeOrder: [String]

    private enum CodingKeys: String, CodingKey {
        case seed, calls, attempts, end, outcomes, recipients, peakConcurrency, campaignSeconds, datagrams
        case invariants, violations, traceDigest, speed, replay
    }

    init(_ report: CampaignScenarioReport, calls: Int, replay: String) {
        seed = report.seed
        self.calls = calls
        attempts = report.campaign.calls.count
        end = "\(report.end)"
        outcomes = Dictionary(report.outcomes.map { ($0.name, $0.count) }, uniquingKeysWith: +)
        outcomeOrder = report.outcomes.map(\.name)
        recipients = report.campaign.recipients
        peakConcurrency = report.campaign.peakConcurrency
        campaignSeconds = report.duration.inSeconds
        datagrams = Datagrams(
            sent: report.network.sent, delivered: report.network.delivered, lost: report.network.lost)
        invariants = report.invariants
        violations = report.violations
        traceDigest = report.traceDigest
        speed = Speed(report.speed)
        self.replay = replay
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var lines = ["Seed \(seed): \(calls) recipients, \(attempts) calls, campaign \(end)", ""]
        lines.append("Outcomes")
        lines += outcomeOrder.map { row(outcomes[$0] ?? 0, $0) }
        lines += ["", "Recipients"]
        let states = RecipientState.allCases.filter { recipients[$0] > 0 }
        lines += states.map { row(recipients[$0], $0.rawValue) }
        lines += ["", "Invariants checked"]
        lines += invariants.filter { $0.checks > 0 }.map { count in
            let broken = count.violations > 0 ? "  BROKEN \(count.violations) TIMES" : ""
            return row(count.checks, "\(count.invariant.rawValue): \(count.invariant.rule)\(broken)")
        }
        let broken = invariants.reduce(0) { $0 + $1.violations }
        lines += ["", "Violations: \(broken)"]
        lines += violations.prefix(20).map { "  \($0)" }
        lines += [
            "", "Trace digest: \(traceDigest)",
            "Datagrams: \(datagrams.sent) sent, \(datagrams.delivered) delivered, \(datagrams.lost) lost",
            "Speed: \(decimal(speed.callSeconds)) s of answered calls, \(peakConcurrency) at once at most, in "
                + "\(decimal(speed.wallSeconds)) s (\(decimal(speed.cpuSeconds)) s of CPU): "
                + "\(Int(speed.callSecondsPerSecond)) call-seconds per second, "
                + "\(Int(speed.timesRealTime)) times real time",
            "Replay: \(replay)",
        ]
        return lines.joined(separator: "\n")
    }

    private func row(_ count: Int, _ text: String) -> String {
        let number = String(count)
        return String(repeating: " ", count: max(0, 11 - number.count)) + number + "  " + text
    }

    private func decimal(_ number: Double) -> String { String(format: "%.1f", number) }
}
