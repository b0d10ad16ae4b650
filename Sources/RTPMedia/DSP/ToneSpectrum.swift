/// How loud one frame is and which pitches are strongest in it: measured once for all who listen to it.
public struct FrameTones: Sendable {
    /// Below this level nothing is a tone.
    private static let minimumEnergy = AudioLevel.dBFS(-45).meanSquare

    /// Mean square.
    public let energy: Double
    /// `nil` below -45 dBFS.
    public let peaks: ToneSpectrum.Peaks?

    /// - Parameter frame: 160 samples at 8 kHz.
    public init(of frame: Span<Int16>) {
        energy = Mixer.meanSquare(frame)
        peaks = energy >= Self.minimumEnergy ? ToneSpectrum.peaks(of: frame) : nil
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
    static func peaks(of frame: Span<Int16>) -> Peaks? {
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
