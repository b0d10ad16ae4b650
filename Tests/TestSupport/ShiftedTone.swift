private import Foundation

/// Data as V.21 modems send it: 300 bit/s, one pitch for ones and one for zeros.
public enum ShiftedTone {
    /// Flags, 01111110 again and again, as every frame of a fax begins with (ITU-T T.30 §5.3).
    public static func flags(_ pitches: (one: Double, zero: Double), milliseconds: Int) -> [Double] {
        let count = 8 * milliseconds
        return bits((0...count * 3 / 80).map { !($0 % 8 == 0 || $0 % 8 == 7) }, pitches, samples: count)
    }

    /// - Returns: Amplitude 1, without a jump where the pitch changes.
    public static func bits(
        _ bits: [Bool], _ pitches: (one: Double, zero: Double), samples: Int
    ) -> [Double] {
        var turns = 0.0
        return (0..<samples).map { index in
            let isOne = bits.isEmpty || bits[min(bits.count - 1, index * 3 / 80)]
            turns += (isOne ? pitches.one : pitches.zero) / 8_000
            return sin(2 * .pi * turns)
        }
    }
}
