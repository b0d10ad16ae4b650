import Foundation

/// Test signals and what is measured of them.
enum Signal {
    static func tone(hertz: Double, rate: Int, amplitude: Double = 8_000) -> (Int) -> Int16 {
        { Int16((amplitude * sin(2 * .pi * hertz * Double($0) / Double(rate))).rounded()) }
    }

    /// Root mean square.
    static func level(_ samples: ArraySlice<Int16>) -> Double {
        guard !samples.isEmpty else { return 0 }
        return (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)).squareRoot()
    }

    /// Share of the energy that lies at one frequency, 0...1 (Goertzel).
    static func purity(_ samples: ArraySlice<Int16>, hertz: Double, rate: Int) -> Double {
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
    static func largestStep(_ samples: ArraySlice<Int16>) -> Int {
        zip(samples, samples.dropFirst()).map { abs(Int($1) - Int($0)) }.max() ?? 0
    }
}
