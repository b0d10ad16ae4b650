/// How periodic the end of a stretch of sound is: a voice repeats itself with its pitch, noise and babble hardly do. 8 kHz,
/// 20 ms frames.
struct Voicing: Sendable {
    /// At 4,000 Hz: 400 Hz.
    private static let shortestLag = 10
    /// 67 Hz.
    private static let longestLag = 60
    /// 25 ms.
    private static let window = 100

    /// The last 40 ms at 4,000 Hz.
    private var samples = InlineArray<160, Int16>(repeating: 0)

    /// Takes a frame of 160 samples.
    mutating func hear(_ frame: Span<Int16>) {
        precondition(frame.count == 160, "a frame is 20 ms at 8 kHz")
        var kept = samples.mutableSpan
        kept.withUnsafeMutableBufferPointer { kept in
            frame.withUnsafeBufferPointer { frame in
                for index in 0..<80 {
                    kept[index] = kept[80 &+ index]
                    kept[80 &+ index] = Int16(
                        truncatingIfNeeded: (Int32(frame[2 &* index]) &+ Int32(frame[2 &* index &+ 1])) / 2)
                }
            }
        }
    }

    /// The highest correlation with what came one pitch period before: 1 for a steady voice, some tenths for noise.
    func periodicity() -> Float {
        // Eleven bits, so that a hundred products fit 32.
        var loudest: Int16 = 1
        let span = samples.span
        for index in 0..<160 { loudest = max(loudest, span[index] == .min ? .max : abs(span[index])) }
        var scaled = InlineArray<160, Int16>(repeating: 0)
        let down = max(0, 16 - loudest.leadingZeroBitCount - 11)
        for index in 0..<160 { scaled[index] = span[index] >> Int16(down) }
        let work = scaled.span
        return work.withUnsafeBufferPointer { Self.periodicity(of: $0.baseAddress!) }
    }

    /// - Parameter work: 160 samples of at most eleven bits.
    private static func periodicity(of work: UnsafePointer<Int16>) -> Float {
        let start = 160 - window
        var own: Int32 = 0
        var index = start
        while index < 160 {
            own &+= Int32(work[index]) &* Int32(work[index])
            index = index &+ 1
        }
        guard own > 0 else { return 0 }
        var best: Float = 0
        // Energy of the window one lag earlier: from lag to lag one sample comes in and one leaves.
        var earlier: Int32 = 0
        index = start &- (shortestLag &- 1)
        while index < 160 &- (shortestLag &- 1) {
            earlier &+= Int32(work[index]) &* Int32(work[index])
            index = index &+ 1
        }
        for lag in shortestLag...longestLag {
            let coming = Int32(work[start &- lag])
            let leaving = Int32(work[160 &- lag])
            earlier = earlier &+ coming &* coming &- leaving &* leaving
            var product: Int32 = 0
            index = start
            while index < 160 {
                product &+= Int32(work[index]) &* Int32(work[index &- lag])
                index = index &+ 1
            }
            guard product > 0, earlier > 0 else { continue }
            best = max(best, Float(product) * Float(product) / (Float(own) * Float(earlier)))
        }
        return best.squareRoot()
    }
}
