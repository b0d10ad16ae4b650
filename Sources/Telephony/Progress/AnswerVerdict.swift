/// What the answer classifier found.
public struct AnswerVerdict: Hashable, Sendable, Codable {
    public enum Stage: String, Hashable, Sendable, Codable {
        /// First word on who answered, or another word on it.
        case recognised
        /// A voicemail's greeting or a screening assistant's prompt is over and no beep came.
        case greetingEnded
        /// The beep is over: leave the message now.
        case beepHeard
    }

    public var answeredBy: AnsweredBy
    public var stage: Stage
    /// 0...1, for the report; nothing depends on it.
    public var confidence: Double
    /// Milliseconds of callee audio that led to it, counted from the answer.
    public var atMilliseconds: Int
    /// One line: `greeting 2,340 ms, pause 120 ms`.
    public var evidence: String
    /// The same as values, as far as they were measured.
    public var facts: AnswerFacts

    public init(
        answeredBy: AnsweredBy, stage: Stage, confidence: Double, atMilliseconds: Int, evidence: String,
        facts: AnswerFacts = AnswerFacts()
    ) {
        self.answeredBy = answeredBy
        self.stage = stage
        self.confidence = confidence
        self.atMilliseconds = atMilliseconds
        self.evidence = evidence
        self.facts = facts
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        answeredBy = try container.decode(AnsweredBy.self, forKey: .answeredBy)
        stage = try container.decode(Stage.self, forKey: .stage)
        confidence = try container.decode(Double.self, forKey: .confidence)
        atMilliseconds = try container.decode(Int.self, forKey: .atMilliseconds)
        evidence = try container.decode(String.self, forKey: .evidence)
        facts = try container.decodeIfPresent(AnswerFacts.self, forKey: .facts) ?? AnswerFacts()
    }
}

/// What an answer classifier measured until its verdict. `nil`: it was not measured, or not heard.
public struct AnswerFacts: Hashable, Sendable, Codable {
    /// How the callee's talk goes.
    @nonexhaustive
    public enum Rhythm: String, Hashable, Sendable, Codable, CaseIterable {
        /// A word or a sentence, and a wait for us.
        case greeting
        /// Talk that goes on without a wait.
        case announcement
        /// A prompt of some seconds that starts at once, and a wait for us.
        case prompt
        /// Phrases of like length with like pauses, as choices are read out.
        case menu
    }

    /// From the answer to the first sound of the first utterance, in milliseconds.
    public var speechStartMilliseconds: Int?
    /// Length of the utterance that decided, pauses between its words included, in milliseconds.
    public var greetingMilliseconds: Int?
    /// Stretches of voice in it: words, or words spoken in one breath.
    public var words: Int?
    /// Longest pause inside it, in milliseconds.
    public var longestPauseMilliseconds: Int?
    /// Pause behind it at the time of the verdict, in milliseconds.
    public var pauseMilliseconds: Int?
    /// The stronger pitch of the beep.
    public var beepHertz: Int?
    /// Length of the beep in milliseconds.
    public var beepMilliseconds: Int?
    /// When the beep was over, in milliseconds from the answer.
    public var beepEndMilliseconds: Int?
    /// Telephone keys that were heard in the sound.
    public var keys: String?
    /// A tone of the exchange, a fax or a modem, in words.
    public var tone: String?
    public var rhythm: Rhythm?
    /// The phrase of a transcript that decided.
    public var phrase: String?

    public init() {}
}
