public import Telephony

/// Collects who said what and when, in one call. Pure.
///
/// Holds at most ``limit`` entries; later ones are counted and dropped, so that a callee who presses keys for an hour
/// costs a bounded amount.
public struct Transcript: Hashable, Sendable {
    /// Most entries of one call.
    public static let limit = 4_096

    private var collected: [TranscriptEntry] = []
    /// Entries that found no room.
    public private(set) var dropped = 0

    public init() {}

    /// All entries in order of their start; of equals the first recorded comes first.
    public var entries: [TranscriptEntry] {
        collected.enumerated()
            .sorted { ($0.element.startMilliseconds, $0.offset) < ($1.element.startMilliseconds, $1.offset) }
            .map(\.element)
    }

    /// The agent's words, cut to what was sent. Speech of which nothing was sent leaves no entry.
    public mutating func agentSpoke(_ speech: SpokenUtterance) {
        guard speech.samplesSent > 0 else { return }
        add(
            TranscriptEntry(
                speaker: .agent, source: .agentText, text: speech.textSent,
                startMilliseconds: speech.startMilliseconds, endMilliseconds: speech.endMilliseconds,
                isCutOff: speech.isCutOff))
    }

    /// A turn of the callee, not transcribed yet.
    ///
    /// - Returns: Names it for ``transcribed(_:as:source:)``; `nil` when there is no room.
    public mutating func calleeSpoke(from start: Int, to end: Int) -> Int? {
        let entry = TranscriptEntry(
            speaker: .callee, source: .untranscribed, text: "", startMilliseconds: start,
            endMilliseconds: max(start, end))
        return add(entry) ? collected.count - 1 : nil
    }

    /// The words of a turn have come.
    public mutating func transcribed(
        _ index: Int, as text: String, source: TranscriptEntry.Source
    ) -> TranscriptEntry? {
        guard collected.indices.contains(index) else { return nil }
        collected[index].text = text
        collected[index].source = source
        return collected[index]
    }

    /// A key was pressed.
    public mutating func pressed(
        _ digit: Character, by speaker: TranscriptEntry.Speaker, at milliseconds: Int
    ) {
        add(
            TranscriptEntry(
                speaker: speaker, source: .digits, text: String(digit), startMilliseconds: milliseconds,
                endMilliseconds: milliseconds))
    }

    @discardableResult
    private mutating func add(_ entry: TranscriptEntry) -> Bool {
        guard collected.count < Self.limit else {
            dropped += 1
            return false
        }
        collected.append(entry)
        return true
    }
}
