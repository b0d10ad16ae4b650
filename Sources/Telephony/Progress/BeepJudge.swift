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

    private var candidate: ToneDetector.Heard?
    /// Frames since the candidate ended.
    private var quiet = 0
    /// Loud frames in a row since then that are no tone.
    private var loud = 0
    private var isInDoubt = false
    private var onFrames = 0
    /// Whether the tone that goes on has the pitch of a fax or modem that answers.
    private var isAnswerTone = false
    private(set) var hasBeeped = false
    /// Speech at the last beep: another one needs more of it.
    private var spokenAtBeep = 0
    /// The line has spoken: busy, ringback, fax or information tone. Final.
    private(set) var isLineTone = false

    /// Whether a tone waits to be judged.
    var isPending: Bool { candidate != nil }

    /// - Parameter spoken: Loud frames of speech so far.
    mutating func process(
        _ event: ToneDetector.Event?, isSpeech: Bool, isOn: Bool, spoken: Int
    ) -> Finding? {
        guard !isLineTone else { return nil }
        let isAfterSpeech = spoken >= Self.speechFrames
        onFrames = isOn ? onFrames + 1 : 0
        if !isAfterSpeech, onFrames > Self.longestBeep {
            return isAnswerTone ? fax("answering tone 2,100 Hz") : lineTone("steady tone of the line")
        }
        switch event {
        case .started(let heard):
            isAnswerTone = Self.isAnswerTone(heard)
            guard let previous = candidate, isInDoubt else { return nil }
            candidate = nil
            // A codec can cut an answering tone into pieces.
            if Self.isAnswerTone(previous), isAnswerTone { return fax("answering tone 2,100 Hz in pieces") }
            // A second tone, the same or not, makes it a cadence or an information tone.
            let pitches = "\(Int(previous.hertz.rounded())) Hz, then \(Int(heard.hertz.rounded())) Hz"
            return lineTone("line tone \(pitches)")
        case .ended(let heard) where Self.isVowel(heard): return nil
        case .ended(let heard):
            guard !hasBeeped || spoken - spokenAtBeep >= 2 * Self.speechFrames else { return nil }
            quiet = 0
            loud = 0
            isInDoubt = !isAfterSpeech && Self.isLinePitch(heard)
            if isInDoubt, Self.isFax(heard) { return fax("fax tone \(Int(heard.hertz.rounded())) Hz") }
            if isInDoubt, heard.frames >= Self.ringbackFrames { return lineTone("long line tone") }
            if isInDoubt, heard.firstFrame < Self.carriedOverFrames { return nil }
            if !isInDoubt, heard.frames >= Self.certainFrames { return beep(heard, spoken: spoken) }
            candidate = heard
            return nil
        case nil:
            break
        }
        guard let heard = candidate else { return nil }
        loud = isSpeech ? loud + 1 : 0
        if isInDoubt ? loud >= Self.certainFrames : isSpeech {
            // Speech at once: it was part of the speech. After a tone in doubt: no busy tone is followed by speech.
            candidate = nil
            return isInDoubt ? beep(heard, spoken: spoken) : nil
        }
        quiet += 1
        guard quiet >= (isInDoubt ? Self.doubtFrames : Self.quietFrames) else { return nil }
        candidate = nil
        return beep(heard, spoken: spoken)
    }

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
        return (388...492).contains(heard.hertz) || isNear(950, 20) || isNear(1_100) || isNear(2_100)
    }

    /// A sung or synthetic vowel comes close to a short low beep, but its pitch and level move.
    private static func isVowel(_ heard: ToneDetector.Heard) -> Bool {
        heard.frames < 10 && heard.hertz < 800 && (heard.pitchStep > 7.5 || heard.levelRatio > 1.4)
    }

    /// Calling tone 1,100 Hz for 0.5 s, answering tone 2,100 Hz for longer (ITU-T T.30 §4).
    private static func isFax(_ heard: ToneDetector.Heard) -> Bool {
        guard heard.secondHertz == nil else { return false }
        return abs(heard.hertz - 1_100) <= 40 && (22...30).contains(heard.frames)
            || isAnswerTone(heard) && heard.frames >= 25
    }

    private static func isAnswerTone(_ heard: ToneDetector.Heard) -> Bool {
        heard.secondHertz == nil && abs(heard.hertz - 2_100) <= 20
    }
}
