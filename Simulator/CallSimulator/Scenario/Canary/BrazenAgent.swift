internal import AgentBridge
internal import Telephony

/// An agent that lets itself be interrupted and goes on all the same. Only for canaries.
struct BrazenAgent: VoiceAgent {
    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        // A full-scale square wave: no pause in it that could pass for silence.
        let tone = (0..<session.rateHertz).map { Int16($0 / 20 % 2 == 0 ? 12_000 : -12_000) }
        for _ in 0..<12 { _ = try await session.say(tone) }
        return AgentResult(status: .done)
    }
}

/// While it talks to somebody it calls them again. Only for canaries.
struct DoubleCaller: CallHandler {
    let stage: ScenarioStage

    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        { call in
            try await call.answered()
            guard request.metadata["again"] == nil else { return AgentResult(status: .done) }
            _ = try await stage.dialer.call(
                CallRequest(to: request.to, metadata: ["again": "yes"]), handler: self)
            return AgentResult(status: .done)
        }
    }
}
