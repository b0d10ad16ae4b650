internal import SansIO
public import Telephony

/// Makes a ``CallHandler`` of a voice agent, for dialers and campaigns.
public struct AgentCallHandler<Agent: VoiceAgent>: CallHandler {
    public let agent: Agent
    /// Stands in for the agent's own, for example that of a simulation.
    public let transcriber: (any Transcriber)?

    public init(_ agent: Agent, transcriber: (any Transcriber)? = nil) {
        self.agent = agent
        self.transcriber = transcriber
    }

    public var audioRateHertz: Int? { agent.options.audioRateHertz }

    public func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        var options = agent.options
        options.transcriber = transcriber ?? options.transcriber
        options.answering = request.answering ?? options.answering
        try options.answering.check(context: request.context)
        let prepared = try await agent.prepare(for: request, id: id)
        return { [agent, options] call in
            try await Conversation(agent: agent, prepared: prepared, options: options).hold(on: call)
        }
    }
}

extension Dialer {
    /// Prepares `agent`, places one call and returns its outcome with the agent's result in it.
    ///
    /// - Parameter transcriber: Stands in for the agent's own.
    public func call(
        _ request: CallRequest, agent: some VoiceAgent, transcriber: (any Transcriber)? = nil
    ) async throws -> CallOutcome {
        try await call(request, handler: AgentCallHandler(agent, transcriber: transcriber))
    }

    /// Hands a call to ``Dialer/run()`` and returns at once.
    @discardableResult
    public func submit(
        _ request: CallRequest, agent: some VoiceAgent, transcriber: (any Transcriber)? = nil
    ) async throws -> CallID {
        try await submit(request, handler: AgentCallHandler(agent, transcriber: transcriber))
    }
}

extension VoiceAgent {
    /// Prepares, waits for the answer and holds the conversation, inside a ``Dialer/call(_:perform:)`` closure.
    ///
    /// Called while the call still rings, preparation costs the callee no time. A conversation always brings a result, also
    /// when the agent throws or the callee hangs up under it. It hangs up by itself only when the agent has returned while
    /// one of its tools or its transcriber is still at work.
    ///
    /// - Throws: ``CallError/Code/notAnswered``, what ``prepare(for:id:)`` throws, `CancellationError` before the answer.
    public func converse(on call: Call, transcriber: (any Transcriber)? = nil) async throws -> AgentResult {
        let performance = try await AgentCallHandler(self, transcriber: transcriber)
            .prepare(for: call.request, id: call.id)
        return try await performance(call)
    }
}

/// One conversation from the answer to its result.
struct Conversation<Agent: VoiceAgent>: Sendable {
    let agent: Agent
    let prepared: Agent.Preparation
    let options: AgentOptions

    /// Time for the last turns to be transcribed once the agent is done.
    private var transcriptionGrace: Duration { .milliseconds(500) }

    func hold(on call: Call) async throws -> AgentResult {
        let answeredAt = try await Self.answer(of: call)
        var options = options
        // Nobody asks who calls us.
        if call.direction == .inbound { options.answering = AnsweringPolicy() }
        let session = AgentSession(call: call, answeredAt: answeredAt, options: options)
        if let rate = options.audioRateHertz, rate != call.audio.rateHertz {
            let error = AgentError.rateMismatch(agentHertz: rate, callHertz: call.audio.rateHertz)
            return AgentResult(status: .failed, note: error.description)
        }
        var result = await withTaskGroup(of: Part.self) { group in
            addServices(of: session, to: &group)
            let result = await serve(session, in: &group)
            let isHeldUp = session.update { [now = call.now] state in
                state.finish(at: now)
                return state.helpersAtWork > 0
            }
            group.cancelAll()
            // A tool that ignores its cancellation holds back the report, never the line.
            if isHeldUp { call.hangUp() }
            return result
        }
        if let transcriber = options.transcriber {
            _ = try? await session.withTimeout(transcriptionGrace) { session in
                while let next = session.takeSegment() { await session.transcribe(next, with: transcriber) }
            }
        }
        result.data = session.data.merging(result.data) { $1 }
        result.transcript = session.transcript
        return result
    }

    /// When the callee answered.
    private static func answer(of call: Call) async throws -> MonotonicInstant {
        for await event in call.events {
            switch event.kind {
            case .answered: return event.instant
            case .ended: throw CallError(.notAnswered, "the call ended without an answer")
            default: continue
            }
        }
        if call.phase != .ended { try Task.checkCancellation() }
        throw CallError(.notAnswered, "the call ended without an answer")
    }

    private func addServices(of session: AgentSession, to group: inout TaskGroup<Part>) {
        group.addTask {
            await session.follow()
            return .service
        }
        group.addTask {
            await session.listen()
            return .service
        }
        group.addTask {
            await session.runTools()
            return .service
        }
        guard let transcriber = options.transcriber else { return }
        group.addTask {
            await session.transcribe(with: transcriber)
            return .service
        }
    }

    func converse(_ session: AgentSession) async -> AgentResult {
        let fallback: AgentResult
        do {
            fallback = try await agent.converse(session, prepared: prepared)
        } catch is CancellationError {
            fallback = AgentResult(status: .interrupted)
        } catch let error as CallError where error.code == .ended {
            fallback = AgentResult(status: .interrupted)
        } catch let error as any ReportableError {
            fallback = AgentResult(status: .failed, note: error.description)
        } catch {
            // Only the type: the text of a foreign error may hold anything.
            fallback = AgentResult(status: .failed, note: "the agent threw \(type(of: error))")
        }
        return session.read { $0.conclusion } ?? fallback
    }
}

// The session's services, one task each.
extension AgentSession {
    /// Follows the call's events from the answer to the end.
    func follow() async {
        var isAnswered = false
        for await event in call.events {
            if case .answered = event.kind { isAnswered = true }
            // Before the answer there is voice and tone of the network; a conversation knows nothing of it.
            guard isAnswered || call.phase == .ended else { continue }
            update { $0.handle(event) }
        }
    }

    /// Takes the callee's audio as it comes; each frame is also a step of the session's clock.
    func listen() async {
        while let samples = await call.audio.read() {
            let now = call.now
            update { $0.hear(samples, at: now) }
        }
    }

    /// Gives each turn to the transcriber.
    func transcribe(with transcriber: any Transcriber) async {
        while let next = try? await wait(on: .state, until: { $0.takeSegment() }) {
            await transcribe(next, with: transcriber)
        }
    }

    func takeSegment() -> PendingSegment? { update { $0.takeSegment() } }

    func transcribe(_ pending: PendingSegment, with transcriber: any Transcriber) async {
        update { $0.helpersAtWork += 1 }
        defer { update { $0.helpersAtWork -= 1 } }
        guard let text = try? await transcriber.transcribe(pending.segment), !text.isEmpty else { return }
        hear(transcript: PartialTranscript(text, isFinal: true))
        let now = call.now
        update { $0.transcribed(pending.index, as: text, source: transcriber.source, at: now) }
    }
}

/// A turn that waits for its words.
struct PendingSegment: Sendable {
    /// Its entry in the transcript.
    let index: Int
    let segment: VoiceSegment
}

extension SessionState {
    mutating func takeSegment() -> PendingSegment? {
        segments.isEmpty ? nil : segments.removeFirst()
    }
}
