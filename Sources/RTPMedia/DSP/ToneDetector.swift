/// Finds beeps: a steady pitch, or two at once, from 400 to 2,100 Hz, in 8 kHz audio of 20 ms frames (160 samples).
///
/// Each frame is weighted with a Hann window and measured by 40 Goertzel filters, 50 Hz apart. A frame is tonal when one or
/// two peaks hold nearly all of its energy; a tone is a run of tonal frames whose pitch and level stand still, which
/// the harmonics of a voice do not. Nothing here allocates.
public struct ToneDetector: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// Shortest tone in frames: 4 are found in every beep of 100 ms.
        public var minimumFrames = 4
        /// Where the stronger pitch must lie, in hertz.
        public var pitches = 390.0...2_110.0
        /// Share of a frame's energy in its peak, or in its two peaks.
        public var minimumPurity = 0.82
        /// How far the pitch may move from frame to frame, in hertz: 440 and 480 Hz together seem to move by 15.
        public var maximumDrift = 18.0
        /// Level below which nothing is a tone.
        public var minimumLevel = AudioLevel.dBFS(-45)

        public init() {}
    }

    /// What a tone is like so far.
    public struct Heard: Hashable, Sendable {
        /// The stronger pitch, within a few hertz.
        public var hertz: Double
        /// The weaker pitch of a dual tone.
        public var secondHertz: Double?
        /// Frames that were tonal.
        public var frames: Int
        /// First frame, counted from the first one processed.
        public var firstFrame: Int
        /// Samples from the first one processed to the tone's end, within some milliseconds.
        public var endSample: Int
        /// How far the stronger pitch moved from frame to frame, at most, in hertz; the first and the last frame, which the tone
        /// may fill in part, do not count.
        public var pitchStep = 0.0
        /// Mean square of the loudest of those frames over that of the quietest.
        public var levelRatio = 1.0
        /// Least share of those frames' energy in the pitch, or the pair, 0...1.
        public var purity = 1.0
    }

    public enum Event: Hashable, Sendable {
        /// A tone has lasted ``Configuration/minimumFrames``.
        case started(Heard)
        /// It is over, since one frame.
        case ended(Heard)
    }

    /// Whether the last frame by itself was tonal.
    public private(set) var isTonal = false
    /// Whether a tone goes on.
    public private(set) var isOn = false
    /// Frames seen.
    public private(set) var frames = 0

    private let configuration: Configuration
    private let minimumEnergy: Double
    private var current: Heard?
    /// Greatest mean square in the current run.
    private var loudest = 0.0
    private var misses = 0
    /// The last frame of the current run, which is not counted as long as it may be the last.
    private var latest = Measured()
    private var quietest = 0.0
    /// From the last frame but one to the last.
    private var lastStep = 0.0

    private struct Measured {
        var hertz = 0.0
        var energy = 0.0
        var purity = 1.0
    }

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        minimumEnergy = configuration.minimumLevel.meanSquare
    }

    /// Takes the next frame of 160 samples.
    public mutating func process(_ frame: Span<Int16>) -> Event? {
        precondition(frame.count == ToneSpectrum.frameSamples, "a frame is 20 ms at 8 kHz")
        let index = frames
        frames += 1
        let energy = Mixer.meanSquare(frame)
        let peaks = energy >= minimumEnergy ? ToneSpectrum.peaks(of: frame) : nil
        isTonal =
            peaks.map { peaks in
                peaks.purity >= configuration.minimumPurity && configuration.pitches.contains(peaks.hertz)
            } ?? false
        if let peaks, isTonal, continues(peaks, energy: energy) {
            return extend(peaks, energy: energy, at: index)
        }
        if isOn {
            // One odd frame inside a tone is forgiven, and one of digital silence: lost packets sound like that. A drop to
            // the noise of the line is the end.
            misses += 1
            let isLong = current.map { $0.frames >= 4 } ?? false
            if isLong, misses < 2, energy > loudest / 16 || energy < 1 { return nil }
            return end(frame)
        }
        current = nil
        if let peaks, isTonal { return extend(peaks, energy: energy, at: index) }
        return nil
    }

    /// Whether a tonal frame belongs to the current run; a first one always does.
    private func continues(_ peaks: ToneSpectrum.Peaks, energy: Double) -> Bool {
        guard let current else { return true }
        guard energy > loudest / 4, abs(peaks.hertz - current.hertz) <= configuration.maximumDrift
        else { return false }
        // The first frame may hold only the tone's beginning.
        return current.frames < 2 || energy < loudest * 4
    }

    private mutating func extend(_ peaks: ToneSpectrum.Peaks, energy: Double, at index: Int) -> Event? {
        misses = 0
        if var run = current {
            if run.frames > 1 {
                quietest = run.frames == 2 ? latest.energy : min(quietest, latest.energy)
                run.levelRatio = max(run.levelRatio, loudest / quietest)
                run.pitchStep = max(run.pitchStep, lastStep)
                run.purity = min(run.purity, latest.purity)
            }
            lastStep = run.frames > 1 ? abs(peaks.hertz - latest.hertz) : 0
            // The pitch is that of the whole run; the first frame, which may be half silence, counts for less.
            run.frames += 1
            let weight = 1 / Double(min(run.frames, 8))
            run.hertz += (peaks.hertz - run.hertz) * weight
            if let second = peaks.secondHertz { run.secondHertz = run.secondHertz ?? second }
            current = run
            loudest = max(loudest, energy)
        } else {
            current = Heard(
                hertz: peaks.hertz, secondHertz: peaks.secondHertz, frames: 1, firstFrame: index,
                endSample: 0)
            loudest = energy
        }
        latest = Measured(hertz: peaks.hertz, energy: energy, purity: peaks.purity)
        current?.endSample = (index + 1) * ToneSpectrum.frameSamples
        guard !isOn, let current, current.frames >= configuration.minimumFrames else { return nil }
        isOn = true
        return .started(current)
    }

    /// Ends the tone; how far it reached into the frame that ended it is read off in pieces of 5 ms.
    private mutating func end(_ frame: Span<Int16>) -> Event? {
        guard var heard = current else { return nil }
        if misses == 1 {
            let piece = ToneSpectrum.frameSamples / 4
            for part in 0..<4 {
                let energy = Mixer.meanSquare(frame.extracting(part * piece..<(part + 1) * piece))
                guard energy > loudest / 4 else { break }
                heard.endSample += piece
            }
        }
        isOn = false
        current = nil
        misses = 0
        return .ended(heard)
    }
}

/// The spectrum of one frame where beeps are: 300...2,250 Hz in steps of 50 Hz.
public enum ToneSpectrum {
    static let frameSamples = 160
    static let bins = 40
    private static let firstHertz = 300.0
    private static let binHertz = 50.0

    /// The strongest pitches and the share of the frame's energy that they hold.
    public struct Peaks: Hashable, Sendable {
        /// The strongest.
        public var hertz: Double
        /// The weaker one of a pair.
        public var secondHertz: Double?
        /// 0...1.
        public var purity: Double
    }

    /// Hann window.
    private static let window: [Float] = (0..<frameSamples).map { index in
        Float(0.5 - 0.5 * Sine.cosine(Double(index) / Double(frameSamples)))
    }

    /// 2cos(ω) of each filter.
    private static let coefficients: [SIMD8<Float>] = (0..<bins / 8).map { group in
        var vector = SIMD8<Float>()
        for lane in 0..<8 {
            let hertz = firstHertz + binHertz * Double(group * 8 + lane)
            vector[lane] = Float(2 * Sine.cosine(hertz / 8_000))
        }
        return vector
    }

    /// Measures one frame of 160 samples.
    ///
    /// - Returns: `nil` for digital silence.
    public static func peaks(of frame: Span<Int16>) -> Peaks? {
        precondition(frame.count == frameSamples, "a frame is 20 ms at 8 kHz")
        var weighted = InlineArray<160, Float>(repeating: 0)
        var total: Float = 0
        let weights = window
        let weight = weights.span
        for index in 0..<frameSamples {
            let sample = Float(frame[index]) * weight[index]
            weighted[index] = sample
            total += sample * sample
        }
        guard total > 0 else { return nil }
        var powers = InlineArray<40, Float>(repeating: 0)
        measure(weighted.span, into: &powers)
        return read(powers.span, total: Double(total))
    }

    private static func measure(_ samples: Span<Float>, into powers: inout InlineArray<40, Float>) {
        #if DEBUG
            // Without the optimiser vectors cost many times as much; these sums are the same to the bit.
            measureSingly(samples, into: &powers)
        #else
            measureVectors(samples, into: &powers)
        #endif
    }

    /// Two filters at a time.
    static func measureSingly(_ samples: Span<Float>, into powers: inout InlineArray<40, Float>) {
        let count = samples.count
        samples.withUnsafeBufferPointer { samples in
            guard let samples = samples.baseAddress else { return }
            var bin = 0
            while bin < bins {
                let a = coefficients[bin / 8][bin % 8]
                let b = coefficients[bin / 8][bin % 8 + 1]
                var a1: Float = 0
                var a2: Float = 0
                var b1: Float = 0
                var b2: Float = 0
                var index = 0
                while index < count {
                    let sample = samples[index]
                    let a0 = (sample - a2) + a * a1
                    let b0 = (sample - b2) + b * b1
                    a2 = a1
                    a1 = a0
                    b2 = b1
                    b1 = b0
                    index = index &+ 1
                }
                powers[bin] = a1 * a1 + a2 * a2 - a * a1 * a2
                powers[bin + 1] = b1 * b1 + b2 * b2 - b * b1 * b2
                bin += 2
            }
        }
    }

    static func measureVectors(_ samples: Span<Float>, into powers: inout InlineArray<40, Float>) {
        // Two groups side by side: each filter waits for its own last result, two hide each other's wait.
        for group in stride(from: 0, to: bins / 8, by: 2) {
            let other = min(group + 1, bins / 8 - 1)
            let (a, b) = (coefficients[group], coefficients[other])
            var (a1, a2, b1, b2) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
            for index in 0..<samples.count {
                let sample = SIMD8(repeating: samples[index])
                let a0 = (sample - a2) + a * a1
                let b0 = (sample - b2) + b * b1
                (a2, a1, b2, b1) = (a1, a0, b1, b0)
            }
            let powerA = a1 * a1 + a2 * a2 - a * a1 * a2
            let powerB = b1 * b1 + b2 * b2 - b * b1 * b2
            for lane in 0..<8 {
                powers[group * 8 + lane] = powerA[lane]
                powers[other * 8 + lane] = powerB[lane]
            }
        }
    }

    private static func read(_ powers: Span<Float>, total: Double) -> Peaks {
        // Parseval: the powers of all bins of a frame add up to half its length times its energy.
        let scale = 1 / (Double(frameSamples) / 2 * total)
        let first = strongest(powers, excluding: nil)
        let firstShare = share(powers, around: first, excluding: nil, scale: scale)
        var peaks = Peaks(hertz: pitch(powers, at: first), secondHertz: nil, purity: firstShare)
        let second = strongest(powers, excluding: first)
        let secondShare = share(powers, around: second, excluding: first, scale: scale)
        // A second pitch of a dual tone is about as strong as the first; less is noise or a harmonic.
        if secondShare > firstShare / 6 {
            peaks.secondHertz = pitch(powers, at: second)
            peaks.purity += secondShare
        }
        return peaks
    }

    private static func strongest(_ powers: Span<Float>, excluding other: Int?) -> Int {
        var best = other == 0 ? 3 : 0
        var most: Float = -1
        for index in 0..<powers.count where powers[index] > most {
            if let other, abs(index - other) < 3 { continue }
            most = powers[index]
            best = index
        }
        return best
    }

    /// The share of the main lobe of `peak`, without the bins in that of `other`.
    private static func share(
        _ powers: Span<Float>, around peak: Int, excluding other: Int?, scale: Double
    ) -> Double {
        var sum: Float = 0
        for index in max(0, peak - 2)...min(powers.count - 1, peak + 2) {
            if let other, abs(index - other) < 3 { continue }
            sum += powers[index]
        }
        return Double(sum) * scale
    }

    /// The pitch between the bins: under a Hann window it follows from the ratio of the two greatest amplitudes.
    private static func pitch(_ powers: Span<Float>, at peak: Int) -> Double {
        let here = Double(powers[peak]).squareRoot()
        let below = peak > 0 ? Double(max(0, powers[peak - 1])).squareRoot() : 0
        let above = peak + 1 < powers.count ? Double(max(0, powers[peak + 1])).squareRoot() : 0
        let neighbour = max(below, above)
        guard here > 0 else { return firstHertz + binHertz * Double(peak) }
        let offset = max(0, (2 * neighbour - here) / (here + neighbour))
        return firstHertz + binHertz * (Double(peak) + (above > below ? offset : -offset))
    }
}
