internal import CampaignKit
internal import Foundation
internal import SansIO
internal import Telephony

/// A running campaign on standard output: a bar and counts on a terminal, plain lines when piped.
struct CampaignDisplay {
    private let isTerminal = Output.isTerminal
    private let start: MonotonicInstant
    private let clock: any Driver

    init(clock: any Driver) {
        self.clock = clock
        start = clock.now
    }

    /// Follows a run until it ends.
    func follow(_ progress: AsyncStream<CampaignProgress>) async {
        for await step in progress { show(step) }
        if isTerminal { Output.line("") }
    }

    private func show(_ step: CampaignProgress) {
        guard let text = Self.describe(step.kind) else { return }
        let elapsed = start.duration(to: clock.now)
        let line = String(format: "%6.1f s  %@", elapsed.inSeconds, text)
        if isTerminal {
            // Clears the bar's line, prints above it, and draws it again.
            FileHandle.standardOutput.write(Data("\r\u{1B}[2K\(line)\n\(Self.bar(step))".utf8))
        } else {
            Output.line(line)
        }
    }

    private static func bar(_ step: CampaignProgress) -> String {
        let width = 30
        let total = max(1, step.counts.total)
        let done = step.counts.finished * width / total
        let bar = String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
        return "\(bar) \(step.counts.finished)/\(step.counts.total)  \(step.running) in the air"
    }

    private static func describe(_ kind: CampaignProgress.Kind) -> String? {
        switch kind {
        case .opened: return "campaign opened"
        case .queued: return nil
        case .dialing(let attempt): return "dialing \(attempt.id)"
        case .ended(let id, let recipient, let outcome):
            return "\(id) → \(recipient.number): \(describe(outcome)); \(describe(recipient))"
        case .decided(let decision):
            switch decision.action {
            case .start: return nil
            case .deferred(let id, _): return "\(id) deferred: \(decision.reason)"
            case .refused(let id): return "\(id) refused: \(decision.reason)"
            case .heldBack: return "the trunk asks to wait: \(decision.reason)"
            case .callerRests(let number, _): return "caller number \(number) rests: \(decision.reason)"
            case .paused: return "paused: \(decision.reason)"
            case .resumed: return "resumed: \(decision.reason)"
            case .cancelled: return "cancelled: \(decision.reason)"
            case .completed: return decision.reason
            }
        case .storeFailed(let error): return "the store failed: \(error)"
        case .storeRecovered: return "the store works again"
        }
    }

    private static func describe(_ outcome: CallOutcome?) -> String {
        guard let outcome else { return "not placed" }
        var text = outcome.disposition.rawValue
        if let by = outcome.answeredBy { text += " by \(by.rawValue)" }
        if let status = outcome.cause.sipStatus, outcome.disposition != .answered { text += " (\(status))" }
        if let worst = outcome.quality?.worst { text += String(format: ", MOS %.1f", worst) }
        return text
    }

    /// `MOS 4.3 here, 4.1 at the callee`; `nil` when neither is known.
    static func describe(_ quality: CallQuality) -> String? {
        let parts = [
            quality.inbound.map { String(format: "%.1f here", $0) },
            quality.outbound.map { String(format: "%.1f at the callee", $0) },
        ].compactMap { $0 }
        return parts.isEmpty ? nil : "MOS " + parts.joined(separator: ", ")
    }

    private static func describe(_ recipient: Recipient) -> String {
        let reason = recipient.reason.isEmpty ? "" : " (\(recipient.reason))"
        return "\(recipient.state.rawValue)\(reason)"
    }

    static func describe(_ counts: CampaignCounts) -> String {
        let parts = [
            ("completed", counts.completed), ("failed", counts.failed), ("no-answer", counts.noAnswer),
            ("unknown", counts.unknown), ("pending", counts.pending), ("queued", counts.queued),
            ("calling", counts.calling),
        ]
        let shown = parts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        return "\(counts.total) recipients" + (shown.isEmpty ? "" : ": " + shown.joined(separator: ", "))
    }

    /// Outcomes and how often each came, one a line.
    static func outcomeTable(_ report: CampaignReport) -> String {
        report.outcomes.map { row in
            let by = row.answeredBy.map { " by \($0.rawValue)" } ?? ""
            var made = ""
            if row.messagesLeft > 0 { made += ", \(row.messagesLeft) with a message left" }
            if row.notReached > 0 { made += ", \(row.notReached) hung up on" }
            return String(format: "%6d  ", row.count) + row.disposition.rawValue + by + made
        }.joined(separator: "\n")
    }

    /// The sound of the calls; `nil` where none is known.
    static func describe(_ quality: CampaignReport.Quality?) -> String? {
        guard let quality else { return nil }
        let low = quality.poor > 0 ? ", \(quality.poor) below \(CampaignReport.Quality.poorBelow)" : ""
        return String(format: "MOS %.1f on average, %.1f at worst", quality.mean, quality.least)
            + " (\(quality.calls) calls\(low))"
    }

    static func describe(_ report: ImportReport) -> [String] {
        var lines = ["\(report.rowsRead) rows read, \(report.accepted) accepted"]
        lines += report.rejected.map { "  row \($0.row) rejected: \($0.detail)" }
        lines += report.duplicates.map { "  row \($0.row) repeats the number of row \($0.firstRow)" }
        if !report.assumedInternational.isEmpty {
            let rows = report.assumedInternational.map(String.init).joined(separator: ", ")
            lines.append("  taken as international although without '+': rows \(rows)")
        }
        return lines
    }
}
