/// Plays a ``Tone`` at any rate, into frames of any size, without allocating; the phase runs on over frame borders.
public struct ToneGenerator: Hashable, Sendable {
    private struct Segment: Hashable {
        var first: Oscillator
        var second: Oscillator?
        /// 0: silence.
        var amplitude: Int32
        /// `Int.max` lasts for ever.
        var samples: Int
    }

    private var segments: [Segment]
    private let repeats: Bool
    private var index = 0
    private var played = 0

    /// - Parameters:
    ///   - rateHertz: Samples per second; at least 1.
    ///   - level: Level of each frequency by itself.
    public init(_ tone: Tone, rateHertz: Int, level: AudioLevel = .dBm0(-13)) {
        let amplitude = Int32(level.amplitude.rounded())
        segments = tone.segments.map { segment in
            let samples = segment.duration.map { duration in
                Int(min(1e15, max(0, duration / .seconds(1) * Double(rateHertz))).rounded())
            }
            return Segment(
                first: Oscillator(hertz: segment.first, rateHertz: rateHertz),
                second: segment.second > 0 ? Oscillator(hertz: segment.second, rateHertz: rateHertz) : nil,
                amplitude: segment.first > 0 ? amplitude : 0, samples: samples ?? .max)
        }
        // A cadence without length would never advance.
        repeats = tone.repeats && segments.contains { $0.samples > 0 }
    }

    /// Whether the last sample of a tone that does not repeat has been played.
    public var isFinished: Bool { index >= segments.count }

    /// Fills `samples`; after the end of the tone with silence.
    ///
    /// - Returns: Samples of the tone in it, cadence pauses included; less than its count only at the end.
    @discardableResult
    public mutating func fill(_ samples: inout MutableSpan<Int16>) -> Int {
        var written = 0
        while written < samples.count, index < segments.count {
            let count = min(samples.count - written, segments[index].samples - played)
            Self.play(&segments[index], count, into: &samples, at: written)
            written += count
            played += count
            if played >= segments[index].samples { advance() }
        }
        for rest in written..<samples.count { samples[rest] = 0 }
        return written
    }

    private mutating func advance() {
        played = 0
        index += 1
        if repeats, index == segments.count { index = 0 }
    }

    private static func play(
        _ segment: inout Segment, _ count: Int, into samples: inout MutableSpan<Int16>, at start: Int
    ) {
        let sines = Sine.table
        let table = sines.span
        let amplitude = segment.amplitude
        for offset in start..<start + count {
            var value = (segment.first.next(table) &* amplitude) >> 15
            if segment.second != nil, let other = segment.second?.next(table) {
                value &+= (other &* amplitude) >> 15
            }
            samples[offset] = Int16(clamping: value)
        }
    }
}
