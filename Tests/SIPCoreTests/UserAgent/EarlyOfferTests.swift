import SIPCore
import SansIO
import Testing

@Suite("Offers in early dialogs, RFC 3311 §5")
struct EarlyOfferTests {
    private static let contact = "Contact: <sip:bob@192.0.2.2:5060>"

    private func last(_ wire: Wire) -> String { wire.datagrams.last?.text ?? "" }

    /// A call whose forks `tags` have answered the offer reliably.
    private func ringing(_ tags: String...) throws -> (wire: Wire, session: InviteSessionID, invite: String) {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let session = try wire.call()
        let invite = last(wire)
        for tag in tags { ring(tag, wire, invite) }
        return (wire, session, invite)
    }

    private func ring(_ tag: String, _ wire: Wire, _ invite: String) {
        let headers = [Self.contact, "Require: 100rel", "RSeq: 7", "Allow: UPDATE"]
        wire.inject(
            Scripted.response(183, to: invite, tag: tag, headers: headers, body: "answer"), to: .caller)
        wire.inject(Scripted.response(200, to: last(wire), tag: nil), to: .caller)
    }

    @Test(
        "An UPDATE while ringing that is answered 408 or 481 is refused, and the next one goes",
        arguments: [408, 481])
    func gone(status: Int) throws {
        let (wire, session, invite) = try ringing("one")
        try wire.offer(.caller, session, "hold", by: .update)
        wire.inject(Scripted.response(status, to: last(wire), tag: nil), to: .caller)
        #expect(wire.callerLabels.last == "offer refused \(status)")
        try wire.offer(.caller, session, "again", by: .update)
        #expect(wire.sent(by: .caller) == ["INVITE", "PRACK", "UPDATE", "UPDATE"])
        wire.inject(Scripted.response(200, to: last(wire), tag: nil, body: "answer"), to: .caller)
        #expect(wire.callerLabels.last == "offer answered 200")
        wire.inject(
            Scripted.response(200, to: invite, tag: "one", headers: [Self.contact], body: "answer"),
            to: .caller)
        #expect(wire.callerLabels.last == "answered 200")
    }

    @Test("An UPDATE while ringing that nobody answers is given up after 64*T1, and the call goes on")
    func silence() throws {
        let (wire, session, invite) = try ringing("one")
        try wire.offer(.caller, session, "hold", by: .update)
        wire.run(for: .seconds(33))
        #expect(wire.callerLabels.last == "offer timed out")
        try wire.offer(.caller, session, "again", by: .update)
        #expect(wire.sent(by: .caller).last == "UPDATE")
        wire.inject(
            Scripted.response(200, to: invite, tag: "one", headers: [Self.contact], body: "answer"),
            to: .caller)
        #expect(wire.callerLabels.last == "answered 200")
    }

    @Test("A second fork that rings does not keep the answer from the UPDATE of the first")
    func secondFork() throws {
        let (wire, session, invite) = try ringing("one")
        try wire.offer(.caller, session, "hold", by: .update)
        let update = last(wire)
        ring("two", wire, invite)
        wire.inject(Scripted.response(200, to: update, tag: nil, body: "answer"), to: .caller)
        #expect(wire.callerLabels.last == "offer answered 200")
    }

    @Test("An UPDATE of a fork that lost is withdrawn: its silence does not end the call")
    func losingFork() throws {
        let (wire, session, invite) = try ringing("one")
        try wire.offer(.caller, session, "hold", by: .update)
        let update = last(wire)
        ring("two", wire, invite)
        wire.inject(
            Scripted.response(200, to: invite, tag: "two", headers: [Self.contact], body: "answer"),
            to: .caller)
        #expect(wire.callerLabels.contains("offer withdrawn"))
        wire.inject(Scripted.response(481, to: update, tag: nil), to: .caller)
        wire.run(for: .seconds(40))
        #expect(wire.callerLabels.last == "answered 200")
        try wire.offer(.caller, session, "hold")
        #expect(wire.sent(by: .caller).last == "INVITE")
    }
}
