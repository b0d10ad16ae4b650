/// How answers are classified, as settings files and command lines say it: by which classifier, and with parameters named as in
/// Asterisk's `app_amd`.
///
/// As text: `off`, `built-in`, `app_amd`, parameters, or both with commas between: `app_amd,greeting=1200,maximum_number_of_words=4`.
public struct AnswerSettings: Hashable, Sendable {
    public enum Classifier: String, Hashable, Sendable, Codable, CaseIterable {
        /// ``EnergyAnswerClassifier``.
        case builtIn = "built-in"
        /// ``LegacyAnswerClassifier``: the same parameters give the verdict that `app_amd` gives.
        case legacy = "app_amd"
        /// Nobody listens: every answer is by unknown.
        case off
    }

    /// The parameters of `app_amd`. Times in milliseconds, 0...60,000.
    ///
    /// ``EnergyAnswerClassifier`` takes them for what comes closest; those that are not set keep its own values, which know more
    /// than one length of silence.
    public enum Parameter: String, Hashable, Sendable, Codable, CaseIterable {
        /// Silence before any voice. There: a machine. Here: silence, listening goes on.
        case initialSilence = "initial_silence"
        /// Talk that is a machine's.
        case greeting
        /// Silence behind a greeting that makes it a person's; here then the same behind short and long ones.
        case afterGreetingSilence = "after_greeting_silence"
        /// Nothing decided by then: unknown.
        case totalAnalysisTime = "total_analysis_time"
        /// Shorter voice is a noise.
        case minimumWordLength = "min_word_length"
        /// Voice without a pause that is longer is a machine's.
        case maximumWordLength = "maximum_word_length"
        /// Shorter gaps lie inside a word.
        case betweenWordsSilence = "between_words_silence"
        /// More words, 0...100, are a machine's.
        case maximumNumberOfWords = "maximum_number_of_words"
        /// Mean magnitude of samples below which a frame is silence, 0...32,767; here the level below which no frame is voice.
        case silenceThreshold = "silence_threshold"
        /// Longest wait for a frame there; accepted and without effect, since a frame comes every 20 ms.
        case maximumWaitPerFrame = "maximum_wait_time_per_frame"

        var range: ClosedRange<Int> {
            switch self {
            case .maximumNumberOfWords: 0...100
            case .silenceThreshold: 0...32_767
            default: 0...60_000
            }
        }

        /// Other spellings in use, and this one.
        static func named(_ name: String) -> Self? {
            switch name {
            case "minimum_word_length": .minimumWordLength
            case "max_words", "max_number_of_words": .maximumNumberOfWords
            case "max_word_length": .maximumWordLength
            default: Self(rawValue: name)
            }
        }
    }

    /// A word that means nothing here; the text names it.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    public var classifier: Classifier
    public private(set) var parameters: [Parameter: Int] = [:]

    public init(_ classifier: Classifier = .builtIn) { self.classifier = classifier }

    /// Reads the text form.
    public init(parsing text: String) throws(Fault) {
        self.init()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                Self.trimmed)
            if pair.count == 1, let classifier = Classifier(rawValue: pair[0]) {
                self.classifier = classifier
                continue
            }
            guard pair.count == 2 else {
                throw Fault(description: "'\(part)' is none of \(Self.words) and no NAME=VALUE")
            }
            guard let value = Int(pair[1]) else {
                throw Fault(description: "\(pair[0]) is '\(pair[1])', not a whole number")
            }
            try set(pair[0], to: value)
        }
    }

    /// Sets a parameter by its name in `amd.conf`.
    public mutating func set(_ name: String, to value: Int) throws(Fault) {
        guard let parameter = Parameter.named(name) else {
            throw Fault(description: "'\(name)' is no parameter of app_amd")
        }
        guard parameter.range.contains(value) else {
            throw Fault(
                description:
                    "\(name) is \(value), not \(parameter.range.lowerBound)...\(parameter.range.upperBound)")
        }
        parameters[parameter] = value
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    private static var words: String {
        Classifier.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    }

    /// A classifier for one call; `nil` when nobody is to listen.
    public func makeClassifier() -> (any AnswerClassifier)? {
        switch classifier {
        case .builtIn: EnergyAnswerClassifier(configuration)
        case .legacy: LegacyAnswerClassifier(legacyConfiguration)
        case .off: nil
        }
    }

    /// The parameters for `app_amd`'s own rules.
    public var legacyConfiguration: LegacyAnswerClassifier.Configuration { configurations.legacy }

    /// What comes closest to the parameters in the built-in classifier's own terms.
    public var configuration: EnergyAnswerClassifier.Configuration { configurations.builtIn }

    private var configurations:
        (legacy: LegacyAnswerClassifier.Configuration, builtIn: EnergyAnswerClassifier.Configuration)
    {
        var legacy = LegacyAnswerClassifier.Configuration()
        var builtIn = EnergyAnswerClassifier.Configuration()
        for parameter in Parameter.allCases {
            guard let value = parameters[parameter] else { continue }
            let time = Duration.milliseconds(value)
            switch parameter {
            case .initialSilence:
                legacy.initialSilence = time
                builtIn.noSpeech = time
            case .greeting:
                legacy.greeting = time
                builtIn.voicemailSpeech = time
                builtIn.voicemailBreath = time
            case .afterGreetingSilence:
                legacy.afterGreetingSilence = time
                builtIn.humanSilence = time
                builtIn.longestHumanSilence = time
                builtIn.silencePerSpeech = 0
            case .totalAnalysisTime:
                legacy.totalAnalysisTime = time
                builtIn.analysisTime = time
            case .minimumWordLength:
                legacy.minimumWordLength = time
                builtIn.minimumSpeech = time
            case .maximumWordLength:
                legacy.maximumWordLength = time
                builtIn.longestWord = time
            case .betweenWordsSilence:
                legacy.betweenWordsSilence = time
                builtIn.wordGap = time
            case .maximumNumberOfWords:
                legacy.maximumNumberOfWords = value
                builtIn.maximumWords = value
            case .silenceThreshold:
                legacy.silenceThreshold = value
                builtIn.silenceMagnitude = value
            case .maximumWaitPerFrame: break
            }
        }
        return (legacy, builtIn)
    }
}

extension AnswerSettings: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads the text form, or an object: `{ "classifier": "app_amd", "greeting": 1200 }`.
    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            do {
                try self.init(parsing: text)
            } catch {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: error.description))
            }
            return
        }
        self.init()
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            if key.stringValue == "classifier" {
                classifier = try container.decode(Classifier.self, forKey: key)
                continue
            }
            let value = try container.decode(Int.self, forKey: key)
            do {
                try set(key.stringValue, to: value)
            } catch {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: error.description)
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(classifier, forKey: Key(stringValue: "classifier"))
        for parameter in Parameter.allCases {
            try container.encodeIfPresent(parameters[parameter], forKey: Key(stringValue: parameter.rawValue))
        }
    }
}
