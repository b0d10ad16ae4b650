/// What a transcriber has understood so far of the callee's current utterance.
public struct PartialTranscript: Hashable, Sendable, Codable {
    /// The utterance from its beginning; each partial transcript replaces the one before.
    public var text: String
    /// Whether the utterance is over and its text will not change.
    public var isFinal: Bool
    /// BCP 47 tag (`en`, `de-AT`); `nil` when not known: the phrases of every language are tried.
    public var language: String?

    /// - Parameter text: Only its first 2,000 characters are read.
    public init(_ text: String, isFinal: Bool = false, language: String? = nil) {
        self.text = text
        self.isFinal = isFinal
        self.language = language
    }
}
