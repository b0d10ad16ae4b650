/// Makes up lost speech by repeating its last pitch periods, fading to the noise of the line (in the spirit of ITU-T
/// G.711 Appendix I).
///
/// Mono 16-bit samples at any rate of a codec, in frames of any size. As in the appendix 10 ms repeat one period at full
/// level, then the level falls; after 160 ms there is the noise that was heard while nobody talked, or silence where none
/// was. What differs from the appendix does so because it scores better (PESQ, holes of 20 to 200 ms): speech is gone
/// after 160 ms instead of 60, a sound without a pitch repeats 10 ms or more so that it does not buzz, the second period
/// comes in after 20 ms and no third one, and the speech that comes back is overlapped for a quarter of a period where
/// that makes no click. It adds no delay: the step at the start of a hole is taken out by a decaying correction instead
/// of an overlap with samples held back.
///
/// Every frame passes through, in order: good ones through ``accept(_:)``, holes through ``conceal(into:)``.
public struct PacketLossConcealer: Sendable {
    /// At 8,000 Hz: 200 Hz.
    private static let shortestPeriod = 40
    /// At 8,000 Hz: 66 Hz.
    private static let longestPeriod = 120
    /// At 8,000 Hz, of a sound that is less like itself than ``voicedLikeness``.
    private static let shortestUnvoiced = 80
    private static let voicedLikeness = 0.6
    /// Periods repeated at last.
    private static let mostPeriods = 2
    /// The level's units: 1 is full.
    private static let fullLevel = 1 << 20

    public let rateHertz: Int
    /// Samples per sample at 8,000 Hz.
    private let scale: Int
    /// Samples of 10 ms: as long the level is kept, and as long at most is the join at the end.
    private let step: Int
    private var history: [Int16]
    /// The history as it stood when the hole began.
    private var source: [Int16]
    private var isInHole = true
    private var period = 0
    private var periods = 1
    private var position = 0
    /// While one more period is being taken in: the position among the fewer periods, and samples left of the overlap.
    private var leaving = (position: 0, left: 0)
    /// Samples made up in this hole while the speech fades; then they are not counted.
    private var concealed = 0
    /// Of the repeated speech, ``fullLevel`` and less, and what it loses with each sample.
    private var level = 0
    private var fall = 0
    /// Step between the last good sample and the first repeated one.
    private var correction = 0
    private var memory: NoiseMemory
    private var noise: ComfortNoiseGenerator

    /// Whether the far end has said that it is silent, and how that sounds (``beginComfortNoise(_:)``).
    public private(set) var isComfortNoise = false

    /// - Parameter rateHertz: 8,000 or a multiple of it, at most 48,000.
    public init(rateHertz: Int = 8_000) {
        precondition(
            rateHertz >= 8_000 && rateHertz <= 48_000 && rateHertz % 8_000 == 0,
            "the rate is a multiple of 8,000 Hz up to 48,000 Hz")
        self.rateHertz = rateHertz
        scale = rateHertz / 8_000
        step = 80 * scale
        let longest = Self.longestPeriod * scale
        history = [Int16](repeating: 0, count: Self.mostPeriods * longest * 5 / 4)
        source = history
        memory = NoiseMemory(rateHertz: rateHertz)
        noise = ComfortNoiseGenerator(rateHertz: rateHertz)
    }

    /// Whether the current hole has faded out, which takes 160 ms; before the first frame there is nothing to fade.
    public var hasFadedOut: Bool { isInHole && level == 0 }

    /// Fills all of `output`.
    public mutating func conceal(into output: inout MutableSpan<Int16>) {
        guard output.count > 0 else { return }
        if !isInHole { begin() }
        for index in output.indices { output[index] = nextSample() }
        remember(output.span)
    }

    /// Takes a good frame; the first after a hole is changed in place so that it joins what was made up.
    public mutating func accept(_ frame: inout MutableSpan<Int16>) {
        if frame.count > 0 {
            memory.hear(frame.span)
            if isInHole { join(&frame) }
        }
        remember(frame.span)
    }

    /// The far end has stopped to send and told its background noise (RFC 3389): until the next good frame this is
    /// what holes are filled with.
    public mutating func beginComfortNoise(_ told: ComfortNoise) {
        if !isInHole { begin() }
        // The last speech ends within 10 ms.
        if !isComfortNoise { fall = max(fall, (level + step - 1) / step) }
        noise.play(told, atOnce: !isComfortNoise && noise.isSilent)
        isComfortNoise = true
    }

    /// Forgets the stream so far.
    public mutating func reset() { self = PacketLossConcealer(rateHertz: rateHertz) }

    // MARK: A hole

    private mutating func begin() {
        isInHole = true
        for index in history.indices { source[index] = history[index] }
        var pitch = PitchSearch.pitch(
            of: source.span, between: Self.shortestPeriod * scale, and: Self.longestPeriod * scale,
            scale: scale)
        if pitch.likeness < Self.voicedLikeness {
            pitch = PitchSearch.pitch(
                of: source.span, between: Self.shortestUnvoiced * scale, and: Self.longestPeriod * scale,
                scale: scale)
        }
        period = pitch.period
        periods = 1
        position = 0
        leaving = (0, 0)
        level = Self.fullLevel
        fall = 0
        correction = Int(source[source.count - 1]) - Int(source[source.count - 1 - period])
        if let learnt = memory.noise {
            noise.play(learnt, atOnce: true)
        } else {
            noise.play(ComfortNoise(decibelsBelowOverload: 127), atOnce: true)
        }
    }

    private mutating func nextSample() -> Int16 {
        let background = noise.isSilent ? 0 : Int(noise.next())
        guard level > 0 else { return Int16(background) }
        if concealed == 2 * step { takeInPeriod() }
        var value = repeated(periods, position)
        if leaving.left > 0 {
            value += (repeated(periods - 1, leaving.position) - value) * leaving.left / (period + 1)
            leaving.position = (leaving.position + 1) % ((periods - 1) * period)
            leaving.left -= 1
        }
        position += 1
        if position == periods * period { position = 0 }
        let settling = Self.shortestPeriod * scale
        if concealed < settling { value += correction * (settling - concealed) / settling }
        if concealed == step || concealed == 4 * step { fallFurther() }
        level = max(0, level - fall)
        value = (value * level + background * (Self.fullLevel - level)) >> 20
        concealed += 1
        return Int16(clamping: value)
    }

    /// By half from 10 to 40 ms, by the rest until 160 ms.
    private mutating func fallFurther() {
        let slope = concealed == step ? Self.fullLevel / 2 / (3 * step) : level / (12 * step) + 1
        // Comfort noise may be in a hurry.
        fall = isComfortNoise ? max(fall, slope) : slope
    }

    private mutating func takeInPeriod() {
        guard periods < Self.mostPeriods else { return }
        leaving = (position, period)
        periods += 1
        position %= period
    }

    /// A sample of the last `count` periods. Their last quarter leads over to the samples that precede them, so that the
    /// repetition has no step.
    private func repeated(_ count: Int, _ position: Int) -> Int {
        let start = source.count - count * period
        let value = Int(source[start + position])
        let quarter = count * period / 4
        let late = position - (count * period - quarter)
        guard late >= 0 else { return value }
        let before = Int(source[start - quarter + late])
        return (value * (quarter - late) + before * (late + 1)) / (quarter + 1)
    }

    /// Joins what was made up with the first good frame: over a quarter of a period, or longer so that the step between
    /// them is spread to 100 a sample, at most over 10 ms; over all of these from silence.
    private mutating func join(_ frame: inout MutableSpan<Int16>) {
        let hasFaded = level == 0
        var made = Int(nextSample())
        let spread = abs(Int(frame[0]) - made) * scale / 100
        let overlap = min(frame.count, hasFaded ? step : max(period / 4, spread), step)
        for index in 0..<overlap {
            let weight = index + 1
            frame[index] = Int16(
                (made * (overlap + 1 - weight) + Int(frame[index]) * weight) / (overlap + 1))
            if weight < overlap { made = Int(nextSample()) }
        }
        concealed = 0
        isInHole = false
        isComfortNoise = false
    }

    private mutating func remember(_ samples: Span<Int16>) {
        let total = history.count
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
