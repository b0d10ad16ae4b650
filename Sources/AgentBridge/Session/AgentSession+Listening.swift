internal import SansIO
public import Telephony

// What the agent hears: audio, voice, turns, keys and the verdict on who answered.
extension AgentSession {
    /// Waits for callee audio and returns all that is there.
    ///
    /// Up to ten seconds are kept for a slow reader and one second before the first read; beyond, the oldest is lost.
    ///
    /// - Returns: At most `maximum` samples; `nil` when the call is over or the task is cancelled.
    public func read(maximum: Int = .max) async -> [Int16]? {
        try? await wait(on: .audio) { $0.heard.take(maximum) }
    }

    /// Callee audio frame by frame, for a loop.
    public var frames: AgentFrames { AgentFrames(session: self) }

    /// Samples of callee audio that were lost because ``read(maximum:)`` was called too seldom.
    public var droppedSamples: Int { read { $0.heard.dropped } }

    /// Whether the callee is speaking.
    public var isVoiceActive: Bool { read { $0.isVoiceActive } }

    /// Waits until the callee speaks; returns at once when that is so.
    ///
    /// - Returns: False when `timeout` passed first.
    public func waitForVoice(timeout: Duration? = nil) async throws -> Bool {
        try await withTimeout(timeout) { try await $0.wait(on: .state) { $0.isVoiceActive ? true : nil } }
            ?? false
    }

    /// Waits until the callee has been silent for `duration`, counted from the end of the last voice or from now.
    ///
    /// - Returns: False when `timeout` passed first.
    public func waitForSilence(_ duration: Duration, timeout: Duration? = nil) async throws -> Bool {
        let start = call.now
        return try await withTimeout(timeout) { session in
            while true {
                // Voice may have stopped before we came: that silence counts.
                let since = try await session.wait(on: .state) { state -> (Int64, Int64)? in
                    state.isVoiceActive
                        ? nil
                        : ((state.lastVoiceStop ?? start).nanoseconds, state.lastVoiceStart?.nanoseconds ?? 0)
                }
                let deadline = since.0.addingReportingOverflow(duration.nanoseconds).partialValue
                let rest = deadline - session.call.now.nanoseconds
                if rest <= 0 { return true }
                let wasBroken = try await session.withTimeout(.nanoseconds(rest)) { session in
                    try await session.wait(on: .state) { state in
                        (state.lastVoiceStart?.nanoseconds ?? 0) != since.1 ? true : nil
                    }
                }
                if wasBroken == nil { return true }
            }
        } ?? false
    }

    /// Waits until a turn of the callee ends, also one whose last word was spoken before this wait began.
    ///
    /// - Returns: False when `timeout` passed first.
    public func waitForTurnEnd(timeout: Duration? = nil) async throws -> Bool {
        let start = call.now
        return try await withTimeout(timeout) { session in
            try await session.wait(on: .state) { state in
                state.lastTurnEnd.map { $0 >= start } == true ? true : nil
            }
        } ?? false
    }

    /// Takes the next key the callee pressed; keys pressed earlier and not taken yet come first.
    ///
    /// - Returns: `nil` when `timeout` passed first.
    public func nextDigit(timeout: Duration? = nil) async throws -> Character? {
        try await withTimeout(timeout) { session in
            try await session.wait(on: .state) { state in
                state.unreadDigits.isEmpty ? nil : state.unreadDigits.removeFirst()
            }
        }
    }

    /// Collects keys.
    ///
    /// - Parameters:
    ///   - count: Keys after which it returns.
    ///   - terminator: A key that ends the entry and is not part of it, `#` as a rule.
    ///   - timeout: Longest wait for each key.
    /// - Returns: What was pressed until then; it may be empty.
    public func digits(
        count: Int, terminator: Character? = nil, timeout: Duration
    ) async throws -> String {
        var digits = ""
        while digits.count < count, let digit = try await nextDigit(timeout: timeout), digit != terminator {
            digits.append(digit)
        }
        return digits
    }

    /// Forgets keys that were pressed and not taken.
    public func discardDigits() { update { $0.unreadDigits.removeAll() } }

    /// Who answered, by the latest verdict; `nil` before the first.
    public var answeredBy: AnsweredBy? { verdict?.answeredBy }

    /// Tells the answer classifier what the callee was understood to say: partial transcripts of a streaming recogniser, for
    /// example. The turns that ``AgentOptions/transcriber`` transcribes are told by the bridge.
    public func hear(transcript: PartialTranscript) { call.hear(transcript: transcript) }

    /// The latest word on who answered; `nil` before the first.
    public var verdict: AnswerVerdict? { read { $0.verdicts.last } }

    /// Waits for the first word on who answered.
    ///
    /// - Returns: The latest verdict; `nil` when `timeout` passed without one.
    public func verdict(timeout: Duration?) async throws -> AnswerVerdict? {
        try await withTimeout(timeout) { session in
            try await session.wait(on: .state) { $0.verdicts.last }
        }
    }

    /// Waits until a voicemail can be spoken to: its beep is over, or its greeting ended without one.
    ///
    /// - Returns: `nil` when `timeout` passed first.
    public func waitForMessageStart(timeout: Duration?) async throws -> AnswerVerdict? {
        try await withTimeout(timeout) { session in
            try await session.wait(on: .state) { state in
                state.verdicts.last { $0.stage != .recognised && $0.answeredBy == .voicemail }
            }
        }
    }
}
