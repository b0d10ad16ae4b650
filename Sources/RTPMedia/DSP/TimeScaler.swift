/// Plays speech faster or slower without changing its pitch, by leaving out or repeating whole pitch periods.
///
/// Waveform-similarity overlap-add on mono 16-bit samples at 8,000 Hz: the lag at which the speech is most like itself
/// is cut out or repeated at the front of the queue, with a cross-fade over the seam. Stretches of little energy take any lag.
package struct TimeScaler: ~Copyable {
    /// 2.5 ms.
    static let shortestLag = 20
    /// 15 ms: a period of 66 Hz.
    static let longestLag = 120
    /// Longest cross-fade: 10 ms.
    static let overlapSamples = 80
    /// Correlation from which a seam is not heard, and frames of waiting for one before the best there is will do.
    static let likeness = 0.7
    static let patience = 6
    /// Root mean square, squared, below which it is silence: 40 of 32,768.
    static let silence = 1_600.0
    private static let historySamples = longestLag + overlapSamples
    private static let lookSamples = longestLag + overlapSamples + AudioFrame.narrowSamples

    /// What was played last, and room for the front of the queue behind it.
    private var samples = [Int16](repeating: 0, count: historySamples + lookSamples)
    private var seam = [Int16](repeating: 0, count: longestLag + overlapSamples)
    private var framesWaited = 0

    package init() {}

    /// Remembers a frame that has been taken from the queue.
    package mutating func remember(_ frame: Span<Int16>) {
        let kept = max(Self.historySamples - frame.count, 0)
        let skipped = max(frame.count - Self.historySamples, 0)
        samples.withUnsafeMutableBufferPointer { samples in
            frame.withUnsafeBufferPointer { frame in
                guard let base = samples.baseAddress, let source = frame.baseAddress else { return }
                base.update(from: base + (Self.historySamples - kept), count: kept)
                (base + kept).update(from: source + skipped, count: frame.count - skipped)
            }
        }
    }

    /// Changes the front of `queue` as asked, when it holds a frame and the speech allows it now.
    ///
    /// - Returns: Samples inserted; negative when left out; 0 when nothing was done.
    package mutating func apply(_ adjustment: PlayoutAdjustment, to queue: inout SampleQueue) -> Int {
        switch adjustment {
        case .keep: return 0
        case .lengthen(let limit):
            return change(&queue, limit: limit, direction: -1)
        case .shorten(let limit):
            return change(&queue, limit: limit, direction: 1)
        }
    }

    /// - Parameter direction: Where the like part lies: 1 behind the queue's front, -1 before it.
    private mutating func change(_ queue: inout SampleQueue, limit: Int, direction: Int) -> Int {
        let origin = Self.historySamples
        let available: Int = {
            var span = samples.mutableSpan
            var look = span._mutatingExtracting(origin..<origin + Self.lookSamples)
            return queue.copyFirst(into: &look)
        }()
        guard available >= AudioFrame.narrowSamples else { return 0 }
        let longest = min(limit, Self.longestLag, available - Self.overlapSamples / 2)
        guard longest >= Self.shortestLag, let lag = lag(upTo: longest, of: available, direction) else {
            return 0
        }
        let overlap = direction > 0 ? min(Self.overlapSamples, available - lag) : Self.overlapSamples
        for index in 0..<overlap {
            let weight = index + 1
            let from = Int(samples[origin + index])
            let to = Int(samples[origin + index + direction * lag])
            seam[index] = Int16((from * (overlap + 1 - weight) + to * weight) / (overlap + 1))
        }
        if direction > 0 {
            queue.replaceFirst(overlap + lag, with: seam.span.extracting(0..<overlap))
        } else {
            for index in 0..<lag { seam[overlap + index] = samples[origin + overlap - lag + index] }
            queue.replaceFirst(overlap, with: seam.span.extracting(0..<overlap + lag))
        }
        framesWaited = 0
        return -direction * lag
    }

    /// The longest lag among those at which the speech is about as like itself as at the best one.
    private mutating func lag(upTo longest: Int, of available: Int, _ direction: Int) -> Int? {
        let origin = Self.historySamples
        var energy = 0.0
        for index in 0..<AudioFrame.narrowSamples {
            let sample = Double(samples[origin + index])
            energy += sample * sample
        }
        if energy < Self.silence * Double(AudioFrame.narrowSamples) { return longest }
        var best = 0
        var bestLikeness = -1.0
        for lag in Self.shortestLag...longest {
            let likeness = likeness(
                at: direction * lag,
                over: min(Self.overlapSamples, direction > 0 ? available - lag : Self.overlapSamples))
            // A longer lag needs fewer seams, so that it may be a little less like.
            if likeness > (lag > best + Self.shortestLag ? bestLikeness - 0.02 : bestLikeness) {
                best = lag
                bestLikeness = likeness
            }
        }
        framesWaited += 1
        guard bestLikeness >= Self.likeness || framesWaited > Self.patience else { return nil }
        return best == 0 ? nil : best
    }

    /// Normalised correlation of the front with what lies `lag` away, -1...1.
    private func likeness(at lag: Int, over count: Int) -> Double {
        let origin = Self.historySamples
        var product: Int64 = 0
        var own: Int64 = 1
        var other: Int64 = 1
        for index in origin..<origin + count {
            let a = Int64(samples[index])
            let b = Int64(samples[index + lag])
            product &+= a &* b
            own &+= a &* a
            other &+= b &* b
        }
        return Double(product) / (Double(own) * Double(other)).squareRoot()
    }
}
