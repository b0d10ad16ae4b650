internal import RTPMedia

/// Decides which tones are a voicemail's beep and which belong to the line.
///
/// Behind speech any tone of 100 ms is a beep. Before any speech the pitches of busy, ringback, fax and information tones are in
/// doubt: those wait to see whether the tone comes again.
struct BeepJudge: Sendable {
    enum Finding {
        case beep(ToneDetector.Heard)
        /// What the line said, for people.
        case lineTone(String)
        /// A fax or modem by its tone, in words.
        case fax(String)
    }

    /// Tones shorter than this (in frames) could be a sung vowel: silence must follow.
    private static let certainFrames = 6
    private static let quietFrames = 3
    /// Of two or three frames and low it is most like a vowel: longer silence must follow than lies before a plosive.
    private static let lowQuietFrames = 8
    private static let shortFrames = 7
    private static let highestBeep = 2_115.0
    /// No busy tone has shorter pulses, nearly.
    private static let shortestBusy = 8
    /// A beep follows its greeting within this.
    private static let longestGap = 75
    /// Longer than the pause of any busy tone.
    private static let doubtFrames = 45
    /// A beep is over by then; ringback and fax are not.
    private static let longestBeep = 75
    /// Shortest ringback of any country, nearly.
    private static let ringbackFrames = 47
    /// A line tone that is there from the first frames on rang before the answer: its end still comes out of the network.
    private static let carriedOverFrames = 3
    /// Loud frames that count as speech before a tone.
    private static let speechFrames = 15

    private var frames = 0
    /// Which of the last frames were loud, the latest in the lowest bit.
    private var loudness: UInt64 = 0
    private var candidate: ToneDetector.Heard?
    /// Frames since the candidate ended.
    private var quiet = 0
    /// Loud frames in a row since then that are no tone.
    private var loud = 0
    private var isInDoubt = false
    private var onFrames = 0
    /// Mean square of the last frame, and of the loudest of the tone that goes on or was heard last.
    private var energy = 0.0
    private var toneEnergy = 0.0
    /// Whether the tone that goes on has the pitch of a fax or modem that answers.
    private var isAnswerTone = false
    private(set) var hasBeeped = false
    /// Speech at the last beep: another one needs more of it.
    private var spokenAtBeep = 0
    /// The line has spoken: busy, ringback, fax or information tone. Final.
    private(set) var isLineTone = false

    /// Whether a tone waits to be judged.
    var isPending: Bool { candidate != nil }

    /// Whether a tone goes on that has lasted too long for a vowel.
    var isTone: Bool { onFrames >= 2 }

    /// Takes the next frame, before ``process(_:isSpeech:spoken:sinceSound:)``.
    mutating func hear(isLoud: Bool, isOn: Bool, energy: Double) {
        frames += 1
        self.energy = energy
        if isOn { toneEnergy = onFrames == 0 ? energy : max(toneEnergy, energy) }
        loudness = loudness << 1 | (isLoud ? 1 : 0)
        onFrames = isOn ? onFrames + 1 : 0
    }

    /// - Parameters:
    ///   - spoken: Loud frames of speech so far.
    ///   - sinceSound: Frames since the last of them.
    mutating func process(
        _ event: ToneDetector.Event?, isSpeech: Bool, spoken: Int, sinceSound: Int
    ) -> Finding? {
        guard !isLineTone else { return nil }
        let isAfterSpeech = spoken >= Self.speechFrames
        if !isAfterSpeech, onFrames > Self.longestBeep {
            return isAnswerTone ? fax("answering tone") : lineTone("steady tone of the line")
        }
        switch event {
        case .started(let heard):
            isAnswerTone = Self.isAnswerTone(heard)
            guard let previous = candidate, isInDoubt, previous.frames >= Self.shortestBusy else {
                return nil
            }
            candidate = nil
            // A codec can cut an answering tone into pieces.
            if Self.isAnswerTone(previous), isAnswerTone { return fax("answering tone in pieces") }
            // A second tone, the same or not, makes it a cadence or an information tone.
            let pitches = "\(Int(previous.hertz.rounded())) Hz, then \(Int(heard.hertz.rounded())) Hz"
            return lineTone("line tone \(pitches)")
        case .ended(let heard) where heard.hertz > Self.highestBeep && !Self.isAnswerTone(heard): return nil
        case .ended(let heard) where Self.isKey(heard): return nil
        case .ended(let heard) where isVowel(heard) || isAfterSpeech && Self.isRinging(heard, sinceSound):
            return nil
        case .ended(let heard):
            guard !hasBeeped || spoken - spokenAtBeep >= 2 * Self.speechFrames else { return nil }
            quiet = 0
            loud = 0
            isInDoubt = !isAfterSpeech && Self.isLinePitch(heard)
            if isInDoubt, Self.isFax(heard) { return fax("fax tone \(Int(heard.hertz.rounded())) Hz") }
            if isInDoubt, heard.frames >= Self.ringbackFrames { return lineTone("long line tone") }
            if isInDoubt, heard.firstFrame < Self.carriedOverFrames { return nil }
            if !isInDoubt, heard.frames >= Self.certainFrames, !isFollowed {
                return beep(heard, spoken: spoken)
            }
            candidate = heard
            return nil
        case nil:
            break
        }
        guard let heard = candidate else { return nil }
        if !isInDoubt, heard.frames >= Self.certainFrames {
            // The next note of a melody; behind a beep there is less, if only a television.
            loud = isFollowed ? loud + 1 : 0
            if loud == 0 || loud >= Self.quietFrames { candidate = nil }
            return loud == 0 ? beep(heard, spoken: spoken) : nil
        }
        loud = isSpeech ? loud + 1 : 0
        if heard.frames < Self.shortFrames, loudness & 1 == 1, quiet > 0 {
            candidate = nil
            return nil
        }
        if isInDoubt ? loud >= Self.certainFrames : isSpeech {
            // Speech at once: it was part of the speech. A tone in doubt before it was the network's, or a chime.
            candidate = nil
            return nil
        }
        quiet += 1
        let isLikeVowel = heard.frames < 5 && heard.hertz < 800
        let wanted =
            isInDoubt ? Self.doubtFrames : isLikeVowel ? Self.lowQuietFrames : Self.quietFrames
        guard quiet >= wanted else { return nil }
        candidate = nil
        return beep(heard, spoken: spoken)
    }

    /// Whether sound goes on within 10 dB of the tone: music, or a voice.
    private var isFollowed: Bool { energy > toneEnergy / 10 }

    /// The last beep was none.
    mutating func forget() { hasBeeped = false }

    private mutating func beep(_ heard: ToneDetector.Heard, spoken: Int) -> Finding {
        hasBeeped = true
        spokenAtBeep = spoken
        return .beep(heard)
    }

    private mutating func fax(_ what: String) -> Finding {
        isLineTone = true
        return .fax(what)
    }

    private mutating func lineTone(_ what: String) -> Finding {
        isLineTone = true
        return .lineTone(what)
    }

    /// Pitches of the world's ringback, busy, fax and information tones (ITU-T E.180, T.30).
    private static func isLinePitch(_ heard: ToneDetector.Heard) -> Bool {
        func isNear(_ hertz: Double, _ tolerance: Double = 12) -> Bool {
            abs(heard.hertz - hertz) <= tolerance
        }
        if let second = heard.secondHertz {
            let low = min(heard.hertz, second)
            let high = max(heard.hertz, second)
            return (330...540).contains(low) && (420...660).contains(high)
        }
        return (388...492).contains(heard.hertz) || isNear(950, 20) || isNear(1_100) || isAnswerTone(heard)
    }

    /// A telephone key: one of four low pitches with one of four high ones (ITU-T Q.23).
    private static func isKey(_ heard: ToneDetector.Heard) -> Bool {
        guard let second = heard.secondHertz else { return false }
        func isNear(_ hertz: Double, _ pitches: [4 of Double]) -> Bool {
            for index in 0..<4 where abs(hertz - pitches[index]) <= 0.02 * pitches[index] { return true }
            return false
        }
        return isNear(min(heard.hertz, second), [697, 770, 852, 941])
            && isNear(max(heard.hertz, second), [1_209, 1_336, 1_477, 1_633])
    }

    /// A sung or synthetic vowel comes close to a short low beep, but its pitch and level move.
    private func isVowel(_ heard: ToneDetector.Heard) -> Bool {
        if heard.frames < Self.shortFrames {
            // A short one stands alone and is as pure as no voice.
            let before = min(60, max(0, frames - heard.firstFrame + 1))
            let isAlone = loudness >> UInt64(before) & 0b111 == 0
            let purity = heard.frames < 5 && heard.hertz < 500 ? 0.97 : 0.9
            guard isAlone, heard.secondHertz == nil, heard.purity >= purity else { return true }
        }
        return heard.frames < 10 && heard.hertz < 800 && (heard.pitchStep > 7.5 || heard.levelRatio > 1.4)
    }

    /// Two pitches of ringback beat, and longer than a beep lasts.
    private static func isRinging(_ heard: ToneDetector.Heard, _ sinceSound: Int) -> Bool {
        guard (380...500).contains(heard.hertz), heard.secondHertz.map({ $0 < 540 }) ?? true else {
            return false
        }
        // 440 and 480 Hz, which make no other pair.
        let beats = (455...475).contains(heard.hertz) && heard.pitchStep > 6.5 && heard.levelRatio > 1.33
        return heard.frames > longestBeep || beats
            || sinceSound - heard.frames > longestGap && (heard.levelRatio > 1.4 || heard.pitchStep > 7.5)
    }

    /// Calling tone 1,100 Hz for 0.5 s, answering tone for longer (ITU-T T.30 §4).
    private static func isFax(_ heard: ToneDetector.Heard) -> Bool {
        guard heard.secondHertz == nil else { return false }
        return abs(heard.hertz - 1_100) <= 40 && (22...30).contains(heard.frames)
            || isAnswerTone(heard) && heard.frames >= 45
    }

    private static func isAnswerTone(_ heard: ToneDetector.Heard) -> Bool {
        heard.secondHertz == nil && (abs(heard.hertz - 2_100) <= 24 || abs(heard.hertz - 2_225) <= 24)
    }
}
