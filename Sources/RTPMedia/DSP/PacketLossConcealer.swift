/// Makes up lost speech by repeating the last pitch period, fading to silence (in the spirit of ITU-T G.711 Appendix I).
///
/// Mono 16-bit samples at 8,000 Hz, in frames of any size. Unlike the appendix it adds no delay: the step at the start
/// of a hole is taken out by a decaying correction instead of an overlap with samples held back.
///
/// Every frame passes through, in order: good ones through ``accept(_:)``, holes through ``conceal(into:)``.
public struct PacketLossConcealer: Sendable {
    /// 200 Hz.
    static let shortestPeriod = 40
    /// 66 Hz.
    static let longestPeriod = 120
    /// Samples compared when looking for the period.
    static let correlationSamples = 160
    /// Samples at full level before the fade: 10 ms.
    static let levelSamples = 80
    /// Samples after which there is silence: 60 ms.
    static let fadedSamples = 480
    static let historySamples = longestPeriod + correlationSamples

    private var history = [Int16](repeating: 0, count: historySamples)
    /// One period that continues the history and repeats without a step.
    private var template = [Int16](repeating: 0, count: longestPeriod)
    private var period = 0
    /// Samples made up in this hole so far. Before the first frame there is nothing to repeat.
    private var concealed = fadedSamples
    /// Step between the last good sample and the template's start.
    private var correction = 0

    public init() {}

    /// Whether the current hole has become silence.
    public var hasFadedOut: Bool { concealed >= Self.fadedSamples }

    /// Fills all of `output`.
    public mutating func conceal(into output: inout MutableSpan<Int16>) {
        guard output.count > 0 else { return }
        if concealed == 0 { prepareTemplate() }
        for index in output.indices { output[index] = nextSample() }
        remember(output.span)
    }

    /// Takes a good frame; the first after a hole is changed in place so that it joins what was made up.
    public mutating func accept(_ frame: inout MutableSpan<Int16>) {
        if concealed > 0 {
            let overlap = min(frame.count, 32 + 32 * (concealed / 80), 80)
            for index in 0..<overlap {
                let made = Int(nextSample())
                let weight = index + 1
                frame[index] = Int16(
                    (made * (overlap + 1 - weight) + Int(frame[index]) * weight) / (overlap + 1))
            }
            concealed = 0
        }
        remember(frame.span)
    }

    /// Forgets the stream so far.
    public mutating func reset() { self = PacketLossConcealer() }

    private mutating func nextSample() -> Int16 {
        guard concealed < Self.fadedSamples else { return 0 }
        let position = concealed % period
        var value = Int(template[position])
        if concealed < Self.shortestPeriod {
            value += correction * (Self.shortestPeriod - concealed) / Self.shortestPeriod
        }
        if concealed >= Self.levelSamples {
            value = value * (Self.fadedSamples - concealed) / (Self.fadedSamples - Self.levelSamples)
        }
        concealed += 1
        return Int16(clamping: value)
    }

    private mutating func prepareTemplate() {
        period = Self.pitchPeriod(of: history.span)
        let end = Self.historySamples
        let start = end - period
        for index in 0..<period { template[index] = history[start + index] }
        // The last quarter leads over to the samples that precede the period, so that the repetition has no step.
        let quarter = period / 4
        for index in 0..<quarter {
            let position = period - quarter + index
            let before = Int(history[start - quarter + index])
            let weight = index + 1
            template[position] = Int16(
                (Int(template[position]) * (quarter + 1 - weight) + before * weight) / (quarter + 1))
        }
        correction = Int(history[end - 1]) - Int(history[start - 1])
    }

    /// The lag with the highest normalised correlation: every other lag first, then its neighbours.
    static func pitchPeriod(of history: Span<Int16>) -> Int {
        var best = shortestPeriod
        var bestScore = -1.0
        func consider(_ lag: Int, step: Int) {
            let start = history.count - correlationSamples
            var product: Int64 = 0
            var energy: Int64 = 0
            var index = start
            while index < history.count {
                let earlier = Int64(history[index - lag])
                product &+= Int64(history[index]) &* earlier
                energy &+= earlier &* earlier
                index += step
            }
            guard product > 0, energy > 0 else { return }
            let score = Double(product) * Double(product) / Double(energy)
            if score > bestScore {
                best = lag
                bestScore = score
            }
        }
        for lag in stride(from: shortestPeriod, through: longestPeriod, by: 2) { consider(lag, step: 2) }
        let coarse = best
        bestScore = -1
        for lag in max(coarse - 1, shortestPeriod)...min(coarse + 1, longestPeriod) { consider(lag, step: 1) }
        return best
    }

    private mutating func remember(_ samples: Span<Int16>) {
        let total = Self.historySamples
        let fresh = min(samples.count, total)
        let skipped = samples.count - fresh
        history.withUnsafeMutableBufferPointer { history in
            samples.withUnsafeBufferPointer { samples in
                guard let base = history.baseAddress, let source = samples.baseAddress else { return }
                base.update(from: base + fresh, count: total - fresh)
                (base + (total - fresh)).update(from: source + skipped, count: fresh)
            }
        }
    }
}
