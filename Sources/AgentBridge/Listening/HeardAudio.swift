internal import SansIO

/// Callee audio that waits for the agent, and that of the turn under way for the transcriber. Bounded.
struct HeardAudio {
    /// Longest turn kept for a transcriber.
    static let turnLimit = Duration.seconds(60)
    static let turnPreroll = Duration.milliseconds(300)

    /// Whether a transcriber wants the audio.
    var keepsTurns = false
    /// Whether the agent reads; before it does, only a second is kept.
    private(set) var isRead = false
    private var chunks: [[Int16]] = []
    private var count = 0
    private var turn: [Int16] = []
    /// Samples that the agent lost by reading too slowly.
    private(set) var dropped = 0

    mutating func append(_ samples: [Int16], rateHertz: Int, inTurn: Bool) {
        func size(_ duration: Duration) -> Int { Int(duration.nanoseconds / 1_000_000) * rateHertz / 1_000 }
        chunks.append(samples)
        count += samples.count
        let limit = size(isRead ? SessionState.heardLimit : SessionState.prerollLimit)
        while count > limit, chunks.count > 1 {
            let oldest = chunks.removeFirst().count
            count -= oldest
            if isRead { dropped += oldest }
        }
        guard keepsTurns else { return }
        turn += samples
        let kept = size(inTurn ? Self.turnLimit : Self.turnPreroll)
        guard turn.count > kept else { return }
        // A turn that runs over its limit keeps its beginning; between turns the newest audio is what leads in.
        if inTurn { turn.removeLast(turn.count - kept) } else { turn.removeFirst(turn.count - kept) }
    }

    /// Everything that waits, at most `maximum` samples; `nil` when nothing does.
    mutating func take(_ maximum: Int) -> [Int16]? {
        isRead = true
        guard count > 0, maximum > 0 else { return nil }
        if chunks.count == 1, count <= maximum {
            defer { (chunks, count) = ([], 0) }
            return chunks[0]
        }
        let all = Array(chunks.joined())
        let rest = Array(all.dropFirst(maximum))
        chunks = rest.isEmpty ? [] : [rest]
        count = rest.count
        return Array(all.prefix(maximum))
    }

    mutating func takeTurn() -> [Int16] {
        defer { turn = [] }
        return turn
    }
}
