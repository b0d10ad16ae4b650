private import Foundation

/// Test sounds and what is measured of them, for the tests of all targets.
public enum Sound {
    public static func tone(hertz: Double, rate: Int, amplitude: Double = 8_000) -> (Int) -> Int16 {
        { Int16((amplitude * sin(2 * .pi * hertz * Double($0) / Double(rate))).rounded()) }
    }

    /// Root mean square.
    public static func level(_ samples: ArraySlice<Int16>) -> Double {
        guard !samples.isEmpty else { return 0 }
        return (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)).squareRoot()
    }

    /// Share of the energy that lies at one frequency, 0...1 (Goertzel).
    public static func purity(_ samples: ArraySlice<Int16>, hertz: Double, rate: Int) -> Double {
        var cosine = 0.0
        var sine = 0.0
        var energy = 0.0
        for (index, sample) in samples.enumerated() {
            let angle = 2 * Double.pi * hertz * Double(index) / Double(rate)
            cosine += Double(sample) * cos(angle)
            sine += Double(sample) * sin(angle)
            energy += Double(sample) * Double(sample)
        }
        guard energy > 0 else { return 0 }
        return 2 * (cosine * cosine + sine * sine) / (Double(samples.count) * energy)
    }

    /// The largest step between neighbours.
    public static func largestStep(_ samples: ArraySlice<Int16>) -> Int {
        zip(samples, samples.dropFirst()).map { abs(Int($1) - Int($0)) }.max() ?? 0
    }

    /// Ratio in decibels of `wanted` to what `heard` has beside it, at the delay (0...`most` samples) and gain that fit best.
    public static func signalToNoise(
        _ heard: ArraySlice<Int16>, of wanted: ArraySlice<Int16>, delayUpTo most: Int
    ) -> Double {
        let heard = heard.map(Double.init)
        let wanted = wanted.map(Double.init)
        let count = min(heard.count - most, wanted.count)
        guard count > 0 else { return -.infinity }
        var best = -Double.infinity
        for delay in 0...most {
            var cross = 0.0
            var own = 0.0
            var energy = 0.0
            for index in 0..<count {
                cross += heard[index + delay] * wanted[index]
                own += wanted[index] * wanted[index]
                energy += heard[index + delay] * heard[index + delay]
            }
            let explained = cross * cross / own
            best = max(best, 10 * log10(explained / max(energy - explained, 1e-9)))
        }
        return best
    }
}
