/// Which trunk carries the next call.
struct TrunkPool: Sendable {
    /// Calls that took one of a trunk's numbers.
    private var turns: [Int]

    init(trunks: [Trunk]) { turns = trunks.map { _ in 0 } }

    func choose(among suitable: [Int]) -> Int { suitable.first ?? 0 }

    /// Counts calls over a trunk: its numbers are used in turn.
    mutating func nextTurn(of trunk: Int) -> Int {
        defer { turns[trunk] &+= 1 }
        return turns[trunk]
    }
}
