/// The level of a tone or a stretch of audio.
public struct AudioLevel: Hashable, Comparable, Sendable {
    /// Decibels below a sine that just fills 16 bits; 0 or negative as a rule.
    public var decibelsFullScale: Double

    public init(decibelsFullScale: Double) { self.decibelsFullScale = decibelsFullScale }

    /// - Parameter dBFS: Level relative to a full-scale sine.
    public static func dBFS(_ dBFS: Double) -> Self { Self(decibelsFullScale: dBFS) }

    /// - Parameter dBm0: Level on the digital line, where a full-scale µ-law sine is +3.17 dBm0 (ITU-T G.711 Table 5).
    public static func dBm0(_ dBm0: Double) -> Self { Self(decibelsFullScale: dBm0 - 3.17) }

    /// Nothing at all.
    public static let silence = Self(decibelsFullScale: -.infinity)

    public static func < (left: Self, right: Self) -> Bool {
        left.decibelsFullScale < right.decibelsFullScale
    }

    /// Peak of a sine of this level in 16-bit samples, at most 32,767.
    public var amplitude: Double { min(32_767, 32_767 * Decibels.ratio(decibelsFullScale / 2)) }

    /// Mean of the squares of 16-bit samples at this level.
    public var meanSquare: Double { 32_767 * 32_767 / 2 * Decibels.ratio(decibelsFullScale) }

    /// - Parameter meanSquare: Mean of the squares of 16-bit samples.
    public init(meanSquare: Double) {
        decibelsFullScale = meanSquare > 0 ? Decibels.of(meanSquare * 2 / (32_767 * 32_767)) : -.infinity
    }
}

/// Decibels from plain arithmetic: no C library, so the same figures come out on every platform.
enum Decibels {
    /// The power ratio that `decibels` stand for; 0 below -1,000.
    static func ratio(_ decibels: Double) -> Double {
        guard decibels > -1_000 else { return 0 }
        let exponent = min(decibels, 1_000) / 10 * 3.321_928_094_887_362
        let whole = exponent.rounded()
        // e^x for |x| <= ln(2)/2: fourteen terms are exact to the last bit.
        let x = (exponent - whole) * 0.693_147_180_559_945_3
        var term = 1.0
        var sum = 1.0
        for order in 1..<14 {
            term *= x / Double(order)
            sum += term
        }
        return Double(sign: .plus, exponent: Int(whole), significand: sum)
    }

    /// The decibels of a power ratio greater than 0.
    static func of(_ ratio: Double) -> Double {
        guard ratio.isNormal else { return ratio > 1 ? .infinity : -.infinity }
        var exponent = Double(ratio.exponent)
        var mantissa = ratio.significand
        if mantissa > 1.414_213_562_373_095 {
            mantissa /= 2
            exponent += 1
        }
        // ln m = 2 artanh((m - 1) / (m + 1)), where the quotient is at most 0.172.
        let quotient = (mantissa - 1) / (mantissa + 1)
        var power = quotient
        var sum = 0.0
        for order in 0..<12 {
            sum += power / Double(2 * order + 1)
            power *= quotient * quotient
        }
        return 10 * (exponent * 0.301_029_995_663_981_2 + 2 * sum * 0.434_294_481_903_251_8)
    }
}
