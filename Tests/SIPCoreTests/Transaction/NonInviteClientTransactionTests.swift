import SansIO
import Testing

@testable import SIPCore

@Suite("Client transaction other than INVITE, RFC 3261 §17.1.2")
struct NonInviteClientTransactionTests {
    typealias State = NonInviteClientTransaction.State
    typealias Output = NonInviteClientTransaction.Output
    private let epoch = MonotonicInstant(nanoseconds: 0)

    private func made(in state: State) -> NonInviteClientTransaction {
        var transaction = NonInviteClientTransaction(times: TransactionTimers())
        var output = Output()
        transaction.start(at: epoch, into: &output)
        switch state {
        case .trying: break
        case .proceeding: transaction.receive(code: 100, at: epoch, into: &output)
        case .completed: transaction.receive(code: 200, at: epoch, into: &output)
        case .terminated: transaction.fire(at: epoch.advanced(by: .seconds(32)), into: &output)
        }
        #expect(transaction.state == state)
        return transaction
    }

    private func sendTimes(
        of start: NonInviteClientTransaction, events: inout [NonInviteClientTransaction.Event]
    ) -> [Int] {
        var transaction = start
        var output = Output()
        var times: [Int] = []
        while let deadline = transaction.nextDeadline {
            let before = output.sends.count
            transaction.fire(at: deadline, into: &output)
            if output.sends.count > before { times.append(Int(deadline.nanoseconds / 1_000_000)) }
        }
        events = output.events
        return times
    }

    @Test("A silent server sees eleven requests, T1 doubling to T2, then one timeout at 64*T1")
    func retransmitsThenTimesOut() {
        var events: [NonInviteClientTransaction.Event] = []
        let times = sendTimes(of: made(in: .trying), events: &events)
        #expect(times == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
        #expect(events == [.timedOut])
    }

    @Test("After a provisional response it repeats every T2 and still times out")
    func provisionalSlowsDown() {
        var events: [NonInviteClientTransaction.Event] = []
        let times = sendTimes(of: made(in: .proceeding), events: &events)
        #expect(times == [500, 4500, 8500, 12500, 16500, 20500, 24500, 28500])
        #expect(events == [.timedOut])
    }

    @Test("It lingers T4 after the final response")
    func lingers() {
        var transaction = made(in: .completed)
        var output = Output()
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(5)))
        transaction.fire(at: epoch.advanced(by: .seconds(5)), into: &output)
        #expect(transaction.state == .terminated)
        #expect(output.isEmpty)
    }

    @Test("Every state with every kind of response", arguments: State.allCases)
    func response(state: State) {
        for code in [Int.min, -1, 0, 99, 100, 199, 200, 299, 300, 699, 700, Int.max] {
            var transaction = made(in: state)
            let deadline = transaction.nextDeadline
            var output = Output()
            transaction.receive(code: code, at: epoch, into: &output)
            let expected: (State, Bool) =
                switch (state, code) {
                case (.trying, 100..<200), (.proceeding, 100..<200): (.proceeding, true)
                case (.trying, 200..<700), (.proceeding, 200..<700): (.completed, true)
                default: (state, false)
                }
            #expect(transaction.state == expected.0)
            #expect(output.events == (expected.1 ? [.response(code: code)] : []))
            #expect(output.sends.isEmpty)
            if expected.0 == state { #expect(transaction.nextDeadline == deadline) }
        }
    }
}
