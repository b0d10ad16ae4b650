// The code blocks of README.md, compiled. `ReadmeTests` compares them with the page and runs them.

// snippet: agent
import AgentBridge
import Telephony

struct Reminder: VoiceAgent {
    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        try await session.sayTones("Hello \(session.context["name"] ?? "there"), press 1 to confirm.")
        let key = try await session.nextDigit(timeout: .seconds(10))
        return AgentResult(status: .done, note: key == "1" ? "confirmed" : "no reply")
    }
}
// end

// snippet: call
func remindJane(over trunk: Trunk) async throws -> CallOutcome {
    let dialer = Dialer(trunk: trunk)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await dialer.run() }
        let request = CallRequest(to: "+15551234567", context: ["name": "Jane"])
        let outcome = try await dialer.call(request, agent: Reminder())
        await dialer.shutDown()
        try await group.waitForAll()
        return outcome
    }
}
// end

// snippet: campaign
import CampaignKit
import SocketDriver

func remindEverybody(in csv: [UInt8], over trunk: Trunk) async throws -> CampaignReport {
    let driver = try SocketDriver()
    let dialer = Dialer(trunk: trunk, driver: driver)
    let store = InMemoryCampaignStore()  // or SQLiteCampaignStore.open("campaigns.sqlite", driver: driver)
    let id = try await Campaign.create("Reminders", csv: csv, in: store, driver: driver)
    let runner = CampaignRunner(
        campaign: id, store: store, placing: dialer, handler: AgentCallHandler(Reminder()), driver: driver)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await dialer.run() }
        _ = try await runner.run()
        await dialer.shutDown()
        try await group.waitForAll()
    }
    return try await CampaignReport.make(of: id, from: store, at: driver.wallClock)
}
// end

// snippet: answering
struct ClinicAgent: VoiceAgent {
    var options: AgentOptions {
        var options = AgentOptions()
        options.answering.opening = .afterVerdict
        options.answering.voicemail = .leaveMessage
        options.answering.screening = .introduce
        options.answering.introduction = "This is Riverside Clinic, about an appointment."
        return options
    }

    func voicemailMessage(for session: AgentSession, prepared: Void) async throws -> PreparedSpeech? {
        .tones("Hello \(session.context["name"] ?? "there"), please call us.", rateHertz: session.rateHertz)
    }

    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        try await session.sayTones("Hello, this is Riverside Clinic.")
        return AgentResult(status: .done)
    }
}
// end

// snippet: simulation
import CallSimulator
import Testing

@Test("Jane confirms on a bad mobile line")
func janeConfirms() throws {
    let report = try Scenario(seed: 7)
        .callee(.answers(after: .seconds(4)).says("Hello?").waitsForVoice().presses("1", after: .seconds(3)))
        .network(.cellular)
        .agent(Reminder())
        .request(CallRequest(to: "+15551234567", context: ["name": "Jane"]))
        .run()
    #expect(report.outcome.agentResult?.note == "confirmed")
    #expect(report.transcript.first?.text == "Hello Jane, press 1 to confirm.")
    #expect(report.callee?.heard.voice.isEmpty == false)
    #expect(report.violations.isEmpty, "\(report)")
}
// end

// snippet: transfer
struct Briefing: VoiceAgent {
    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        try await session.sayTones("A customer is on hold. Press 1 to take the call.")
        let key = try await session.nextDigit(timeout: .seconds(10))
        return AgentResult(status: key == "1" ? .done : .failed)
    }
}

/// Hands a customer over to a colleague, who is told alone what it is about: a warm transfer.
func handOver(_ customer: Call, to colleague: CallRequest, by dialer: Dialer) async throws {
    try await customer.hold()  // The customer hears DialerConfiguration.holdMusic.
    _ = try await dialer.call(colleague) { call in
        let answer = try await Briefing().converse(on: call)
        try await customer.resume()
        // Until one of them hangs up. The agents are out of it: `agent: .whispers` would make one a coach.
        if answer.status == .done { try await customer.bridge(with: call) }
    }
}
// end
