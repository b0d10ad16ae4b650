internal import AgentBridge
internal import CallSimulator
internal import CampaignKit
internal import SansIO
internal import Telephony
internal import Testing

@Suite("A campaign in virtual time, with media")
struct CampaignScenarioTests {
    @Test("Twenty recipients over a bad network: everybody gets an outcome and every rule holds")
    func twenty() throws {
        var network = NetworkModel.perfect
        network.latency = .milliseconds(30)
        network.jitter = .milliseconds(20)
        network.loss = 0.03
        let report = try CampaignScenario(seed: 7, recipients: 20).network(network).run()
        #expect(report.violations.isEmpty, "\(report.replay) \(report.violations)")
        #expect(report.end == .completed)
        #expect(report.campaign.recipients.finished == 20)
        #expect(report.speed.callSeconds > 60)
        let never = report.invariants.filter { $0.checks == 0 }.map(\.invariant)
        #expect(never.allSatisfy { $0 == .bargeIn }, "never checked: \(never)")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var situation: String
        var callee: CalleeScript?
        var state: RecipientState
        var attempts: Int
        /// Between the end of an attempt and the next one.
        var wait: Int64?

        var testDescription: String { situation }
    }

    @Test(
        "What follows each kind of outcome",
        arguments: [
            Row(situation: "answered by a person", callee: .confirms, state: .completed, attempts: 1),
            Row(situation: "voicemail", callee: .voicemail, state: .completed, attempts: 1),
            Row(
                situation: "hung up on the agent", callee: .hangsUpMidSentence, state: .completed, attempts: 1
            ),
            Row(situation: "declined", callee: .declines, state: .failed, attempts: 1),
            Row(situation: "nowhere", callee: nil, state: .failed, attempts: 1),
            Row(situation: "busy, and busy again", callee: .busy, state: .failed, attempts: 3, wait: 300),
            Row(
                situation: "busy once", callee: .busyFirst(then: .confirms), state: .completed, attempts: 2,
                wait: 300),
            Row(situation: "nobody answers", callee: .noAnswer, state: .noAnswer, attempts: 3, wait: 3_600),
        ])
    func table(row: Row) throws {
        let mix = CalleeMix([.init(name: "callee", weight: 1, script: row.callee)])
        let report = try CampaignScenario(recipients: 2).callees(mix).run()
        #expect(report.violations.isEmpty, "\(report.violations)")
        #expect(report.campaign.recipients[row.state] == 2)
        #expect(report.campaign.calls.count == 2 * row.attempts)
        guard let wait = row.wait else { return }
        let calls = report.campaign.calls.filter { $0.row == 2 }
        let ended = try #require(calls[0].endedAt)
        let rest = ended.duration(to: calls[1].startedAt)
        #expect(rest >= .seconds(wait) && rest < .seconds(wait + 2), "\(rest)")
    }

    @Test("One agent that throws on its call leaves the others untouched")
    func oneBadAgent() throws {
        let report = try CampaignScenario(recipients: 6).callees(CalleeMix(.answers().says("Hello?")))
            .agent(MoodyAgent()).run()
        #expect(report.violations.isEmpty, "\(report.violations)")
        #expect(report.campaign.recipients.failed == 1)
        #expect(report.campaign.recipients.completed == 5)
    }

    @Test("A number on the do-not-call list is not called; a CSV is read as in production")
    func doNotCall() throws {
        let csv = "phone,name\n+15550000100,Jane\n+15550000101,John\nnonsense,Nobody\n"
        let report = try CampaignScenario(csv: Array(csv.utf8)).callees(
            CalleeMix(.busyFirst(then: .confirms))
        )
        .doNotCall([try PhoneNumber(e164: "+15550000101")]).run()
        #expect(report.violations.isEmpty, "\(report.violations)")
        #expect(report.campaign.importReport?.rejected.count == 1)
        #expect(Set(report.callees.map(\.number)) == ["+15550000100"])
    }

    @Test("Each number keeps its callee, whatever else is called")
    func mix() throws {
        func kinds(_ count: Int) throws -> [Int: CallDisposition?] {
            let report = try CampaignScenario(seed: 9, recipients: count).media(.signallingOnly)
                .agent(SilentAgent(hangsUpAfter: .seconds(1))).run()
            return Dictionary(
                report.campaign.calls.map { ($0.row, $0.disposition) },
                uniquingKeysWith: { first, _ in first })
        }
        let few = try kinds(6)
        let many = try kinds(12)
        for (row, disposition) in few { #expect(many[row] == disposition) }
    }
}

/// Throws when it calls the third recipient.
struct MoodyAgent: VoiceAgent {
    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        if session.context["name"] == "Recipient 3" { throw BadAgent.Fault() }
        try await session.sayTones("Good day.")
        return AgentResult(status: .done)
    }
}
