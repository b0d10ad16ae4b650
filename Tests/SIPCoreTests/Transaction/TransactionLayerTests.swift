import SansIO
import Testing

@testable import SIPCore

@Suite("The transaction layer")
struct TransactionLayerTests {
    private let epoch = MonotonicInstant(nanoseconds: 0)
    private let route = MessageRoute(destination: .loopback(port: 5060), socket: SocketID(rawValue: 3))
    private let invite = Array(
        "INVITE sip:bob@example.com SIP/2.0\r\nVia: x\r\nRoute: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\n\r\nbody"
            .utf8)

    private func layer(maximumCount: Int = 1_000_000) -> TransactionLayer {
        TransactionLayer(times: TransactionTimers(), maximumCount: maximumCount)
    }

    /// Starts a client transaction and returns what was sent.
    @discardableResult
    private func start(
        _ method: TransactionLayer.ClientMethod, key: UInt64, session: UInt64 = 1,
        in layer: inout TransactionLayer
    ) -> TransactionID {
        var effects = UserAgentEffects()
        effects.bytes = invite
        let user = TransactionUser.invite(InviteSessionID(rawValue: session))
        return layer.start(
            method, key: key, message: 0..<invite.count, route: route, user: user, at: epoch, into: &effects)
    }

    private func accept(_ code: Int, key: UInt64, in layer: inout TransactionLayer) {
        let id = layer.acceptInvite(
            key: key, mergeKey: 0, route: route, session: InviteSessionID(rawValue: 1))
        var effects = UserAgentEffects()
        effects.bytes = Array("response".utf8)
        layer.respond(to: id, code: code, message: 0..<8, at: epoch, into: &effects)
    }

    @Test("A tombstone is small: with 500,000 of them lingering a server does not notice")
    func size() {
        #expect(MemoryLayout<TransactionLayer.Tombstone?>.stride <= 80)
        // Record, head of the ACK with its array header, entry and position in the heap, two dictionary entries.
        let head = TransactionLayer.acknowledgementHead(
            of: Array("INVITE sip:+15551234567@carrier.example SIP/2.0\r\n\r\n".utf8))
        let total = MemoryLayout<TransactionLayer.Tombstone?>.stride + head.count + 32 + 32 + 2 * 20
        #expect(total <= 232)
    }

    @Test("Request-URI and routes of the INVITE are what its ACK needs")
    func head() {
        #expect(
            TransactionLayer.acknowledgementHead(of: invite)
                == Array("sip:bob@example.com\n<sip:p1;lr>\n<sip:p2;lr>".utf8))
        #expect(TransactionLayer.acknowledgementHead(of: []) == [])
        #expect(TransactionLayer.acknowledgementHead(of: Array("x".utf8)) == [])
    }

    @Test(
        "A client tombstone treats every response as its machine would",
        arguments: [
            (TransactionLayer.ClientMethod.invite, 200), (.invite, 486), (.other, 200),
        ])
    func clientTombstone(method: TransactionLayer.ClientMethod, final: Int) {
        for code in [100, 180, 200, 299, 300, 486, 699] {
            var layer = layer()
            start(method, key: 7, in: &layer)
            _ = layer.receiveResponse(key: 7, code: final, at: epoch)
            #expect(layer.live.count == 0)
            #expect(layer.tombstones.count == 1)
            let outcome = layer.receiveResponse(key: 7, code: code, at: epoch)
            let acknowledgement = TransactionLayer.Acknowledgement(
                head: TransactionLayer.acknowledgementHead(of: invite), route: route)
            let expected: TransactionLayer.ResponseOutcome
            switch method {
            case .invite:
                var machine = InviteClientTransaction(times: TransactionTimers())
                var out = InviteClientTransaction.Output()
                machine.receive(code: final, at: epoch, into: &out)
                out.removeAll()
                machine.receive(code: code, at: epoch, into: &out)
                expected =
                    !out.sends.isEmpty
                    ? .acknowledge(acknowledgement)
                    : out.events.isEmpty ? .absorbed : .deliver(.invite(InviteSessionID(rawValue: 1)))
            case .other:
                expected = .absorbed
            }
            #expect(outcome == expected, "\(code) after \(final)")
        }
    }

    @Test("A server tombstone absorbs or answers as its machine would")
    func serverTombstone() {
        var layer = layer()
        var effects = UserAgentEffects()
        accept(200, key: 1, in: &layer)
        #expect(
            layer.receiveRequest(key: 1, isAcknowledgement: false, at: epoch, into: &effects) == .absorbed)
        #expect(layer.receiveRequest(key: 1, isAcknowledgement: true, at: epoch, into: &effects) == .new)
        accept(486, key: 2, in: &layer)
        #expect(
            layer.receiveRequest(key: 2, isAcknowledgement: false, at: epoch, into: &effects) == .absorbed)
        #expect(effects.sends.count == 1)
        #expect(layer.receiveRequest(key: 2, isAcknowledgement: true, at: epoch, into: &effects) == .absorbed)
        #expect(
            layer.receiveRequest(key: 2, isAcknowledgement: false, at: epoch, into: &effects) == .absorbed)
        #expect(effects.sends.count == 1)
        layer.recordAnswer(key: 3, mergeKey: 9, status: 481, route: route, at: epoch)
        #expect(
            layer.receiveRequest(key: 3, isAcknowledgement: false, at: epoch, into: &effects)
                == .answerAgain(status: 481))
        #expect(layer.isMerged(9))
        // 64*T1 of accepted and of the answer, T4 of confirmed.
        var timedOut: [TransactionUser] = []
        layer.fire(at: epoch.advanced(by: .seconds(5)), into: &effects, timedOut: &timedOut)
        #expect(layer.receiveRequest(key: 2, isAcknowledgement: false, at: epoch, into: &effects) == .new)
        #expect(layer.count == 2)
        layer.fire(at: epoch.advanced(by: .seconds(32)), into: &effects, timedOut: &timedOut)
        #expect(layer.count == 0)
        #expect(!layer.isMerged(9))
        #expect(layer.nextDeadline == nil)
        #expect(timedOut.isEmpty)
    }

    @Test("A stale id does nothing, also after its slot has been given away again")
    func staleID() {
        var layer = layer()
        let old = start(.invite, key: 1, in: &layer)
        layer.abandon(old)
        #expect(layer.count == 0)
        let new = start(.invite, key: 2, in: &layer)
        #expect(new.index == old.index)
        layer.abandon(old)
        #expect(layer.count == 1)
        layer.abandon(new)
        #expect(layer.count == 0)
        #expect(layer.nextDeadline == nil)
    }

    @Test("A time-out names its user, and the message is repeated from memory")
    func timeout() {
        var layer = layer()
        start(.other, key: 5, session: 42, in: &layer)
        var effects = UserAgentEffects()
        var timedOut: [TransactionUser] = []
        while let deadline = layer.nextDeadline {
            layer.fire(at: deadline, into: &effects, timedOut: &timedOut)
        }
        #expect(effects.sends.count == 10)
        #expect(Array(effects.bytes[effects.sends[9].range]) == invite)
        #expect(timedOut == [.invite(InviteSessionID(rawValue: 42))])
        #expect(layer.retransmissionsSent == 10)
    }

    @Test("100,000 transactions come, linger and go; equal deadlines end in the order of their start")
    func many() {
        var layer = layer()
        for key in 0..<UInt64(100_000) {
            start(key % 2 == 0 ? .invite : .other, key: key, session: key, in: &layer)
        }
        #expect(layer.live.count == 100_000)
        for key in 0..<UInt64(100_000) where key % 10 != 3 {
            _ = layer.receiveResponse(key: key, code: key % 4 == 0 ? 200 : 404, at: epoch)
        }
        #expect(layer.live.count == 10_000)
        #expect(layer.tombstones.count == 90_000)
        var effects = UserAgentEffects()
        var timedOut: [TransactionUser] = []
        while let deadline = layer.nextDeadline {
            layer.fire(at: deadline, into: &effects, timedOut: &timedOut)
            effects.removeAll()
        }
        #expect(layer.count == 0)
        #expect(timedOut.map(\.session.rawValue) == (0..<10_000).map { UInt64($0) * 10 + 3 })
    }
}
