import Testing

@testable import SIPCore

@Suite("Offer/answer exchange, RFC 3264 and RFC 6337")
struct OfferAnswerTests {
    typealias State = OfferAnswer.State
    typealias Action = OfferAnswer.Action

    /// One letter each, in the order of `State.allCases`: none, solicited by Us, by Them, Offered, Previewed, Received,
    /// Stable.
    private static let states: [Character: State] = [
        "n": .none, "u": .solicitedByUs, "t": .solicitedByThem, "o": .offered, "p": .previewed,
        "r": .received,
        "s": .stable,
    ]
    private static let actions: [Character: Action] = [
        "O": .offer, "A": .answer, "P": .preview, "=": .repetition, "?": .solicitation, "W": .withdrawal,
        "-": .ignored,
        "1": .requestPending, "5": .serverError,
    ]

    /// For each input what it does in each state: the next state and the action.
    private static let table: [(OfferAnswer.Input, String)] = [
        //                                          n  u  t  o  p  r  s
        (.description(.invite, by: .us), "oO u- t- o- p- r- oO"),
        (.description(.invite, by: .them), "rO u1 t5 o1 p1 r5 rO"),
        (.description(.provisional, by: .us), "n- u- t- o- p- rP s="),
        (.description(.provisional, by: .them), "n- u- t- pP p= r- s="),
        (.description(.reliableProvisional, by: .us), "n- u- oO o- p- sA s="),
        (.description(.reliableProvisional, by: .them), "n- rO t- sA sA r- s="),
        (.description(.success, by: .us), "n- u- oO o- p- sA s="),
        (.description(.success, by: .them), "n- rO t- sA sA r- s="),
        (.description(.acknowledgement, by: .us), "n- u- t- o- p- sA s-"),
        (.description(.acknowledgement, by: .them), "n- u- t- sA p- r- s-"),
        (.description(.prack, by: .us), "n- u- t- o- p- sA oO"),
        (.description(.prack, by: .them), "n- u- t- sA p- r- rO"),
        (.description(.prackSuccess, by: .us), "n- u- t- o- p- sA s-"),
        (.description(.prackSuccess, by: .them), "n- u- t- sA p- r- s-"),
        (.description(.update, by: .us), "n- u- t- o- p- r- oO"),
        (.description(.update, by: .them), "n5 u1 t5 o1 p1 r5 rO"),
        (.description(.updateSuccess, by: .us), "n- u- t- o- p- sA s-"),
        (.description(.updateSuccess, by: .them), "n- u- t- sA p- r- s-"),
        (.solicitation(by: .us), "u? u- t- o- p- r- u?"),
        (.solicitation(by: .them), "t? u1 t5 o1 p1 r5 t?"),
        (.withdrawal, "n- sW sW sW sW sW s-"),
    ]

    @Test("All states and inputs")
    func wholeTable() throws {
        #expect(Set(Self.table.map(\.0)) == Set(OfferAnswer.Input.allCases))
        #expect(Self.table.count == 21)
        for (input, row) in Self.table {
            let cells = row.split(separator: " ")
            try #require(cells.count == State.allCases.count)
            for (state, cell) in zip(State.allCases, cells) {
                let (next, action) = (cell.first, cell.last)
                let transition = OfferAnswer.transition(state, input)
                #expect(transition.next == next.flatMap { Self.states[$0] }, "\(state), \(input)")
                #expect(transition.action == action.flatMap { Self.actions[$0] }, "\(state), \(input)")
                #expect(transition.rule.hasPrefix("RFC "), "\(state), \(input)")
            }
        }
    }

    @Test(
        "Each cell names its rule",
        arguments: [
            (.none, .description(.invite, by: .us), "RFC 3261 §13.2.1"),
            (.stable, .description(.invite, by: .us), "RFC 3261 §14.1"),
            (.offered, .description(.invite, by: .them), "RFC 3261 §14.2"),
            (.received, .description(.reliableProvisional, by: .us), "RFC 3262 §5"),
            (.stable, .description(.prack, by: .them), "RFC 3262 §5"),
            (.received, .description(.update, by: .them), "RFC 3311 §5.2"),
            (.stable, .description(.update, by: .us), "RFC 3311 §5.1"),
            (.offered, .description(.acknowledgement, by: .them), "RFC 3261 §13.2.2.4"),
        ] as [(State, OfferAnswer.Input, String)])
    func rules(state: State, input: OfferAnswer.Input, rule: String) {
        #expect(OfferAnswer.transition(state, input).rule == rule)
    }

    @Test("Two exchanges never overlap: an offer is only ever taken in a state without an open one")
    func noOverlap() {
        for state in State.allCases {
            for input in OfferAnswer.Input.allCases
            where OfferAnswer.transition(state, input).action == .offer {
                #expect([.none, .stable, .solicitedByUs, .solicitedByThem].contains(state))
            }
        }
    }
}
