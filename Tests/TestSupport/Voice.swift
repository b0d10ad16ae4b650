private import Foundation

/// Something that codecs take for speech: syllables of a gliding voice with three formants, and pauses.
public enum Voice {
    /// A resonance of two poles.
    private struct Formant {
        private let first: Double
        private let second: Double
        private var last = (0.0, 0.0)

        init(hertz: Double, bandwidth: Double, rate: Double) {
            let radius = exp(-.pi * bandwidth / rate)
            first = 2 * radius * cos(2 * .pi * hertz / rate)
            second = -radius * radius
        }

        mutating func pass(_ input: Double) -> Double {
            let output = input + first * last.0 + second * last.1
            last = (output, last.0)
            return output
        }
    }

    public static func samples(seconds: Int, rate: Int) -> [Int16] {
        let hertz = Double(rate)
        var formants = [(600.0, 90.0), (1_300, 120), (2_500, 160)].map {
            Formant(hertz: $0.0, bandwidth: $0.1, rate: hertz)
        }
        var untilPulse = 0.0
        let raw = (0..<seconds * rate).map { index -> Double in
            let time = Double(index) / hertz
            let syllable = time.truncatingRemainder(dividingBy: 0.32)
            let loudness = syllable < 0.24 ? sin(.pi * syllable / 0.24) : 0
            untilPulse -= 1
            var pulse = 0.0
            if untilPulse <= 0 {
                pulse = 1
                untilPulse += hertz / (120 + 25 * sin(2 * .pi * 0.7 * time))
            }
            let first = formants[0].pass(pulse)
            let second = formants[1].pass(pulse)
            let third = formants[2].pass(pulse)
            return loudness * (first + 0.5 * second + 0.25 * third)
        }
        let peak = raw.reduce(1e-9) { max($0, abs($1)) }
        return raw.map { Int16(20_000 * $0 / peak) }
    }
}
