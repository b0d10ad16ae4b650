import SansIO
import Testing

@testable import SIPCore

@Suite("Offers of ours in a dialog, RFC 3261 §14.1")
struct OutgoingOfferTests {
    typealias State = OutgoingOffer.State
    typealias Action = OutgoingOffer.Action

    private static let states: [Character: State] = [
        "b": .blocked, "t": .trying, "p": .proceeding, "w": .withdrawing, "c": .cancelled, "g": .waiting,
        "x": .over,
    ]
    private static let actions: [Character: Action] = [
        "-": .none, "S": .send, "C": .cancel, "G": .wait, "A": .answered, "R": .refused, "W": .withdrawn,
        "L": .dialogLost,
    ]

    /// For each state what each input does: clear, provisional, success, pending, gone, refused, silence, withdraw, due.
    private static let table: [(State, String)] = [
        (.blocked, "tS b- b- b- b- b- b- xW b-"),
        (.trying, "t- p- xA gG xL xR xL w- t-"),
        (.proceeding, "p- p- xA gG xL xR xL cC p-"),
        (.withdrawing, "w- cC xA xW xL xW xL w- w-"),
        (.cancelled, "c- c- xA xW xL xW xW c- c-"),
        (.waiting, "g- g- g- g- g- g- g- xW b-"),
        (.over, "x- x- x- x- x- x- x- x- x-"),
    ]

    @Test("All states and inputs")
    func wholeTable() throws {
        #expect(Self.table.map(\.0) == State.allCases)
        for (state, row) in Self.table {
            let cells = row.split(separator: " ")
            try #require(cells.count == OutgoingOffer.Input.allCases.count)
            for (input, cell) in zip(OutgoingOffer.Input.allCases, cells) {
                let transition = OutgoingOffer.transition(state, input)
                #expect(transition.next == cell.first.flatMap { Self.states[$0] }, "\(state), \(input)")
                #expect(transition.action == cell.last.flatMap { Self.actions[$0] }, "\(state), \(input)")
                #expect(transition.rule.hasPrefix("RFC 3261 §"), "\(state), \(input)")
            }
        }
    }

    @Test(
        "491 is waited out 2.1 to 4 s by the owner of the Call-ID, up to 2 s by the other side, in units of 10 ms"
    )
    func backOff() {
        var generator = SeededGenerator(seed: 1)
        var (ours, theirs): (Set<Duration>, Set<Duration>) = ([], [])
        for _ in 0..<20_000 {
            ours.insert(OutgoingOffer.backOff(ownsCallID: true, &generator))
            theirs.insert(OutgoingOffer.backOff(ownsCallID: false, &generator))
        }
        #expect(ours == Set((210...400).map { .milliseconds($0 * 10) }))
        #expect(theirs == Set((0...200).map { .milliseconds($0 * 10) }))
    }
}
