internal import SansIO

/// What a peer's callees said and how their calls ended, readable from any thread.
final class PeerLog: Sendable {
    private struct Line {
        var number: String
        var words: [String] = []
        var taken = 0
    }

    private struct State {
        var reports: [PeerCallReport] = []
        /// Live calls by slot.
        var live: [Int: Line] = [:]
        /// Words of ended calls that no transcriber has taken, by digits of the number; the latest call counts.
        var ended: [String: Line] = [:]
        /// The latest live call of a number.
        var slots: [String: Int] = [:]
    }

    // Guards the reports and the words; the peer writes, tests and transcribers read.
    private let state = Locked(State())
    private let limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    var reports: [PeerCallReport] { state.withLock { $0.reports } }

    func begin(_ number: String, slot: Int) {
        let key = CalleeDirectory.digits(of: number)
        state.withLock { state in
            state.live[slot] = Line(number: key)
            state.slots[key] = slot
            state.ended[key] = nil
        }
    }

    /// - Parameter words: Everything the callee has said so far.
    func update(slot: Int, words: [String]) {
        state.withLock { state in
            guard let line = state.live[slot], line.words.count != words.count else { return }
            state.live[slot]?.words = words
        }
    }

    func end(_ report: PeerCallReport, slot: Int, words: [String]) {
        state.withLock { state in
            if state.reports.count >= limit { state.reports.removeFirst() }
            state.reports.append(report)
            guard var line = state.live.removeValue(forKey: slot) else { return }
            line.words = words
            guard state.slots[line.number] == slot else { return }
            state.slots[line.number] = nil
            if line.taken < line.words.count { state.ended[line.number] = line }
        }
    }

    /// The words that the callee at `number` has begun since the last time.
    func takeWords(of number: String) -> [String] {
        let key = CalleeDirectory.digits(of: number)
        return state.withLock { state in
            if let slot = state.slots[key], var line = state.live[slot] {
                let words = Array(line.words.dropFirst(line.taken))
                line.taken = line.words.count
                state.live[slot] = line
                return words
            }
            guard let line = state.ended.removeValue(forKey: key) else { return [] }
            return Array(line.words.dropFirst(line.taken))
        }
    }
}
