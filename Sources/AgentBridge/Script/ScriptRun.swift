internal import SansIO
internal import Telephony

/// One run of a script in one conversation.
struct ScriptRun {
    let agent: ScriptedAgent
    let session: AgentSession
    let prepared: ScriptedAgent.Preparation

    private var index = 0
    private var collectedDigits = ""
    private var status = AgentResult.Status.done
    private var wasCut = false

    /// Steps after which a script that goes round in circles is stopped.
    private static let budget = 10_000
    /// Time for the callee's jitter buffer to play the last words before the BYE.
    private static let farewell = Duration.milliseconds(200)

    init(agent: ScriptedAgent, session: AgentSession, prepared: ScriptedAgent.Preparation) {
        self.agent = agent
        self.session = session
        self.prepared = prepared
    }

    mutating func perform() async throws -> AgentResult {
        var steps = 0
        while agent.script.steps.indices.contains(index) {
            steps += 1
            guard steps <= Self.budget else { throw AgentError.failed("the script goes round in circles") }
            let action = agent.script.steps[index].action
            if case .hangUp(let status, let note) = action {
                try await sayFarewell()
                return AgentResult(status: status, note: note)
            }
            let target = try await run(action)
            index = target.flatMap(position(of:)) ?? index + 1
        }
        try await sayFarewell()
        return AgentResult(status: status)
    }

    private func sayFarewell() async throws {
        let hasSpoken = session.samplesSent > 0
        try await session.finishSpeaking()
        if hasSpoken { try await session.sleep(for: Self.farewell) }
    }

    private func position(of label: String) -> Int? {
        agent.script.steps.firstIndex { $0.label == label }
    }

    /// - Returns: The label to go to; `nil` for the next step.
    private mutating func run(_ action: AgentScript.Action) async throws -> String? {
        switch action {
        case .say(let text):
            wasCut = try await session.say(try line(text)).isCutOff
        case .play(let file):
            guard let sound = agent.sounds[file] else { break }
            let samples = sound.converted(toHertz: session.rateHertz).samples
            wasCut = try await session.say(samples).isCutOff
        case .waitForVoice(let timeout): _ = try await session.waitForVoice(timeout: timeout)
        case .waitForTurn(let timeout): _ = try await session.waitForTurnEnd(timeout: timeout)
        case .waitForSilence(let silence, let timeout):
            _ = try await session.waitForSilence(silence, timeout: timeout)
        case .waitForDigits(let count, let terminator, let timeout, let name):
            collectedDigits = try await session.digits(count: count, terminator: terminator, timeout: timeout)
            if let name { session.set(name, to: collectedDigits) }
        case .wait(let duration): try await session.sleep(for: duration)
        case .branch(let branch):
            let found = try await outcome(of: branch)
            return branch.cases[found] ?? branch.otherwise
        case .goTo(let label): return label
        case .sendDigits(let text): try session.sendDigits(try filled(text))
        case .callTool(let name, let arguments, let saved): try await call(name, arguments, saveAs: saved)
        case .waitForBeep(let timeout): _ = try await session.waitForMessageStart(timeout: timeout)
        case .leaveMessage(let text, let timeout):
            try await leave(try line(text), timeout: timeout)
        case .set(let values):
            for (name, text) in values.sorted(by: { $0.key < $1.key }) {
                session.set(name, to: try filled(text))
            }
        case .hangUp: break
        }
        return nil
    }

    private mutating func leave(_ line: SpokenText, timeout: Duration) async throws {
        let start = try await session.waitForMessageStart(timeout: timeout)
        session.interrupts(by: nil)
        defer { session.interrupts(by: agent.options.bargeIn) }
        // Without a beep the greeting may only have paused: nothing was recorded of what is said before the beep.
        var spoken = start?.stage == .beepHeard ? nil : try await sayUntilBeep(line)
        if spoken == nil { spoken = try await session.say(line) }
        if spoken?.isCutOff == false { status = .messageLeft }
    }

    /// - Returns: `nil` when a beep cut it.
    private func sayUntilBeep(_ line: SpokenText) async throws -> SpokenUtterance? {
        try await withThrowingTaskGroup(of: SpokenUtterance?.self) { [session] group in
            group.addTask { try await session.say(line) }
            group.addTask {
                _ = try await session.wait(on: .state) { $0.verdicts.last?.stage == .beepHeard ? true : nil }
                session.clear()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func call(_ name: String, _ arguments: [String: String], saveAs saved: String?) async throws {
        var values: [String: String] = [:]
        for (key, text) in arguments.sorted(by: { $0.key < $1.key }) { values[key] = try filled(text) }
        let result = try await session.callTool(name, values)
        if let saved { session.set(saved, to: result) }
    }

    // MARK: Texts

    private func filled(_ text: String) throws -> String {
        do {
            return try PromptTemplate(text).render(session.context.merging(session.data) { $1 })
        } catch {
            // A step that saves the value was jumped over.
            throw AgentError.script(ScriptError(step: index, field: "text", problem: .template(error)))
        }
    }

    private func line(_ text: String) throws -> SpokenText {
        if let (step, line) = prepared.opening, step == index, line.rateHertz == session.rateHertz {
            return line
        }
        return SpokenText(try filled(text), rateHertz: session.rateHertz)
    }

    // MARK: Branches

    private mutating func outcome(of branch: AgentScript.Branch) async throws -> String {
        switch branch.subject {
        case .verdict:
            return try await session.verdict(timeout: branch.timeout)?.answeredBy.rawValue ?? "unknown"
        case .speech: return wasCut ? "cut" : "whole"
        case .voice:
            return try await session.waitForVoice(timeout: branch.timeout) ? "voice" : "silence"
        case .digits:
            if collectedDigits.isEmpty, let digit = try await session.nextDigit(timeout: branch.timeout) {
                collectedDigits = String(digit)
            }
            defer { collectedDigits = "" }
            return collectedDigits.isEmpty ? "none" : collectedDigits
        case .response:
            return try await response(timeout: branch.timeout)
        }
    }

    /// A key, or the callee's turn: whichever comes, a key wins while the callee still speaks.
    private func response(timeout: Duration) async throws -> String {
        let start = session.now
        let first = try await session.withTimeout(timeout) { session in
            try await session.wait(on: .state) { state -> String? in
                if !state.unreadDigits.isEmpty { return String(state.unreadDigits.removeFirst()) }
                return state.isVoiceActive ? "voice" : nil
            }
        }
        guard first == "voice" else { return first ?? "none" }
        // No longer than it waited for the voice, and at least ten seconds: some tell a story.
        let rest = max(timeout, .seconds(10))
        return try await session.withTimeout(rest) { session in
            try await session.wait(on: .state) { state -> String? in
                if !state.unreadDigits.isEmpty { return String(state.unreadDigits.removeFirst()) }
                return state.lastTurnEnd.map { $0 >= start } == true ? "voice" : nil
            }
        } ?? "voice"
    }
}
