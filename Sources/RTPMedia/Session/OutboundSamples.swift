/// From frames at the agent's rate to samples at that of the codec, gathered until a packet is full.
struct OutboundSamples: ~Copyable {
    /// Room for the longest packet and the frame that completes it: 100 ms.
    private static func queueCapacity(atHertz rateHertz: Int) -> Int { rateHertz / 10 }

    private let wideRate: Int
    private let configuration: AudioLeg.Configuration
    private var rate: Int
    private var toNarrow: LegResampler?
    /// `nil` where the codec's rate is the agent's or 8,000 Hz.
    private var toCodec: LegResampler?
    private var queue: SampleQueue
    private var lastNarrow: Int16 = 0
    private var seam = Seam()

    init(to rate: Int, _ configuration: AudioLeg.Configuration) throws(AudioLegError) {
        let wideRate = configuration.rateHertz
        self.wideRate = wideRate
        self.configuration = configuration
        self.rate = rate
        queue = SampleQueue(capacity: Self.queueCapacity(atHertz: rate))
        toNarrow = try LegResampler.make(from: wideRate, to: AudioFrame.narrowRateHertz, configuration)
        toCodec =
            rate == AudioFrame.narrowRateHertz
            ? nil : try LegResampler.make(from: wideRate, to: rate, configuration)
    }

    /// Samples that wait for their packet.
    var count: Int { queue.count }

    mutating func removeAll() { queue.removeAll() }

    /// The codec's rate changes; what waits is taken along.
    mutating func change(to rate: Int) throws(AudioLegError) {
        guard rate != self.rate else { return }
        toCodec =
            rate == AudioFrame.narrowRateHertz
            ? nil : try LegResampler.make(from: wideRate, to: rate, configuration)
        let last = self.rate == AudioFrame.narrowRateHertz && queue.count == 0 ? lastNarrow : queue.last
        queue = queue.converted(from: self.rate, to: rate, capacity: Self.queueCapacity(atHertz: rate))
        seam.begin(after: last, rateHertz: rate)
        self.rate = rate
    }

    /// Makes the frame at 8,000 Hz, for the recorder and for codecs of that rate.
    mutating func narrow(_ frame: Span<Int16>, into narrow: inout MutableSpan<Int16>) {
        if toNarrow?.resample(frame, into: &narrow) == nil {
            for index in 0..<min(frame.count, narrow.count) { narrow[index] = frame[index] }
        }
        if rate == AudioFrame.narrowRateHertz {
            if seam.isOpen { seam.pass(&narrow) }
            lastNarrow = narrow[narrow.count - 1]
        }
    }

    /// Adds a frame to what waits.
    ///
    /// - Parameter narrow: The same at 8,000 Hz.
    mutating func append(_ frame: Span<Int16>, narrow: Span<Int16>) {
        let count = AudioFrame.samples(atHertz: rate)
        let before = queue.count
        if rate == AudioFrame.narrowRateHertz {
            append(narrow)
        } else if rate == wideRate {
            append(frame)
        } else {
            queue.append(upTo: count) { span in
                toCodec?.resample(frame, into: &span)
                return span.count
            }
        }
        if seam.isOpen, rate != AudioFrame.narrowRateHertz {
            queue.change(from: before) { span in seam.pass(&span) }
        }
    }

    private mutating func append(_ samples: Span<Int16>) {
        queue.append(upTo: samples.count) { span in
            for index in span.indices { span[index] = samples[index] }
            return span.count
        }
    }

    /// Lets `body` encode the first `count` samples, then drops them.
    mutating func consume(_ count: Int, _ body: (Span<Int16>) -> Int) -> Int { queue.consume(count, body) }
}
