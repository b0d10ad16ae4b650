internal import RTPMedia

extension EnergyAnswerClassifier {
    /// Thresholds; where other systems have them they lie among theirs (greeting 1.5-2.5 s, silence 0.5-1.2 s).
    public struct Configuration: Hashable, Sendable {
        /// Silence behind a short utterance that makes it a person's. No sound may be on in it that can be a beep.
        public var humanSilence = Duration.milliseconds(600)
        /// An utterance up to this length is short: "Hello?".
        public var shortGreeting = Duration.milliseconds(400)
        /// Share of what an utterance is longer by which the silence must be longer: recordings pause for up to 0.8 s between
        /// sentences, and the beep comes up to 1.2 s behind the last one.
        public var silencePerSpeech = 0.4
        /// No longer silence is asked for.
        public var longestHumanSilence = Duration.milliseconds(1_400)
        /// An utterance of several sentences, with pauses of ``sentencePause`` between them, is a voicemail's from this length on.
        public var voicemailSpeech = Duration.milliseconds(5_200)
        /// An utterance in one breath, as businesses answer, only from this length on.
        public var voicemailBreath = Duration.milliseconds(5_800)
        public var sentencePause = Duration.milliseconds(240)
        /// Speech shorter than this is a noise.
        public var minimumSpeech = Duration.milliseconds(100)
        /// An utterance of more words is a voicemail's; `nil` does not count them.
        public var maximumWords: Int?
        /// Voice without a pause of ``wordGap`` that is as long is a voicemail's; `nil` for no such rule.
        public var longestWord: Duration?
        /// Shorter gaps lie inside a word.
        public var wordGap = Duration.milliseconds(80)
        /// Mean magnitude of samples below which a frame is silence whatever the line is like, 0...32,767; `nil`: -48 dBFS.
        public var silenceMagnitude: Int?
        /// With nothing decided by then the verdict is unknown; listening goes on.
        public var analysisTime = Duration.seconds(20)
        /// Silence that ends a greeting when no beep comes.
        public var greetingEndSilence = Duration.milliseconds(1_400)
        /// Without any speech until then the verdict is silence; listening goes on.
        public var noSpeech = Duration.seconds(5)
        /// Talk that begins within this time of the verdict "person" can still turn out to be a voicemail's.
        public var revision = Duration.milliseconds(800)
        /// So much of it makes it one, unless a pause of ``longestHumanSilence`` comes first.
        public var revisionSpeech = Duration.milliseconds(3_200)
        /// Listening ends that long after the answer.
        public var listening = Duration.seconds(90)
        /// Beeps count until then after the verdict "person".
        public var beepRevision = Duration.seconds(10)
        /// A prompt may be a screening assistant's when it begins within this time of the answer.
        public var screeningStart = Duration.milliseconds(450)
        /// And when it is at least this long,
        public var shortestPrompt = Duration.milliseconds(3_200)
        /// at most this long,
        public var longestPrompt = Duration.milliseconds(10_500)
        /// and so much silence without a beep follows.
        public var screeningSilence = Duration.milliseconds(2_400)
        /// What words say, where a transcriber supplies them.
        public var phrases = AnswerPhrases.standard

        public init() {}
    }
}

/// The configuration in frames.
struct AnswerLimits: Hashable, Sendable {
    private let silence: Int
    private let shortGreeting: Int
    private let silencePerSpeech: Double
    private let longestSilence: Int
    private let sentences: Int
    private let breath: Int
    let maximumWords: Int?
    let longestWord: Int?
    let analysisTime: Int
    let minimumSpeech: Int
    let greetingEndSilence: Int
    let noSpeech: Int
    let revision: Int
    let revisionSpeech: Int
    let beepRevision: Int
    let listening: Int
    let screeningStart: Int
    let screeningPrompt: ClosedRange<Int>
    var shortestPrompt: Int { screeningPrompt.lowerBound }
    let screeningSilence: Int
    let phrases: AnswerPhrases
    /// A tone that ends by then may be a chime before a prompt,
    let chime = 40
    /// which is waited for.
    let chimeWait = 25
    /// No pause between two rings of one ringback is longer than this, where it wavers.
    let ringPause = 60
    /// So many frames with a voice's pitch a person's first words have.
    let voicedFrames = 1
    /// 20 dB: what stands out so much is no swelling noise, whatever its pitch.
    let clearRatio = 100.0
    /// Silence behind words that are known to be a person's greeting.
    let knownGreetingSilence = 15
    /// Silence behind the prompt of an assistant that is known by its words.
    let promptEndSilence = 45
    /// From this length on words that a machine is likely to say are a machine's.
    let likelyMachineSpeech = 110
    /// Behind what may be a person's words tones are waited for no longer.
    let longestTones = 250
    /// A beep within this time of the verdict "person" belongs to what was taken for one.
    let beepAtOnce = 60
    /// A person behind an assistant says no more than this before a pause.
    let personSpeech = 150

    init(_ configuration: EnergyAnswerClassifier.Configuration) {
        func frames(_ duration: Duration) -> Int { Self.frames(duration) }
        silence = frames(configuration.humanSilence)
        shortGreeting = frames(configuration.shortGreeting)
        silencePerSpeech = min(10, max(0, configuration.silencePerSpeech))
        longestSilence = max(silence, frames(configuration.longestHumanSilence))
        sentences = frames(configuration.voicemailSpeech)
        breath = max(sentences, frames(configuration.voicemailBreath))
        maximumWords = configuration.maximumWords
        longestWord = configuration.longestWord.map { max(1, frames($0)) }
        analysisTime = frames(configuration.analysisTime)
        minimumSpeech = frames(configuration.minimumSpeech)
        greetingEndSilence = frames(configuration.greetingEndSilence)
        noSpeech = frames(configuration.noSpeech)
        revision = frames(configuration.revision)
        revisionSpeech = frames(configuration.revisionSpeech)
        beepRevision = frames(configuration.beepRevision)
        listening = frames(configuration.listening)
        screeningStart = frames(configuration.screeningStart)
        let shortest = frames(configuration.shortestPrompt)
        screeningPrompt = shortest...max(shortest, frames(configuration.longestPrompt))
        screeningSilence = frames(configuration.screeningSilence)
        phrases = configuration.phrases
    }

    static func frames(_ duration: Duration) -> Int {
        Int(min(.seconds(3_600), max(.zero, duration)) / .milliseconds(20))
    }

    var revisionPause: Int { longestSilence }

    func humanSilence(after speech: Int) -> Int {
        let more = Double(max(0, speech - shortGreeting)) * silencePerSpeech
        return min(longestSilence, silence + Int(more))
    }

    func voicemailSpeech(sentencePauses: Int) -> Int {
        sentencePauses == 0 ? breath : sentences
    }
}
