import SansIO
import Testing

@testable import SIPCore

@Suite("Reliable provisional responses, RFC 3262")
struct ReliableProvisionalTests {
    typealias State = ReliableProvisional.State
    typealias Action = ReliableProvisional.Action

    private static let states: [Character: State] = [
        "i": .idle, "w": .waiting, "d": .described, "h": .holding, "x": .over,
    ]
    private static let actions: [Character: Action] = [
        "-": .none, "S": .send, "Q": .queue, "A": .accept, "R": .release, "4": .reject, "=": .sendAgain,
        "5": .refuse,
        "F": .sendFinal, "H": .hold,
    ]

    /// For each state: respond, describe, acknowledged, unmatched, repeatDue, expired, succeed, fail.
    private static let table: [(State, String)] = [
        (.idle, "wS dS i4 i4 i- i- xF xF"),
        (.waiting, "wQ wQ iA w4 w= x5 xF xF"),
        (.described, "dQ dQ iA d4 d= x5 hH xF"),
        (.holding, "h- h- xR h4 h= x5 h- xF"),
        (.over, "x- x- xA x4 x- x- x- x-"),
    ]

    @Test("All states and inputs of the sender")
    func wholeTable() throws {
        #expect(Self.table.map(\.0) == State.allCases)
        for (state, row) in Self.table {
            let cells = row.split(separator: " ")
            try #require(cells.count == ReliableProvisional.Input.allCases.count)
            for (input, cell) in zip(ReliableProvisional.Input.allCases, cells) {
                let transition = ReliableProvisional.transition(state, input)
                #expect(transition.next == cell.first.flatMap { Self.states[$0] }, "\(state), \(input)")
                #expect(transition.action == cell.last.flatMap { Self.actions[$0] }, "\(state), \(input)")
                #expect(transition.rule.hasPrefix("RFC 326"), "\(state), \(input)")
            }
        }
    }

    @Test("All states and inputs of the receiver")
    func order() throws {
        typealias Order = ProvisionalOrder
        let table: [(Order.State, [(Order.State, Order.Action, String)])] = [
            (
                .unnumbered,
                [
                    (.unnumbered, .report, "RFC 3261 §13.2.2.1"), (.numbered, .acknowledge, "RFC 3262 §4"),
                    (.unnumbered, .ignore, "RFC 3262 §4"), (.unnumbered, .ignore, "RFC 3262 §4"),
                ]
            ),
            (
                .numbered,
                [
                    (.numbered, .report, "RFC 3261 §13.2.2.1"), (.numbered, .acknowledge, "RFC 3262 §4"),
                    (.numbered, .absorb, "RFC 3262 §4"), (.numbered, .ignore, "RFC 3262 §4"),
                ]
            ),
        ]
        #expect(table.map(\.0) == Order.State.allCases)
        for (state, row) in table {
            try #require(row.count == Order.Input.allCases.count)
            for (input, cell) in zip(Order.Input.allCases, row) {
                #expect(Order.transition(state, input) == Order.Transition(cell.0, cell.1, cell.2))
            }
        }
    }

    @Test("Numbers are taken in turn from wherever they start, and never wrap")
    func numbers() {
        var order = ProvisionalOrder()
        let actions = [nil, 776, 778, 776, 777, nil, 778, 777, 1, .max].map { order.receive(rSeq: $0) }
        #expect(
            actions == [
                .report, .acknowledge, .ignore, .absorb, .acknowledge, .report, .acknowledge, .absorb,
                .absorb, .ignore,
            ])
        order = ProvisionalOrder()
        #expect([UInt32.max, 0, .max].map { order.receive(rSeq: $0) } == [.acknowledge, .absorb, .absorb])
    }

    @Test("A response is repeated after T1, doubling without bound, until 64*T1")
    func repetitions() {
        var reliable = ReliableProvisional(start: 41)
        let epoch = MonotonicInstant(nanoseconds: 0)
        #expect(reliable.step(.describe) == .send)
        reliable.sent([1], times: TransactionTimers(), at: epoch)
        #expect(reliable.rSeq == 42)
        var times: [Duration] = []
        var last = Action.none
        while let deadline = reliable.nextDeadline {
            last = reliable.fire(at: deadline)
            times.append(epoch.duration(to: deadline))
        }
        #expect(times == [500, 1500, 3500, 7500, 15_500, 31_500, 32_000].map { .milliseconds($0) })
        #expect(last == .refuse)
    }
}
