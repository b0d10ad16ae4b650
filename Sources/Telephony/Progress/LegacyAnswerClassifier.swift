/// Tells people from machines by counting silence and words, as Asterisk's `app_amd` does.
///
/// For comparison, and for dialers that bring tuned parameters along: the same parameters give the same verdict, and the
/// evidence is that application's `AMDSTATUS` and `AMDCAUSE`, as in `HUMAN HUMAN-800-800`. It speaks once, and only of
/// energy: it knows no tone, no beep and no end of a greeting. ``EnergyAnswerClassifier`` is right more often.
public struct LegacyAnswerClassifier: AnswerClassifier {
    /// The parameters of `amd.conf`, with that application's defaults.
    public struct Configuration: Hashable, Sendable {
        /// `initial_silence`: so much silence before any voice is a machine.
        public var initialSilence = Duration.milliseconds(2_500)
        /// `greeting`: so much voice altogether is a machine.
        public var greeting = Duration.milliseconds(1_500)
        /// `after_greeting_silence`: so much silence behind a greeting is a person.
        public var afterGreetingSilence = Duration.milliseconds(800)
        /// `total_analysis_time`: nothing decided by then is not sure.
        public var totalAnalysisTime = Duration.milliseconds(5_000)
        /// `min_word_length`: voice without a pause that is shorter is no word.
        public var minimumWordLength = Duration.milliseconds(100)
        /// `maximum_word_length`: voice without a pause that is as long is a machine.
        public var maximumWordLength = Duration.milliseconds(5_000)
        /// `between_words_silence`: so much silence separates two words.
        public var betweenWordsSilence = Duration.milliseconds(50)
        /// `maximum_number_of_words`: more are a machine. A word that begins with the first frame is not counted.
        public var maximumNumberOfWords = 2
        /// `silence_threshold`: a frame whose samples' mean magnitude is below is silence, `0...32_767`.
        public var silenceThreshold = 256

        public init() {}
    }

    /// What the next frame can still change.
    private enum Part { case word, silence }

    private let limits: Limits
    private var part = Part.word
    private var isDone = false
    private var hasGreetingBegun = false
    private var words = 0
    // In milliseconds.
    private var elapsed = 0
    private var silence = 0
    private var wordLength = 0
    private var voice = 0

    public init(_ configuration: Configuration = Configuration()) { limits = Limits(configuration) }

    public mutating func process(_ frame: Span<Int16>) -> AnswerVerdict? {
        guard !isDone, frame.count > 0 else { return nil }
        let length = frame.count / 8
        elapsed += length
        if elapsed >= limits.totalAnalysisTime { return verdict(.unknown, "NOTSURE TOOLONG-\(elapsed)") }
        var magnitude = 0
        for index in 0..<frame.count { magnitude += abs(Int(frame[index])) }
        return magnitude / frame.count < limits.silenceThreshold ? hearSilence(length) : hearVoice(length)
    }

    private mutating func hearSilence(_ length: Int) -> AnswerVerdict? {
        silence += length
        if silence >= limits.betweenWordsSilence {
            part = .silence
            wordLength = 0
        }
        if hasGreetingBegun {
            guard silence >= limits.afterGreetingSilence else { return nil }
            return verdict(.human, "HUMAN HUMAN-\(silence)-\(limits.afterGreetingSilence)")
        }
        guard silence >= limits.initialSilence else { return nil }
        return verdict(.voicemail, "MACHINE INITIALSILENCE-\(silence)-\(limits.initialSilence)")
    }

    private mutating func hearVoice(_ length: Int) -> AnswerVerdict? {
        silence = 0
        wordLength += length
        voice += length
        if part == .silence, wordLength >= limits.minimumWordLength {
            part = .word
            words += 1
        }
        if wordLength >= limits.maximumWordLength {
            return verdict(.voicemail, "MACHINE MAXWORDLENGTH-\(wordLength)")
        }
        if words > limits.maximumNumberOfWords {
            return verdict(.voicemail, "MACHINE MAXWORDS-\(words)-\(limits.maximumNumberOfWords)")
        }
        if hasGreetingBegun, voice >= limits.greeting {
            return verdict(.voicemail, "MACHINE LONGGREETING-\(voice)-\(limits.greeting)")
        }
        if wordLength >= limits.minimumWordLength { hasGreetingBegun = true }
        return nil
    }

    private mutating func verdict(_ answeredBy: AnsweredBy, _ evidence: String) -> AnswerVerdict {
        isDone = true
        return AnswerVerdict(
            answeredBy: answeredBy, stage: .recognised, confidence: 0.5, atMilliseconds: elapsed,
            evidence: evidence)
    }

    /// The configuration in milliseconds.
    private struct Limits: Hashable, Sendable {
        let initialSilence: Int
        let greeting: Int
        let afterGreetingSilence: Int
        let totalAnalysisTime: Int
        let minimumWordLength: Int
        let maximumWordLength: Int
        let betweenWordsSilence: Int
        let maximumNumberOfWords: Int
        let silenceThreshold: Int

        init(_ configuration: Configuration) {
            func milliseconds(_ duration: Duration) -> Int {
                Int(min(3_600_000, max(0, duration / .milliseconds(1))))
            }
            initialSilence = milliseconds(configuration.initialSilence)
            greeting = milliseconds(configuration.greeting)
            afterGreetingSilence = milliseconds(configuration.afterGreetingSilence)
            totalAnalysisTime = milliseconds(configuration.totalAnalysisTime)
            minimumWordLength = milliseconds(configuration.minimumWordLength)
            maximumWordLength = milliseconds(configuration.maximumWordLength)
            betweenWordsSilence = milliseconds(configuration.betweenWordsSilence)
            maximumNumberOfWords = configuration.maximumNumberOfWords
            silenceThreshold = configuration.silenceThreshold
        }
    }
}
