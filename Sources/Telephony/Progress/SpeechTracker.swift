internal import RTPMedia

/// Groups loud frames into utterances: what is said in one go, pauses between words included.
///
/// Counts frames of 20 ms. Clicks are no speech: an utterance starts with three loud frames in a row.
struct SpeechTracker: Sendable {
    struct Utterance: Hashable {
        /// First frame.
        var start: Int
        /// Past its last loud frame.
        var end: Int
        /// Loud frames in it.
        var loud: Int
        /// Stretches of sound with pauses between them: about the words.
        var words = 1
        /// Longest of the pauses.
        var longestPause = 0
        /// How many were as long as those between sentences.
        var sentencePauses = 0

        var length: Int { end - start }
    }

    private static let onsetFrames = 3
    /// A shorter gap lies inside a word, before a plosive.
    var wordGapFrames = 4
    var sentencePauseFrames = 12

    private(set) var current: Utterance?
    /// Loud frames of all utterances.
    private(set) var totalLoud = 0
    /// The stretch of sound that was heard last, also of an utterance that has been closed.
    private(set) var sound = 0..<0
    /// First frame of the word that goes on, or was said last.
    private(set) var wordStart = 0
    /// First frame of the first sound since the answer.
    private(set) var firstStart: Int?
    private var run = 0
    /// Loud frames of one pitch: a vowel, or the beginning of a tone.
    private var pitched = 0

    /// Takes what the frame number `index` held.
    ///
    /// - Parameters:
    ///   - isTonal: It has one pitch; a few such frames belong to speech.
    ///   - isTone: It belongs to a tone that has lasted too long for a vowel.
    mutating func process(isLoud: Bool, isTonal: Bool, isTone: Bool, at index: Int) {
        if isTone {
            pitched = 0
            run = 0
            return
        }
        if isLoud, isTonal {
            pitched += 1
            return
        }
        // The pitched frames before this one were no tone after all.
        while pitched > 0 {
            add(at: index - pitched)
            pitched -= 1
        }
        if isLoud { add(at: index) } else { run = 0 }
    }

    private mutating func add(at index: Int) {
        run += 1
        if var utterance = current {
            // Inside an utterance two frames in a row are a sound.
            guard run >= 2 else { return }
            let added = run == 2 ? 2 : 1
            if run == 2 {
                let pause = index - 1 - utterance.end
                utterance.longestPause = max(utterance.longestPause, pause)
                if pause >= sentencePauseFrames { utterance.sentencePauses += 1 }
                if pause >= wordGapFrames {
                    utterance.words += 1
                    wordStart = index - 1
                }
            }
            sound = index + 1 - run..<index + 1
            utterance.end = index + 1
            utterance.loud += added
            totalLoud += added
            current = utterance
        } else if run >= Self.onsetFrames {
            current = Utterance(start: index + 1 - run, end: index + 1, loud: run)
            sound = index + 1 - run..<index + 1
            totalLoud += run
            wordStart = index + 1 - run
            firstStart = firstStart ?? index + 1 - run
        }
    }

    /// Frames since the last sound, at the end of frame `index`; 0 without an utterance.
    func pause(at index: Int) -> Int { current.map { max(0, index + 1 - $0.end) } ?? 0 }

    /// The next sound starts another utterance.
    mutating func closeUtterance() {
        current = nil
        run = 0
        pitched = 0
    }
}
