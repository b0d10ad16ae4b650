import SansIO
import Testing

@testable import SIPCore

@Suite("Transactions over a reliable transport, RFC 3261 §17")
struct ReliableTransactionTests {
    private let epoch = MonotonicInstant(nanoseconds: 0)
    private let times = TransactionTimers().over(.tcp)

    @Test("An INVITE is sent once (no timer A) and given up at 64*T1 (timer B)")
    func inviteIsNotRepeated() {
        var transaction = InviteClientTransaction(times: times)
        var output = InviteClientTransaction.Output()
        transaction.start(at: epoch, into: &output)
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
        transaction.fire(at: epoch.advanced(by: .seconds(32)), into: &output)
        #expect(output.sends == [.invite])
        #expect(output.events == [.timedOut])
    }

    @Test("After a refusal and its ACK nothing is waited for: timer D is zero")
    func refusedInviteIsOver() {
        var transaction = InviteClientTransaction(times: times)
        var output = InviteClientTransaction.Output()
        transaction.start(at: epoch, into: &output)
        transaction.receive(code: 486, at: epoch, into: &output)
        #expect(output.sends == [.invite, .ack])
        #expect(output.events == [.response(code: 486)])
        #expect(transaction.state == .terminated)
        #expect(transaction.nextDeadline == nil)
    }

    @Test("After a 2xx copies are still passed on for 64*T1 (timer M, RFC 6026)")
    func acceptedInviteLingers() {
        var transaction = InviteClientTransaction(times: times)
        var output = InviteClientTransaction.Output()
        transaction.start(at: epoch, into: &output)
        transaction.receive(code: 200, at: epoch, into: &output)
        #expect(transaction.state == .accepted)
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
    }

    @Test(
        "Any other request is sent once (no timer E), given up at 64*T1, and over with its answer (K is zero)"
    )
    func otherRequest() {
        var transaction = NonInviteClientTransaction(times: times)
        var output = NonInviteClientTransaction.Output()
        transaction.start(at: epoch, into: &output)
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
        transaction.receive(code: 100, at: epoch, into: &output)
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
        transaction.receive(code: 200, at: epoch, into: &output)
        #expect(transaction.state == .terminated)
        #expect(output.sends == [.request])
    }

    @Test(
        "A refusal is sent once (no timer G), its ACK is waited for 64*T1 (H), and ends it at once (I is zero)"
    )
    func refusal() {
        var transaction = InviteServerTransaction(times: times)
        var output = InviteServerTransaction.Output()
        transaction.respond(code: 404, at: epoch, into: &output)
        #expect(transaction.nextDeadline == epoch.advanced(by: .seconds(32)))
        transaction.receiveAck(at: epoch, into: &output)
        #expect(transaction.state == .terminated)
        #expect(output.sends == [.response])
    }

    @Test("An answer to any other request leaves nothing behind: timer J is zero")
    func otherAnswer() {
        var transaction = NonInviteServerTransaction(times: times)
        var output = NonInviteServerTransaction.Output()
        transaction.respond(code: 200, at: epoch, into: &output)
        #expect(transaction.state == .terminated)
        #expect(transaction.nextDeadline == nil)
    }

    @Test("A transport failure ends a client transaction that has heard nothing, and no other (§17.1.4)")
    func transportFailure() {
        var silent = InviteClientTransaction(times: times)
        var output = InviteClientTransaction.Output()
        silent.start(at: epoch, into: &output)
        var trying = silent
        trying.receive(code: 100, at: epoch, into: &output)
        silent.failTransport(into: &output)
        trying.failTransport(into: &output)
        #expect(silent.state == .terminated)
        #expect(trying.state == .proceeding)
        #expect(output.events == [.response(code: 100), .transportFailed])
    }
}
