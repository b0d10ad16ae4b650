/// What words of an answer say about who answered: phrases as data, by language.
///
/// Case, accents and punctuation do not count. Of several phrases in one text that of a screening assistant goes before that of a voicemail,
/// and that before a menu's: voicemails name keys too.
public struct AnswerPhrases: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        /// How much the words say by themselves.
        public enum Strength: String, Hashable, Sendable, Codable, CaseIterable {
            /// Nobody else says this.
            case sure
            /// A person could say it too: it counts together with what is heard.
            case likely
        }

        /// Who says it.
        public var answeredBy: AnsweredBy
        /// ISO 639 code.
        public var language: String
        /// Words; `*` stands for one to four words.
        public var text: String
        public var strength: Strength
        let words: [String]

        public init(
            _ answeredBy: AnsweredBy, _ language: String, _ text: String, _ strength: Strength = .sure
        ) {
            self.answeredBy = answeredBy
            self.language = language
            self.text = text
            self.strength = strength
            words = SpokenWords.words(of: text, keepingStars: true)
        }
    }

    /// Words of a transcript that are looked through, from its end.
    static let wordLimit = 80

    public var entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries }

    /// The phrase that says most about who speaks.
    ///
    /// - Parameter language: BCP 47 tag; `nil` tries every language.
    public func match(_ text: String, language: String? = nil) -> Entry? {
        match(SpokenWords.words(of: text), language: language)
    }

    func match(_ words: [String], language: String?) -> Entry? {
        let code = language.map { $0.lowercased().prefix { $0 != "-" && $0 != "_" } }
        var best: Entry?
        for entry in entries where code == nil || entry.language == code! {
            if let best, Self.rank(entry) <= Self.rank(best) { continue }
            if SpokenWords.contains(words, entry.words) { best = entry }
        }
        return best
    }

    private static func rank(_ entry: Entry) -> Int {
        let who =
            switch entry.answeredBy {
            case .screening: 4
            case .voicemail: 3
            case .ivr: 2
            case .human: 1
            case .fax, .silence, .unknown: 0
            }
        return who * 2 + (entry.strength == .sure ? 1 : 0)
    }
}

/// A text as bare words: lower case, without accents and punctuation.
enum SpokenWords {
    /// - Returns: At most ``AnswerPhrases/wordLimit`` of the last 2,000 characters.
    static func words(of text: String, keepingStars: Bool = false) -> [String] {
        var words: [String] = []
        var word = ""
        for scalar in text.lowercased().suffix(2_000).unicodeScalars {
            if let letters = letters(scalar) {
                word += letters
            } else if keepingStars, scalar == "*" {
                word += "*"
            } else if scalar.value == 0x27 || scalar.value == 0x2019 || (0x300...0x36F).contains(scalar.value)
            {
                continue  // can't, l'appareil, and accents that stand apart
            } else if !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        if !word.isEmpty { words.append(word) }
        return words.suffix(AnswerPhrases.wordLimit)
    }

    private static func letters(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "a"..."z", "0"..."9": String(scalar)
        case "à", "á", "â", "ã", "ä", "å": "a"
        case "ç": "c"
        case "è", "é", "ê", "ë": "e"
        case "ì", "í", "î", "ï": "i"
        case "ñ": "n"
        case "ò", "ó", "ô", "õ", "ö": "o"
        case "ù", "ú", "û", "ü": "u"
        case "ý", "ÿ": "y"
        case "ß": "ss"
        case "æ": "ae"
        case "œ": "oe"
        default: scalar.properties.isAlphabetic ? String(scalar) : nil
        }
    }

    static func contains(_ words: [String], _ phrase: [String]) -> Bool {
        guard !phrase.isEmpty, phrase.count <= words.count else { return false }
        for start in 0...words.count - phrase.count
        where matches(words[start...], phrase[...]) { return true }
        return false
    }

    private static func matches(_ words: ArraySlice<String>, _ phrase: ArraySlice<String>) -> Bool {
        guard let first = phrase.first else { return true }
        guard first == "*" else {
            return words.first == first && matches(words.dropFirst(), phrase.dropFirst())
        }
        for skipped in 1...4 where words.count >= skipped {
            if matches(words.dropFirst(skipped), phrase.dropFirst()) { return true }
        }
        return false
    }
}
