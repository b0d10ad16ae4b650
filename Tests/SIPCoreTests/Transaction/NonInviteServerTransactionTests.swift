import SansIO
import Testing

@testable import SIPCore

@Suite("Server transaction other than INVITE, RFC 3261 §17.2.2")
struct NonInviteServerTransactionTests {
    typealias State = NonInviteServerTransaction.State
    typealias Output = NonInviteServerTransaction.Output
    private let epoch = MonotonicInstant(nanoseconds: 0)

    private func made(in state: State) -> NonInviteServerTransaction {
        var transaction = NonInviteServerTransaction(times: TransactionTimers())
        var output = Output()
        switch state {
        case .trying: break
        case .proceeding: transaction.respond(code: 183, at: epoch, into: &output)
        case .completed: transaction.respond(code: 200, at: epoch, into: &output)
        case .terminated:
            transaction.respond(code: 200, at: epoch, into: &output)
            transaction.fire(at: epoch.advanced(by: .seconds(32)))
        }
        #expect(transaction.state == state)
        return transaction
    }

    @Test("It lingers 64*T1 after the final response, and not a nanosecond less")
    func lingers() {
        var transaction = made(in: .completed)
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
        transaction.fire(at: MonotonicInstant(nanoseconds: 31_999_999_999))
        #expect(transaction.state == .completed)
        transaction.fire(at: epoch.advanced(by: .seconds(32)))
        #expect(transaction.state == .terminated)
        #expect(transaction.nextDeadline == nil)
    }

    @Test("The request again brings the latest response again", arguments: State.allCases)
    func repeatedRequest(state: State) {
        let transaction = made(in: state)
        var output = Output()
        transaction.receiveRequest(into: &output)
        #expect(output.sends == (state == .proceeding || state == .completed ? [.response] : []))
        #expect(transaction.state == state)
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
                case (.trying, 100..<200), (.proceeding, 100..<200): (.proceeding, true)
                case (.trying, 200..<700), (.proceeding, 200..<700): (.completed, true)
                default: (state, false)
                }
            #expect(transaction.state == expected.0)
            #expect(output.sends == (expected.1 ? [.response] : []))
            if expected.0 == state { #expect(transaction.nextDeadline == deadline) }
        }
    }
}
