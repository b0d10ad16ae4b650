internal import RTPMedia

/// What is made out of the callee's sound: voice on and off, and who answered.
struct CalleeHearing {
    private var activity = VoiceActivity()

    init(classifiesAnswers: Bool) {}

    /// From now on the answer is being classified.
    mutating func callAnswered() {}

    /// - Parameter frame: 160 samples at 8 kHz.
    mutating func listen(to frame: Span<Int16>, heard: inout [CallEvent.Kind]) {
        switch activity.process(frame) {
        case .started: heard.append(.voiceStarted)
        case .stopped: heard.append(.voiceStopped)
        case nil: break
        }
    }
}
