import SansIO
import Testing

@testable import SIPCore

@Suite("INVITE server transaction, RFC 3261 §17.2.1 and RFC 6026")
struct InviteServerTransactionTests {
    typealias State = InviteServerTransaction.State
    typealias Output = InviteServerTransaction.Output
    private let epoch = MonotonicInstant(nanoseconds: 0)

    private func made(in state: State) -> InviteServerTransaction {
        var transaction = InviteServerTransaction(times: TransactionTimers())
        var output = Output()
        transaction.respond(code: 100, at: epoch, into: &output)
        switch state {
        case .proceeding: break
        case .accepted: transaction.respond(code: 200, at: epoch, into: &output)
        case .completed: transaction.respond(code: 486, at: epoch, into: &output)
        case .confirmed:
            transaction.respond(code: 486, at: epoch, into: &output)
            transaction.receiveAck(at: epoch, into: &output)
        case .terminated:
            transaction.respond(code: 200, at: epoch, into: &output)
            transaction.fire(at: epoch.advanced(by: .seconds(32)), into: &output)
        }
        #expect(transaction.state == state)
        return transaction
    }

    @Test("A 486 without ACK is repeated T1 doubling to T2 until 64*T1")
    func repeatsUntilTimeout() {
        var transaction = made(in: .completed)
        var output = Output()
        var times: [Int] = []
        while let deadline = transaction.nextDeadline {
            let before = output.sends.count
            transaction.fire(at: deadline, into: &output)
            if output.sends.count > before { times.append(Int(deadline.nanoseconds / 1_000_000)) }
        }
        #expect(times == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
        #expect(output.events == [.timedOut])
        #expect(transaction.state == .terminated)
    }

    @Test("Accepted lingers 64*T1 and confirmed T4", arguments: [(State.accepted, 32), (.confirmed, 5)])
    func lingers(state: State, seconds: Int) {
        var transaction = made(in: state)
        var output = Output()
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(seconds)))
        transaction.fire(at: epoch.advanced(by: .seconds(seconds)), into: &output)
        #expect(transaction.state == .terminated)
        #expect(output.isEmpty)
    }

    @Test(
        "A repeated INVITE brings the latest response again where the transaction owns it",
        arguments: State.allCases)
    func repeatedInvite(state: State) {
        var transaction = made(in: state)
        var output = Output()
        transaction.receiveInvite(into: &output)
        #expect(output.sends == (state == .proceeding || state == .completed ? [.response] : []))
        #expect(transaction.state == state)
    }

    @Test("Before any response there is nothing to repeat")
    func nothingToRepeat() {
        var transaction = InviteServerTransaction(times: TransactionTimers())
        var output = Output()
        transaction.receiveInvite(into: &output)
        #expect(output.isEmpty)
    }

    @Test("An ACK ends the repetition of a 486; after a 2xx it is the TU's", arguments: State.allCases)
    func ack(state: State) {
        var transaction = made(in: state)
        var output = Output()
        transaction.receiveAck(at: epoch, into: &output)
        #expect(transaction.state == (state == .completed ? .confirmed : state))
        #expect(output.events == (state == .accepted ? [.acknowledged] : []))
        #expect(output.sends.isEmpty)
    }

    @Test("Every state with every answer of the TU", arguments: State.allCases)
    func respond(state: State) {
        for code in [Int.min, 0, 99, 100, 199, 200, 299, 300, 699, 700, Int.max] {
            var transaction = made(in: state)
            let deadline = transaction.nextDeadline
            var output = Output()
            transaction.respond(code: code, at: epoch, into: &output)
            let expected: (State, Bool) =
                switch (state, code) {
                case (.proceeding, 100..<200): (.proceeding, true)
                case (.proceeding, 200..<300), (.accepted, 200..<300): (.accepted, true)
                case (.proceeding, 300..<700): (.completed, true)
                default: (state, false)
                }
            #expect(transaction.state == expected.0)
            #expect(output.sends == (expected.1 ? [.response] : []))
            #expect(output.events.isEmpty)
            if expected.0 == state { #expect(transaction.nextDeadline == deadline) }
        }
    }
}
