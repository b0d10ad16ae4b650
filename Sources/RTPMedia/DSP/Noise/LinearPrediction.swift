/// The spectrum of a short stretch of sound as an all-pole filter, by the autocorrelation method.
enum LinearPrediction {
    struct Model {
        /// Mean of the squares of the samples.
        var meanSquare: Double
        var reflection: SIMD8<Float>
    }

    /// - Parameter samples: 5 ms or more.
    static func model(of samples: Span<Int16>) -> Model {
        guard samples.count > ComfortNoise.order else { return Model(meanSquare: 0, reflection: .zero) }
        var correlation = InlineArray<9, Double>(repeating: 0)
        for lag in 0...8 {
            var sum: Int64 = 0
            for index in lag..<samples.count {
                sum &+= Int64(samples[index]) &* Int64(samples[index - lag])
            }
            correlation[lag] = Double(sum)
        }
        let meanSquare = correlation[0] / Double(samples.count)
        guard meanSquare >= 1 else { return Model(meanSquare: meanSquare, reflection: .zero) }
        correlation[0] *= 1.001  // White noise 30 dB down keeps the filter tame.
        return Model(meanSquare: meanSquare, reflection: reflection(correlation))
    }

    /// Levinson and Durbin's recursion.
    private static func reflection(_ correlation: InlineArray<9, Double>) -> SIMD8<Float> {
        var coefficients = InlineArray<9, Double>(repeating: 0)
        coefficients[0] = 1
        var error = correlation[0]
        var result = SIMD8<Float>.zero
        for order in 1...8 {
            var sum = correlation[order]
            for index in 1..<order { sum += coefficients[index] * correlation[order - index] }
            let k = -sum / error
            let before = coefficients
            for index in 1..<order { coefficients[index] = before[index] + k * before[order - index] }
            coefficients[order] = k
            result[order - 1] = Float(k)
            error *= 1 - k * k
            guard error > 0 else { break }
        }
        return result
    }

    /// The filter's coefficients a₁...a₈ of `A(z) = 1 + a₁z⁻¹ + …`.
    static func coefficients(_ reflection: SIMD8<Float>) -> SIMD8<Float> {
        var result = SIMD8<Float>.zero
        for order in 0..<8 {
            let before = result
            for index in 0..<order {
                result[index] = before[index] + reflection[order] * before[order - 1 - index]
            }
            result[order] = reflection[order]
        }
        return result
    }

    /// Power of what the filter is fed over the power of what comes out.
    static func excitation(_ reflection: SIMD8<Float>) -> Float {
        var product: Float = 1
        for index in 0..<8 { product *= 1 - reflection[index] * reflection[index] }
        return max(product, 0)
    }
}
