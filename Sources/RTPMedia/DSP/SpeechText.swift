/// A text cut into syllables and pauses: the plan that ``ToneSpeech`` plays.
struct SpeechText {
    /// One syllable, or silence.
    struct Unit: Hashable {
        var milliseconds: Int
        /// Chooses the formants; `nil` is silence.
        var vowel: Int?
        /// Whether a puff of noise comes first.
        var startsWithConsonant: Bool
        /// Word it belongs to; a pause belongs to the word before it.
        var word: Int
    }

    static let syllableMilliseconds = 150
    static let wordGapMilliseconds = 60
    static let commaMilliseconds = 220
    static let sentenceMilliseconds = 420
    /// Longer texts are cut: an hour of speech has about 50,000 characters.
    static let maximumCharacters = 100_000

    private(set) var units: [Unit] = []
    private(set) var words: [String] = []

    init(_ text: String) {
        var word = ""
        var pause = 0
        for character in text.prefix(Self.maximumCharacters) {
            if character.isLetter || character.isNumber || character == "'" {
                if word.isEmpty, pause > 0 { addPause(pause) }
                pause = 0
                word.append(character)
                continue
            }
            finish(&word)
            pause = max(pause, Self.pause(for: character))
        }
        finish(&word)
    }

    private static func pause(for character: Character) -> Int {
        switch character {
        case ".", "!", "?", "…", "\n", "。", "！", "？": sentenceMilliseconds
        case ",", ";", ":", "–", "—", "、", "，": commaMilliseconds
        default: wordGapMilliseconds
        }
    }

    private mutating func addPause(_ milliseconds: Int) {
        guard !words.isEmpty else { return }
        units.append(
            Unit(milliseconds: milliseconds, vowel: nil, startsWithConsonant: false, word: words.count - 1))
    }

    private mutating func finish(_ word: inout String) {
        guard !word.isEmpty else { return }
        let spoken =
            word.allSatisfy(\.isNumber) ? word.map(Self.name).joined(separator: " ") : word.lowercased()
        var startsWithConsonant = false
        var inVowel = false
        var count = 0
        for character in spoken {
            let vowel = Self.vowel(of: character)
            if let vowel, !inVowel {
                units.append(
                    Unit(
                        milliseconds: Self.syllableMilliseconds, vowel: vowel,
                        startsWithConsonant: startsWithConsonant, word: words.count))
                count += 1
                startsWithConsonant = false
            } else if vowel == nil {
                startsWithConsonant = true
            }
            inVowel = vowel != nil
        }
        if count == 0 {
            // No vowel that we know: one syllable for a short word, or for every second sign of other scripts.
            for index in 0..<max(1, spoken.count / 2) {
                units.append(
                    Unit(
                        milliseconds: Self.syllableMilliseconds, vowel: index % 5,
                        startsWithConsonant: true,
                        word: words.count))
            }
        }
        words.append(word)
        word = ""
    }

    private static func vowel(of character: Character) -> Int? {
        switch character {
        case "a", "á", "à", "â", "ä", "å", "ã": 0
        case "e", "é", "è", "ê", "ë": 1
        case "i", "í", "ì", "î", "ï", "y": 2
        case "o", "ó", "ò", "ô", "ö", "õ", "ø": 3
        case "u", "ú", "ù", "û", "ü": 4
        default: nil
        }
    }

    private static func name(of digit: Character) -> String {
        let names = ["zero", "wan", "tu", "thri", "for", "fiv", "six", "seven", "eight", "nin"]
        guard let value = digit.wholeNumberValue, names.indices.contains(value) else { return "o" }
        return names[value]
    }
}
