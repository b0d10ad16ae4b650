internal import RTPMedia

/// A text as tones, word by word.
struct SpokenText: Sendable {
    let rateHertz: Int
    /// Each word with the space before it, and its audio with the pause before it.
    let pieces: [(words: String, samples: [Int16])]

    init(_ text: String, rateHertz: Int) {
        self.rateHertz = rateHertz
        let speech = ToneSpeech(text, rateHertz: rateHertz)
        let samples = ToneSpeech.samples(of: text, rateHertz: rateHertz)
        let written = text.split(whereSeparator: \.isWhitespace)
        // What is written as one word may be spoken as several: 10:30 are two, a dash is none.
        let spokenCounts = written.map(Self.spokenWords(in:))
        guard spokenCounts.reduce(0, +) == speech.words.count else {
            pieces = [(text, samples)]
            return
        }
        var pieces: [(words: String, samples: [Int16])] = []
        var start = 0
        var spoken = 0
        for (word, count) in zip(written, spokenCounts) {
            spoken += count
            let isLast = spoken == speech.words.count
            let end = isLast ? samples.count : spoken == 0 ? 0 : speech.words[spoken - 1].samples.upperBound
            pieces.append(((pieces.isEmpty ? "" : " ") + word, Array(samples[start..<max(start, end)])))
            start = max(start, end)
        }
        self.pieces = pieces
    }

    /// Runs of letters, digits and apostrophes, which is what ``ToneSpeech`` takes for words.
    private static func spokenWords(in word: Substring) -> Int {
        var count = 0
        var isInside = false
        for character in word {
            let isSpoken = character.isLetter || character.isNumber || character == "'"
            if isSpoken, !isInside { count += 1 }
            isInside = isSpoken
        }
        return count
    }
}
