/// Finds data that fax machines and modems send by shifting a tone between two pitches: ITU-T V.21, 300 bit/s.
///
/// A fax that answers without a tone of its own starts with flags in it (ITU-T T.30 §5.3): 1,650 and 1,850 Hz. Sound is data when
/// nearly all of its energy lies at the one or the other pitch, bit after bit, and it changes over only at whole multiples of a
/// bit's length, as no voice and no melody does. For 8 kHz audio in 20 ms frames; nothing here allocates.
public struct ShiftedToneDetector: Sendable {
    /// Samples of a step; a bit has 26.67 samples.
    private static let step = 4
    private static let stepsPerBit: Float = 20.0 / 3
    /// Steps that are summed up: 24 samples, a little less than a bit.
    private static let windowSteps = 6
    /// Changes in a row that make it data: 0.2 s of flags.
    private static let changesWanted = 14
    /// More bits of one kind do not follow each other in flags and frames; an idle line rests in one.
    private static let mostBits: Float = 9
    /// How far a change may lie from the bit's border, in bits.
    private static let tolerance: Float = 0.34
    /// Share of the energy that the stronger pitch has, on average.
    private static let leastPurity: Float = 0.6
    /// By how much one pitch outweighs the other on average; at a pitch between the two it is 1.
    private static let leastContrast: Float = 2

    /// Channel 1: 980 and 1,180 Hz, of who calls. Channel 2: 1,650 and 1,850 Hz, of who answers.
    private var first = Channel()
    private var second = Channel()

    public init() {}

    /// Takes the next frame of 160 samples.
    ///
    /// - Parameter hertz: The strongest pitch in it, 0 for none: frames that cannot be data are not looked at.
    /// - Returns: Whether it is data, in every frame in which that is certain.
    public mutating func process(_ frame: Span<Int16>, strongest hertz: Double) -> Bool {
        guard frame.count == 160 else { return false }
        let tables = Self.tables
        let isCaller = first.process(frame, 850...1_300, hertz, tables.first)
        return second.process(frame, 1_520...1_980, hertz, tables.second) || isCaller
    }

    private struct Channel {
        /// Correlations with the cosine and sine of one pitch and of the other, of the last steps; their energies.
        private var sums = InlineArray<6, SIMD4<Float>>(repeating: .zero)
        private var energies = InlineArray<6, Float>(repeating: 0)
        private var slot = 0
        /// Next sample in the table.
        private var position = 0
        private var isLow = false
        /// Steps since the last change.
        private var run: Float = 0
        /// Changes in a row that fit.
        private var changes = 0
        /// Sums over the steps since the first of them.
        private var steps: Float = 0
        private var purity: Float = 0
        private var contrast: Float = 0

        mutating func process(
            _ frame: Span<Int16>, _ pitches: ClosedRange<Double>, _ hertz: Double, _ samples: [SIMD4<Float>]
        ) -> Bool {
            guard pitches.contains(hertz) else {
                restart()
                return false
            }
            let table = samples.span
            var isData = false
            for start in stride(from: 0, to: frame.count, by: step) {
                var sum = SIMD4<Float>.zero
                var energy: Float = 0
                for index in start..<start + step {
                    let sample = Float(frame[index])
                    sum += table[position] * sample
                    energy += sample * sample
                    position += 1
                }
                if position >= table.count { position = 0 }
                sums[slot] = sum
                energies[slot] = energy
                slot = (slot + 1) % windowSteps
                isData = advance() || isData
            }
            return isData
        }

        private mutating func restart() {
            changes = 0
            steps = 0
            purity = 0
            contrast = 0
        }

        private mutating func advance() -> Bool {
            var sum = sums[0]
            var energy = energies[0]
            for slot in 1..<windowSteps {
                sum += sums[slot]
                energy += energies[slot]
            }
            let squares = sum * sum
            let (low, high) = (squares.x + squares.y, squares.z + squares.w)
            run += 1
            // A tone of amplitude A at the pitch gives (24 A / 2)², and its energy is 24 A² / 2.
            steps += 1
            purity += min(1, max(low, high) / (12 * max(1, energy)))
            contrast += min(8, max(low, high) / max(1, min(low, high)))
            guard (low > high) != isLow else {
                if run > (mostBits + 1) * stepsPerBit { restart() }
                return false
            }
            isLow = low > high
            let bits = run / stepsPerBit
            run = 0
            let whole = bits.rounded()
            guard whole >= 1, whole <= mostBits, abs(bits - whole) <= tolerance else {
                restart()
                return false
            }
            changes += 1
            return changes >= changesWanted && purity >= leastPurity * steps
                && contrast >= leastContrast * steps
        }
    }

    // MARK: Tables

    private struct Tables: Sendable {
        let first = Tables.table(980, 1_180)
        let second = Tables.table(1_650, 1_850)

        /// Cosine and sine of two pitches for 100 ms: whole cycles of both.
        private static func table(_ low: Double, _ high: Double) -> [SIMD4<Float>] {
            (0..<800).map { index in
                let (low, high) = (low * Double(index) / 8_000, high * Double(index) / 8_000)
                return SIMD4(
                    Float(Sine.cosine(low)), Float(Sine.sine(low)), Float(Sine.cosine(high)),
                    Float(Sine.sine(high)))
            }
        }
    }

    private static let tables = Tables()
}
