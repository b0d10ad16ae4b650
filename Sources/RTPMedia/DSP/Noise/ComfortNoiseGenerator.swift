/// Plays the noise that a ``ComfortNoise`` describes, at any rate, without allocating.
///
/// The random numbers are the same in every generator. A new description is gone over to within some 20 ms.
public struct ComfortNoiseGenerator: Sendable {
    private let chunk: Int
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var target = SIMD8<Float>.zero
    private var targetGain: Float = 0
    private var reflection = SIMD8<Float>.zero
    private var coefficients = SIMD8<Float>.zero
    private var gain: Float = 0
    /// The last eight samples, the newest in lane 0.
    private var past = SIMD8<Float>.zero
    private var left = 0

    /// - Parameter rateHertz: Samples per second.
    public init(rateHertz: Int = 8_000) { chunk = max(1, rateHertz / 200) }

    /// Plays this noise from now on.
    ///
    /// - Parameter atOnce: Whether it starts at its level instead of going over to it.
    public mutating func play(_ noise: ComfortNoise, atOnce: Bool = false) {
        // Poles any nearer to the circle are no noise, and beyond the filter's precision.
        target = noise.reflection.clamped(
            lowerBound: SIMD8(repeating: -0.95), upperBound: SIMD8(repeating: 0.95))
        let power = Float(noise.meanSquare) * LinearPrediction.excitation(target)
        // Four uniform numbers of 16 bits add up to a variance of a third of their range's square.
        targetGain = (power * 3).squareRoot() / 65_536
        if atOnce {
            reflection = target
            gain = targetGain
            coefficients = LinearPrediction.coefficients(reflection)
        }
    }

    /// Whether there is nothing but silence to play.
    public var isSilent: Bool { gain == 0 && targetGain == 0 }

    public mutating func fill(_ samples: inout MutableSpan<Int16>) {
        for index in 0..<samples.count { samples[index] = next() }
    }

    /// The next sample.
    mutating func next() -> Int16 {
        if left == 0 { approach() }
        left -= 1
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let bits = state >> 16 ^ state
        let sum =
            Int32(truncatingIfNeeded: bits & 0xFFFF) &+ Int32(truncatingIfNeeded: bits >> 16 & 0xFFFF)
            &+ Int32(truncatingIfNeeded: bits >> 32 & 0xFFFF)
            &+ Int32(truncatingIfNeeded: bits >> 48 & 0xFFFF)
        let value = Float(sum &- 131_070) * gain - (coefficients * past).sum()
        past = SIMD8(value, past[0], past[1], past[2], past[3], past[4], past[5], past[6])
        return Int16(max(-32_768, min(32_767, value.rounded())))
    }

    private mutating func approach() {
        left = chunk
        guard reflection != target || gain != targetGain else { return }
        reflection += (target - reflection) * 0.3
        gain += (targetGain - gain) * 0.3
        if abs(gain - targetGain) < 0.01 * targetGain || gain < 1e-7 { gain = targetGain }
        coefficients = LinearPrediction.coefficients(reflection)
    }
}
