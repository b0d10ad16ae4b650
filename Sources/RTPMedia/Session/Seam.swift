/// Joins two stretches of sound that do not follow from one another: after a codec has changed, or its resampler.
///
/// The step between them is taken out at the join and comes back over 5 ms, where it is not heard as a click.
struct Seam: Sendable {
    private var length = 1
    private var last: Int16?
    private var step = 0
    private var left = 0

    /// The next sample does not follow from `last`.
    ///
    /// - Parameter rateHertz: Of the samples that follow.
    mutating func begin(after last: Int16, rateHertz: Int) {
        self.last = last
        length = max(rateHertz / 200, 1)
        left = length
    }

    /// Whether ``pass(_:)`` has something to do.
    var isOpen: Bool { left > 0 }

    /// Takes the next samples and changes them as long as a step has to be hidden.
    mutating func pass(_ samples: inout MutableSpan<Int16>) {
        guard left > 0, samples.count > 0 else { return }
        if let last {
            step = Int(last) - Int(samples[0])
            self.last = nil
        }
        let count = min(left, samples.count)
        for index in 0..<count {
            samples[index] = Int16(clamping: Int(samples[index]) + step * (left - index) / length)
        }
        left -= count
    }
}
