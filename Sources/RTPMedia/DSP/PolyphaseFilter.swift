/// The low-pass filter of ``PolyphaseResampler`` for one factor: a windowed sinc, cut into phases of 48 taps.
///
/// Cut-off (-6 dB) at 0.951 of the lower rate's half, a Kaiser window with a β of 7.75: passband to 0.85 of it (3.4 kHz
/// of 4) within 0.01 dB, everything from 1.15 of it (4.6 kHz) 80 dB down, and what lies between 1.02 and 1.15, which folds back
/// onto the band's edge, at least 31 dB. Both constants and the scale were chosen together so that rounding the taps to
/// whole numbers costs least. Computed with plain arithmetic, so that the taps are the same on every platform.
final class PolyphaseFilter: Sendable {
    /// Taps of a phase; a delay of half as many samples of the lower rate: 3 ms at 8,000 Hz.
    static let phaseTaps = 48
    /// What a phase adds up to. With more, a far end could choose samples whose sum overflows 32 bits.
    static let scale = 27_999.0
    static let cutOff = 0.951
    static let beta = 7.75

    static let double = PolyphaseFilter(factor: 2)
    static let triple = PolyphaseFilter(factor: 3)
    static let sextuple = PolyphaseFilter(factor: 6)

    let factor: Int
    /// Phase by phase, the tap of the oldest sample first. Never freed: the filters live as long as the process.
    nonisolated(unsafe) let taps: UnsafePointer<Int16>
    /// The same taps two by two, each pair four times over, as the vector kernel takes them.
    nonisolated(unsafe) let pairs: UnsafePointer<SIMD8<Int16>>

    /// - Returns: `nil` for a factor that there is no filter for.
    static func filter(factor: Int) -> PolyphaseFilter? {
        switch factor {
        case 2: double
        case 3: triple
        case 6: sextuple
        default: nil
        }
    }

    private init(factor: Int) {
        self.factor = factor
        let prototype = Self.prototype(factor: factor)
        let taps = UnsafeMutablePointer<Int16>.allocate(capacity: prototype.count)
        let pairs = UnsafeMutablePointer<SIMD8<Int16>>.allocate(capacity: prototype.count / 2)
        for phase in 0..<factor {
            for index in 0..<Self.phaseTaps {
                // Output `phase` of a sample lies behind it; its oldest sample meets the last tap.
                let tap = prototype[(Self.phaseTaps - 1 - index) * factor + phase]
                (taps + phase * Self.phaseTaps + index).initialize(to: tap)
            }
        }
        for index in 0..<prototype.count / 2 {
            var pair = SIMD8<Int16>()
            for lane in 0..<8 { pair[lane] = taps[2 * index + lane % 2] }
            (pairs + index).initialize(to: pair)
        }
        self.taps = UnsafePointer(taps)
        self.pairs = UnsafePointer(pairs)
    }

    /// The impulse response at the higher rate; it adds up to `factor` times ``scale``.
    private static func prototype(factor: Int) -> [Int16] {
        let count = phaseTaps * factor
        let middle = Double(count - 1) / 2
        let response = (0..<count).map { index in
            let distance = Double(index) - middle  // Never 0: the count is even.
            let turns = cutOff * distance / Double(factor) / 2
            let sinc = Sine.sine(turns) / (2 * Double.pi * turns)
            let edge = distance / middle
            return sinc * bessel(beta * max(0, 1 - edge * edge).squareRoot())
        }
        let gain = Double(factor) * scale / response.reduce(0, +)
        return response.map { Int16(($0 * gain).rounded()) }
    }

    /// The modified Bessel function of the first kind and order 0.
    private static func bessel(_ x: Double) -> Double {
        var term = 1.0
        var sum = 1.0
        for order in 1..<40 {
            term *= (x / 2 / Double(order)) * (x / 2 / Double(order))
            sum += term
        }
        return sum
    }
}
