public import RTPMedia

/// Listens to the first seconds after an answer and says who answered.
///
/// A value of its own for each call. The media engine hands it every 20 ms frame of callee audio from the answer on, on its loop:
/// an implementation allocates nothing per frame and returns at once. It is fed until the call ends or another
/// classifier is set; after its last word it returns `nil`.
public protocol AnswerClassifier: Sendable {
    /// Takes the next frame: 160 samples at 8 kHz, made-up ones for lost packets included.
    ///
    /// - Returns: A verdict when there is a new one; it replaces the one before.
    mutating func process(_ frame: Span<Int16>) -> AnswerVerdict?

    /// The same, called in its place: optional, for classifiers that listen to tones.
    ///
    /// - Parameter tones: What has been measured of this frame already; `nil` when nobody else listens to tones.
    mutating func process(_ frame: Span<Int16>, tones: FrameTones?) -> AnswerVerdict?

    /// Takes what the callee was understood to say. Called between frames, a few times a second at most; optional.
    ///
    /// - Returns: A verdict when there is a new one; it replaces the one before.
    mutating func hear(_ words: PartialTranscript) -> AnswerVerdict?
}

extension AnswerClassifier {
    public mutating func process(_ frame: Span<Int16>, tones: FrameTones?) -> AnswerVerdict? {
        process(frame)
    }

    public mutating func hear(_ words: PartialTranscript) -> AnswerVerdict? { nil }
}

/// Gives verdicts that were written down before: for tests and simulations.
public struct ScriptedAnswerClassifier: AnswerClassifier {
    private let verdicts: [AnswerVerdict]
    private var given = 0
    private var milliseconds = 0

    /// - Parameter verdicts: Each is given once its ``AnswerVerdict/atMilliseconds`` of audio have passed, one per frame.
    public init(_ verdicts: [AnswerVerdict]) {
        self.verdicts = verdicts.sorted { $0.atMilliseconds < $1.atMilliseconds }
    }

    public mutating func process(_ frame: Span<Int16>) -> AnswerVerdict? {
        milliseconds += frame.count / 8
        guard given < verdicts.count, verdicts[given].atMilliseconds <= milliseconds else { return nil }
        given += 1
        return verdicts[given - 1]
    }
}
