/// Carries out ``VoiceProcessing`` on the frames of one call: echo first, then noise, then level. Nothing is allocated for a
/// frame.
public struct VoiceProcessor: ~Copyable {
    /// Samples kept of what was sent: the longest delay and a frame.
    private static let history = EchoDelayEstimator.longest + .milliseconds(40)
    /// What the canceller is left of the delay, for a path that becomes shorter: 8 ms.
    private static let headStartSteps = 2

    private let frameSamples: Int
    // Declared before the preprocessor that points to it; values are destroyed in no order that matters, since the
    // preprocessor does not touch it at its end.
    private var canceller: SpeexEchoCanceller?
    private var preprocessor: SpeexPreprocessor?
    private var level: AutomaticLevelControl?
    private var estimator: EchoDelayEstimator?
    /// What was sent, the newest at the end.
    private var sent: [Int16]
    private var delaySamples = 0

    /// - Parameter rateHertz: Rate of the frames, 8,000, 16,000, 24,000 or 48,000 Hz.
    /// - Throws: ``AudioLegError`` for another rate.
    public init(_ settings: VoiceProcessing, rateHertz: Int) throws(AudioLegError) {
        guard AudioFrame.supportedRatesHertz.contains(rateHertz) else {
            throw .unsupportedRate(hertz: rateHertz)
        }
        let canceller = try Self.makeCanceller(settings, rateHertz: rateHertz)
        preprocessor = try Self.makePreprocessor(settings, rateHertz: rateHertz, canceller)
        self.canceller = consume canceller
        frameSamples = AudioFrame.samples(atHertz: rateHertz)
        if let target = settings.automaticLevel {
            var configuration = AutomaticLevelControl.Configuration()
            configuration.target = target
            level = AutomaticLevelControl(configuration)
        }
        estimator = settings.echoTail == nil ? nil : EchoDelayEstimator()
        let history = Int(Self.history / .milliseconds(1)) * rateHertz / 1_000
        sent = [Int16](repeating: 0, count: settings.echoTail == nil ? 0 : history)
    }

    private static func makeCanceller(
        _ settings: VoiceProcessing, rateHertz: Int
    ) throws(AudioLegError) -> SpeexEchoCanceller? {
        guard let tail = settings.echoTail else { return nil }
        return try SpeexEchoCanceller(rateHertz: rateHertz, tail: tail)
    }

    private static func makePreprocessor(
        _ settings: VoiceProcessing, rateHertz: Int, _ canceller: borrowing SpeexEchoCanceller?
    ) throws(AudioLegError) -> SpeexPreprocessor? {
        let decibels = settings.noiseSuppressionDecibels ?? 0
        switch canceller {
        case .some(let canceller):
            return try SpeexPreprocessor(
                rateHertz: rateHertz, noiseSuppressionDecibels: decibels, echoCanceller: canceller)
        case .none where decibels > 0:
            return try SpeexPreprocessor(rateHertz: rateHertz, noiseSuppressionDecibels: decibels)
        case .none: return nil
        }
    }

    /// Remembers a frame that goes out; once per 20 ms, after ``process(_:)``.
    public mutating func noteSent(_ frame: Span<Int16>) {
        guard frame.count == frameSamples, sent.count > frame.count else { return }
        sent.withUnsafeMutableBufferPointer { sent in
            frame.withUnsafeBufferPointer { frame in
                guard let base = sent.baseAddress, let source = frame.baseAddress else { return }
                let kept = sent.count - frame.count
                base.update(from: base + frame.count, count: kept)
                (base + kept).update(from: source, count: frame.count)
            }
        }
    }

    /// Changes a frame that has come in.
    public mutating func process(_ frame: inout MutableSpan<Int16>) {
        guard frame.count == frameSamples else { return }
        if estimator != nil { cancelEcho(&frame) }
        preprocessor?.process(&frame)
        level?.process(&frame)
    }

    private mutating func cancelEcho(_ frame: inout MutableSpan<Int16>) {
        let sent = sent
        let newest = sent.count - frameSamples
        estimator?.hear(sent: sent.span.extracting(newest..<sent.count), received: frame.span)
        if let steps = estimator?.delaySteps {
            let wanted = max(0, steps - Self.headStartSteps) * frameSamples / 5
            // One step to and fro is the measure's grain.
            if abs(wanted - delaySamples) > 2 * frameSamples / 5 {
                delaySamples = wanted
                canceller?.reset()
            }
        }
        let start = max(0, newest - delaySamples)
        canceller?.cancel(&frame, reference: sent.span.extracting(start..<start + frameSamples))
    }
}
