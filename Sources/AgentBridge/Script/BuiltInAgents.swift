public import Telephony

/// Says back what it hears: for line tests.
public struct EchoAgent: VoiceAgent {
    public init() {}

    /// Nothing interrupts it: its own echo is the callee's voice.
    public var options: AgentOptions {
        var options = AgentOptions()
        options.bargeIn = nil
        return options
    }

    /// Echoes until the callee hangs up.
    public func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        let echo = try session.startUtterance()
        for await samples in session.frames { try echo.append(samples) }
        return AgentResult(status: .done)
    }
}

/// Stays on the line and says nothing: for load tests and for listening.
public struct SilentAgent: VoiceAgent {
    /// When it hangs up; `nil`: when the callee does or the call's longest duration is over.
    public var duration: Duration?

    public init(hangsUpAfter duration: Duration? = nil) { self.duration = duration }

    public func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        if let duration {
            try await session.sleep(for: duration)
        } else {
            for await event in session.events {
                if case .ended = event.kind { break }
            }
        }
        return AgentResult(status: .done)
    }
}
