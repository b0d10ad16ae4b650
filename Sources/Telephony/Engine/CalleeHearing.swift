internal import RTPMedia

/// What is made out of the callee's sound: voice on and off, and who answered.
struct CalleeHearing {
    private let classifiesAnswers: Bool

    init(classifiesAnswers: Bool) { self.classifiesAnswers = classifiesAnswers }

    /// From now on the answer is being classified.
    mutating func callAnswered() {}

    /// - Parameter frame: 160 samples at 8 kHz.
    mutating func listen(to frame: Span<Int16>, heard: inout [CallEvent.Kind]) {}
}
