internal import SansIO
internal import Telephony

/// A line of the answering policy, as the agent gave it.
enum ReadyLine: Sendable {
    case underWay
    case speech(PreparedSpeech)
    case absent
    case failed
}

extension Conversation {
    /// What ends in a conversation's task group.
    enum Part: Sendable {
        case service
        /// What the policy wants done; `nil` once the call is over.
        case duties([AnsweringFlow.Duty]?)
        case conversed(turn: Int, AgentResult)
    }

    /// Longest time for an agent to get a line ready.
    private var lineLimit: Duration { .seconds(10) }

    /// Does what the answering policy says until the conversation has its result.
    func serve(_ session: AgentSession, in group: inout TaskGroup<Part>) async -> AgentResult {
        var turn: Int?
        let now = session.now
        let first = session.update { state in
            state.step(at: now) { flow, out in flow.start(at: now, into: &out) }
            return state.takeDuties() ?? []
        }
        if let result = perform(first, session, turn: &turn, in: &group) { return result }
        watch(session, in: &group)
        while let part = await group.next() {
            switch part {
            case .service: break
            case .duties(nil):
                // Cancelled, or over: an agent that talks has its time to return, and nobody else.
                if turn == nil { return session.read { $0.resultOfPolicy } }
            case .duties(let duties?):
                if let result = perform(duties, session, turn: &turn, in: &group) { return result }
                watch(session, in: &group)
            case .conversed(let ended, let result):
                guard ended == turn else { break }
                session.update { $0.conversationEnded(turn: ended) }
                return result
            }
        }
        return session.read { $0.resultOfPolicy }
    }

    private func watch(_ session: AgentSession, in group: inout TaskGroup<Part>) {
        group.addTask { .duties(try? await session.wait(on: .state) { $0.takeDuties() }) }
    }

    /// - Parameter turn: Whose result counts; `nil` while the policy has the floor.
    /// - Returns: The result, when the policy ends the call.
    private func perform(
        _ duties: [AnsweringFlow.Duty], _ session: AgentSession, turn: inout Int?,
        in group: inout TaskGroup<Part>
    ) -> AgentResult? {
        for duty in duties {
            switch duty {
            case .converse(let number):
                turn = number
                group.addTask { await converse(session, turn: number) }
            case .yield: turn = nil
            case .hush: break
            case .prepare(let line):
                guard session.update({ $0.claim(line) }) else { break }
                group.addTask {
                    await prepare(line, for: session)
                    return .service
                }
            case .say(let line, let take):
                group.addTask {
                    await say(line, take: take, in: session)
                    return .service
                }
            case .press(let keys): try? session.sendDigits(keys)
            case .finish(let status, let note):
                return session.read { $0.conclusion } ?? AgentResult(status: status, note: note)
            }
        }
        return nil
    }

    /// The agent's conversation until its end, or until the policy takes the floor from it.
    private func converse(_ session: AgentSession, turn: Int) async -> Part {
        await withTaskGroup(of: AgentResult?.self) { race in
            race.addTask {
                await AgentSession.$turn.withValue(turn) { await converse(session) }
            }
            race.addTask {
                _ = try? await session.wait(on: .state) { $0.flow.holdsFloor(turn) ? nil : true }
                return nil
            }
            var result: AgentResult?
            // An agent that ignores its cancellation holds back the report, never the line.
            var isAwaited = false
            for await end in race {
                if let end {
                    result = end
                    race.cancelAll()
                    if isAwaited { session.update { $0.helpersAtWork -= 1 } }
                } else if result == nil, session.read({ !$0.flow.holdsFloor(turn) && !$0.isOver }) {
                    race.cancelAll()
                    isAwaited = true
                    session.update { $0.helpersAtWork += 1 }
                }
            }
            return .conversed(turn: turn, result ?? AgentResult(status: .interrupted))
        }
    }

    // MARK: Lines

    private func prepare(_ line: AnsweringFlow.Line, for session: AgentSession) async {
        var ready = ReadyLine.failed
        do {
            let made = try await session.withTimeout(lineLimit) { session -> ReadyLine in
                let speech = try await speech(of: line, for: session)
                return speech.map { .speech($0.converted(toHertz: session.rateHertz)) } ?? .absent
            }
            ready = made ?? .failed
        } catch {}
        session.update { [ready] state in
            state.lines[line] = ready
            state.boards.state.version += 1
        }
    }

    private func speech(of line: AnsweringFlow.Line, for session: AgentSession) async throws
        -> PreparedSpeech?
    {
        switch line {
        case .message: try await agent.voicemailMessage(for: session, prepared: prepared)
        case .introduction: try await agent.introduction(for: session, prepared: prepared)
        case .prompt:
            try await agent.speech(
                of: try session.filled(session.answering.prompt), for: session, prepared: prepared)
        }
    }

    private func say(_ line: AnsweringFlow.Line, take: Int, in session: AgentSession) async {
        let ready = try? await session.wait(on: .state) { state -> ReadyLine? in
            switch state.lines[line] {
            case .underWay, nil: state.flow.take == take ? nil : .failed
            case .some(let ready): ready
            }
        }
        let end: AnsweringFlow.LineEnd
        switch ready {
        case .speech(let speech): end = await session.say(speech, take: take)
        case .absent: end = .absent
        case .failed, .underWay: end = .failed
        case nil: return  // The call is over.
        }
        let now = session.now
        session.update { state in
            state.step(at: now) { flow, out in flow.said(line, take: take, end, at: now, into: &out) }
        }
    }
}

extension AgentSession {
    /// A text of the policy with its places filled.
    func filled(_ text: String) throws -> String {
        try PromptTemplate(text).render(context.merging(data) { $1 })
    }

    /// Says a line of the policy, unless it has another one by now.
    fileprivate func say(_ speech: PreparedSpeech, take: Int) async -> AnsweringFlow.LineEnd {
        guard speech.duration <= Self.speechLimit else { return .failed }
        let now = call.now
        let id = update { state -> UtteranceID? in
            guard state.flow.take == take, !state.isOver else { return nil }
            let id = state.speech.open(text: "")
            for piece in speech.pieces { _ = state.speech.append(piece.samples, text: piece.words, to: id) }
            state.speech.end(id)
            state.feedSpeech(at: now)
            return id
        }
        guard let id, let spoken = try? await wait(on: .state, until: { $0.result(of: id) }) else {
            return .cut
        }
        return spoken.isCutOff ? .cut : .whole
    }
}

extension SessionState {
    /// Everything the policy wants done; `nil` for nothing.
    mutating func takeDuties() -> [AnsweringFlow.Duty]? {
        guard !duties.isEmpty else { return nil }
        defer { duties.removeAll() }
        return duties
    }

    /// - Returns: False when the line is there or on its way.
    mutating func claim(_ line: AnsweringFlow.Line) -> Bool {
        guard lines[line] == nil else { return false }
        lines[line] = .underWay
        return true
    }

    /// Whether what calls may speak and steer: anybody but a conversation that has lost the floor.
    var mayAct: Bool { AgentSession.turn.map { flow.holdsFloor($0) || isOver } ?? true }

    /// The result of a call that ended while the policy had the floor.
    var resultOfPolicy: AgentResult {
        conclusion
            ?? AgentResult(status: flow.hasLeftMessage ? .messageLeft : .interrupted, note: flow.interruption)
    }
}

extension AnsweringFlow {
    /// Whether the conversation of that turn may speak.
    func holdsFloor(_ number: Int) -> Bool { number == turn && (isConversing || isOverByAgent) }

    /// Whether the message was sent whole, though the call went on for a moment.
    var hasLeftMessage: Bool { state == .parting }

    /// In words, when the call ends now.
    var interruption: String {
        switch state {
        case .listening: "the call ended before it was known who answered"
        case .awaitingBeep: "the call ended before the voicemail's beep"
        case .leavingMessage: "the call ended in the message"
        case .awaitingQuestion, .introducing, .awaitingPerson: "the call ended while it was screened"
        case .idle, .conversing, .prompting, .awaitingReply, .parting, .over: ""
        }
    }
}

extension AnsweringPolicy {
    /// Whether every text can be filled for a call with this context, and so before it is dialed.
    func check(context: [String: String]) throws(AgentError) {
        let texts = [("message", message), ("introduction", introduction), ("prompt", prompt)]
        for (field, text) in texts {
            guard let text else { continue }
            do {
                try PromptTemplate(text).check(names: Set(context.keys))
            } catch {
                let field = "answering.\(field)"
                throw .script(ScriptError(step: nil, field: field, problem: .template(error)))
            }
        }
    }
}
