internal import RTPMedia

/// What is made out of the callee's sound: voice on and off, and who answered.
struct CalleeHearing {
    private var activity = VoiceActivity()
    /// `nil` when nobody asks who answered.
    private var classifier: (any AnswerClassifier)?
    private var isAnswered = false

    init(classifier: (any AnswerClassifier)?) { self.classifier = classifier }

    /// From now on the answer is being classified.
    mutating func callAnswered() { isAnswered = true }

    /// - Parameter frame: 160 samples at 8 kHz.
    mutating func listen(to frame: Span<Int16>, heard: inout [CallEvent.Kind]) {
        switch activity.process(frame) {
        case .started: heard.append(.voiceStarted)
        case .stopped: heard.append(.voiceStopped)
        case nil: break
        }
        guard isAnswered, let verdict = classifier?.process(frame) else { return }
        heard.append(.classified(verdict))
    }
}
