public import Telephony

/// An agent that follows an ``AgentScript``: for tests, demos, the command line and simple reminders.
///
/// It speaks in tones that have the length and the rhythm of the words, unless a step plays a recording. All texts are
/// checked against the context, and the first line spoken, in ``prepare(for:id:)``: the first sample leaves with the answer.
public struct ScriptedAgent: VoiceAgent {
    public let script: AgentScript
    public let tools: [AgentTool]
    let sounds: [String: Sound]

    /// Recorded audio for ``AgentScript/Action/play(file:)``.
    public struct Sound: Hashable, Sendable {
        /// Mono.
        public var samples: [Int16]
        public var rateHertz: Int

        public init(samples: [Int16], rateHertz: Int) {
            self.samples = samples
            self.rateHertz = rateHertz
        }
    }

    /// - Parameters:
    ///   - sounds: By the name that the script plays.
    ///   - tools: What the script can call.
    /// - Throws: ``ScriptError`` for a label, template, sound or tool that does not hold.
    public init(
        _ script: AgentScript, sounds: [String: Sound] = [:], tools: [AgentTool] = []
    ) throws(ScriptError) {
        try script.check()
        for (index, step) in script.steps.enumerated() {
            switch step.action {
            case .play(let file) where sounds[file] == nil:
                throw ScriptError(
                    step: index, field: "play", problem: .sound("there is no such recording"))
            case .callTool(let name, _, _) where !tools.contains { $0.name == name }:
                throw ScriptError(
                    step: index, field: "callTool.name",
                    problem: .notAllowed(expected: "one of the agent's tools"))
            default: break
            }
        }
        self.script = script
        self.sounds = sounds
        self.tools = tools
    }

    public var options: AgentOptions {
        var options = AgentOptions()
        options.audioRateHertz = script.rateHertz
        options.tools = tools
        options.answering = script.answering
        options.bargeIn =
            switch script.interruption {
            case .never: nil
            case .byVoice(let policy): policy
            }
        return options
    }

    /// What is said first, already spoken; the rest is spoken when it is reached.
    public struct Preparation: Sendable {
        let opening: (step: Int, line: SpokenText)?
    }

    /// Checks every text and speaks the first.
    ///
    /// - Throws: ``AgentError/script(_:)`` when the context lacks a variable.
    public func prepare(for request: CallRequest, id: CallID) async throws -> Preparation {
        do {
            try script.check(context: request.context)
        } catch {
            throw AgentError.script(error)
        }
        // The bridge asks the dialer for our rate; on a call that has its own the line is spoken again.
        let rate = script.rateHertz ?? request.audioRateHertz ?? 16_000
        let saved = script.savedNames
        guard let step = script.steps.firstIndex(where: { $0.spokenText != nil }),
            let text = script.steps[step].spokenText, let template = try? PromptTemplate(text),
            saved.isDisjoint(with: template.variables), let words = try? template.render(request.context)
        else { return Preparation(opening: nil) }
        return Preparation(opening: (step, SpokenText(words, rateHertz: rate)))
    }

    /// The policy's message; without one that of the first step that leaves a message.
    public func voicemailMessage(
        for session: AgentSession, prepared: Preparation
    ) async throws -> PreparedSpeech? {
        guard let text = session.answering.message ?? script.stepMessage else { return nil }
        return try await speech(of: try session.filled(text), for: session, prepared: prepared)
    }

    public func converse(_ session: AgentSession, prepared: Preparation) async throws -> AgentResult {
        var run = ScriptRun(agent: self, session: session, prepared: prepared)
        return try await run.perform()
    }
}

extension AgentScript.Step {
    /// What it says, as a template.
    var spokenText: String? {
        switch action {
        case .say(let text), .leaveMessage(let text, _): text
        default: nil
        }
    }
}
