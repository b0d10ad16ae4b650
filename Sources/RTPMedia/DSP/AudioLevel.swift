#if canImport(Darwin)
    private import Darwin
#else
    private import Glibc
#endif

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
    public var amplitude: Double { min(32_767, 32_767 * pow(10, decibelsFullScale / 20)) }

    /// Mean of the squares of 16-bit samples at this level.
    public var meanSquare: Double { 32_767 * 32_767 / 2 * pow(10, decibelsFullScale / 10) }

    /// - Parameter meanSquare: Mean of the squares of 16-bit samples.
    public init(meanSquare: Double) {
        decibelsFullScale = meanSquare > 0 ? 10 * log10(meanSquare * 2 / (32_767 * 32_767)) : -.infinity
    }
}
