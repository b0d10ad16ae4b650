/// Finds telephone keys in sound (ITU-T Q.23, Q.24): 8 kHz audio in 20 ms frames (160 samples).
///
/// Every 5 ms a window of 20 ms is correlated with the eight frequencies. A key is a pair, one of each group, that holds nearly
/// all of the sound's energy, stands still, and lasts 30 ms; how far the tones lie from their frequencies follows from
/// the phase from window to window: 1.5 % is taken, 3.5 % is not. A voice sounds at other frequencies besides and does not
/// stand still. Nothing here allocates.
public struct DTMFDetector: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// Level below which neither of the two tones is one.
        public var minimumLevel = AudioLevel.dBm0(-33)
        /// Share of the sound's energy in the two tones.
        public var minimumPurity = 0.86
        /// By how many decibels the high tone may be stronger than the low one: 4 by the recommendation, and a margin.
        public var highTwistDecibels = 6.0
        /// By how many the low one may be stronger: 8, and a margin.
        public var lowTwistDecibels = 10.0

        public init() {}
    }

    /// Windows that a key lasts, 5 ms each: 40 ms are found, 23 ms are not.
    static let keyWindows = 6
    /// Windows without it that end a key: an interruption of 10 ms does not.
    static let gapWindows = 5
    private static let ringWindows = 8

    /// One window of 20 ms.
    private struct Window {
        /// Four times the row and the column, -1: no pair.
        var key = -1
        /// Whether it is one beyond doubt, as it is when the tones fill the window.
        var isClear = false
        /// Squares of the amplitudes, corrected for what the offset from the nominal frequency takes away.
        var low: Float = 0
        var high: Float = 0
        /// Phase that each tone gained on its nominal frequency in 5 ms, as a vector as long as its power.
        var lowTurn = SIMD2<Float>.zero
        var highTurn = SIMD2<Float>.zero
    }

    /// Whether a key is being heard.
    public var isOn: Bool { sounding >= 0 }

    private let minimumSquare: Float
    private let minimumPurity: Float
    private let highTwist: Float
    private let lowTwist: Float
    /// The frame before, and the new one.
    private var samples = [Float](repeating: 0, count: 320)
    /// Energies of the 5 ms blocks of both.
    private var blocks = InlineArray<8, Float>(repeating: 0)
    private var previousCosine = SIMD8<Float>.zero
    private var previousSine = SIMD8<Float>.zero
    private var ring = InlineArray<8, Window>(repeating: Window())
    private var newest = 0
    private var sounding = -1
    private var soundingPower: Float = 0
    private var missing = 0

    public init(_ configuration: Configuration = Configuration()) {
        minimumSquare = Float(2 * configuration.minimumLevel.meanSquare)
        minimumPurity = Float(configuration.minimumPurity)
        highTwist = Float(Decibels.ratio(configuration.highTwistDecibels))
        lowTwist = Float(Decibels.ratio(configuration.lowTwistDecibels))
    }

    /// Takes the next frame of 160 samples.
    ///
    /// - Returns: A key that has now been heard for long enough; once for each press.
    public mutating func process(_ frame: Span<Int16>) -> Character? {
        precondition(frame.count == 160, "a frame is 20 ms at 8 kHz")
        for index in 0..<160 {
            samples[index] = samples[160 + index]
            samples[160 + index] = Float(frame[index])
        }
        for block in 0..<4 {
            blocks[block] = blocks[4 + block]
            var sum: Int64 = 0
            for index in 40 * block..<40 * block + 40 {
                let sample = Int64(frame[index])
                sum &+= sample &* sample
            }
            blocks[4 + block] = Float(sum)
        }
        var found: Character?
        for window in 1...4 {
            let energy = windowedEnergy(window)
            let heard =
                energy > minimumSquare * 15 ? measure(from: 40 * window, energy: energy) : skipped()
            newest = (newest + 1) % Self.ringWindows
            ring[newest] = heard
            if let key = judge(heard, start: 40 * window) { found = key }
        }
        return found
    }

    // MARK: One window

    /// Share of the energy where a tone fills the window in part, and its spectrum is wider.
    private static let edgePurity: Float = 0.5

    /// Sum of the squares under the window, from those of its four blocks.
    private func windowedEnergy(_ window: Int) -> Float {
        let outer = blocks[window] + blocks[window + 3]
        let inner = blocks[window + 1] + blocks[window + 2]
        return outer * Self.outerWeight + inner * Self.innerWeight
    }

    /// Means of the squared Hann window over its first and its second quarter.
    private static let outerWeight: Float = 0.056_3
    private static let innerWeight: Float = 0.693_7

    private mutating func skipped() -> Window {
        previousCosine = .zero
        previousSine = .zero
        return Window()
    }

    private mutating func measure(from start: Int, energy: Float) -> Window {
        let (cosine, sine) = Self.correlate(samples.span.extracting(start..<start + 160))
        let power = cosine * cosine + sine * sine
        // The product with the conjugate of the window before, less the turn of the nominal frequency.
        let real = cosine * previousCosine + sine * previousSine
        let imaginary = cosine * previousSine - sine * previousCosine
        let turns = Self.tables.hop
        let gainedReal = real * turns.cosine + imaginary * turns.sine
        let gainedImaginary = imaginary * turns.cosine - real * turns.sine
        previousCosine = cosine
        previousSine = sine
        var low = 0
        var high = 4
        for index in 1..<4 {
            if power[index] > power[low] { low = index }
            if power[4 + index] > power[high] { high = 4 + index }
        }
        var window = Window()
        window.lowTurn = SIMD2(gainedReal[low], gainedImaginary[low])
        window.highTurn = SIMD2(gainedReal[high], gainedImaginary[high])
        // A tone of amplitude A on its frequency gives 40 A.
        window.low = power[low] / 1_600 * Self.correction(window.lowTurn)
        window.high = power[high] / 1_600 * Self.correction(window.highTurn)
        let share = 30 * (window.low + window.high) / energy
        let weaker = min(window.low, window.high)
        guard weaker >= minimumSquare / 4, share >= Self.edgePurity else { return window }
        window.key = low * 4 + high - 4
        window.isClear =
            weaker >= minimumSquare && share >= minimumPurity && window.high <= window.low * highTwist
            && window.low <= window.high * lowTwist
        return window
    }

    /// What a Hann window takes from a tone off its frequency, given how far that turned its phase in 5 ms.
    private static func correction(_ turn: SIMD2<Float>) -> Float {
        let length = (turn * turn).sum()
        guard length > 0 else { return 1 }
        let square = turn.x > 0 ? turn.y * turn.y / length : 1
        return 1 + square * (0.61 + square * (1.144 * square - 0.24))
    }

    private static func correlate(_ samples: Span<Float>) -> (SIMD8<Float>, SIMD8<Float>) {
        #if DEBUG
            // Without the optimiser vectors cost many times as much; these sums are the same to the bit.
            return correlateSingly(samples)
        #else
            return correlateVectors(samples)
        #endif
    }

    static func correlateVectors(_ samples: Span<Float>) -> (SIMD8<Float>, SIMD8<Float>) {
        let tables = tables
        let (cosines, sines) = (tables.cosines.span, tables.sines.span)
        var cosine = SIMD8<Float>.zero
        var sine = SIMD8<Float>.zero
        for index in 0..<160 {
            let sample = SIMD8<Float>(repeating: samples[index])
            cosine += sample * cosines[index]
            sine += sample * sines[index]
        }
        return (cosine, sine)
    }

    /// One frequency after the other.
    static func correlateSingly(_ samples: Span<Float>) -> (SIMD8<Float>, SIMD8<Float>) {
        precondition(samples.count == 160, "a window is 20 ms at 8 kHz")
        var cosine = SIMD8<Float>.zero
        var sine = SIMD8<Float>.zero
        samples.withUnsafeBufferPointer { samples in
            tables.cosines.withUnsafeBytes { cosines in
                tables.sines.withUnsafeBytes { sines in
                    let cosines = cosines.assumingMemoryBound(to: Float.self).baseAddress!
                    let sines = sines.assumingMemoryBound(to: Float.self).baseAddress!
                    let samples = samples.baseAddress!
                    var lane = 0
                    while lane < 8 {
                        var real: Float = 0
                        var imaginary: Float = 0
                        var index = 0
                        while index < 160 {
                            let sample = samples[index]
                            real += sample * cosines[index &* 8 &+ lane]
                            imaginary += sample * sines[index &* 8 &+ lane]
                            index = index &+ 1
                        }
                        cosine[lane] = real
                        sine[lane] = imaginary
                        lane = lane &+ 1
                    }
                }
            }
        }
        return (cosine, sine)
    }

    // MARK: A key

    private mutating func judge(_ heard: Window, start: Int) -> Character? {
        if sounding >= 0 {
            let isThere = heard.key == sounding && heard.low + heard.high > soundingPower / 4
            missing = isThere ? 0 : missing + 1
            if missing < Self.gapWindows { return nil }
            sounding = -1
        }
        guard heard.key >= 0, isKey(heard.key, start: start) else { return nil }
        sounding = heard.key
        soundingPower = heard.low + heard.high
        missing = 0
        return Self.keys[heard.key]
    }

    /// Whether the last windows are one key.
    private func isKey(_ key: Int, start: Int) -> Bool {
        var strongest: Float = 0
        for age in 0..<Self.keyWindows {
            let window = ring[(newest + Self.ringWindows - age) % Self.ringWindows]
            guard window.key == key else { return false }
            strongest = max(strongest, window.low + window.high)
        }
        var lowTurn = SIMD2<Float>.zero
        var highTurn = SIMD2<Float>.zero
        var least = SIMD2<Float>(repeating: .infinity)
        var most = SIMD2<Float>.zero
        for age in 0..<Self.keyWindows {
            let window = ring[(newest + Self.ringWindows - age) % Self.ringWindows]
            // With half of the window in the tone the amplitude is half.
            guard window.low + window.high >= strongest / 4 else { return false }
            if age < Self.keyWindows - 1 {
                lowTurn += window.lowTurn
                highTurn += window.highTurn
            }
            if (1...Self.keyWindows - 2).contains(age) {
                guard window.isClear else { return false }
                let levels = SIMD2(window.low, window.high)
                least = pointwiseMin(least, levels)
                most = pointwiseMax(most, levels)
            }
        }
        guard most.x < 2 * least.x, most.y < 2 * least.y else { return false }
        let limits = Self.tables.limits
        guard Self.isNear(lowTurn, limits[key / 4]), Self.isNear(highTurn, limits[4 + key % 4]) else {
            return false
        }
        return !hasOvertones(key, start: start, window: ring[newest])
    }

    /// - Parameter limit: Tangent of the greatest turn.
    private static func isNear(_ turn: SIMD2<Float>, _ limit: Float) -> Bool {
        turn.x > 0 && abs(turn.y) < limit * turn.x
    }

    /// Whether a second harmonic is within 14 dB of its tone, as a voice's is and a key's is not.
    private func hasOvertones(_ key: Int, start: Int, window: Window) -> Bool {
        let (low, high) = (Self.frequencies[key / 4], Self.frequencies[4 + key % 4])
        if power(at: 2 * high, start: start) > window.high / 25 { return true }
        // Next to the high tone there is no telling.
        return abs(2 * low - high) > 100 && power(at: 2 * low, start: start) > window.low / 25
    }

    /// Square of the amplitude at a frequency.
    private func power(at hertz: Double, start: Int) -> Float {
        let sines = Sine.table
        let table = sines.span
        var sine = Oscillator(hertz: hertz, rateHertz: 8_000)
        var cosine = Oscillator(hertz: hertz, rateHertz: 8_000, turns: 0.25)
        var sums = SIMD2<Float>.zero
        for index in 0..<160 {
            let turn = SIMD2(Float(sine.next(table)), Float(cosine.next(table)))
            sums += turn * samples[start + index]
        }
        sums /= 32_767 * 80
        return (sums * sums).sum()
    }

    // MARK: Tables

    /// In hertz: rows, then columns.
    static let frequencies: [Double] = [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633]
    static let keys: [Character] = Array("123A456B789C*0#D")

    private struct Tables: Sendable {
        /// The eight frequencies under a Hann window.
        var cosines: [SIMD8<Float>] = []
        var sines: [SIMD8<Float>] = []
        /// Their turn in 5 ms.
        var hop = (cosine: SIMD8<Float>.zero, sine: SIMD8<Float>.zero)
        /// Tangents of the turn in 5 ms at 2.3 % off.
        var limits = SIMD8<Float>.zero

        init() {
            for index in 0..<160 {
                let window = 0.5 - 0.5 * Sine.cosine((Double(index) + 0.5) / 160)
                var cosine = SIMD8<Float>.zero
                var sine = SIMD8<Float>.zero
                for lane in 0..<8 {
                    let turns = frequencies[lane] * Double(index) / 8_000
                    cosine[lane] = Float(window * Sine.cosine(turns))
                    sine[lane] = Float(window * Sine.sine(turns))
                }
                cosines.append(cosine)
                sines.append(sine)
            }
            for lane in 0..<8 {
                hop.cosine[lane] = Float(Sine.cosine(frequencies[lane] / 200))
                hop.sine[lane] = Float(Sine.sine(frequencies[lane] / 200))
                let turns = frequencies[lane] * 0.023 / 200
                limits[lane] = Float(Sine.sine(turns) / Sine.cosine(turns))
            }
        }
    }

    private static let tables = Tables()
}
