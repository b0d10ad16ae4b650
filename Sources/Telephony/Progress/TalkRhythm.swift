internal import RTPMedia

/// Cuts talk into phrases at its pauses and says what their order is like: choices read out one by one, or the same words again.
///
/// Counts frames of 20 ms. Nothing here allocates.
struct TalkRhythm: Sendable {
    struct Phrase: Hashable {
        var start: Int
        /// Past its last sound.
        var end: Int
        /// Frames of silence before it.
        var pauseBefore: Int
    }

    /// Shorter pauses lie inside a phrase.
    private static let phrasePause = 15
    private static let longestMenuPause = 65
    private static let menuPhrases = 5
    private static let menuPhraseFrames = 25...190
    /// Frames of a phrase by which it is known again.
    private static let profileFrames = 64
    private static let historyFrames = 128
    /// How far two renderings of the same recording can lie apart in time.
    private static let shift = 3
    /// Mean difference of levels, in units of 3 dB.
    private static let sameLevel: Float = 1.1
    private static let phraseLimit = 16
    /// Mean square of -50 dB of full scale: softer sound is no difference.
    private static let leastEnergy = 5_400.0

    private(set) var count = 0
    private(set) var last = Phrase(start: 0, end: 0, pauseBefore: 0)
    /// The last phrases, the latest at 0.
    private var phrases: InlineArray<16, Phrase> = .init(
        repeating: Phrase(start: 0, end: 0, pauseBefore: 0))
    /// Levels of each phrase's first frames, from `shift` frames before it on.
    private var profiles: InlineArray<16, InlineArray<70, UInt8>> = .init(
        repeating: .init(repeating: 0))
    /// Levels of the last frames.
    private var history: InlineArray<128, UInt8> = .init(repeating: 0)
    private var isCompared = false
    /// Phrases that were heard before.
    private(set) var repetitions = 0

    /// Takes what frame number `index` held.
    ///
    /// - Parameters:
    ///   - sound: The last stretch of sound.
    ///   - energy: Mean square of the frame, and what counts as noise.
    mutating func process(sound: Range<Int>, energy: Double, floor: Double, at index: Int) {
        history[index % Self.historyFrames] = Self.level(max(energy, floor * 4, Self.leastEnergy))
        if !sound.isEmpty, count == 0 || sound.upperBound > phrases[0].end {
            if count == 0 || sound.lowerBound - phrases[0].end >= Self.phrasePause {
                begin(at: sound.lowerBound, end: sound.upperBound)
            } else {
                phrases[0].end = sound.upperBound
            }
            last = phrases[0]
        }
        if count > 0, index - phrases[0].start >= Self.profileFrames + Self.shift, !isCompared {
            isCompared = true
            compare()
        }
    }

    private mutating func begin(at start: Int, end: Int) {
        let pause = count == 0 ? start : start - phrases[0].end
        for index in stride(from: Self.phraseLimit - 1, to: 0, by: -1) {
            phrases[index] = phrases[index - 1]
            profiles[index] = profiles[index - 1]
        }
        phrases[0] = Phrase(start: start, end: end, pauseBefore: pause)
        profiles[0] = .init(repeating: 0)
        count += 1
        isCompared = false
    }

    /// Units of 3/8 dB.
    private static func level(_ energy: Double) -> UInt8 {
        guard energy >= 1 else { return 0 }
        return UInt8(min(255, (Double(energy.exponent) + energy.significand - 1) * 8))
    }

    /// Whether the phrase that began `profileFrames` ago has been heard before.
    private mutating func compare() {
        let first = phrases[0].start - Self.shift
        guard first >= 0 else { return }
        var profile = InlineArray<70, UInt8>(repeating: 0)
        for offset in 0..<Self.profileFrames + 2 * Self.shift {
            profile[offset] = history[(first + offset) % Self.historyFrames]
        }
        profiles[0] = profile
        // Too short to be told from others of its length.
        guard phrases[0].end - phrases[0].start >= Self.profileFrames / 2 else { return }
        for other in 1..<min(count, Self.phraseLimit)
        where abs(length(other) - length(0)) <= 6
            || length(0) >= Self.profileFrames
                && length(other) >= Self.profileFrames
        {
            for shift in 0...2 * Self.shift where difference(other, shift) <= Self.sameLevel {
                repetitions += 1
                return
            }
        }
    }

    private func length(_ phrase: Int) -> Int { phrases[phrase].end - phrases[phrase].start }

    private func difference(_ other: Int, _ shift: Int) -> Float {
        var sum = 0
        for offset in 0..<Self.profileFrames {
            let (a, b) = (Int(profiles[0][offset + Self.shift]), Int(profiles[other][offset + shift]))
            sum += abs(a - b)
        }
        return Float(sum) / Float(8 * Self.profileFrames)
    }

    /// Whether the last phrases are choices of a menu: of like length, with like pauses between.
    var isMenu: Bool {
        guard count >= Self.menuPhrases else { return false }
        var (least, most) = (Int.max, 0)
        for index in 0..<Self.menuPhrases {
            guard Self.menuPhraseFrames.contains(length(index)) else { return false }
            guard index < Self.menuPhrases - 1 else { break }
            least = min(least, phrases[index].pauseBefore)
            most = max(most, phrases[index].pauseBefore)
        }
        return most <= Self.longestMenuPause && most - least <= max(12, least * 2 / 5)
    }
}
