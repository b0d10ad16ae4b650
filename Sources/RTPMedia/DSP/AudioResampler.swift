/// Which filter an ``AudioResampler`` has.
public enum ResamplerKind: Hashable, Sendable {
    /// ``PolyphaseResampler`` where it has a filter for the two rates, ``SpeexResampler`` elsewhere.
    case polyphase
    /// ``SpeexResampler`` for all rates.
    case speex
}

/// The resampler to take for two rates: our own where it has a filter for them (8,000, 16,000, 24,000 and 48,000 Hz but for 16 to
/// 24 and back), libspeexdsp's for any others.
///
/// Chosen when it is made: no existential on the path of every frame.
public struct AudioResampler: Resampler, ~Copyable {
    private var polyphase: PolyphaseResampler?
    private var speex: SpeexResampler?
    public let inputRate: Int
    public let outputRate: Int
    public let latencySamples: Int

    /// - Parameter quality: libspeexdsp's, `0...10`, where it is the one.
    public init(
        from inputRate: Int, to outputRate: Int, kind: ResamplerKind = .polyphase, quality: Int = 3
    ) throws(SpeexResampler.Failure) {
        try self.init(from: inputRate, to: outputRate, kind: kind, quality: quality, start: .delayed)
    }

    /// - Parameter start: Of libspeexdsp's.
    private init(
        from inputRate: Int, to outputRate: Int, kind: ResamplerKind, quality: Int,
        start: SpeexResampler.Start
    ) throws(SpeexResampler.Failure) {
        self.inputRate = inputRate
        self.outputRate = outputRate
        if kind == .polyphase, let own = try? PolyphaseResampler(from: inputRate, to: outputRate) {
            latencySamples = own.latencySamples
            polyphase = consume own
        } else {
            let other = try SpeexResampler(
                from: inputRate, to: outputRate, quality: quality, start: start)
            latencySamples = other.latencySamples
            speex = consume other
        }
    }

    public func outputCapacity(forInput count: Int) -> Int {
        (count * outputRate + inputRate - 1) / inputRate + 1
    }

    @discardableResult
    public mutating func resample(
        _ input: Span<Int16>, into output: inout MutableSpan<Int16>
    ) throws(SpeexResampler.Failure) -> Int {
        if let count = polyphase?.resample(input, into: &output) { return count }
        return try speex?.resample(input, into: &output) ?? 0
    }

    public mutating func reset() {
        polyphase?.reset()
        speex?.reset()
    }

    /// A whole sound at another rate. Its length in time stays, rounded up to a sample, and so does the place of what is in it: the
    /// filter's delay is taken off. Allocates: for sounds that are played, not for frames.
    ///
    /// - Throws: ``SpeexResampler/Failure`` for rates that it refuses.
    public static func converted(
        _ samples: [Int16], from inputRate: Int, to outputRate: Int
    ) throws(SpeexResampler.Failure) -> [Int16] {
        guard inputRate != outputRate, !samples.isEmpty else { return samples }
        var resampler = try AudioResampler(
            from: inputRate, to: outputRate, kind: .polyphase, quality: 7, start: .aligned)
        let count = (samples.count * outputRate + inputRate - 1) / inputRate
        let delay = resampler.polyphase != nil ? resampler.latencySamples : 0
        var output: [Int16] = []
        output.reserveCapacity(delay + count)
        let pieceSamples = min(4_096, max(1, 65_536 * inputRate / outputRate))
        var piece = [Int16](repeating: 0, count: resampler.outputCapacity(forInput: pieceSamples))
        // The end of the sound comes out with silence behind it.
        let silence = [Int16](repeating: 0, count: pieceSamples)
        var start = 0
        while output.count < delay + count {
            let end = min(samples.count, start + pieceSamples)
            var span = piece.mutableSpan
            let made =
                start < end
                ? try resampler.resample(samples.span.extracting(start..<end), into: &span)
                : try resampler.resample(silence.span, into: &span)
            output += piece[..<min(made, delay + count - output.count)]
            start = end
        }
        output.removeFirst(delay)
        return output
    }
}
