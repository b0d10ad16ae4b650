package import RTPMedia

/// A text as tones, word by word.
struct SpokenText: Sendable {
    let rateHertz: Int
    /// Each word with the space before it, and its audio with the pause before it.
    let pieces: [(words: String, samples: [Int16])]

    init(_ text: String, rateHertz: Int) {
        self.rateHertz = rateHertz
        let samples = ToneSpeech.samples(of: text, rateHertz: rateHertz)
        let words = SpokenWord.words(of: text, in: ToneSpeech(text, rateHertz: rateHertz))
        pieces = words.indices.map { index in
            let start = index == 0 ? 0 : words[index - 1].samples.upperBound
            let end = index == words.count - 1 ? samples.count : words[index].samples.upperBound
            return ((index == 0 ? "" : " ") + words[index].text, Array(samples[start..<max(start, end)]))
        }
    }
}

/// One word of a text as it is written, and where it is heard.
package struct SpokenWord: Hashable, Sendable {
    package var text: String
    /// Empty for what is written and not spoken, such as a dash.
    package var samples: Range<Int>

    /// The words of `text`, ascending in time; one for all when the speech cuts it otherwise.
    package static func words(of text: String, in speech: ToneSpeech) -> [SpokenWord] {
        let written = text.split(whereSeparator: \.isWhitespace)
        // What is written as one word may be spoken as several: 10:30 are two, a dash is none.
        let counts = written.map(spokenCount)
        guard counts.reduce(0, +) == speech.words.count else {
            return [SpokenWord(text: text, samples: 0..<speech.sampleCount)]
        }
        var spoken = 0
        var end = 0
        return zip(written, counts).map { word, count in
            let start = count == 0 ? end : speech.words[spoken].samples.lowerBound
            spoken += count
            if count > 0 { end = speech.words[spoken - 1].samples.upperBound }
            return SpokenWord(text: String(word), samples: start..<max(start, end))
        }
    }

    /// Runs of letters, digits and apostrophes, which is what ``ToneSpeech`` takes for words.
    private static func spokenCount(_ word: Substring) -> Int {
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
