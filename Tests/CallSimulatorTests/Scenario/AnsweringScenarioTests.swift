internal import AgentBridge
internal import CallSimulator
internal import CampaignKit
internal import RTPMedia
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Answering policies against simulated callees, with the classifier of production")
struct AnsweringScenarioTests {
    private static let message =
        "Hello, this is Riverside Clinic. Please call us back about your appointment."
    private static let introduction = "This is Riverside Clinic, about an appointment."
    private static let opening = "Hello, this is Riverside Clinic with a question about your appointment."

    private static let networks: [String: NetworkModel] = Dictionary(
        uniqueKeysWithValues: NetworkModel.presets.map { ($0.name, $0.model) })

    private func run(
        _ callee: CalleeScript, _ network: String = "perfect", seed: UInt64 = 1,
        recognised: (who: AnsweredBy, milliseconds: Int)? = nil,
        interruption: AgentScript.Interruption? = nil,
        _ change: (inout AnsweringPolicy) -> Void = { _ in }
    ) throws -> ScenarioReport {
        var policy = AnsweringPolicy()
        policy.opening = .afterVerdict
        policy.voicemail = .leaveMessage
        policy.message = Self.message
        policy.screening = .introduce
        policy.introduction = Self.introduction
        policy.silence = .prompt
        change(&policy)
        var script = AgentScript(
            answering: policy,
            steps: [
                .init(.say(Self.opening)), .init(.waitForTurn(timeout: .seconds(5))), .init(.say("Goodbye.")),
                .init(.hangUp(.done)),
            ])
        if let interruption { script.interruption = interruption }
        var dialer = DialerConfiguration()
        if let recognised {
            let verdict = AnswerVerdict(
                answeredBy: recognised.who, stage: .recognised, confidence: 1,
                atMilliseconds: recognised.milliseconds, evidence: "as written down")
            dialer.answerClassifier = { _ in ScriptedAnswerClassifier([verdict]) }
        }
        let report = try Scenario(seed: seed).callee(callee).network(try #require(Self.networks[network]))
            .dialer(dialer).agent(try ScriptedAgent(script)).run()
        #expect(report.violations.isEmpty, "\(report)")
        return report
    }

    private func steps(_ report: ScenarioReport) -> [AnsweringStep] {
        report.events.compactMap { if case .answering(let step) = $0.kind { step } else { nil } }
    }

    private func said(_ report: ScenarioReport) -> [String] {
        report.transcript.filter { $0.speaker == .agent && !$0.isCutOff }.map(\.text)
    }

    private func time(of wanted: AnsweringStep, in report: ScenarioReport) throws -> Duration {
        let event = report.events.last { if case .answering(wanted) = $0.kind { true } else { false } }
        return try #require(event, "\(wanted): \(steps(report))").sinceDialing
    }

    private static func length(_ text: String) -> Duration {
        .milliseconds(ToneSpeech(text, rateHertz: 8_000).sampleCount / 8)
    }

    @Test(
        "The message begins within 300 ms of the beep's end and is whole",
        arguments: ["voicemail", "voicemailLowBeep", "voicemailEarlyBeep", "voicemailWithPause"],
        ["perfect", "wifi", "cellular", "lossy"])
    func message(preset: String, network: String) throws {
        let script = try #require(CalleeScript(preset: preset))
        let report = try run(script, network, seed: UInt64(preset.utf8.count + network.utf8.count))
        let timeline = SpeechTimeline(report)
        #expect(report.outcome.agentResult?.status == .messageLeft, "\(steps(report))")
        #expect(report.outcome.answeredBy == .voicemail)
        let end = try #require(report.outcome.timings.ended)
        let dialed = try #require(report.outcome.timings.dialed)
        let beepEnd = try #require(timeline.lastHeard(before: dialed.duration(to: end)))
        let start = try #require(timeline.firstSpoken(from: beepEnd))
        #expect(start - beepEnd <= .milliseconds(300), "\(start - beepEnd)")
        // Tones with pauses: of the message's length about two thirds are sound.
        #expect(said(report).last == Self.message)
        let whole = Self.length(Self.message)
        #expect(timeline.spoken(from: beepEnd) >= whole * 0.5)
        let heard = try #require(report.callee?.heard.voice.last)
        #expect(heard.endMilliseconds > 0)
        if preset != "voicemailWithPause" {
            #expect(said(report) == [Self.message])
            #expect(timeline.caller.allSatisfy { $0.sent >= beepEnd }, "nothing was said before")
        } else {
            #expect(steps(report).contains(.leavingMessage(attempt: 2)))
        }
    }

    @Test("A voicemail without a beep gets its message after three seconds of silence")
    func withoutBeep() throws {
        let report = try run(.voicemailWithoutBeep)
        let timeline = SpeechTimeline(report)
        #expect(report.outcome.agentResult?.status == .messageLeft)
        let start = try #require(timeline.caller.first?.sent)
        let greetingEnd = try #require(timeline.lastHeard(before: start))
        #expect(
            (.milliseconds(2_700)...(.milliseconds(3_600))).contains(start - greetingEnd),
            "\(start - greetingEnd)")
    }

    @Test(
        "A person hears the agent within 100 ms of the verdict",
        arguments: ["talks", "confirms", "longGreeting", "earlyMedia"], ["perfect", "cellular"])
    func person(preset: String, network: String) throws {
        let report = try run(try #require(CalleeScript(preset: preset)), network)
        let timeline = SpeechTimeline(report)
        let verdict = try #require(report.time { if case .classified = $0 { true } else { false } })
        let start = try #require(timeline.caller.first?.sent)
        #expect(report.outcome.answeredBy == .human)
        #expect(start >= verdict)
        #expect(start - verdict <= .milliseconds(100), "\(start - verdict)")
        #expect(report.record?.verdict?.answeredBy == .human)
    }

    @Test("An agent that talks from the answer on is off the wire within 60 ms of a machine's verdict")
    func optimistic() throws {
        let report = try run(.voicemail, "lossy") { $0.opening = .atAnswer }
        let timeline = SpeechTimeline(report)
        let verdict = try time(of: .awaitingBeep, in: report)
        let message = try time(of: .leavingMessage(attempt: 1), in: report)
        #expect(timeline.caller.contains { $0.sent < verdict })
        let between = timeline.caller.filter { $0.sent > verdict + .milliseconds(60) && $0.sent < message }
        #expect(between.isEmpty)
        #expect(report.outcome.agentResult?.status == .messageLeft)
        let first = try #require(report.transcript.first { $0.speaker == .agent })
        #expect(first.isCutOff)
        #expect(Self.opening.hasPrefix(first.text))
    }

    @Test(
        "A screening assistant is told who calls and why; then the person, a voicemail or a refusal",
        arguments: CalleeScript.ScreeningEnd.allCases, ["perfect", "cellular"])
    func screening(end: CalleeScript.ScreeningEnd, network: String) throws {
        let report = try run(.screening(then: end), network, recognised: (.screening, 3_000))
        #expect(said(report).contains(Self.introduction), "\(steps(report))")
        switch end {
        case .letsThrough:
            #expect(said(report).contains(Self.opening))
            #expect(report.outcome.agentResult?.status == .done)
        case .declines:
            #expect(report.outcome.endedBy == .callee)
            #expect(report.outcome.agentResult?.status != .done)
        case .voicemail:
            #expect(said(report).last == Self.message)
            #expect(report.outcome.agentResult?.status == .messageLeft)
        }
    }

    @Test("Nothing is said to a fax, and little to silence")
    func nobody() throws {
        let fax = try run(.fax)
        #expect(SpeechTimeline(fax).caller.isEmpty)
        #expect(fax.outcome.answeredBy == .fax)
        #expect(fax.outcome.agentResult?.status == .notReached)
        let silence = try run(.silent)
        #expect(said(silence) == ["Hello?"])
        #expect(silence.outcome.agentResult?.status == .notReached)
        #expect(silence.outcome.endedBy == .us)
    }

    @Test("A number not in service is a bad number, whatever its information tone, and nobody is greeted")
    func notInService() throws {
        for tone in [LineTone.vacantCode, .intercept, .specialInformation] {
            let report = try run(.notInService(tone))
            #expect(report.outcome.disposition == .badNumber)
            #expect(report.outcome.agentResult == nil)
        }
    }

    @Test("A menu gets its key")
    func menu() throws {
        // The menu may talk on: an agent that can be interrupted would be.
        let report = try run(.ivr, "internet", recognised: (.ivr, 5_000), interruption: .never) {
            $0.menu = .press("0")
        }
        #expect(report.callee?.heard.digits == "0")
        #expect(said(report).contains(Self.opening))
    }

    @Test(
        "A campaign's policy comes with its settings; the report says who answered and where a message was left"
    )
    func campaign() throws {
        var settings = CampaignSettings()
        settings.answering = AnsweringPolicy()
        settings.answering?.opening = .afterVerdict
        settings.answering?.voicemail = .leaveMessage
        settings.answering?.message = "Hello {{name}}, please call back."
        settings.retry.maximumAttempts = 1
        let mix = try #require(CalleeMix("voicemailEarlyBeep=2,talks=1,fax=1"))
        let report = try CampaignScenario(seed: 3, recipients: 8).callees(mix).settings(settings)
            .agent(OneLiner(text: "Hello.")).run()
        #expect(report.violations.isEmpty, "\(report.replay)")
        let voicemails = try #require(report.campaign.outcomes.first { $0.answeredBy == .voicemail })
        #expect(voicemails.messagesLeft == voicemails.count)
        let faxes = try #require(report.campaign.outcomes.first { $0.answeredBy == .fax })
        #expect(faxes.notReached == faxes.count)
        #expect(report.campaign.outcomes.contains { $0.answeredBy == .human && $0.messagesLeft == 0 })
    }

    @Test("Blocks by analytics, by the callee and by an intermediary are blocks, in a whole mix")
    func blocked() throws {
        let report = try CampaignScenario(seed: 2, recipients: 24).callees(.blocked).media(.signallingOnly)
            .run()
        #expect(report.violations.isEmpty, "\(report.replay)")
        let blocked = report.campaign.calls.filter { $0.disposition == .blocked }
        #expect(!blocked.isEmpty)
        let statuses = Set(blocked.compactMap { $0.cause?.sipStatus })
        #expect(statuses.isSubset(of: [603, 607, 608]))
        #expect(CalleeMix("blocked") != nil)
    }
}
