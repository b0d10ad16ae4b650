internal import AgentBridge
internal import SansIO
internal import Telephony

/// The user's agent, unchanged, with somebody beside it who notes when it gives way.
struct WatchedAgent<Agent: VoiceAgent>: VoiceAgent {
    let agent: Agent
    let watch: InvariantWatch

    var options: AgentOptions { agent.options }

    func prepare(for request: CallRequest, id: CallID) async throws -> Agent.Preparation {
        try await agent.prepare(for: request, id: id)
    }

    func voicemailMessage(
        for session: AgentSession, prepared: Agent.Preparation
    ) async throws -> PreparedSpeech? {
        try await agent.voicemailMessage(for: session, prepared: prepared)
    }

    func introduction(
        for session: AgentSession, prepared: Agent.Preparation
    ) async throws -> PreparedSpeech? {
        try await agent.introduction(for: session, prepared: prepared)
    }

    func speech(
        of text: String, for session: AgentSession, prepared: Agent.Preparation
    ) async throws -> PreparedSpeech {
        try await agent.speech(of: text, for: session, prepared: prepared)
    }

    func converse(_ session: AgentSession, prepared: Agent.Preparation) async throws -> AgentResult {
        guard agent.options.bargeIn != nil else {
            return try await agent.converse(session, prepared: prepared)
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in session.events {
                    if case .bargedIn = event.kind { watch.bargedIn(session.call.id, at: event.instant) }
                }
            }
            defer { group.cancelAll() }
            return try await agent.converse(session, prepared: prepared)
        }
    }
}

/// How a scenario's calls get their handler: the agent with the words of the callees.
struct AgentSource: Sendable {
    let makeHandler: @Sendable (ScenarioStage) -> any CallHandler

    init(_ agent: some VoiceAgent) {
        makeHandler = { stage in
            // An agent that brings ears of its own keeps them.
            let transcriber = agent.options.transcriber ?? ScriptTranscriber(stage.peer)
            return AgentCallHandler(WatchedAgent(agent: agent, watch: stage.watch), transcriber: transcriber)
        }
    }

    init(_ makeHandler: @escaping @Sendable (ScenarioStage) -> any CallHandler) {
        self.makeHandler = makeHandler
    }

    init(handler: some CallHandler) { makeHandler = { _ in handler } }

    /// Reminds of an appointment: greets, asks for a confirmation by key or by voice, leaves a message on a voicemail.
    static let reminder: Self = {
        typealias Step = AgentScript.Step
        let script = AgentScript(
            name: "appointment reminder",
            steps: [
                Step(.say("Hello {{name|there}}.")),
                Step(
                    .branch(
                        .init(
                            on: .verdict, timeout: .seconds(7), cases: ["voicemail": "message"],
                            otherwise: "reminder"))),
                Step(
                    .say("This is a reminder of your appointment on Monday. Press 1 to confirm, or tell me."),
                    label: "reminder"),
                Step(
                    .branch(
                        .init(
                            on: .response, timeout: .seconds(8),
                            cases: ["1": "confirmed", "voice": "confirmed"], otherwise: "unanswered"))),
                Step(.say("Thank you. See you on Monday. Goodbye."), label: "confirmed"),
                Step(.hangUp(.done, note: "confirmed")),
                Step(.say("We look forward to seeing you. Goodbye."), label: "unanswered"),
                Step(.hangUp(.done, note: "no reply")),
                Step(
                    .leaveMessage(
                        "Hello {{name|there}}. This is a reminder of your appointment on Monday. Goodbye.",
                        timeout: .seconds(40)),
                    label: "message"),
                Step(.hangUp(.messageLeft)),
            ])
        guard let agent = try? ScriptedAgent(script) else {
            preconditionFailure("the built-in script holds")
        }
        return Self(agent)
    }()
}
