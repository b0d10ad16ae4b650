public import RTPMedia

/// Tells people, voicemails, screening assistants and menus apart by how they talk: the built-in ``AnswerClassifier``.
///
/// A person says a word or a short sentence and waits. A voicemail talks on, and beeps. So an utterance with silence
/// behind it is a person (the longer it was, the longer the silence), a long one is a voicemail, and a beep is a
/// voicemail whatever came before. A prompt that starts at once and waits without a beep may be a screening assistant's, choices that
/// are read out one by one a menu's; of those two the sound alone is weak evidence, which the confidence says. Line tones and
/// information tones are nobody. Speech is told from noise by ``RTPMedia/VoiceActivity``, beeps from speech by
/// ``RTPMedia/ToneDetector``; words are understood only where a transcriber supplies them (``hear(_:)``).
///
/// A verdict can be revised: when a "person" talks on like a machine right after the pause, a beep follows, or words say otherwise.
public struct EnergyAnswerClassifier: AnswerClassifier {
    let limits: AnswerLimits
    private var voice: VoiceActivity
    var tones: ToneDetector
    var speech = SpeechTracker()
    var beeps = BeepJudge()
    var rhythm = TalkRhythm()
    /// Loud frames with a voice's pitch, up to as many as it takes.
    var voiced = 0
    /// Asked while nobody has been recognised, and for the ringing behind a prompt.
    var line = CallProgressDetector()
    /// Final: behind a tone of the exchange is nobody.
    var hasLineSpoken = false
    var frames = 0
    var answeredBy: AnsweredBy?
    /// Frame of the first word on ``answeredBy``.
    var decidedAt = 0
    /// Whether the utterance after the verdict "person" may still revise it.
    var isRevisable = false
    var hasGreetingEnded = false
    /// A tone at the very beginning, behind which a prompt may come: its end, and how long it is waited for.
    var chime: (heard: ToneDetector.Heard, until: Int)?
    var hasChimed = false
    /// The "person" spoke for as long as a prompt is.
    var isLongGreeting = false
    /// Telephone keys in the sound while nobody was recognised.
    private var keys = ""
    /// Behind a prompt it rang.
    var hasRung = false
    /// The phrase of a transcript that decided: what is heard does not overrule it, but a beep.
    var phrase: AnswerPhrases.Entry?
    /// Past the last frame that was a tone's, or may have been.
    var toneEnd = 0
    /// The words so far are a person's greeting: a shorter silence behind it will do.
    var isHumanGreeting = false
    /// Verdict for the next frame, when one frame brought two.
    private var queued: AnswerVerdict?

    public init(_ configuration: Configuration = Configuration()) {
        limits = AnswerLimits(configuration)
        var activity = VoiceActivity.Configuration.energy
        // Television behind the callee is about as far below the voice as this.
        activity.rangeDecibels = 20
        if let magnitude = configuration.silenceMagnitude {
            // Of a sine's peak the mean magnitude is 2/π.
            let peak = Double(min(32_767, max(1, magnitude))) * 1.5708
            activity.minimumLevel = AudioLevel(meanSquare: peak * peak / 2)
        }
        voice = VoiceActivity(activity)
        speech.sentencePauseFrames = max(1, AnswerLimits.frames(configuration.sentencePause))
        speech.wordGapFrames = max(1, AnswerLimits.frames(configuration.wordGap))
        var detection = ToneDetector.Configuration()
        // A beep of 60 ms fills two frames and touches a third or fourth.
        detection.minimumFrames = 3
        // Up to the answering tone of old modems.
        detection.pitches = 390...2_249
        tones = ToneDetector(detection)
    }

    public mutating func process(_ frame: Span<Int16>) -> AnswerVerdict? { process(frame, tones: nil) }

    public mutating func process(_ frame: Span<Int16>, tones measured: FrameTones?) -> AnswerVerdict? {
        guard !isFinished else { return nil }
        let index = frames
        frames += 1
        let measured = measured ?? FrameTones(of: frame)
        let event = tones.process(frame, tones: measured)
        _ = voice.process(frame)
        let lineTone = listensToLine ? line.process(frame, tones: measured) : nil
        if tones.isOn || tones.isTonal && voice.isLoud { toneEnd = frames }
        beeps.hear(isLoud: voice.isLoud, isOn: tones.isOn, energy: voice.energy)
        speech.process(isLoud: voice.isLoud, isTonal: tones.isTonal, isTone: beeps.isTone, at: index)
        rhythm.process(sound: speech.sound, energy: voice.energy, floor: voice.floor, at: index)
        if isUndecided, voice.isLoud, !tones.isTonal, voiced < limits.voicedFrames,
            voice.energy > voice.floor * limits.clearRatio || Voicing.isVoiced(frame)
        {
            voiced += 1
        }
        let finding = beeps.process(
            event, isSpeech: voice.isLoud && !tones.isTonal && !line.isAnswerToneOn, spoken: speech.totalLoud,
            sinceSound: frames - speech.sound.upperBound)
        if let queued {
            self.queued = nil
            return queued
        }
        switch finding {
        case .beep(let heard): if let verdict = beepVerdict(heard) { return verdict }
        case .lineTone(let what): return lineToneVerdict(.unknown, what)
        case .fax(let what): return lineToneVerdict(.fax, what)
        case nil: break
        }
        if let verdict = chimeVerdict() { return verdict }
        if let lineTone, let verdict = lineVerdict(lineTone) { return verdict }
        switch answeredBy {
        case nil, .silence, .unknown: return decide(at: index)
        case .human: return revise(at: index)
        case .voicemail: return endOfGreeting(at: index)
        case .screening: return waitForPerson(at: index)
        case .ivr, .fax: return nil
        }
    }

    // What is asked at every frame is inlined: a call would copy the whole classifier, five kilobytes, to hand it over.
    @inline(__always) var isUndecided: Bool {
        answeredBy == nil || answeredBy == .silence || answeredBy == .unknown
    }

    @inline(__always) private var listensToLine: Bool {
        isUndecided || answeredBy == .screening || hasGreetingEnded || isLongGreeting
    }

    /// Nothing that is heard from here on can change the verdict.
    @inline(__always) private var isFinished: Bool {
        switch answeredBy {
        case nil, .voicemail, .screening, .ivr: frames >= limits.listening
        case .silence, .unknown, .fax: hasLineSpoken || beeps.isLineTone || frames >= limits.listening
        case .human: queued == nil && !isRevisable && frames - decidedAt > limits.beepRevision
        }
    }

    // MARK: Tones

    private mutating func lineVerdict(_ tone: ProgressTone) -> AnswerVerdict? {
        guard isUndecided else {
            // A prompt, a wait, and it rings: an assistant puts us through.
            guard tone == .ringback, !hasRung, phrase == nil else { return nil }
            hasRung = true
            speech.closeUtterance()
            return recognise(.screening, 0.8, "prompt, a wait, then ringback", .prompt)
        }
        if tone.isOfExchange {
            hasLineSpoken = true
            return lineToneVerdict(.unknown, tone.description)
        }
        if case .key(let key) = tone { keys.append(key) }
        guard tone == .faxAnswering else { return nil }
        return lineToneVerdict(.fax, line.isData ? "fax data at 300 bit/s" : "answering tone")
    }

    private mutating func lineToneVerdict(_ who: AnsweredBy, _ what: String) -> AnswerVerdict? {
        // A fax may wait for longer than silence was waited for.
        guard answeredBy == nil || answeredBy == .silence || answeredBy == .unknown && who == .fax else {
            return nil
        }
        if who == .fax { hasLineSpoken = true }
        return recognise(who, 0.9, what, tone: what)
    }

    private mutating func beepVerdict(_ heard: ToneDetector.Heard) -> AnswerVerdict? {
        if answeredBy == .human {
            // Right behind a short greeting a short beep is one; later only a long one, for people hum.
            let isAtOnce = frames - decidedAt <= limits.beepAtOnce && heard.frames >= 4 && heard.hertz >= 500
            guard frames - decidedAt <= limits.beepRevision, isAtOnce || heard.frames >= 8 else { return nil }
        }
        if isUndecided, speech.current == nil, chime == nil, heard.endSample / 160 < limits.chime {
            chime = (heard, heard.endSample / 160 + limits.chimeWait)
            return chimeVerdict()
        }
        return beepVerdicts(heard)
    }

    /// A chime is followed by a prompt, a voicemail's beep by silence.
    private mutating func chimeVerdict() -> AnswerVerdict? {
        guard let chime else { return nil }
        if speech.current != nil {
            self.chime = nil
            hasChimed = true
            beeps.forget()
            return nil
        }
        guard frames >= chime.until else { return nil }
        self.chime = nil
        return isUndecided ? beepVerdicts(chime.heard) : nil
    }

    private mutating func beepVerdicts(_ heard: ToneDetector.Heard) -> AnswerVerdict? {
        speech.closeUtterance()
        hasGreetingEnded = false
        var pitch = "\(Int(heard.hertz.rounded())) Hz"
        if let second = heard.secondHertz { pitch += " + \(Int(second.rounded())) Hz" }
        let evidence =
            "beep \(pitch), \(Self.time(heard.frames)), ended at \(Self.number(heard.endSample / 8)) ms"
        guard answeredBy != .voicemail, phrase?.answeredBy != .screening else {
            return verdict(.beepHeard, 0.95, evidence, facts: facts(of: heard))
        }
        let first = recognise(.voicemail, 0.9, evidence, facts: facts(of: heard))
        queued = verdict(.beepHeard, 0.9, evidence, facts: first.facts)
        queued?.atMilliseconds += 20
        return first
    }

    private func facts(of heard: ToneDetector.Heard) -> AnswerFacts {
        var facts = AnswerFacts()
        facts.beepHertz = Int(heard.hertz.rounded())
        facts.beepMilliseconds = heard.frames * 20
        facts.beepEndMilliseconds = heard.endSample / 8
        return facts
    }

    // MARK: Verdicts

    mutating func recognise(
        _ who: AnsweredBy, _ confidence: Double, _ evidence: String,
        _ rhythm: AnswerFacts.Rhythm? = nil, tone: String? = nil, facts: AnswerFacts? = nil
    ) -> AnswerVerdict {
        answeredBy = who
        decidedAt = frames
        var facts = facts ?? self.facts(rhythm)
        facts.tone = tone
        return verdict(.recognised, confidence, evidence, facts: facts)
    }

    func verdict(
        _ stage: AnswerVerdict.Stage, _ confidence: Double, _ evidence: String, facts: AnswerFacts
    ) -> AnswerVerdict {
        AnswerVerdict(
            answeredBy: answeredBy ?? .unknown, stage: stage, confidence: confidence,
            atMilliseconds: frames * 20, evidence: evidence, facts: facts)
    }

    /// What is known of the utterance so far.
    func facts(_ rhythm: AnswerFacts.Rhythm?) -> AnswerFacts {
        var facts = AnswerFacts()
        facts.rhythm = rhythm
        facts.keys = keys.isEmpty ? nil : keys
        guard let utterance = speech.current else { return facts }
        facts.speechStartMilliseconds = utterance.start * 20
        facts.greetingMilliseconds = utterance.length * 20
        facts.words = utterance.words
        facts.longestPauseMilliseconds = utterance.longestPause * 20
        facts.pauseMilliseconds = speech.pause(at: frames - 1) * 20
        return facts
    }

    static func time(_ frames: Int) -> String { "\(number(frames * 20)) ms" }

    /// `2,340`.
    static func number(_ value: Int) -> String {
        guard value >= 1_000 else { return "\(value)" }
        let rest = String(value % 1_000)
        return "\(value / 1_000)," + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
