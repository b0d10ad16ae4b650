private import Foundation

/// What a resampler does to tones, measured at its output as a listener would: gain, what comes beside the tone, delay.
///
/// Tones of -6 dBFS in chunks of 20 ms; a tone is fitted to the output by least squares and the rest is noise and images.
public struct ResamplerQuality {
    /// One tone.
    public struct Tone {
        /// Output over input, in decibels.
        public var gain: Double
        /// Tone over everything else, in decibels.
        public var clearness: Double
        /// All of the output over the tone put in, in decibels.
        public var total: Double
    }

    /// The figures of one pair of rates; frequencies are those at 8,000 Hz, at others in proportion.
    public struct Figures {
        /// Greatest less least gain from 300 to 3,400 Hz, in decibels.
        public var ripple: Double
        /// Gain at 3,400 Hz, in decibels.
        public var edgeGain: Double
        /// Least clearness from 300 to 3,400 Hz, in decibels.
        public var clearness: Double
        /// Most that is left of tones from 4,080 to 4,600 Hz, and above; `nil` when the rate is raised.
        public var nearAlias: Double?
        public var farAlias: Double?
        /// In milliseconds, what is held back included.
        public var delay: Double
    }

    public var inputRate: Int
    public var outputRate: Int
    /// A chunk in, all of what comes of it out.
    public var convert: ([Int16]) -> [Int16]

    public init(from inputRate: Int, to outputRate: Int, _ convert: @escaping ([Int16]) -> [Int16]) {
        self.inputRate = inputRate
        self.outputRate = outputRate
        self.convert = convert
    }

    /// - Parameter seconds: Of tone; the first half second is left aside.
    public func tone(_ hertz: Double, seconds: Double = 1) -> Tone {
        let output = run(seconds: seconds + 0.5) {
            16_384 * sin(2 * .pi * hertz * Double($0) / Double(inputRate))
        }
        let settled = output.dropFirst(outputRate / 2)
        let step = 2 * Double.pi * hertz / Double(outputRate)
        var (cc, ss, cs, xc, xs, xx) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for (index, sample) in settled.enumerated() {
            let (c, s, x) = (cos(step * Double(index)), sin(step * Double(index)), Double(sample))
            cc += c * c
            ss += s * s
            cs += c * s
            xc += x * c
            xs += x * s
            xx += x * x
        }
        let determinant = cc * ss - cs * cs
        let a = (xc * ss - xs * cs) / determinant
        let b = (xs * cc - xc * cs) / determinant
        var rest = 0.0
        for (index, sample) in settled.enumerated() {
            let fit = a * cos(step * Double(index)) + b * sin(step * Double(index))
            rest += (Double(sample) - fit) * (Double(sample) - fit)
        }
        return Tone(
            gain: 20 * log10((a * a + b * b).squareRoot() / 16_384),
            clearness: 10 * log10(max(xx - rest, 1e-9) / (rest + 1e-9)),
            total: 10 * log10(xx / Double(settled.count) / (16_384 * 16_384 / 2) + 1e-12))
    }

    /// When a smooth pulse comes out, in milliseconds after it went in.
    public func delay() -> Double {
        let middle = Double(inputRate) / 2
        let output = run(seconds: 1.2) {
            let distance = (Double($0) - middle) / (Double(inputRate) / 1_000)
            return 20_000 * exp(-distance * distance / 2)
        }
        var (weighted, total) = (0.0, 0.0)
        for (index, sample) in output.enumerated() {
            weighted += abs(Double(sample)) * Double(index)
            total += abs(Double(sample))
        }
        let held = 1.2 - Double(output.count) / Double(outputRate)
        return (held + weighted / total / Double(outputRate) - 0.5) * 1_000
    }

    /// Every figure.
    public func figures() -> Figures {
        // First: what tones leave in the filter would draw the pulse out of its place.
        let delay = delay()
        let edge = Double(min(inputRate, outputRate)) / 2
        func grid(_ range: ClosedRange<Double>, _ step: Double) -> [Tone] {
            stride(from: range.lowerBound * edge, to: range.upperBound * edge, by: step * edge / 4_000)
                .map { tone($0) }
        }
        let band = grid(0.07625...0.85, 97)
        let gains = band.map(\.gain)
        let isDown = outputRate < inputRate
        let top = Double(inputRate) / 2 / edge * 0.99
        return Figures(
            ripple: (gains.max() ?? 0) - (gains.min() ?? 0), edgeGain: tone(0.85 * edge).gain,
            clearness: band.map(\.clearness).min() ?? 0,
            nearAlias: isDown ? grid(1.02...1.15, 37).map(\.total).max() : nil,
            farAlias: isDown ? grid(1.15...top, 61).map(\.total).max() : nil, delay: delay)
    }

    private func run(seconds: Double, _ sample: (Int) -> Double) -> [Int16] {
        let chunk = inputRate / 50
        var output: [Int16] = []
        for start in stride(from: 0, to: Int(seconds * Double(inputRate)), by: chunk) {
            output += convert((start..<start + chunk).map { Int16(sample($0).rounded()) })
        }
        return output
    }
}
