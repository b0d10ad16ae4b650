/// Names one utterance of a session, in order of its start.
public struct UtteranceID: Hashable, Comparable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What became of one utterance.
public struct SpokenUtterance: Hashable, Sendable {
    public var id: UtteranceID
    /// The text as it was given.
    public var text: String
    /// The words that were wholly sent: all of them, or those before the cut.
    public var textSent: String
    /// Samples that were given to be sent.
    public var samplesGiven: Int
    /// Samples that were sent, exactly.
    public var samplesSent: Int
    /// Barge-in, a clear or the end of the call removed the rest.
    public var isCutOff: Bool
    /// When its first sample left, milliseconds since the answer.
    public var startMilliseconds: Int
    /// When its last sample left.
    public var endMilliseconds: Int

    public init(
        id: UtteranceID, text: String, textSent: String, samplesGiven: Int, samplesSent: Int, isCutOff: Bool,
        startMilliseconds: Int, endMilliseconds: Int
    ) {
        self.id = id
        self.text = text
        self.textSent = textSent
        self.samplesGiven = samplesGiven
        self.samplesSent = samplesSent
        self.isCutOff = isCutOff
        self.startMilliseconds = startMilliseconds
        self.endMilliseconds = endMilliseconds
    }

    /// The words of `text` that lie wholly within the first `sent` of `total` samples, spoken evenly.
    static func words(of text: String, sent: Int, total: Int) -> String {
        guard sent < total else { return text }
        guard sent > 0, total > 0 else { return "" }
        let (product, overflow) = text.count.multipliedReportingOverflow(by: sent)
        let characters = overflow ? 0 : product / total
        let kept = text.prefix(characters)
        let next = text.dropFirst(characters).first
        if next?.isWhitespace != false { return trimmingTail(kept) }
        guard let space = kept.lastIndex(where: \.isWhitespace) else { return "" }
        return trimmingTail(kept[..<space])
    }

    private static func trimmingTail(_ text: Substring) -> String {
        var text = text
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
