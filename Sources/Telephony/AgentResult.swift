/// What an agent made of one call.
public struct AgentResult: Hashable, Sendable, Codable {
    @nonexhaustive
    public enum Status: String, Hashable, Sendable, Codable, CaseIterable {
        /// It did what it was there for.
        case done
        /// It left a message on a voicemail.
        case messageLeft
        /// Its answering policy ended the call because nobody was there to talk to; `note` says why.
        case notReached
        /// The call ended before it was done.
        case interrupted
        /// It threw; `note` says what, without numbers, names or credentials.
        case failed
    }

    public var status: Status
    public var note: String
    /// What the agent found out or decided, for the report.
    public var data: [String: String]
    public var transcript: [TranscriptEntry]

    public init(
        status: Status, note: String = "", data: [String: String] = [:], transcript: [TranscriptEntry] = []
    ) {
        self.status = status
        self.note = note
        self.data = data
        self.transcript = transcript
    }
}

/// One stretch of speech or one key press, in order of its start.
public struct TranscriptEntry: Hashable, Sendable, Codable {
    public enum Speaker: String, Hashable, Sendable, Codable { case agent, callee }

    /// Where the words come from.
    @nonexhaustive
    public enum Source: String, Hashable, Sendable, Codable {
        /// The text the agent gave to be spoken, cut to what was sent.
        case agentText
        /// A speech recogniser.
        case recogniser
        /// The callee's script, in simulation.
        case calleeScript
        /// Voice was heard and nobody transcribed it; `text` is empty.
        case untranscribed
        case digits
    }

    public var speaker: Speaker
    public var source: Source
    public var text: String
    /// Milliseconds since the answer.
    public var startMilliseconds: Int
    /// Milliseconds since the answer; not before the start.
    public var endMilliseconds: Int
    /// The agent was cut off here by barge-in or the end of the call.
    public var isCutOff: Bool

    public init(
        speaker: Speaker, source: Source, text: String, startMilliseconds: Int, endMilliseconds: Int,
        isCutOff: Bool = false
    ) {
        self.speaker = speaker
        self.source = source
        self.text = text
        self.startMilliseconds = startMilliseconds
        self.endMilliseconds = endMilliseconds
        self.isCutOff = isCutOff
    }
}
