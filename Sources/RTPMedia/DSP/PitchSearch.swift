/// Finds the pitch of the end of a stretch of speech.
enum PitchSearch {
    /// Samples compared, at 8,000 Hz: 20 ms.
    private static let window = 160
    /// The coarse search runs at 4,000 Hz over 20 ms and the longest lag.
    private static let coarseCapacity = 140

    /// A lag, and how like itself the sound is at it: 1 for a steady voice, some tenths for noise, 0 for silence.
    struct Pitch {
        var period: Int
        var likeness: Double
    }

    /// The lag with the highest normalised correlation: first at 4,000 Hz, then to the sample around the best.
    ///
    /// - Parameters:
    ///   - history: At least `longest` and 20 ms; its end counts.
    ///   - scale: Samples per sample at 8,000 Hz, 1...6.
    static func pitch(
        of history: Span<Int16>, between shortest: Int, and longest: Int, scale: Int
    ) -> Pitch {
        let factor = 2 * scale
        let coarse =
            factor * coarseLag(of: history, between: shortest / factor, and: longest / factor, factor: factor)
        let start = history.count - window * scale
        let lags = max(coarse - factor + 1, shortest)...min(coarse + factor - 1, longest)
        guard let best = bestLag(in: history, from: start, of: lags) else {
            return Pitch(period: coarse, likeness: 0)
        }
        var own: Int64 = 0
        for index in start..<history.count { own &+= Int64(history[index]) &* Int64(history[index]) }
        return Pitch(period: best.lag, likeness: (best.score / Double(own)).squareRoot())
    }

    private static func coarseLag(
        of history: Span<Int16>, between shortest: Int, and longest: Int, factor: Int
    ) -> Int {
        var samples = InlineArray<140, Int16>(repeating: 0)
        let count = min(coarseCapacity, history.count / factor)
        let first = history.count - count * factor
        for index in 0..<count {
            var sum: Int32 = 0
            for offset in 0..<factor { sum &+= Int32(history[first + index * factor + offset]) }
            samples[index] = Int16(truncatingIfNeeded: sum / Int32(factor))
        }
        let means = samples.span.extracting(0..<count)
        return bestLag(in: means, from: count - window / 2, of: shortest...longest)?.lag ?? shortest
    }

    /// The lag at which the samples from `start` on are most like those before them.
    ///
    /// - Returns: With the square of their product over the energy of the earlier ones; `nil` when they are alike at none.
    private static func bestLag(
        in samples: Span<Int16>, from start: Int, of lags: ClosedRange<Int>
    ) -> (lag: Int, score: Double)? {
        var best: (lag: Int, score: Double)?
        for lag in lags {
            var product: Int64 = 0
            var energy: Int64 = 0
            for index in start..<samples.count {
                let earlier = Int64(samples[index - lag])
                product &+= Int64(samples[index]) &* earlier
                energy &+= earlier &* earlier
            }
            guard product > 0, energy > 0 else { continue }
            let score = Double(product) * Double(product) / Double(energy)
            if score > best?.score ?? 0 { best = (lag, score) }
        }
        return best
    }
}
