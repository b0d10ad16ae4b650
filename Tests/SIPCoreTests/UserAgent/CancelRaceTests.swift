import SIPCore
import SansIO
import Testing

@Suite("CANCEL, and what crosses it, RFC 3261 §9")
struct CancelRaceTests {
    @Test("A 2xx that crosses the CANCEL is acknowledged and ended with BYE, without an answered event")
    func crossing() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, 180)
            wire.after(.milliseconds(995)) { $0.respond(session, 200, body: "answer") }
        }
        let session = try wire.call()
        // The callee answers at 1005 ms, the CANCEL leaves at 1010 ms, and the 2xx arrives at 1015 ms.
        wire.after(.milliseconds(1010)) { $0.end(.caller, session) }
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "CANCEL", "ACK", "BYE"])
        #expect(
            wire.sent(by: .callee) == ["100 INVITE", "180 INVITE", "200 INVITE", "200 CANCEL", "200 BYE"])
        #expect(wire.callerLabels == ["provisional 180", "ended by us"])
        #expect(wire.calleeLabels == ["incoming", "acknowledged", "ended by remote"])
        #expect(wire.isDrained)
    }

    @Test("The 487 may come before the 200 of the CANCEL")
    func refusalFirst() throws {
        let wire = Wire()
        wire.fate = { _, datagram in [.milliseconds(datagram.name == "200 CANCEL" ? 60 : 10)] }
        wire.onCallee = { wire, event in
            if case .incoming(let session, _) = event { wire.respond(session, 180) }
        }
        let session = try wire.call()
        wire.after(.seconds(1)) { $0.end(.caller, session) }
        wire.run()
        #expect(wire.callerLabels == ["provisional 180", "rejected 487"])
        #expect(wire.isDrained)
    }

    @Test("CANCEL waits for the first provisional response")
    func waits() throws {
        let wire = Wire()
        wire.fate = { _, datagram in [.milliseconds(datagram.name == "100 INVITE" ? 400 : 10)] }
        let session = try wire.call()
        wire.after(.milliseconds(100)) { $0.end(.caller, session) }
        wire.run(for: .milliseconds(300))
        #expect(wire.sent(by: .caller) == ["INVITE"])
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "CANCEL", "ACK"])
        #expect(wire.isDrained)
    }

    @Test("Silence after the CANCEL ends the INVITE 64*T1 later")
    func silence() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            if case .incoming(let session, _) = event { wire.respond(session, 180) }
        }
        wire.fate = { _, datagram in datagram.name == "CANCEL" ? [] : [.milliseconds(10)] }
        let session = try wire.call()
        wire.after(.seconds(1)) { $0.end(.caller, session) }
        wire.run(for: .seconds(40))
        #expect(wire.callerLabels == ["provisional 180", "timed out"])
        #expect(wire.sent(by: .caller).filter { $0 == "CANCEL" }.count == 11)
        #expect(wire.caller.statistics.liveSessions == 0)
        #expect(wire.caller.nextDeadline == nil)
    }

    @Test("CANCEL has Request-URI, Via, From, To, Call-ID and CSeq number of the INVITE, RFC 3261 §9.1")
    func sameIdentity() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            if case .incoming(let session, _) = event { wire.respond(session, 180) }
        }
        let session = try wire.call()
        wire.after(.seconds(1)) { $0.end(.caller, session, reason: "Q.850;cause=16") }
        wire.run()
        let messages = wire.datagrams.filter { $0.from == .caller }.map(\.text)
        let (invite, cancel, ack) = (messages[0], messages[1], messages[2])
        for name in ["Via", "From", "To", "Call-ID"] {
            #expect(Scripted.header(name, of: cancel) == Scripted.header(name, of: invite))
        }
        let number = Scripted.header("CSeq", of: invite)?.split(separator: " ").first.map(String.init) ?? "?"
        #expect(Scripted.header("CSeq", of: cancel) == "\(number) CANCEL")
        #expect(Scripted.header("Reason", of: cancel) == "Q.850;cause=16")
        // The ACK for the 487 has the INVITE's branch too, and the To of the response.
        #expect(Scripted.header("CSeq", of: ack) == "\(number) ACK")
        #expect(
            Scripted.parameter("branch", of: Scripted.header("Via", of: ack))
                == Scripted.parameter("branch", of: Scripted.header("Via", of: invite)))
        #expect(Scripted.header("To", of: ack)?.contains(";tag=") == true)
        #expect(ack.hasPrefix("ACK sip:bob@192.0.2.2 SIP/2.0\r\n"))
    }

    @Test("CANCEL of nothing is answered 481")
    func unknown() {
        let wire = Wire()
        wire.inject(Scripted.request("CANCEL"), to: .callee)
        #expect(wire.sent(by: .callee) == ["481 CANCEL"])
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("CANCEL after the final response is answered 200 and changes nothing")
    func tooLate() throws {
        let wire = Wire()
        wire.answers(after: .milliseconds(5))
        try wire.call()
        wire.run(for: .seconds(1))
        let invite = wire.datagrams[0].text
        let cancel = invite.replacing("INVITE sip:", with: "CANCEL sip:").replacing(
            " INVITE\r\n", with: " CANCEL\r\n")
        wire.inject(cancel, to: .callee)
        #expect(wire.sent(by: .callee).last == "200 CANCEL")
        #expect(wire.calleeLabels == ["incoming", "acknowledged"])
    }
}
