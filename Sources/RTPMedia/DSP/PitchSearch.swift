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
        let coarse = coarseLag(of: history, between: shortest / factor, and: longest / factor, factor: factor)
        var best = coarse * factor
        var bestScore = -1.0
        let start = history.count - window * scale
        var own: Int64 = 0
        for index in start..<history.count { own &+= Int64(history[index]) &* Int64(history[index]) }
        for lag in max(best - factor + 1, shortest)...min(best + factor - 1, longest) {
            var product: Int64 = 0
            var energy: Int64 = 0
            for index in start..<history.count {
                let earlier = Int64(history[index - lag])
                product &+= Int64(history[index]) &* earlier
                energy &+= earlier &* earlier
            }
            let score = Self.score(product, energy)
            if score > bestScore {
                best = lag
                bestScore = score
            }
        }
        let isAlike = bestScore > 0 && own > 0
        return Pitch(period: best, likeness: isAlike ? (bestScore / Double(own)).squareRoot() : 0)
    }

    private static func coarseLag(
        of history: Span<Int16>, between shortest: Int, and longest: Int, factor: Int
    ) -> Int {
        var samples = InlineArray<140, Int32>(repeating: 0)
        let count = min(coarseCapacity, history.count / factor)
        let first = history.count - count * factor
        for index in 0..<count {
            var sum: Int32 = 0
            for offset in 0..<factor { sum &+= Int32(history[first + index * factor + offset]) }
            samples[index] = sum / Int32(factor)
        }
        var best = shortest
        var bestScore = -1.0
        for lag in shortest...longest {
            var product: Int64 = 0
            var energy: Int64 = 0
            for index in (count - window / 2)..<count {
                let earlier = Int64(samples[index - lag])
                product &+= Int64(samples[index]) &* earlier
                energy &+= earlier &* earlier
            }
            let score = Self.score(product, energy)
            if score > bestScore {
                best = lag
                bestScore = score
            }
        }
        return best
    }

    private static func score(_ product: Int64, _ energy: Int64) -> Double {
        product > 0 && energy > 0 ? Double(product) * Double(product) / Double(energy) : -1
    }
}
