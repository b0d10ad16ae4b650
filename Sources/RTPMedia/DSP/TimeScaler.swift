/// Plays speech faster or slower without changing its pitch, by leaving out or repeating whole pitch periods.
///
/// Waveform-similarity overlap-add on mono 16-bit samples: the lag at which the speech is most like itself
/// is cut out or repeated at the front of the queue, with a cross-fade over the seam. Stretches of little energy take any lag.
package struct TimeScaler: ~Copyable {
    /// 2.5 ms, in samples at 8,000 Hz.
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

    /// Samples per sample at 8,000 Hz. Lags are multiples of it, and the speech is compared at every so manieth sample:
    /// at any rate the search costs the same.
    private let scale: Int
    private let longest: Int
    private let overlap: Int
    private let frame: Int
    private let history: Int
    /// What was played last, and room for the front of the queue behind it.
    private var samples: [Int16]
    private var seam: [Int16]
    private var framesWaited = 0

    /// - Parameter rateHertz: A multiple of 8,000 Hz.
    package init(rateHertz: Int = 8_000) {
        scale = max(rateHertz / 8_000, 1)
        longest = Self.longestLag * scale
        overlap = Self.overlapSamples * scale
        frame = AudioFrame.narrowSamples * scale
        history = longest + overlap
        samples = [Int16](repeating: 0, count: 2 * history + frame)
        seam = [Int16](repeating: 0, count: history)
    }

    /// Remembers a frame that has been taken from the queue.
    package mutating func remember(_ frame: Span<Int16>) {
        let history = history
        let kept = max(history - frame.count, 0)
        let skipped = max(frame.count - history, 0)
        samples.withUnsafeMutableBufferPointer { samples in
            frame.withUnsafeBufferPointer { frame in
                guard let base = samples.baseAddress, let source = frame.baseAddress else { return }
                base.update(from: base + (history - kept), count: kept)
                (base + kept).update(from: source + skipped, count: frame.count - skipped)
            }
        }
    }

    /// Changes the front of `queue` as asked, when it holds a frame and the speech allows it now.
    ///
    /// - Parameter adjustment: In samples at 8,000 Hz.
    /// - Returns: Samples inserted; negative when left out; 0 when nothing was done.
    package mutating func apply(_ adjustment: PlayoutAdjustment, to queue: inout SampleQueue) -> Int {
        switch adjustment {
        case .keep: return 0
        case .lengthen(let limit):
            return change(&queue, limit: limit * scale, direction: -1)
        case .shorten(let limit):
            return change(&queue, limit: limit * scale, direction: 1)
        }
    }

    /// - Parameter direction: Where the like part lies: 1 behind the queue's front, -1 before it.
    private mutating func change(_ queue: inout SampleQueue, limit: Int, direction: Int) -> Int {
        let origin = history
        let end = origin + history + frame
        let available: Int = {
            var span = samples.mutableSpan
            var look = span._mutatingExtracting(origin..<end)
            return queue.copyFirst(into: &look)
        }()
        guard available >= frame else { return 0 }
        let most = min(limit, longest, available - overlap / 2)
        guard most >= Self.shortestLag * scale, let lag = lag(upTo: most, of: available, direction) else {
            return 0
        }
        let fade = direction > 0 ? min(overlap, available - lag) : overlap
        for index in 0..<fade {
            let weight = index + 1
            let from = Int(samples[origin + index])
            let to = Int(samples[origin + index + direction * lag])
            seam[index] = Int16((from * (fade + 1 - weight) + to * weight) / (fade + 1))
        }
        if direction > 0 {
            queue.replaceFirst(fade + lag, with: seam.span.extracting(0..<fade))
        } else {
            for index in 0..<lag { seam[fade + index] = samples[origin + fade - lag + index] }
            queue.replaceFirst(fade, with: seam.span.extracting(0..<fade + lag))
        }
        framesWaited = 0
        return -direction * lag
    }

    /// The longest lag among those at which the speech is about as like itself as at the best one.
    private mutating func lag(upTo most: Int, of available: Int, _ direction: Int) -> Int? {
        let origin = history
        var energy = 0.0
        for index in 0..<frame {
            let sample = Double(samples[origin + index])
            energy += sample * sample
        }
        if energy < Self.silence * Double(frame) { return most }
        let shortest = Self.shortestLag * scale
        var best = 0
        var bestLikeness = -1.0
        for lag in stride(from: shortest, through: most, by: scale) {
            let likeness = likeness(
                at: direction * lag, over: min(overlap, direction > 0 ? available - lag : overlap))
            // A longer lag needs fewer seams, so that it may be a little less like.
            if likeness > (lag > best + shortest ? bestLikeness - 0.02 : bestLikeness) {
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
        precondition(history + min(lag, 0) >= 0 && history + max(lag, 0) + count <= samples.count)
        var product: Int64 = 0
        var own: Int64 = 1
        var other: Int64 = 1
        samples.withUnsafeBufferPointer { samples in
            let here = samples.baseAddress! + history
            let there = here + lag
            var index = 0
            while index < count {
                let a = Int64(here[index])
                let b = Int64(there[index])
                product &+= a &* b
                own &+= a &* a
                other &+= b &* b
                index = index &+ scale
            }
        }
        return Double(product) / (Double(own) * Double(other)).squareRoot()
    }
}
