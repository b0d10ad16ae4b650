/// Something that sounds like speech to a machine: one buzzing, gliding burst of 150 ms per syllable of a text, with gaps
/// between words and pauses at punctuation.
///
/// Scripted agents and callees speak with it where there is no speech synthesis. The same text gives the same samples
/// everywhere; its length is known at once. Voice activity, answer classifiers and people on the line take it for
/// somebody talking; nobody understands it.
public struct ToneSpeech: Sendable {
    /// One word and where it is heard.
    public struct Word: Hashable, Sendable {
        public var text: String
        /// First and past-the-end sample, the pause behind it excluded.
        public var samples: Range<Int>
    }

    /// A speaker: the pitch of the buzz.
    public struct Voice: Hashable, Sendable {
        /// Pitch in hertz, 60...400.
        public var pitchHertz: Double

        public init(pitchHertz: Double) { self.pitchHertz = min(400, max(60, pitchHertz)) }

        public static let low = Voice(pitchHertz: 115)
        public static let high = Voice(pitchHertz: 205)
    }

    public let rateHertz: Int
    /// Length of the whole text in samples.
    public let sampleCount: Int
    /// The text's words in order.
    public let words: [Word]

    private struct Burst {
        var start: Int
        /// Past its last sample.
        var end: Int
        var formants: SIMD4<Double>
        var startsWithConsonant: Bool
        /// Pitch at its start, in hertz.
        var pitch: Double
    }

    private let bursts: [Burst]
    private let amplitude: Double
    private var position = 0
    private var burstIndex = 0
    private var buzz: Oscillator
    private var formants: InlineArray<3, Oscillator>
    private var noise: UInt32 = 0x1234_5678

    /// - Parameters:
    ///   - text: At most 100,000 characters are spoken.
    ///   - rateHertz: Samples per second; at least 8,000.
    ///   - level: Level of the loud parts.
    public init(
        _ text: String, rateHertz: Int, voice: Voice = .low, level: AudioLevel = .dBm0(-15)
    ) {
        let plan = SpeechText(text)
        let rate = max(8_000, rateHertz)
        var start = 0
        var bursts: [Burst] = []
        var ranges: [Range<Int>] = Array(repeating: 0..<0, count: plan.words.count)
        for (index, unit) in plan.units.enumerated() {
            let count = unit.milliseconds * rate / 1_000
            if let vowel = unit.vowel {
                // The pitch falls over a sentence and steps a little from syllable to syllable.
                let tune = [0.0, 0.09, -0.04, 0.05, -0.08][index % 5] - 0.01 * Double(index % 12)
                bursts.append(
                    Burst(
                        start: start, end: start + count,
                        formants: Self.formants[vowel % Self.formants.count],
                        startsWithConsonant: unit.startsWithConsonant, pitch: voice.pitchHertz * (1 + tune)))
                let range = ranges[unit.word]
                ranges[unit.word] = (range.isEmpty ? start : range.lowerBound)..<start + count
            }
            start += count
        }
        self.rateHertz = rate
        self.bursts = bursts
        sampleCount = start
        words = zip(plan.words, ranges).map { Word(text: $0, samples: $1) }
        // Two thirds of a burst's peak come from its strongest formant.
        amplitude = level.amplitude * 1.5
        buzz = Oscillator(hertz: voice.pitchHertz, rateHertz: rate)
        formants = InlineArray(repeating: Oscillator(hertz: 0, rateHertz: rate))
    }

    /// Length of the whole text.
    public var duration: Duration { .milliseconds(Int64(sampleCount) * 1_000 / Int64(rateHertz)) }

    /// Samples not yet played.
    public var remaining: Int { sampleCount - position }

    /// How much of the text has been heard after that many samples: its words, the last one if it had begun.
    public func text(upTo sample: Int) -> String {
        words.filter { $0.samples.lowerBound < sample }.map(\.text).joined(separator: " ")
    }

    /// Fills `samples`; after the end with silence. Does not allocate.
    ///
    /// - Returns: Samples of the text in it, pauses included.
    @discardableResult
    public mutating func fill(_ samples: inout MutableSpan<Int16>) -> Int {
        let count = min(samples.count, remaining)
        var written = 0
        while written < count {
            while burstIndex < bursts.count, position >= bursts[burstIndex].end { burstIndex += 1 }
            let left = count - written
            var piece = left
            if burstIndex < bursts.count, position >= bursts[burstIndex].start {
                piece = play(bursts[burstIndex], atMost: left, into: &samples, at: written)
            } else {
                if burstIndex < bursts.count { piece = min(left, bursts[burstIndex].start - position) }
                for index in written..<written + piece { samples[index] = 0 }
            }
            written += piece
            position += piece
        }
        for index in count..<samples.count { samples[index] = 0 }
        return count
    }

    /// The whole text at once.
    public static func samples(
        of text: String, rateHertz: Int, voice: Voice = .low, level: AudioLevel = .dBm0(-15)
    ) -> [Int16] {
        var speech = ToneSpeech(text, rateHertz: rateHertz, voice: voice, level: level)
        var samples = [Int16](repeating: 0, count: speech.sampleCount)
        var span = samples.mutableSpan
        speech.fill(&span)
        return samples
    }

    // MARK: Sound

    /// First three formants of a, e, i, o, u in hertz.
    private static let formants: [SIMD4<Double>] = [
        SIMD4(730, 1_090, 2_440, 0), SIMD4(530, 1_840, 2_480, 0), SIMD4(390, 1_990, 2_550, 0),
        SIMD4(570, 840, 2_410, 0), SIMD4(440, 1_020, 2_240, 0),
    ]

    /// Plays to the end of the burst or of its current 5 ms, whichever comes first.
    ///
    /// - Returns: Samples written.
    private mutating func play(
        _ burst: Burst, atMost limit: Int, into samples: inout MutableSpan<Int16>, at start: Int
    ) -> Int {
        let offset = position - burst.start
        let step = rateHertz / 200
        let count = min(limit, step - offset % step, burst.end - position)
        // Every 5 ms pitch and formants glide a little: a steady pitch would be a tone.
        if offset % step == 0 { tune(burst, at: offset) }
        let breath = burst.startsWithConsonant ? (burst.end - burst.start) / 6 : 0
        if offset < breath {
            let puff = min(count, breath - offset)
            for index in start..<start + puff {
                samples[index] = Int16(clamping: Int32(amplitude * 0.35 * hiss()))
            }
            return puff
        }
        let length = Double(burst.end - burst.start - breath)
        let sines = Sine.table
        let table = sines.span
        // The gain runs straight over each 5 ms, wherever the caller's frames end.
        let blockStart = max(offset - offset % step, breath)
        let blockEnd = min(offset - offset % step + step, burst.end - burst.start)
        let gain = amplitude * Self.envelope(Double(blockStart - breath) / length)
        let slope =
            (amplitude * Self.envelope(Double(blockEnd - breath) / length) - gain)
            / Double(blockEnd - blockStart)
        var voices = formants
        for index in 0..<count {
            // The buzz opens and closes the formants once per pitch period, as the glottis does.
            let pulse = 18_022 + (buzz.nextCoarse(table) &* 14_745) >> 15
            let sum =
                voices[0].nextCoarse(table) &* 21_627 &+ voices[1].nextCoarse(table) &* 10_813
                &+ voices[2].nextCoarse(table) &* 3_932
            let level = gain + slope * Double(offset + index - blockStart)
            let shaped = Double((sum >> 15) &* pulse) * level / (32_767 * 32_768)
            samples[start + index] = Int16(clamping: Int32(shaped))
        }
        formants = voices
        return count
    }

    private mutating func tune(_ burst: Burst, at offset: Int) {
        let progress = Double(offset) / Double(burst.end - burst.start)
        buzz.step = Oscillator.step(hertz: burst.pitch * (1.06 - 0.12 * progress), rateHertz: rateHertz)
        for index in 0..<3 {
            let hertz = burst.formants[index] * (0.86 + 0.28 * progress)
            formants[index].step = Oscillator.step(hertz: hertz, rateHertz: rateHertz)
        }
    }

    /// Rises over the first fifth of a syllable and falls over the last three tenths.
    private static func envelope(_ progress: Double) -> Double {
        max(0, min(1, progress / 0.2, (1 - progress) / 0.3))
    }

    /// White noise, -1...1, from a linear congruential generator.
    private mutating func hiss() -> Double {
        noise = noise &* 1_664_525 &+ 1_013_904_223
        return Double(Int32(bitPattern: noise)) / 2_147_483_648
    }
}
