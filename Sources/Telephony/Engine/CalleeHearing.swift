internal import RTPMedia

/// What is made out of the callee's sound: voice on and off, tones of the line, and who answered.
struct CalleeHearing {
    private var isAnswered = false
    /// Frames that tones are still listened for; counted from the answer on.
    private var progressFrames = 1_500
    /// `nil` when nobody asks who answered.
    private var classifier: (any AnswerClassifier)?
    private var activity = VoiceActivity()
    private var progress: CallProgressDetector

    init(classifier: (any AnswerClassifier)?, plans: [TonePlan]) {
        self.classifier = classifier
        progress = CallProgressDetector(plans: plans)
    }

    /// From now on the answer is being classified; tones of the line are listened for until somebody is recognised.
    mutating func callAnswered() { isAnswered = true }

    /// - Parameter frame: 160 samples at 8 kHz.
    mutating func listen(to frame: Span<Int16>, heard: inout [CallEvent.Kind]) {
        switch activity.process(frame) {
        case .started: heard.append(.voiceStarted)
        case .stopped: heard.append(.voiceStopped)
        case nil: break
        }
        var tones: FrameTones?
        if progressFrames > 0 {
            if isAnswered { progressFrames -= 1 }
            let measured = FrameTones(of: frame)
            tones = measured
            if let tone = progress.process(frame, tones: measured) { heard.append(.callProgress(tone)) }
        }
        guard isAnswered, let verdict = classifier?.process(frame, tones: tones) else { return }
        note(verdict)
        heard.append(.classified(verdict))
    }

    /// What the callee was understood to say; before the answer nobody asks.
    mutating func hear(_ transcript: PartialTranscript) -> AnswerVerdict? {
        guard isAnswered, let verdict = classifier?.hear(transcript) else { return nil }
        note(verdict)
        return verdict
    }

    /// Once somebody is recognised no tone of the line is listened for; who waits in silence may still hear one.
    private mutating func note(_ verdict: AnswerVerdict) {
        if verdict.answeredBy != .unknown, verdict.answeredBy != .silence { progressFrames = 0 }
    }
}
