public import SansIO

/// Finds the callee's turns: stretches of voice with pauses, ended by a longer silence. Pure.
public struct TurnDetector: Hashable, Sendable {
    public struct Policy: Hashable, Sendable {
        /// Silence after voice that ends a turn.
        public var endSilence: Duration
        /// Voice in a turn, pauses not counted; less is a click or a breath and no turn.
        public var minimumVoice: Duration

        public init(
            endSilence: Duration = .milliseconds(500), minimumVoice: Duration = .milliseconds(100)
        ) {
            self.endSilence = endSilence
            self.minimumVoice = minimumVoice
        }
    }

    /// One turn, from its first voice to its last.
    public struct Turn: Hashable, Sendable {
        public var start: MonotonicInstant
        public var end: MonotonicInstant

        public init(start: MonotonicInstant, end: MonotonicInstant) {
            self.start = start
            self.end = end
        }
    }

    public let policy: Policy
    private var start: MonotonicInstant?
    private var voiceStart: MonotonicInstant?
    private var lastStop: MonotonicInstant?
    private var voiced = Duration.zero

    public init(policy: Policy = Policy()) { self.policy = policy }

    /// When the turn that is under way began; `nil` between turns.
    public var turnStart: MonotonicInstant? { start }

    public mutating func voiceStarted(at instant: MonotonicInstant) {
        guard voiceStart == nil else { return }
        start = start ?? instant
        voiceStart = instant
    }

    public mutating func voiceStopped(at instant: MonotonicInstant) {
        guard let began = voiceStart else { return }
        voiced += max(.zero, began.duration(to: instant))
        voiceStart = nil
        lastStop = instant
    }

    /// When the silence will have lasted long enough; `nil` while there is voice or no turn.
    public var nextDeadline: MonotonicInstant? {
        guard voiceStart == nil, start != nil, let lastStop else { return nil }
        return lastStop.advanced(by: policy.endSilence)
    }

    /// The turn that has ended by `now`, if one has.
    public mutating func fire(at now: MonotonicInstant) -> Turn? {
        guard let deadline = nextDeadline, deadline <= now else { return nil }
        return close()
    }

    /// The call is over: the turn under way, if any, ends here.
    public mutating func finish(at now: MonotonicInstant) -> Turn? {
        voiceStopped(at: now)
        return close()
    }

    private mutating func close() -> Turn? {
        defer { self = Self(policy: policy) }
        guard let start, let lastStop, voiced >= policy.minimumVoice else { return nil }
        return Turn(start: start, end: lastStop)
    }
}
