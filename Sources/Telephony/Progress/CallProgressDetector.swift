public import RTPMedia

/// Hears what the line says by tones: ringback, busy, congestion, information, dial, fax tones, beeps and telephone keys.
///
/// For 8 kHz audio in frames of 20 ms, from the first frame of early media on. Exchange tones are told by pitch and cadence
/// after their ``TonePlan``; a cadence must have been heard once and a half before it is believed. Nothing here allocates.
public struct CallProgressDetector: Sendable {
    /// A cadence in frames.
    private struct Cadence {
        var tone: ProgressTone
        var pitches: ClosedRange<Double>
        var steps: [Int]
    }

    /// One burst and the pause before it.
    private struct Beat {
        var on = 0
        var offBefore = 0
        var hertz = 0.0
    }

    private static let beatLimit = 8
    /// Silence that no busy tone has: ringback has.
    private static let ringbackPause = 45
    /// Of any country, in frames.
    private static let shortestRing = 18
    private static let doubleRingPause = 30
    /// Longer than any ringback.
    private static let dialToneFrames = 150
    /// Longer than any beep.
    private static let answerToneFrames = 70
    private static let longestBeep = 75

    private let cadences: [Cadence]
    private var bursts = ToneBurstTracker()
    /// The last beats of one pitch, the latest at 0.
    private var beats: InlineArray<8, Beat> = .init(repeating: Beat())
    private var beatCount = 0
    /// Steps of the longest cadence recognised in them: a shorter one is only a part of it.
    private var recognisedSteps = 0
    /// The last two bursts of any pitch, the latest first.
    private var last: ToneBurst?
    private var secondLast: ToneBurst?
    private var said: ProgressTone?
    private var beep: ToneBurst?
    private var data = ShiftedToneDetector()
    private var keys = KeyListener()
    /// Whether a fax or modem answered by data instead of a tone.
    private(set) var isData = false

    /// - Parameter plans: The likeliest first: where two share a cadence, the first one's meaning counts.
    public init(plans: [TonePlan] = TonePlan.all) {
        cadences = plans.flatMap(\.entries).compactMap { entry in
            guard let lowest = entry.frequencies.min(), let highest = entry.frequencies.max() else {
                return nil
            }
            let tone: ProgressTone =
                switch entry.meaning {
                case .dialTone: .dialTone
                case .ringback: .ringback
                case .busy: .busy
                case .congestion: .congestion
                }
            return Cadence(
                tone: tone, pitches: lowest - 30...highest + 30,
                steps: entry.cadence.map { max(1, ($0 + 10) / 20) })
        }
    }

    /// Takes the next frame of 160 samples.
    ///
    /// - Parameter tones: What has been measured of this frame already; `nil`: it is measured here.
    /// - Returns: A tone that was recognised in it. The same tone is told once, until another one was heard; every beep is.
    public mutating func process(_ frame: Span<Int16>, tones: FrameTones? = nil) -> ProgressTone? {
        let disturbed = bursts.disturbed
        let ended = bursts.process(tones ?? FrameTones(of: frame))
        let isPair = bursts.peaks.map { $0.secondHertz != nil && $0.purity > 0.6 } ?? false
        if let key = keys.process(frame, isPair: isPair) {
            if let ended { remember(ended, disturbed: disturbed) }
            beep = nil
            return .key(key)
        }
        if data.process(frame, strongest: bursts.peaks?.hertz ?? 0) {
            isData = true
            return tell(.faxAnswering)
        }
        if let ended {
            remember(ended, disturbed: disturbed)
            return tell(shortCadence() ?? faxCalling())
        }
        if let burst = bursts.current { return tell(goingOn(burst)) }
        // Asked first, in place: a call would copy the whole detector, and this is every silent frame.
        return tell(mayHaveRung ? ringback() : nil) ?? lonelyBeep()
    }

    /// Whether nearly all of these frames, the latest sound, were one low tone, wavering or not.
    ///
    /// - Parameters:
    ///   - sounding: How many of the frames were sound.
    ///   - hertz: Its pitch; `nil` for any that exchanges have.
    func isTone(_ frames: Range<Int>, sounding: Int, near hertz: Double? = nil) -> Bool {
        var common = 0
        for burst in [bursts.current, last, secondLast] {
            guard let burst,
                hertz.map({ burst.isNear($0, 40) }) ?? (burst.isLow && burst.length >= Self.shortestRing)
            else { continue }
            common += max(0, min(burst.end, frames.upperBound) - max(burst.start, frames.lowerBound))
        }
        return common * 4 >= sounding * 3
    }

    /// Whether a tone goes on that may be a fax's answer.
    var isAnswerToneOn: Bool { bursts.current.map { $0.members >= 3 && $0.isAnswerTone } ?? false }

    private mutating func tell(_ tone: ProgressTone?) -> ProgressTone? {
        guard let tone else { return nil }
        beep = nil
        guard tone != said else { return nil }
        said = tone
        return tone
    }

    // MARK: What was heard

    private mutating func remember(_ burst: ToneBurst, disturbed: Int) {
        let pause = last.map { burst.start - $0.end } ?? .max
        let isSamePitch = last.map { abs($0.hertz - burst.hertz) <= 60 } ?? false
        // Speech between two tones: they are no cadence.
        if !isSamePitch || disturbed * 5 > pause {
            beatCount = 0
            recognisedSteps = 0
        }
        for index in stride(from: Self.beatLimit - 1, to: 0, by: -1) { beats[index] = beats[index - 1] }
        beats[0] = Beat(on: burst.length, offBefore: pause, hertz: burst.hertz)
        beatCount = min(beatCount + 1, Self.beatLimit)
        let canBeBeep =
            burst.isSteady && (3...Self.longestBeep).contains(burst.length)
            && pause > (burst.isLow ? 225 : 10)
        beep = canBeBeep && !burst.isDigit && !isData ? burst : nil
        secondLast = last
        last = burst
    }

    // MARK: Exchange tones

    private static func isNear(_ frames: Int, _ wanted: Int) -> Bool {
        abs(frames - wanted) <= max(2, wanted * 14 / 100)
    }

    /// Busy and congestion, at the end of a burst: one turn of the cadence and the beginning of the next.
    private mutating func shortCadence() -> ProgressTone? {
        for cadence in cadences where cadence.tone == .busy || cadence.tone == .congestion {
            guard cadence.steps.count >= max(2, recognisedSteps), matches(cadence) else { continue }
            recognisedSteps = cadence.steps.count
            return cadence.tone
        }
        return nil
    }

    private func matches(_ cadence: Cadence) -> Bool {
        let steps = cadence.steps
        // Syllables come in quick pulses too: once more of those.
        let needed = steps.count / 2 + (steps.reduce(0, +) < 30 ? 2 : 1)
        guard beatCount >= needed, cadence.pitches.contains(beats[0].hertz) else { return false }
        // It may have been heard from any of its bursts on.
        for rotation in stride(from: 0, to: steps.count, by: 2) {
            var holds = true
            for back in 0..<needed where holds {
                // Backwards from the latest burst, which is step `rotation`.
                let step = (rotation + 2 * steps.count * needed - 2 * back) % steps.count
                let pause = (step + steps.count - 1) % steps.count
                holds = Self.isNear(beats[back].on, steps[step])
                if back < needed - 1 { holds = holds && Self.isNear(beats[back].offBefore, steps[pause]) }
            }
            if holds { return true }
        }
        return false
    }

    /// Whether there was a ring, and a pause that is too long for anything else.
    @inline(__always) private var mayHaveRung: Bool {
        let quiet = bursts.quiet
        return beatCount > 0 && (Self.doubleRingPause...60).contains(quiet) && bursts.disturbed * 5 <= quiet
    }

    /// One ring, or two, and the pause (``mayHaveRung``).
    private func ringback() -> ProgressTone? {
        let quiet = bursts.quiet
        for cadence in cadences where cadence.tone == .ringback && cadence.pitches.contains(beats[0].hertz) {
            let steps = cadence.steps
            switch steps.count {
            case 2 where quiet >= Self.ringbackPause:
                if Self.isNear(beats[0].on, steps[0]) { return .ringback }
            case 4 where beatCount >= 2:
                if Self.isNear(beats[0].on, steps[2]), Self.isNear(beats[0].offBefore, steps[1]),
                    Self.isNear(beats[1].on, steps[0])
                {
                    return .ringback
                }
            default: break
            }
        }
        return nil
    }

    // MARK: Tones that go on

    private func goingOn(_ burst: ToneBurst) -> ProgressTone? {
        if let tone = specialInformation(burst) { return tone }
        if burst.isAnswerTone, burst.length >= Self.answerToneFrames { return .faxAnswering }
        guard burst.isLow, burst.length >= Self.dialToneFrames, burst.strays * 10 <= burst.members else {
            return nil
        }
        for cadence in cadences where cadence.tone == .dialTone && cadence.pitches.contains(burst.hertz) {
            return .dialTone
        }
        return nil
    }

    /// In the third segment, once it has lasted longer than a spoken sound.
    private func specialInformation(_ third: ToneBurst) -> ProgressTone? {
        guard third.isNear(1_788, 45), third.length >= 7, let second = last, let first = secondLast,
            first.isNear(945, 70), second.isNear(1_400, 60),
            (0...6).contains(third.start - second.end), (0...6).contains(second.start - first.end)
        else { return nil }
        // From beginning to beginning: where one segment passes into the next, a frame may be neither's.
        let lengths = (first: Self.segment(first, second), second: Self.segment(second, third))
        guard (8...25).contains(lengths.first), (8...25).contains(lengths.second) else { return nil }
        return .specialInformation(
            SpecialInformation(
                first: (first.hertz, lengths.first * 20), second: (second.hertz, lengths.second * 20)))
    }

    private static func segment(_ burst: ToneBurst, _ following: ToneBurst) -> Int {
        following.start - burst.end <= 1 ? following.start - burst.start : burst.length
    }

    /// The second call of a fax: half a second every three and a half.
    private func faxCalling() -> ProgressTone? {
        guard let burst = last, let before = secondLast, burst.isNear(1_100, 40), before.isNear(1_100, 40),
            (20...30).contains(burst.length), (20...30).contains(before.length),
            (150...200).contains(burst.start - before.start)
        else { return nil }
        return .faxCalling
    }

    // MARK: Beeps

    private mutating func lonelyBeep() -> ProgressTone? {
        guard let burst = beep else { return nil }
        if bursts.quiet <= 4, bursts.disturbed > 0 {
            beep = nil  // A voice that went on.
            return nil
        }
        // A cadence or a fax would come again; a beep does not.
        let isInDoubt = burst.isLow || burst.isNear(1_100, 40)
        guard bursts.quiet >= (isInDoubt ? Self.ringbackPause : 8) else { return nil }
        beep = nil
        said = nil
        return .beep(hertz: Int(burst.hertz.rounded()))
    }
}

extension ToneBurst {
    /// Of a fax or modem (ITU-T V.25), or of an old modem (Bell 103).
    var isAnswerTone: Bool { isNear(2_100, 28) || isNear(2_225, 28) }

    /// A telephone key: a pair of one low and one high pitch (ITU-T Q.23).
    fileprivate var isDigit: Bool {
        guard let secondHertz else { return false }
        let (low, high) = (min(hertz, secondHertz), max(hertz, secondHertz))
        return (680...960).contains(low) && (1_180...1_660).contains(high)
    }
}
