internal import SansIO
public import Telephony

/// A campaign's report as one page that needs nothing else: no script, no font, no picture from elsewhere.
public struct CampaignReportHTML: Hashable, Sendable {
    /// A file about one call, beside the page.
    public struct FileLink: Hashable, Sendable {
        /// What the reader sees: `audio`, `record`, `ladder`.
        public var label: String
        /// Relative to the page.
        public var path: String

        public init(label: String, path: String) {
            self.label = label
            self.path = path
        }
    }

    public var report: CampaignReport
    /// Files of calls, by the id of the call.
    public var files: [CallID: [FileLink]]
    /// Rows shown at most in each table; the counts are of all.
    public var rowLimit = 5_000

    public init(_ report: CampaignReport, files: [CallID: [FileLink]] = [:]) {
        self.report = report
        self.files = files
    }

    /// The whole page, UTF-8.
    public func render() -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(HTMLText.escape(title)) – campaign report</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <main>
        \(header)
        \(cards)
        \(outcomeBar)
        \(CallTimelineSVG(report).section)
        \(callTable)
        \(notCalledTable)
        \(importSection)
        <footer>Times are UTC. Made at \(HTMLText.dateTime(report.generatedAt)) by Outdial.</footer>
        </main>
        </body>
        </html>

        """
    }

    private var title: String { report.name.isEmpty ? report.campaign.rawValue : report.name }

    private var header: String {
        var parts: [String] = []
        if let first = report.firstStartedAt {
            parts.append("first call \(HTMLText.dateTime(first))")
            if let last = report.lastEndedAt { parts.append("last ended \(HTMLText.dateTime(last))") }
        }
        parts.append("<code>\(HTMLText.escape(report.campaign.rawValue))</code>")
        let pause =
            report.pauseReason.map { "<p class=\"notice\">Paused: \(HTMLText.escape($0.detail))</p>" } ?? ""
        return """
            <header>
            <h1>\(HTMLText.escape(title)) <span class="badge \(report.state.rawValue)">\(report.state.rawValue)</span></h1>
            <p class="quiet">\(parts.joined(separator: " · "))</p>
            \(pause)
            </header>
            """
    }

    private var cards: String {
        let counts = report.recipients
        let open = counts.pending + counts.queued + counts.calling
        var cards: [(String, String)] = [
            ("recipients", "\(counts.total)"), ("completed", "\(counts.completed)"),
            ("no answer", "\(counts.noAnswer)"), ("failed", "\(counts.failed)"),
            ("unknown", "\(counts.unknown)"),
            ("open", "\(open)"), ("calls", "\(report.calls.count)"),
            ("talk time", HTMLText.clock(report.totalTalkSeconds)), ("at once", "\(report.peakConcurrency)"),
        ]
        if let quality = report.quality {
            cards.append(("average MOS", HTMLText.decimal(quality.mean)))
            if quality.poor > 0 {
                cards.append(("below MOS \(CampaignReport.Quality.poorBelow)", "\(quality.poor)"))
            }
        }
        let items = cards.map { "<div class=\"card\"><b>\($0.1)</b><span>\($0.0)</span></div>" }
        return "<section class=\"cards\">\(items.joined())</section>"
    }

    private var outcomeBar: String {
        let total = report.outcomes.map(\.count).reduce(0, +)
        guard total > 0 else { return "" }
        var segments = ""
        var legend = ""
        for outcome in report.outcomes {
            let share = Double(outcome.count) / Double(total) * 100
            let style = Self.cssClass(outcome.disposition, outcome.answeredBy)
            let label = Self.words(outcome.disposition, outcome.answeredBy)
            segments +=
                "<i class=\"\(style)\" style=\"width:\(HTMLText.decimal(share))%\" title=\"\(label): \(outcome.count)\"></i>"
            legend +=
                "<li><i class=\"\(style)\"></i>\(label) <b>\(outcome.count)</b> <span class=\"quiet\">\(HTMLText.decimal(share)) %\(Self.made(of: outcome))</span></li>"
        }
        return """
            <section>
            <h2>Outcomes of calls</h2>
            <div class="bar">\(segments)</div>
            <ul class="legend">\(legend)</ul>
            </section>
            """
    }

    private var callTable: String {
        guard !report.calls.isEmpty else { return "" }
        let rows = report.calls.prefix(rowLimit).map(callRow).joined(separator: "\n")
        return """
            <section>
            <h2>Calls</h2>
            \(Self.note(shown: rowLimit, of: report.calls.count))
            <div class="scroll"><table>
            <thead><tr><th>Row</th><th>Number</th><th>Try</th><th>Started</th><th>Outcome</th><th>Answered after</th><th>Talk</th>\
            <th title="Mean opinion score, the worse direction">MOS</th><th>Agent</th><th>Recipient</th><th>Files</th><th>Cause</th></tr></thead>
            <tbody>
            \(rows)
            </tbody>
            </table></div>
            </section>
            """
    }

    private func callRow(_ call: CampaignReport.CallRow) -> String {
        let style = call.disposition.map { Self.cssClass($0, call.answeredBy) } ?? "calling"
        let outcome = call.disposition.map { Self.words($0, call.answeredBy) } ?? "in the air"
        let links = (files[call.id] ?? []).map {
            "<a href=\"\(HTMLText.reference($0.path))\">\(HTMLText.escape($0.label))</a>"
        }
        var cause = call.cause?.sipStatus.map { "\($0)" } ?? ""
        if let text = call.cause?.text, !text.isEmpty { cause += (cause.isEmpty ? "" : " ") + text }
        var agent = call.agentStatus.map(Self.words) ?? ""
        if let note = call.agentNote, !note.isEmpty { agent += (agent.isEmpty ? "" : ": ") + note }
        let cells = [
            "<td class=\"n\">\(call.row)</td>", "<td class=\"n\">\(HTMLText.escape(call.number))</td>",
            "<td class=\"n\">\(call.sequence)</td>",
            "<td class=\"n\">\(start(of: call))</td>",
            "<td><span class=\"chip\"><i class=\"\(style)\"></i>\(outcome)</span></td>",
            "<td class=\"n\">\(call.secondsToAnswer.map { HTMLText.decimal($0) + " s" } ?? "")</td>",
            "<td class=\"n\">\(call.talkSeconds.map(HTMLText.clock) ?? "")</td>",
            "<td class=\"n\">\(call.quality?.worst.map(HTMLText.decimal) ?? "")</td>",
            "<td>\(HTMLText.escape(agent))</td>",
            "<td title=\"\(HTMLText.escape(call.reason))\">\(call.recipientState.rawValue)</td>",
            "<td>\(links.joined(separator: " "))</td>", "<td>\(HTMLText.escape(cause))</td>",
        ]
        return "<tr id=\"\(HTMLText.escape(call.id.rawValue))\">\(cells.joined())</tr>"
    }

    /// The time alone when the campaign began and ended on one day, which the page's head names.
    private func start(of call: CampaignReport.CallRow) -> String {
        let first = HTMLText.dateTime(report.firstStartedAt ?? call.startedAt)
        let last = HTMLText.dateTime(report.lastEndedAt ?? call.startedAt)
        let isOneDay = first.prefix(10) == last.prefix(10)
        return isOneDay ? HTMLText.time(call.startedAt) : HTMLText.dateTime(call.startedAt)
    }

    private var notCalledTable: String {
        guard !report.notCalled.isEmpty else { return "" }
        let rows = report.notCalled.prefix(rowLimit).map { row in
            let next = row.nextAttemptAt.map(HTMLText.dateTime) ?? ""
            return "<tr><td class=\"n\">\(row.row)</td><td class=\"n\">\(HTMLText.escape(row.number))</td>"
                + "<td>\(row.state.rawValue)</td><td class=\"n\">\(next)</td><td>\(HTMLText.escape(row.reason))</td></tr>"
        }
        return """
            <section>
            <h2>Not called</h2>
            \(Self.note(shown: rowLimit, of: report.notCalled.count))
            <div class="scroll"><table>
            <thead><tr><th>Row</th><th>Number</th><th>State</th><th>Not before</th><th>Reason</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table></div>
            </section>
            """
    }

    private var importSection: String {
        guard let report = report.importReport else { return "" }
        let rejected = report.rejected.map { entry in
            (entry.row, "\(entry.column.map { "\($0): " } ?? "")\(entry.detail)")
        }
        let duplicates = report.duplicates.map { ($0.row, "same number as row \($0.firstRow)") }
        let assumed = report.assumedInternational.map {
            ($0, "no +: taken to start with a country code; called")
        }
        let lines = (rejected + duplicates + assumed).sorted { $0.0 < $1.0 }.prefix(rowLimit)
        let rows = lines.map { "<tr><td class=\"n\">\($0.0)</td><td>\(HTMLText.escape($0.1))</td></tr>" }
        let table =
            lines.isEmpty
            ? ""
            : """
            <div class="scroll"><table><thead><tr><th>Row</th><th>What was found</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            """
        return """
            <section>
            <h2>Imported list</h2>
            <p class="quiet">\(report.rowsRead) rows read, \(report.accepted) accepted, \(report.rejected.count) rejected, \
            \(report.duplicates.count) duplicates</p>
            \(table)
            </section>
            """
    }

    private static func note(shown: Int, of total: Int) -> String {
        total > shown ? "<p class=\"quiet\">The first \(shown) of \(total).</p>" : ""
    }
}
