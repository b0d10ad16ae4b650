/// A player port: samples once, or again and again.
///
/// Repeated, the end fades into the start where they do not meet by themselves, so that the joint does not click.
struct AudioPlayer: Sendable {
    private var samples: [Int16] = []
    private var position = 0
    private var isRepeating = false
    /// Samples at the end that fade into those at the start; 0 for a loop whose ends meet.
    private var fade = 0

    init() {}

    /// - Parameter rateHertz: Of the samples.
    init(samples: [Int16], isRepeating: Bool, rateHertz: Int) {
        self.samples = samples
        self.isRepeating = isRepeating
        let wanted = rateHertz / 50
        if isRepeating, samples.count >= 4 * wanted, !Self.meets(samples) { fade = wanted }
    }

    /// Whether there is nothing to play any more.
    var isFinished: Bool { samples.isEmpty }

    /// Whether the step over the joint is no greater than those beside it.
    private static func meets(_ samples: [Int16]) -> Bool {
        func step(_ from: Int16, _ to: Int16) -> Int { abs(Int(to) - Int(from)) }
        let count = samples.count
        var greatest = 64
        for index in 1..<40 {
            greatest = max(
                greatest, step(samples[index - 1], samples[index]),
                step(samples[count - index - 1], samples[count - index]))
        }
        return step(samples[count - 1], samples[0]) <= greatest
    }

    /// Overwrites `frame` with the next samples, the rest with silence; leaves it alone when nothing is to be played.
    mutating func fill(_ frame: inout MutableSpan<Int16>) {
        guard !samples.isEmpty else { return }
        for index in 0..<frame.count {
            if position == samples.count {
                guard isRepeating else {
                    frame[index] = 0
                    continue
                }
                position = fade
            }
            frame[index] = fade > 0 && position >= samples.count - fade ? faded : samples[position]
            position += 1
        }
        if position == samples.count, !isRepeating { self = Self() }
    }

    /// The sample at ``position``, within the fade.
    private var faded: Int16 {
        let step = position - (samples.count - fade)
        let sum = Int(samples[position]) * (fade - step) + Int(samples[step]) * step
        return Int16(truncatingIfNeeded: sum / fade)
    }
}
