import SansIO
import Testing

@testable import SIPCore

@Suite("INVITE client transaction, RFC 3261 §17.1.1 and RFC 6026")
struct InviteClientTransactionTests {
    typealias State = InviteClientTransaction.State
    typealias Output = InviteClientTransaction.Output
    private let epoch = MonotonicInstant(nanoseconds: 0)

    /// A transaction driven into `state` the way the wire would.
    private func made(in state: State) -> InviteClientTransaction {
        var transaction = InviteClientTransaction(times: TransactionTimers())
        var output = Output()
        transaction.start(at: epoch, into: &output)
        switch state {
        case .calling: break
        case .proceeding: transaction.receive(code: 180, at: epoch, into: &output)
        case .accepted: transaction.receive(code: 200, at: epoch, into: &output)
        case .completed: transaction.receive(code: 486, at: epoch, into: &output)
        case .terminated: transaction.fire(at: epoch.advanced(by: .seconds(32)), into: &output)
        }
        #expect(transaction.state == state)
        return transaction
    }

    @Test("A silent callee sees seven INVITEs, then the TU sees one timeout at 64*T1")
    func retransmitsThenTimesOut() {
        var transaction = InviteClientTransaction(times: TransactionTimers())
        var output = Output()
        transaction.start(at: epoch, into: &output)
        var sendTimes = [0]
        var last = epoch
        while let deadline = transaction.nextDeadline {
            let before = output.sends.count
            transaction.fire(at: deadline, into: &output)
            if output.sends.count > before { sendTimes.append(Int(deadline.nanoseconds / 1_000_000)) }
            last = deadline
        }
        #expect(sendTimes == [0, 500, 1500, 3500, 7500, 15500, 31500])
        #expect(output.sends == Array(repeating: .invite, count: 7))
        #expect(output.events == [.timedOut])
        #expect(last == epoch.advanced(by: .seconds(32)))
    }

    @Test("T1 scales the whole sequence, but timer D stays at 32 s at least")
    func scaled() {
        var transaction = InviteClientTransaction(times: TransactionTimers(t1: .milliseconds(100)))
        var output = Output()
        transaction.start(at: epoch, into: &output)
        #expect(transaction.nextDeadline == epoch.advanced(by: .milliseconds(100)))
        transaction.receive(code: 404, at: epoch, into: &output)
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
    }

    @Test("A provisional response stops every timer")
    func provisionalStopsTimers() { #expect(made(in: .proceeding).nextDeadline == nil) }

    @Test(
        "Accepted and completed linger 64*T1 and 32 s, then end in silence",
        arguments: [State.accepted, .completed])
    func lingers(state: State) {
        var transaction = made(in: state)
        var output = Output()
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
        transaction.fire(at: epoch.advanced(by: .milliseconds(31_999)), into: &output)
        #expect(transaction.state == state)
        transaction.fire(at: epoch.advanced(by: .seconds(32)), into: &output)
        #expect(transaction.state == .terminated)
        #expect(output.isEmpty)
        #expect(transaction.nextDeadline == nil)
    }

    struct Row: Sendable {
        var state: State
        var codes: [Int]
        var next: State
        var sends: [InviteClientTransaction.Send] = []
        var isReported = false
    }

    static let nonsense = [Int.min, -1, 0, 99, 700, 1000, Int.max]
    static let table: [Row] = [
        Row(state: .calling, codes: [100, 180, 199], next: .proceeding, isReported: true),
        Row(state: .calling, codes: [200, 299], next: .accepted, isReported: true),
        Row(state: .calling, codes: [300, 486, 699], next: .completed, sends: [.ack], isReported: true),
        Row(state: .calling, codes: nonsense, next: .calling),
        Row(state: .proceeding, codes: [100, 180, 199], next: .proceeding, isReported: true),
        Row(state: .proceeding, codes: [200, 299], next: .accepted, isReported: true),
        Row(state: .proceeding, codes: [300, 486, 699], next: .completed, sends: [.ack], isReported: true),
        Row(state: .proceeding, codes: nonsense, next: .proceeding),
        Row(state: .accepted, codes: [100, 199, 300, 699] + nonsense, next: .accepted),
        Row(state: .accepted, codes: [200, 299], next: .accepted, isReported: true),
        Row(state: .completed, codes: [100, 199, 200, 299] + nonsense, next: .completed),
        Row(state: .completed, codes: [300, 699], next: .completed, sends: [.ack]),
        Row(state: .terminated, codes: [100, 180, 200, 299, 300, 699] + nonsense, next: .terminated),
    ]

    @Test("Every state with every kind of response", arguments: table)
    func response(row: Row) {
        for code in row.codes {
            var transaction = made(in: row.state)
            let deadline = transaction.nextDeadline
            var output = Output()
            transaction.receive(code: code, at: epoch, into: &output)
            #expect(transaction.state == row.next)
            #expect(output.sends == row.sends)
            #expect(output.events == (row.isReported ? [.response(code: code)] : []))
            if row.next == row.state { #expect(transaction.nextDeadline == deadline) }
        }
    }

    @Test("The TU can abandon it before a final response only", arguments: State.allCases)
    func abandon(state: State) {
        var transaction = made(in: state)
        transaction.abandon()
        #expect(transaction.state == (state == .calling || state == .proceeding ? .terminated : state))
    }

    @Test("Firing early does nothing", arguments: State.allCases)
    func fireEarly(state: State) {
        var transaction = made(in: state)
        var output = Output()
        transaction.fire(at: epoch.advanced(by: .milliseconds(499)), into: &output)
        #expect(transaction.state == state)
        #expect(output.isEmpty)
    }
}
