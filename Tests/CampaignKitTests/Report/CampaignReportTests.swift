import CampaignKit
import Foundation
import SansIO
import Telephony
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("Campaign report")
struct CampaignReportTests {
    private static func at(_ seconds: Double) -> WallClockInstant {
        Sample.start.advanced(by: .milliseconds(Int64(seconds * 1_000)))
    }

    /// Three recipients: one answered, one busy twice, one never called.
    private static func report() throws -> CampaignReport {
        var campaign = Sample.campaign()
        campaign.name = "<b>Spring & \"Co\"</b>"
        campaign.state = .paused
        campaign.pauseReason = PauseReason(.trunkFault, "3 in a row: trunk fault (403 <Forbidden>)")
        var imported = ImportReport()
        imported.rowsRead = 5
        imported.accepted = 3
        imported.rejected = [.init(row: 5, column: "phone", reason: .invalidNumber, detail: "no digits")]
        imported.duplicates = [.init(row: 6, firstRow: 2)]
        campaign.importReport = imported
        var recipients = try Sample.recipients(3, of: campaign)
        recipients[0].state = .completed
        recipients[1].reason = "busy"
        func attempt(
            _ slot: Int, _ sequence: Int, from: Double, to: Double?, _ outcome: (CallID) -> CallOutcome?
        ) -> Attempt {
            let id = CallID("\(recipients[slot].id)-\(sequence)")
            var attempt = Attempt(
                id: id, campaign: campaign.id, recipient: recipients[slot].id, sequence: sequence,
                sipCallID: "x@y", startedAt: at(from))
            attempt.endedAt = to.map(at)
            if to != nil { attempt.state = .ended }
            attempt.outcome = outcome(id)
            return attempt
        }
        let attempts = [
            attempt(1, 2, from: 60, to: nil) { _ in nil },
            attempt(0, 1, from: 0, to: 30) { id in
                CallOutcome(
                    id: id, disposition: .answered, cause: CallCause(sipStatus: 200, text: "OK"),
                    answeredBy: .human,
                    endedBy: .callee,
                    agentResult: AgentResult(status: .done, note: "<script>alert(1)</script>"),
                    timings: CallTimings(dialed: at(0), answered: at(4.5), ended: at(30)),
                    quality: CallQuality(inbound: 4.25, outbound: 3.52))
            },
            attempt(1, 1, from: 10, to: 12) { id in
                CallOutcome(
                    id: id, disposition: .busy, cause: CallCause(sipStatus: 486, text: "Busy Here"),
                    endedBy: .callee,
                    timings: CallTimings(dialed: at(10), ended: at(12)))
            },
        ]
        return CampaignReport(
            campaign: campaign, recipients: recipients, attempts: attempts, generatedAt: at(90))
    }

    @Test("Counts, durations and the calls at once come from the attempts")
    func figures() throws {
        let report = try Self.report()
        #expect(report.outcomes.map(\.disposition) == [.answered, .busy])
        #expect(report.outcomes.map(\.answeredBy) == [.human, nil])
        #expect(report.outcomes.map(\.count) == [1, 1])
        #expect(report.calls.map(\.id.rawValue) == ["spring-2-1", "spring-3-1", "spring-3-2"])
        #expect(report.calls.map(\.secondsToAnswer) == [4.5, nil, nil])
        #expect(report.calls.map(\.talkSeconds) == [25.5, nil, nil])
        #expect(report.totalTalkSeconds == 25.5)
        #expect(report.calls.map { $0.quality?.worst } == [3.52, nil, nil])
        let quality = try #require(report.quality)
        #expect(quality.calls == 1 && quality.mean == 3.52 && quality.least == 3.52 && quality.poor == 1)
        #expect(report.notCalled.map(\.row) == [4])
        #expect(
            report.recipients.total == 3 && report.recipients.completed == 1 && report.recipients.pending == 2
        )
        #expect(report.peakConcurrency == 2)
        #expect(
            report.timeline == [
                .init(at: Self.at(0), calls: 1), .init(at: Self.at(10), calls: 2),
                .init(at: Self.at(12), calls: 1),
                .init(at: Self.at(30), calls: 0), .init(at: Self.at(60), calls: 1),
            ])
        #expect(try JSONDecoder().decode(CampaignReport.self, from: JSONEncoder().encode(report)) == report)
    }

    @Test("The page needs nothing from elsewhere and lets no text become markup")
    func page() throws {
        let report = try Self.report()
        let id = CallID("spring-2-1")
        let page = CampaignReportHTML(
            report,
            files: [
                id: [
                    .init(label: "audio", path: "calls/a b\"c.wav"),
                    .init(label: "x", path: "javascript:alert(1)"),
                ]
            ]
        ).render()
        for forbidden in [
            "<script", "<b>Spring", "http:", "https:", "src=", "url(", "@import", "javascript:",
            "<Forbidden>",
        ] {
            #expect(!page.contains(forbidden), "\(forbidden)")
        }
        for wanted in [
            "&lt;b&gt;Spring &amp; &quot;Co&quot;&lt;/b&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;",
            "href=\"calls/a%20b%22c.wav\"", "href=\"javascript%3Aalert%281%29\"", "+15550000002",
            "2026-11-20 15:00:00",
            "prefers-color-scheme:dark", "answered by a person <b>1</b>", "same number as row 2",
            "in the air",
            "403 &lt;Forbidden&gt;", "<td class=\"n\">3.5</td>", "<b>3.5</b><span>average MOS</span>",
            "<b>1</b><span>below MOS 3.6</span>",
        ] { #expect(page.contains(wanted), "\(wanted)") }
    }

    @Test("Body and drawing are well-formed")
    func wellFormed() throws {
        let page = CampaignReportHTML(try Self.report()).render()
        let start = try #require(page.range(of: "<main>"))
        let end = try #require(page.range(of: "</main>"))
        let parser = XMLParser(data: Data(page[start.lowerBound..<end.upperBound].utf8))
        #expect(parser.parse(), "\(String(describing: parser.parserError)) line \(parser.lineNumber)")
    }

    @Test("A campaign without calls has a page too")
    func empty() throws {
        let report = CampaignReport(
            campaign: Sample.campaign(), recipients: [], attempts: [], generatedAt: Sample.start)
        let page = CampaignReportHTML(report).render()
        #expect(report.peakConcurrency == 0 && report.timeline.isEmpty && report.quality == nil)
        #expect(page.contains("Spring") && !page.contains("<svg"))
    }

    @Test("A large campaign's table is cut and says so; the counts are of all")
    func large() throws {
        let campaign = Sample.campaign()
        let recipients = try Sample.recipients(300, of: campaign)
        let attempts = recipients.map { recipient in
            var attempt = Attempt(
                id: CallID("\(recipient.id)-1"), campaign: campaign.id, recipient: recipient.id, sequence: 1,
                sipCallID: "x", startedAt: Self.at(Double(recipient.row)))
            attempt.state = .ended
            attempt.endedAt = Self.at(Double(recipient.row) + 20)
            attempt.outcome = CallOutcome(id: attempt.id, disposition: .noAnswer, endedBy: .us)
            return attempt
        }
        var html = CampaignReportHTML(
            CampaignReport(
                campaign: campaign, recipients: recipients, attempts: attempts, generatedAt: Self.at(400)))
        html.rowLimit = 100
        #expect(html.report.peakConcurrency == 20)
        #expect(html.render().contains("The first 100 of 300."))
        #expect(html.render().contains("no answer <b>300</b>"))
    }
}
