private import Foundation
public import RTPMedia

/// Pitches in samples, for tests that tell by ear who was heard.
public enum Pitch {
    /// Level of one pitch, by Goertzel's recurrence with a Hann window: a sine of full scale is at 0 dBFS, and pitches 100 Hz
    /// away vanish in 100 ms.
    public static func level(of hertz: Double, in samples: some Sequence<Int16>, rateHertz: Int) -> Double {
        let samples = Array(samples)
        guard samples.count > 1 else { return -200 }
        let omega = 2 * Double.pi * hertz / Double(rateHertz)
        let factor = 2 * cos(omega)
        var (last, before, weight) = (0.0, 0.0, 0.0)
        for (index, sample) in samples.enumerated() {
            let window = 0.5 - 0.5 * cos(2 * Double.pi * Double(index) / Double(samples.count))
            let next = Double(sample) * window + factor * last - before
            (last, before, weight) = (next, last, weight + window)
        }
        let power = max(last * last + before * before - factor * last * before, 1e-9)
        return 20 * log10(2 * power.squareRoot() / weight / 32_767)
    }

    /// A sine.
    public static func sine(
        _ hertz: Double, milliseconds: Int, rateHertz: Int, level: AudioLevel = .dBFS(-20)
    ) -> [Int16] {
        var generator = ToneGenerator(
            .beep(hertz: hertz, for: .seconds(3_600)), rateHertz: rateHertz, level: level)
        var samples = [Int16](repeating: 0, count: milliseconds * rateHertz / 1_000)
        var span = samples.mutableSpan
        generator.fill(&span)
        return samples
    }
}
