internal import CallSimulator
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Tones of the line in simulated calls")
struct CallProgressTests {
    /// Says what was heard, and when in milliseconds after the INVITE.
    private func run(_ script: CalleeScript, network: NetworkModel = .perfect, seed: UInt64 = 1) throws
        -> (outcome: CallOutcome, report: ScenarioReport)
    {
        let report = try Scenario(seed: seed).callee(script).network(network).run()
        #expect(report.violations.isEmpty, "\(report)")
        return (report.outcome, report)
    }

    @Test(
        "A number not in service ends as bad number before any answer, while the announcement still runs",
        arguments: [
            (LineTone.vacantCode, "vacant code"), (.intercept, "intercept"), (.specialInformation, "general"),
        ])
    func notInService(tone: LineTone, words: String) throws {
        let script = CalleeScript(steps: [
            .earlyMedia(.zero), .tone(tone, .milliseconds(1_200)),
            .say("The number you have dialed is not in service."), .wait(.seconds(30)), .answer,
        ])
        let (outcome, report) = try run(script)
        #expect(outcome.disposition == .badNumber)
        #expect(outcome.cause.text == "special information tone before the answer: \(words)")
        #expect(outcome.timings.answered == nil)
        #expect(outcome.agentResult == nil)
        #expect(report.callee?.status == 487, "it was cancelled")
        let dialed = try #require(outcome.timings.dialed)
        let ended = try #require(outcome.timings.ended)
        #expect(dialed.duration(to: ended) < .milliseconds(1_500))
    }

    @Test("Lost and late packets do not hide it", arguments: UInt64(1)..<9)
    func onABadNetwork(seed: UInt64) throws {
        let (outcome, _) = try run(.notInService, network: .cellular, seed: seed)
        #expect(outcome.disposition == .badNumber)
    }

    @Test("All circuits taken, busy and ringback are told and left to the network to end")
    func told() throws {
        let script = CalleeScript(steps: [
            .earlyMedia(.seconds(4)), .tone(.noCircuit, .milliseconds(1_500)), .tone(.busy, .seconds(3)),
            .reject(status: 486),
        ])
        let (outcome, report) = try run(script)
        #expect(outcome.disposition == .busy)
        let tones = report.events.compactMap { event -> ProgressTone? in
            if case .callProgress(let tone) = event.kind { tone } else { nil }
        }
        #expect(tones == [.ringback, .specialInformation(.noCircuit), .busy])
    }

    @Test("A fax that answers is told from people and voicemails")
    func fax() throws {
        let script = CalleeScript(steps: [
            .ring(.seconds(1)), .answer, .wait(.milliseconds(500)), .tone(.faxAnswering, .seconds(4)),
            .wait(.seconds(60)), .hangUp,
        ])
        #expect(try run(script).outcome.answeredBy == .fax)
    }
}
