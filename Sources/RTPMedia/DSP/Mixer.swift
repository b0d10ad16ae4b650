/// Arithmetic on 16-bit frames. Nothing here allocates.
public enum Mixer {
    /// A gain in 1/4096, for ``SoftLimiter`` and ``ConferenceMixer``.
    ///
    /// - Parameter decibels: Bounded to -90...24; -90 and less is silence.
    public static func gain(decibels: Double) -> Int32 {
        guard decibels > -90 else { return 0 }
        return Int32((4_096 * Decibels.ratio(min(decibels, 24)).squareRoot()).rounded())
    }

    /// Interleaves two channels, left first; the shorter one is filled up with silence.
    ///
    /// - Returns: Samples written: twice the longer length, as far as `target` goes.
    @discardableResult
    public static func interleave(
        left: Span<Int16>, right: Span<Int16>, into target: inout MutableSpan<Int16>
    ) -> Int {
        let pairs = min(max(left.count, right.count), target.count / 2)
        for index in 0..<pairs {
            target[2 * index] = index < left.count ? left[index] : 0
            target[2 * index + 1] = index < right.count ? right[index] : 0
        }
        return 2 * pairs
    }

    /// Mean of the squares; 0 for no samples. Its level is ``AudioLevel/init(meanSquare:)``.
    public static func meanSquare(_ samples: Span<Int16>) -> Double {
        guard samples.count > 0 else { return 0 }
        let count = samples.count
        var sum: Int64 = 0
        samples.withUnsafeBufferPointer { samples in
            var index = 0
            while index < count {
                let sample = Int64(samples[index])
                sum &+= sample &* sample
                index = index &+ 1
            }
        }
        return Double(sum) / Double(samples.count)
    }
}
