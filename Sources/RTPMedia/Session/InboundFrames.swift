/// From the samples of a codec to the frames of a leg: 8,000 Hz for recorder and classifier, and the agent's rate.
struct InboundFrames: ~Copyable {
    private let wideRate: Int
    private let configuration: AudioLeg.Configuration
    /// Of the codec's samples.
    private var rate: Int
    private var toWide: LegResampler?
    private var toNarrow: LegResampler?
    /// A frame at the codec's rate, where it is neither the agent's nor 8,000 Hz.
    private var own: [Int16]
    private var lastWide: Int16 = 0
    private var lastNarrow: Int16 = 0
    private var wideSeam = Seam()
    private var narrowSeam = Seam()

    init(from rate: Int, _ configuration: AudioLeg.Configuration) throws(AudioLegError) {
        let wideRate = configuration.rateHertz
        self.rate = rate
        self.wideRate = wideRate
        self.configuration = configuration
        own = [Int16](repeating: 0, count: AudioFrame.samples(atHertz: rate))
        let narrowRate = AudioFrame.narrowRateHertz
        toNarrow = try LegResampler.make(from: rate, to: narrowRate, configuration)
        // An agent at 8,000 Hz gets the narrow frame.
        toWide =
            wideRate == narrowRate
            ? nil : try LegResampler.make(from: rate, to: wideRate, configuration)
    }

    /// The codec's rate changes.
    mutating func change(to rate: Int) throws(AudioLegError) {
        let last = (wide: lastWide, narrow: lastNarrow)
        self = try InboundFrames(from: rate, configuration)
        wideSeam.begin(after: last.wide, rateHertz: wideRate)
        narrowSeam.begin(after: last.narrow, rateHertz: AudioFrame.narrowRateHertz)
        lastWide = last.wide
        lastNarrow = last.narrow
    }

    /// Makes the wide frame of a codec that works at 8,000 Hz.
    mutating func widen(_ narrow: inout MutableSpan<Int16>, into wide: inout MutableSpan<Int16>) {
        if narrowSeam.isOpen { narrowSeam.pass(&narrow) }
        Self.resample(&toWide, narrow.span, into: &wide)
        finish(narrow.span, &wide)
    }

    /// Makes both frames of a codec that works at a higher rate.
    mutating func take(
        from queue: inout SampleQueue, narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>,
        remembering scaler: inout TimeScaler
    ) {
        if rate == wideRate {
            queue.takeFirst(into: &wide)
            scaler.remember(wide.span)
            Self.resample(&toNarrow, wide.span, into: &narrow)
            if narrowSeam.isOpen { narrowSeam.pass(&narrow) }
        } else {
            // A local array while it is in use; swapping moves no samples.
            var samples: [Int16] = []
            swap(&samples, &own)
            defer { swap(&samples, &own) }
            var frame = samples.mutableSpan
            queue.takeFirst(into: &frame)
            scaler.remember(frame.span)
            Self.resample(&toNarrow, frame.span, into: &narrow)
            if narrowSeam.isOpen { narrowSeam.pass(&narrow) }
            if wideRate == AudioFrame.narrowRateHertz {
                for index in 0..<min(narrow.count, wide.count) { wide[index] = narrow[index] }
            } else {
                Self.resample(&toWide, frame.span, into: &wide)
            }
        }
        finish(narrow.span, &wide)
    }

    private mutating func finish(_ narrow: Span<Int16>, _ wide: inout MutableSpan<Int16>) {
        if wideSeam.isOpen, wideRate != AudioFrame.narrowRateHertz { wideSeam.pass(&wide) }
        lastNarrow = narrow[narrow.count - 1]
        lastWide = wide[wide.count - 1]
    }

    /// Fills all of `output`; without a resampler the rates are the same.
    private static func resample(
        _ resampler: inout LegResampler?, _ input: Span<Int16>, into output: inout MutableSpan<Int16>
    ) {
        if resampler?.resample(input, into: &output) == nil {
            for index in 0..<min(input.count, output.count) { output[index] = input[index] }
        }
    }
}
