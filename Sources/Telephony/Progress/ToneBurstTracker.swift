internal import RTPMedia

/// One stretch of tone: frames of 20 ms of one pitch, or of one pair.
struct ToneBurst: Hashable, Sendable {
    /// First frame.
    var start: Int
    /// Past its last frame.
    var end: Int
    /// Mean of the stronger pitch.
    var hertz: Double
    /// The weaker pitch of a pair, when one was told apart.
    var secondHertz: Double?
    /// Frames that were tonal.
    var members = 1
    /// Those far from the mean of the ones before: the notes of a melody.
    var strays = 0
    /// Whether pitch, level and purity stood still, as in no voice.
    var isSteady = true
    /// Mean square of its loudest frame.
    var loudest: Double

    var length: Int { end - start }

    /// Where exchanges have ringback, busy and dial tone. A pair's beat moves the pitch about there.
    var isLow: Bool { (330...700).contains(hertz) }

    func isNear(_ hertz: Double, _ tolerance: Double) -> Bool { abs(self.hertz - hertz) <= tolerance }
}

/// Cuts sound into bursts of tone and what lies between.
///
/// Unlike ``RTPMedia/ToneDetector``, which wants a beep's steadiness, it bears with pairs that beat and with modulation: gaps
/// of two frames belong to the tone.
struct ToneBurstTracker: Sendable {
    private static let minimumPurity = 0.78
    private static let steadyPurity = 0.88
    private static let minimumMembers = 3
    private static let longestGap = 2

    private(set) var frames = 0
    /// The tone that goes on; `nil` between tones.
    private(set) var current: ToneBurst?
    /// Tonal frames that are not the current tone's.
    private var next: ToneBurst?
    /// Frames since the last burst that was a tone.
    private(set) var quiet = 0
    /// Loud ones among them: between tones of the line there is nothing.
    private(set) var disturbed = 0
    private var lastLoudest = 0.0
    /// The strongest pitches of the last frame; `nil` where it was too soft to have one.
    private(set) var peaks: ToneSpectrum.Peaks?

    /// Takes the next frame.
    ///
    /// - Returns: The tone that has just been found to be over.
    mutating func process(_ tones: FrameTones) -> ToneBurst? {
        let index = frames
        frames += 1
        let energy = tones.energy
        peaks = tones.peaks
        guard let peaks, peaks.purity >= Self.minimumPurity,
            (380...2_252).contains(peaks.hertz) || isLow(peaks)
        else {
            next = nil
            return pass(energy, at: index)
        }
        if let burst = current, Self.isPart(peaks, of: burst) {
            current = Self.extend(burst, peaks, energy, at: index)
            next = nil
            return nil
        }
        if let burst = next, Self.isPart(peaks, of: burst) {
            next = Self.extend(burst, peaks, energy, at: index)
        } else {
            next = ToneBurst(
                start: index, end: index + 1, hertz: peaks.hertz, secondHertz: peaks.secondHertz,
                loudest: energy)
        }
        return pass(energy, at: index)
    }

    /// A frame that is not the current tone's.
    private mutating func pass(_ energy: Double, at index: Int) -> ToneBurst? {
        guard let burst = current else {
            quiet += 1
            if energy > lastLoudest / 10 { disturbed += 1 }
            current = next
            next = nil
            return nil
        }
        guard index - burst.end >= Self.longestGap || (next?.members ?? 0) >= 2 else { return nil }
        let isTone = burst.members >= Self.minimumMembers && burst.members * 2 >= burst.length
        if isTone {
            quiet = index + 1 - burst.end
            disturbed = 0
            lastLoudest = burst.loudest
        } else {
            quiet += index + 1 - burst.start
            disturbed += burst.length
        }
        current = next
        next = nil
        return isTone ? burst : nil
    }

    private func isLow(_ peaks: ToneSpectrum.Peaks) -> Bool { (330...700).contains(peaks.hertz) }

    private static func isPart(_ peaks: ToneSpectrum.Peaks, of burst: ToneBurst) -> Bool {
        let distance = abs(peaks.hertz - burst.hertz)
        return distance <= 40 || burst.isLow && (330...700).contains(peaks.hertz)
    }

    private static func extend(
        _ burst: ToneBurst, _ peaks: ToneSpectrum.Peaks, _ energy: Double, at index: Int
    ) -> ToneBurst {
        var burst = burst
        // The first frame may hold only the tone's beginning.
        if burst.members > 1 {
            if abs(peaks.hertz - burst.hertz) > 20 || peaks.purity < steadyPurity
                || energy < burst.loudest / 4
            {
                burst.isSteady = false
            }
        }
        if abs(peaks.hertz - burst.hertz) > 100 { burst.strays += 1 }
        burst.members += 1
        burst.hertz += (peaks.hertz - burst.hertz) / Double(min(burst.members, 16))
        burst.secondHertz = burst.secondHertz ?? peaks.secondHertz
        burst.loudest = max(burst.loudest, energy)
        burst.end = index + 1
        return burst
    }
}
