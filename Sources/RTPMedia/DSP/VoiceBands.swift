/// How far eight bands of telephone sound stand out of the noise that each of them has of itself: 8 kHz, 20 ms frames.
///
/// A voice lifts several bands well out of steady noise even where its energy as a whole hardly shows: the noise of a
/// car is low, that of a fan is high, and a voice is neither alone. Nothing here allocates.
struct VoiceBands: Sendable {
    /// Mean over the bands of their decibels over the noise, each counted from 0 to 24.
    private(set) var prominence: Float = 0
    /// Sum of the bands' mean squares in the last frame.
    private(set) var energy: Float = 0

    private var y1 = SIMD8<Float>.zero
    private var y2 = SIMD8<Float>.zero
    private var x1: Float = 0
    private var x2: Float = 0
    private var floor = SIMD8<Float>.zero
    private var frames = 0
    private var silentRun = 0
    /// Least energies of the last five blocks of ten frames.
    private var minima = InlineArray<5, SIMD8<Float>>(repeating: SIMD8(repeating: .infinity))

    mutating func process(_ frame: Span<Int16>) {
        let energies = filtered(frame)
        follow(energies)
        energy = energies.sum()
        prominence = Self.meanDecibels(energies, over: floor)
    }

    /// Mean squares of the frame in each band.
    private mutating func filtered(_ frame: Span<Int16>) -> SIMD8<Float> {
        if x1 == 0, x2 == 0, Self.isSilent(frame), hasFaded {
            // What is left would go on to fade, below the numbers that a processor is quick with, and never end.
            (y1, y2) = (.zero, .zero)
            return .zero
        }
        #if DEBUG
            // Without the optimiser vectors cost many times as much; these sums are the same to the bit.
            return filteredSingly(frame)
        #else
            return filteredVectors(frame)
        #endif
    }

    /// Whether nothing that is left in the filters shows in a mean square, or in the next sound: it is less than the last bit of
    /// the least sample's share.
    private var hasFaded: Bool {
        let most = SIMD8<Float>(repeating: Self.faded)
        return all(y1 .< most) && all(y1 .> -most) && all(y2 .< most) && all(y2 .> -most)
    }

    /// The square of it is 0.
    private static let faded: Float = 1e-24

    private static func isSilent(_ frame: Span<Int16>) -> Bool {
        var bits: Int16 = 0
        frame.withUnsafeBufferPointer { frame in
            var index = 0
            while index < frame.count {
                bits |= frame[index]
                index = index &+ 1
            }
        }
        return bits == 0
    }

    mutating func filteredVectors(_ frame: Span<Int16>) -> SIMD8<Float> {
        let (gain, first, second) = (Self.gains, Self.firstPoles, Self.secondPoles)
        var (y1, y2, x1, x2) = (y1, y2, x1, x2)
        var sum = SIMD8<Float>.zero
        for index in 0..<frame.count {
            let x0 = Float(frame[index])
            let y0 = gain * (x0 - x2) - second * y2 - first * y1
            (x2, x1, y2, y1) = (x1, x0, y1, y0)
            sum += y0 * y0
        }
        (self.y1, self.y2, self.x1, self.x2) = (y1, y2, x1, x2)
        return sum / Float(max(1, frame.count))
    }

    /// One band after the other.
    mutating func filteredSingly(_ frame: Span<Int16>) -> SIMD8<Float> {
        let count = frame.count
        var sums = SIMD8<Float>.zero
        frame.withUnsafeBufferPointer { frame in
            guard let samples = frame.baseAddress else { return }
            for band in 0..<8 {
                let gain = Self.gains[band]
                let first = Self.firstPoles[band]
                let second = Self.secondPoles[band]
                var (y1, y2, x1, x2) = (y1[band], y2[band], x1, x2)
                var sum: Float = 0
                var index = 0
                while index < count {
                    let x0 = Float(samples[index])
                    let y0 = gain * (x0 - x2) - second * y2 - first * y1
                    x2 = x1
                    x1 = x0
                    y2 = y1
                    y1 = y0
                    sum += y0 * y0
                    index = index &+ 1
                }
                self.y1[band] = y1
                self.y2[band] = y2
                sums[band] = sum
            }
            for index in max(0, count - 2)..<count {
                x2 = x1
                x1 = Float(samples[index])
            }
        }
        return sums / Float(max(1, count))
    }

    private mutating func follow(_ energy: SIMD8<Float>) {
        let block = frames / 10 % 5
        if frames % 10 == 0 { minima[block] = SIMD8(repeating: .infinity) }
        frames += 1
        // A lost packet sounds like digital silence and says nothing about the line; a longer silence does.
        silentRun = energy.max() < 2 ? silentRun + 1 : 0
        if silentRun < 5, silentRun > 0, floor.max() > 2 { return }
        minima[block] = pointwiseMin(minima[block], energy)
        var least = minima[0]
        for index in 1..<5 { least = pointwiseMin(least, minima[index]) }
        // The least of fifty frames lies well below the mean of noise. The rise is 7 dB a second.
        let target = least * 2
        let risen = pointwiseMax(floor, SIMD8(repeating: 1)) * 1.035
        floor = frames <= 5 ? target : pointwiseMin(target, risen)
    }

    private static func meanDecibels(_ energy: SIMD8<Float>, over floor: SIMD8<Float>) -> Float {
        let ratio = energy / pointwiseMax(floor, SIMD8(repeating: 1))
        var sum: Float = 0
        for band in 0..<8 where ratio[band] > 1 {
            // The binary exponent and the rest of the way to the next one: within a quarter of a decibel.
            let bits = min(ratio[band], 1e30).bitPattern
            let mantissa = Float(bits & 0x7F_FFFF) / 8_388_608
            sum += min(24, 3.01 * (Float(Int(bits >> 23) - 127) + mantissa))
        }
        return sum / 8
    }

    // MARK: The filters

    private static let centres: [Double] = [300, 500, 750, 1_050, 1_450, 1_950, 2_550, 3_300]
    private static let widths: [Double] = [200, 220, 300, 350, 450, 550, 650, 700]

    /// Two poles and a zero at either end, of gain 1 in the middle.
    private static func coefficients(_ pick: (_ alpha: Double, _ cosine: Double) -> Double) -> SIMD8<Float> {
        var result = SIMD8<Float>.zero
        for band in 0..<8 {
            let turns = centres[band] / 8_000
            let alpha = Sine.sine(turns) * widths[band] / centres[band] / 2
            result[band] = Float(pick(alpha, Sine.cosine(turns)) / (1 + alpha))
        }
        return result
    }

    private static let gains = coefficients { alpha, _ in alpha }
    private static let firstPoles = coefficients { _, cosine in -2 * cosine }
    private static let secondPoles = coefficients { alpha, _ in 1 - alpha }
}
