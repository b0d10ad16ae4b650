public import SansIO

/// Decides when the callee's voice cuts the agent's speech. Pure: voice and speech go in, a decision comes out.
///
/// Room noise and the callee's first "hello?" must not silence the agent, so voice has to last, and the opening is
/// protected.
public struct BargeIn: Hashable, Sendable {
    /// What counts as an interruption.
    public struct Policy: Hashable, Sendable {
        /// Voice that has to last before it cuts; 0...5 s.
        public var minimumVoice: Duration
        /// From the agent's first sample after the answer: voice in it does not count.
        public var protectedOpening: Duration
        /// Speech that has to be under way before it can be cut.
        public var minimumSpeech: Duration

        public init(
            minimumVoice: Duration = .milliseconds(250), protectedOpening: Duration = .milliseconds(1_500),
            minimumSpeech: Duration = .milliseconds(300)
        ) {
            self.minimumVoice = minimumVoice
            self.protectedOpening = protectedOpening
            self.minimumSpeech = minimumSpeech
        }
    }

    public private(set) var policy: Policy
    private var voiceStart: MonotonicInstant?
    private var speechStart: MonotonicInstant?
    private var openingEnd: MonotonicInstant?

    public init(policy: Policy) { self.policy = policy }

    /// The same ears under another policy; an opening that is under way keeps its end.
    public func with(_ policy: Policy) -> Self {
        var copy = self
        copy.policy = policy
        return copy
    }

    public mutating func voiceStarted(at instant: MonotonicInstant) { voiceStart = voiceStart ?? instant }
    public mutating func voiceStopped() { voiceStart = nil }

    /// The agent has something to say and its first sample leaves about now.
    public mutating func speechStarted(at instant: MonotonicInstant) {
        guard speechStart == nil else { return }
        speechStart = instant
        openingEnd = openingEnd ?? instant.advanced(by: policy.protectedOpening)
    }

    /// Everything has been sent, or was cut.
    public mutating func speechEnded() { speechStart = nil }

    /// When the voice that is heard now will have lasted long enough; `nil` without voice or without speech.
    public var nextDeadline: MonotonicInstant? {
        guard let voiceStart, let speechStart, let openingEnd else { return nil }
        // Voice counts only where it meets speech, so talking over a callee who was first also gives way.
        let counted = max(voiceStart, speechStart, openingEnd).advanced(by: policy.minimumVoice)
        return max(counted, speechStart.advanced(by: policy.minimumSpeech))
    }

    /// Whether the speech is to be cut now. Once per stretch of speech.
    public mutating func fire(at now: MonotonicInstant) -> Bool {
        guard let deadline = nextDeadline, deadline <= now else { return false }
        speechEnded()
        return true
    }
}
