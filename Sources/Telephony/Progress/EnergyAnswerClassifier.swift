internal import RTPMedia

/// Tells people from voicemail by how they talk: the built-in ``AnswerClassifier``.
///
/// A person says a word or a short sentence and waits. A voicemail talks on, and beeps. So a short utterance with silence
/// behind it is a person (the longer it was, the longer the silence), a long one is a voicemail, and a beep is a
/// voicemail whatever came before. Line tones and information tones are neither. Speech is told from noise by
/// ``RTPMedia/VoiceActivity``, beeps from speech by ``RTPMedia/ToneDetector``; no words are understood.
///
/// A verdict can be revised: when a "person" talks on like a machine right after the pause, or a beep follows.
public struct EnergyAnswerClassifier: AnswerClassifier {
    /// Thresholds; they lie among those of the systems in use (greeting 1.5-2.5 s, silence 0.5-1.2 s).
    public struct Configuration: Hashable, Sendable {
        /// Silence behind an utterance that makes it a person's, to which ``silencePerSpeech`` is added.
        public var humanSilence = Duration.milliseconds(600)
        /// Share of the utterance's length that the silence must be longer.
        public var silencePerSpeech = 0.2
        /// An utterance of this length is a voicemail's.
        public var voicemailSpeech = Duration.milliseconds(2_800)
        /// Speech shorter than this is a noise.
        public var minimumSpeech = Duration.milliseconds(100)
        /// Silence that ends a greeting when no beep comes.
        public var greetingEndSilence = Duration.milliseconds(1_400)
        /// Without any speech until then the verdict is unknown; listening goes on.
        public var noSpeech = Duration.seconds(5)
        /// Talk that begins within this time of the verdict "person" can still turn out to be a voicemail's.
        public var revision = Duration.milliseconds(1_200)
        /// Listening ends that long after the answer.
        public var listening = Duration.seconds(90)
        /// Beeps count until then after the verdict "person".
        public var beepRevision = Duration.seconds(10)

        public init() {}
    }

    private let limits: Limits
    private var voice = VoiceActivity()
    private var tones = ToneDetector()
    private var speech = SpeechTracker()
    private var beeps = BeepJudge()
    /// Asked while nobody has been recognised.
    private var line = CallProgressDetector()
    /// Final: behind a tone of the exchange is nobody.
    private var hasLineSpoken = false
    private var frames = 0
    private var answeredBy: AnsweredBy?
    /// Frame of the first word on ``answeredBy``.
    private var decidedAt = 0
    /// Whether the utterance after the verdict "person" may still revise it.
    private var isRevisable = false
    private var hasGreetingEnded = false
    /// Verdict for the next frame, when one frame brought two.
    private var queued: AnswerVerdict?

    public init(_ configuration: Configuration = Configuration()) {
        limits = Limits(configuration)
    }

    public mutating func process(_ frame: Span<Int16>) -> AnswerVerdict? {
        guard !isFinished else { return nil }
        let index = frames
        frames += 1
        let event = tones.process(frame)
        _ = voice.process(frame)
        let lineTone = isUndecided ? line.process(frame) : nil
        speech.process(isLoud: voice.isLoud, isTonal: tones.isTonal, isTone: tones.isOn, at: index)
        let finding = beeps.process(
            event, isSpeech: voice.isLoud && !tones.isTonal && !line.isAnswerToneOn, isOn: tones.isOn,
            spoken: speech.totalLoud)
        if let queued {
            self.queued = nil
            return queued
        }
        switch finding {
        case .beep(let heard): return beepVerdict(heard)
        case .lineTone(let what): return lineToneVerdict(.unknown, what)
        case .fax(let what): return lineToneVerdict(.fax, what)
        case nil: break
        }
        if let words = lineTone?.lineWords {
            hasLineSpoken = true
            return lineToneVerdict(.unknown, words)
        }
        if lineTone == .faxAnswering { return lineToneVerdict(.fax, "answering tone 2,100 Hz") }
        switch answeredBy {
        case nil: return decide(at: index)
        case .unknown: return decide(at: index)
        case .human: return revise(at: index)
        case .voicemail: return endOfGreeting(at: index)
        case .fax: return nil
        }
    }

    private var isUndecided: Bool { answeredBy == nil || answeredBy == .unknown }

    /// Nothing that is heard from here on can change the verdict.
    private var isFinished: Bool {
        switch answeredBy {
        case nil, .voicemail: frames >= limits.listening
        case .unknown, .fax: hasLineSpoken || beeps.isLineTone || frames >= limits.listening
        case .human: queued == nil && !isRevisable && frames - decidedAt > limits.beepRevision
        }
    }

    // MARK: Rules

    private mutating func decide(at index: Int) -> AnswerVerdict? {
        guard let utterance = speech.current else {
            guard answeredBy == nil, frames >= limits.noSpeech, !tones.isOn else { return nil }
            return recognise(.unknown, 0.5, "no speech in \(Self.time(frames))")
        }
        let pause = speech.pause(at: index)
        if utterance.length >= limits.voicemailSpeech {
            return recognise(.voicemail, 0.85, "greeting goes on after \(Self.time(utterance.length))")
        }
        guard pause >= limits.humanSilence(after: utterance.length) else { return nil }
        guard utterance.loud >= limits.minimumSpeech else {
            speech.closeUtterance()
            return nil
        }
        isRevisable = true
        let confidence = utterance.length <= 50 ? 0.9 : 0.75
        defer { speech.closeUtterance() }
        return recognise(
            .human, confidence, "spoke \(Self.time(utterance.length)), then pause \(Self.time(pause))")
    }

    private mutating func revise(at index: Int) -> AnswerVerdict? {
        guard isRevisable else { return nil }
        guard let utterance = speech.current else {
            if frames - decidedAt > limits.revision { isRevisable = false }
            return nil
        }
        guard utterance.start - decidedAt <= limits.revision,
            speech.pause(at: index) < limits.humanSilence(after: utterance.length)
        else {
            isRevisable = false
            return nil
        }
        guard utterance.length >= limits.voicemailSpeech else { return nil }
        isRevisable = false
        return recognise(.voicemail, 0.7, "talked on for \(Self.time(utterance.length)) after a pause")
    }

    private mutating func endOfGreeting(at index: Int) -> AnswerVerdict? {
        let pause = speech.pause(at: index)
        guard !tones.isOn, !beeps.isPending, pause >= limits.greetingEndSilence else { return nil }
        speech.closeUtterance()
        guard !hasGreetingEnded, !beeps.hasBeeped else { return nil }
        hasGreetingEnded = true
        return verdict(.greetingEnded, 0.85, "no beep, pause \(Self.time(pause))")
    }

    private mutating func beepVerdict(_ heard: ToneDetector.Heard) -> AnswerVerdict? {
        if answeredBy == .human, frames - decidedAt > limits.beepRevision || heard.frames < 8 { return nil }
        speech.closeUtterance()
        hasGreetingEnded = false
        var pitch = "\(Int(heard.hertz.rounded())) Hz"
        if let second = heard.secondHertz { pitch += " + \(Int(second.rounded())) Hz" }
        let evidence =
            "beep \(pitch), \(Self.time(heard.frames)), ended at \(Self.number(heard.endSample / 8)) ms"
        guard answeredBy != .voicemail else { return verdict(.beepHeard, 0.95, evidence) }
        let first = recognise(.voicemail, 0.9, evidence)
        queued = verdict(.beepHeard, 0.9, evidence)
        queued?.atMilliseconds += 20
        return first
    }

    private mutating func lineToneVerdict(_ who: AnsweredBy, _ what: String) -> AnswerVerdict? {
        // A fax may wait for longer than silence was waited for.
        guard answeredBy == nil || answeredBy == .unknown && who == .fax else { return nil }
        return recognise(who, 0.9, what)
    }

    // MARK: Verdicts

    private mutating func recognise(
        _ who: AnsweredBy, _ confidence: Double, _ evidence: String
    ) -> AnswerVerdict {
        answeredBy = who
        decidedAt = frames
        return verdict(.recognised, confidence, evidence)
    }

    private func verdict(
        _ stage: AnswerVerdict.Stage, _ confidence: Double, _ evidence: String
    ) -> AnswerVerdict {
        AnswerVerdict(
            answeredBy: answeredBy ?? .unknown, stage: stage, confidence: confidence,
            atMilliseconds: frames * 20, evidence: evidence)
    }

    private static func time(_ frames: Int) -> String { "\(number(frames * 20)) ms" }

    /// `2,340`.
    private static func number(_ value: Int) -> String {
        guard value >= 1_000 else { return "\(value)" }
        let rest = String(value % 1_000)
        return "\(value / 1_000)," + String(repeating: "0", count: 3 - rest.count) + rest
    }

    /// The configuration in frames.
    private struct Limits: Hashable, Sendable {
        private let silence: Int
        private let silencePerSpeech: Double
        let voicemailSpeech: Int
        let minimumSpeech: Int
        let greetingEndSilence: Int
        let noSpeech: Int
        let revision: Int
        let beepRevision: Int
        let listening: Int

        init(_ configuration: Configuration) {
            func frames(_ duration: Duration) -> Int { Int(duration / .milliseconds(20)) }
            silence = frames(configuration.humanSilence)
            silencePerSpeech = min(10, max(0, configuration.silencePerSpeech))
            voicemailSpeech = frames(configuration.voicemailSpeech)
            minimumSpeech = frames(configuration.minimumSpeech)
            greetingEndSilence = frames(configuration.greetingEndSilence)
            noSpeech = frames(configuration.noSpeech)
            revision = frames(configuration.revision)
            beepRevision = frames(configuration.beepRevision)
            listening = frames(configuration.listening)
        }

        func humanSilence(after speech: Int) -> Int { silence + Int(Double(speech) * silencePerSpeech) }
    }
}
