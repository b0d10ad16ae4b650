internal import SansIO
internal import Telephony

// What the agent says and does.
extension AgentSession {
    /// Says samples and waits until they have been sent, or cut.
    ///
    /// - Parameters:
    ///   - samples: Mono, at ``rateHertz``.
    ///   - text: The words, for the transcript.
    /// - Returns: What was sent, to the sample.
    /// - Throws: ``AgentError/tooMuchSpeech``, ``CallError/Code/ended``, `CancellationError`.
    @discardableResult
    public func say(_ samples: [Int16], text: String = "") async throws -> SpokenUtterance {
        let utterance = try startUtterance(text: text)
        try utterance.append(samples)
        utterance.end()
        return try await utterance.spoken()
    }

    /// Says a text in tones, with the length and rhythm of speech: for tests and demos without a synthesiser.
    @discardableResult
    public func sayTones(_ text: String) async throws -> SpokenUtterance {
        try await say(SpokenText(text, rateHertz: rateHertz))
    }

    @discardableResult
    func say(_ spoken: SpokenText) async throws -> SpokenUtterance {
        let utterance = try startUtterance()
        for piece in spoken.pieces { try utterance.append(piece.samples, text: piece.words) }
        utterance.end()
        return try await utterance.spoken()
    }

    /// Opens an utterance whose audio comes piece by piece, as a speech synthesiser or a model delivers it.
    ///
    /// Utterances are sent in the order in which they were opened; an open one holds back those behind it.
    ///
    /// - Throws: ``AgentError/tooMuchSpeech`` when ``utteranceLimit`` is reached, ``CallError/Code/ended``,
    ///   `CancellationError` for a conversation that the answering policy has ended.
    public func startUtterance(text: String = "") throws -> Utterance {
        let id = try update { state -> Result<UtteranceID, any Error> in
            if state.isOver { return .failure(CallError(.ended, "the call is over")) }
            guard state.mayAct else { return .failure(CancellationError()) }
            if state.speech.count >= Self.utteranceLimit { return .failure(AgentError.tooMuchSpeech) }
            return .success(state.speech.open(text: text))
        }.get()
        return Utterance(id: id, session: self)
    }

    /// Whether anything said has not been sent whole.
    public var isSpeaking: Bool { read { !$0.speech.isIdle } }

    /// Waits until everything said has been sent. An utterance that is never ended is waited for until the call ends.
    public func finishSpeaking() async throws {
        _ = try await wait(on: .state) { $0.speech.isIdle ? true : nil }
    }

    /// Drops everything that has not been sent; at most one more packet of it leaves.
    ///
    /// - Returns: Position of the cut, in samples of agent audio since the answer.
    @discardableResult
    public func clear() -> Int64 {
        let now = call.now
        return update { state in
            if state.mayAct { state.clear(at: now) }
            return state.call.audio.samplesSent
        }
    }

    /// Changes when the callee's voice cuts what is said from now on; `nil`: never.
    public func interrupts(by policy: BargeIn.Policy?) {
        let now = call.now
        update { if $0.mayAct { $0.setBargeIn(policy, at: now) } }
    }

    /// Asks for ``AgentEvent/Kind/mark(_:)`` once everything said so far has been sent, with the position actually sent.
    ///
    /// - Parameter name: Any text but one that starts with `outdial.`, which is the bridge's own.
    public func mark(_ name: String) { update { $0.speech.mark(name, output: $0.call.audio) } }

    /// Samples of agent audio sent since the answer, exactly. What was heard of them is not known.
    public var samplesSent: Int64 { call.audio.samplesSent }

    /// Sends telephone keys: `0`...`9`, `*`, `#`, `A`...`D`, `w` for a pause of 500 ms.
    ///
    /// - Throws: ``CallError/Code/invalidRequest`` for other characters, ``AgentError/tooManyDigits``.
    public func sendDigits(_ digits: String) throws {
        guard read({ $0.digitsSent }) + digits.count <= Self.digitLimit else {
            throw AgentError.tooManyDigits
        }
        guard read({ $0.mayAct }) else { throw CancellationError() }
        try call.sendDigits(digits)
        let now = call.now
        update { $0.sentDigits(digits, at: now) }
    }
}

/// One utterance that is being said.
public struct Utterance: Sendable {
    public let id: UtteranceID
    let session: AgentSession

    /// Adds audio and, best word by word, what is said in it; after a cut or ``end()`` both are ignored.
    ///
    /// Words given with their own audio stand in the transcript exactly when that audio was sent.
    ///
    /// - Throws: ``AgentError/tooMuchSpeech`` when more than ``AgentSession/speechLimit`` would be waiting.
    public func append(_ samples: [Int16], text: String = "") throws {
        let now = session.call.now
        let limit = Int(AgentSession.speechLimit.inSeconds) * session.rateHertz
        let fits = session.update { state in
            guard state.speech.waitingSamples + samples.count <= limit else { return false }
            if state.speech.append(samples, text: text, to: id) { state.feedSpeech(at: now) }
            return true
        }
        if !fits { throw AgentError.tooMuchSpeech }
    }

    /// No more comes.
    public func end() {
        let now = session.call.now
        session.update { state in
            state.speech.end(id)
            state.feedSpeech(at: now)
        }
    }

    /// What became of it; `nil` while it is being said. The last 256 are remembered.
    public var result: SpokenUtterance? { session.read { $0.result(of: id) } }

    /// Waits until it was sent whole, or cut.
    public func spoken() async throws -> SpokenUtterance {
        try await session.wait(on: .state) { $0.result(of: id) }
    }
}
