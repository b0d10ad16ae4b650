internal import SansIO
internal import Telephony

/// Calls over time as a drawing: how many at once, and below each call as a bar in the first free lane.
struct CallTimelineSVG {
    private let report: CampaignReport
    private let start: WallClockInstant
    private let end: WallClockInstant

    private static let width = 1_100.0
    private static let left = 34.0
    private static let top = 14.0
    private static let chartHeight = 130.0
    private static let laneHeight = 9.0
    /// Bars are drawn for so many calls and lanes at most; beyond it they would be a blur.
    private static let barLimit = 2_000
    private static let laneLimit = 60

    init(_ report: CampaignReport) {
        self.report = report
        start = report.firstStartedAt ?? report.generatedAt
        let last = report.calls.map { $0.endedAt ?? report.generatedAt }.max() ?? start
        end = max(last, start.advanced(by: .seconds(1)))
    }

    /// The section of the page; empty without calls.
    var section: String {
        guard !report.calls.isEmpty else { return "" }
        let bars = laneBars
        let axis = Self.top + Self.chartHeight
        let height = axis + 24 + (bars.lanes > 0 ? Double(bars.lanes) * Self.laneHeight + 8 : 0)
        return """
            <section>
            <h2>Calls over time</h2>
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" aria-label="Concurrent calls over time, at most \(report.peakConcurrency)">
            \(grid(axis: axis))
            <path class="area" d="\(steps(axis: axis)) L\(text(x(end))) \(text(axis)) L\(text(Self.left)) \(text(axis)) Z"/>
            <path class="steps" d="\(steps(axis: axis))"/>
            \(bars.svg)
            </svg>
            </section>
            """
    }

    private func x(_ instant: WallClockInstant) -> Double {
        let share = start.duration(to: instant).inSeconds / start.duration(to: end).inSeconds
        return Self.left + min(1, max(0, share)) * (Self.width - Self.left - 10)
    }

    private func y(_ calls: Int, axis: Double) -> Double {
        axis - Double(calls) / Double(max(1, report.peakConcurrency)) * Self.chartHeight
    }

    private func text(_ number: Double) -> String { HTMLText.decimal(number) }

    private func grid(axis: Double) -> String {
        let peak = max(1, report.peakConcurrency)
        var lines = ""
        for level in Array(Set([0, peak / 2, peak])).sorted() {
            let height = text(y(level, axis: axis))
            lines +=
                "<line class=\"grid\" x1=\"\(Int(Self.left))\" x2=\"\(Int(Self.width - 10))\" y1=\"\(height)\" y2=\"\(height)\"/>"
            lines +=
                "<text x=\"\(Int(Self.left - 6))\" y=\"\(height)\" text-anchor=\"end\" dominant-baseline=\"middle\">\(level)</text>"
        }
        let isLong = start.duration(to: end) > .seconds(86_400)
        for quarter in 0...4 {
            let instant = start.advanced(by: start.duration(to: end) * quarter / 4)
            let label = isLong ? String(HTMLText.dateTime(instant).dropLast(3)) : HTMLText.time(instant)
            let anchor = quarter == 0 ? "start" : quarter == 4 ? "end" : "middle"
            lines +=
                "<text x=\"\(text(x(instant)))\" y=\"\(text(axis + 16))\" text-anchor=\"\(anchor)\">\(label)</text>"
        }
        return lines
    }

    private func steps(axis: Double) -> String {
        var path = "M\(text(Self.left)) \(text(axis))"
        for step in report.timeline { path += " H\(text(x(step.at))) V\(text(y(step.calls, axis: axis)))" }
        return path + " H\(text(x(end)))"
    }

    /// Each call in the first lane that is free at its start.
    private var laneBars: (svg: String, lanes: Int) {
        guard report.calls.count <= Self.barLimit, report.peakConcurrency <= Self.laneLimit else {
            return ("", 0)
        }
        var freeFrom: [WallClockInstant] = []
        var svg = ""
        let first = Self.top + Self.chartHeight + 28
        for call in report.calls {
            let ended = call.endedAt ?? report.generatedAt
            let lane = freeFrom.firstIndex { $0 <= call.startedAt } ?? freeFrom.count
            if lane == freeFrom.count { freeFrom.append(ended) } else { freeFrom[lane] = ended }
            let style = call.disposition.map { CampaignReportHTML.cssClass($0, call.answeredBy) } ?? "calling"
            let words = call.disposition.map { CampaignReportHTML.words($0, call.answeredBy) } ?? "in the air"
            let length = max(1.5, x(ended) - x(call.startedAt) - 0.5)
            svg +=
                "<a href=\"#\(HTMLText.reference(call.id.rawValue))\"><rect class=\"\(style)\" x=\"\(text(x(call.startedAt)))\" "
            svg +=
                "y=\"\(text(first + Double(lane) * Self.laneHeight))\" width=\"\(text(length))\" height=\"\(text(Self.laneHeight - 2))\" rx=\"2\">"
            svg +=
                "<title>\(HTMLText.escape(call.number)): \(words), \(HTMLText.time(call.startedAt))</title></rect></a>\n"
        }
        return (svg, freeFrom.count)
    }
}
