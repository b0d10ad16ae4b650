import SIPCore
import SansIO
import Testing

@Suite("Offers in UPDATE and PRACK that the application does not answer in time")
struct OwedAnswerTests {
    private func last(_ wire: Wire) -> String { wire.datagrams.last?.text ?? "" }

    private func tag(_ wire: Wire) -> String {
        Scripted.parameter("tag", of: Scripted.header("To", of: last(wire))) ?? "?"
    }

    private func request(
        _ method: String, _ tag: String, _ cSeq: Int, headers: [String] = [], body: String = ""
    ) -> String {
        Scripted.request(
            method, branch: "z9hG4bK\(method)\(cSeq)", cSeq: cSeq, toTag: tag, headers: headers, body: body)
    }

    /// A call that is up, with an UPDATE of the far end that waits.
    private func updated() -> (wire: Wire, session: InviteSessionID, tag: String) {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        let session = wire.calleeEvents[0].session
        wire.respond(session, 200, body: "answer")
        let tag = tag(wire)
        wire.inject(request("ACK", tag, 1), to: .callee)
        wire.inject(request("UPDATE", tag, 2, body: "new offer"), to: .callee)
        #expect(wire.calleeLabels.last == "offered")
        return (wire, session, tag)
    }

    @Test("BYE of the far end: the UPDATE before it is answered 487")
    func bye() {
        let (wire, _, tag) = updated()
        wire.inject(request("BYE", tag, 3), to: .callee)
        #expect(wire.sent(by: .callee).suffix(2) == ["200 BYE", "487 UPDATE"])
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("Hanging up answers the UPDATE that waits with 487")
    func end() {
        let (wire, session, _) = updated()
        wire.end(.callee, session)
        #expect(wire.sent(by: .callee).suffix(2) == ["487 UPDATE", "BYE"])
        wire.run()
        #expect(wire.isDrained)
    }

    @Test(
        "An application that is silent: 500 with Retry-After before the sender gives up, and the next offer is taken"
    )
    func silent() {
        let (wire, session, tag) = updated()
        wire.run(for: .seconds(30))
        #expect(wire.sent(by: .callee).last == "500 UPDATE")
        #expect(Scripted.header("Retry-After", of: last(wire)) != nil)
        wire.answerOffer(.callee, session, "too late")
        #expect(wire.sent(by: .callee).last == "500 UPDATE")
        wire.inject(request("UPDATE", tag, 3, body: "new offer"), to: .callee)
        wire.answerOffer(.callee, session, "answer")
        #expect(wire.sent(by: .callee).last == "200 UPDATE")
        wire.run(for: .seconds(40))
        #expect(wire.callee.statistics.liveTransactions == 0)
    }

    /// A caller with an offer in its PRACK that waits.
    private func pracked() -> (wire: Wire, session: InviteSessionID, tag: String) {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", headers: ["Require: 100rel"], body: "offer"), to: .callee)
        let session = wire.calleeEvents[0].session
        wire.respond(session, 183, body: "answer")
        let tag = tag(wire)
        let number = Scripted.header("RSeq", of: last(wire)) ?? "0"
        wire.inject(
            request("PRACK", tag, 2, headers: ["RAck: \(number) 1 INVITE"], body: "second offer"), to: .callee
        )
        #expect(wire.calleeLabels.last == "offered")
        return (wire, session, tag)
    }

    @Test("CANCEL: the PRACK before it is answered 487")
    func cancel() {
        let (wire, _, _) = pracked()
        wire.inject(Scripted.request("CANCEL"), to: .callee)
        #expect(wire.sent(by: .callee).suffix(3) == ["200 CANCEL", "487 INVITE", "487 PRACK"])
        wire.inject(Scripted.request("ACK"), to: .callee)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("A refusal of the INVITE answers the PRACK that waits with 487")
    func refused() {
        let (wire, session, _) = pracked()
        wire.respond(session, 486)
        #expect(wire.sent(by: .callee).suffix(2) == ["486 INVITE", "487 PRACK"])
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("The UPDATE of a fork that lost is answered 487")
    func losingFork() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let session = try wire.call()
        let invite = last(wire)
        let contact = "Contact: <sip:bob@192.0.2.2:5060>"
        wire.inject(
            Scripted.response(
                183, to: invite, tag: "one", headers: [contact, "Require: 100rel", "RSeq: 7"], body: "answer"),
            to: .caller)
        let local = Scripted.parameter("tag", of: Scripted.header("From", of: invite)) ?? "?"
        wire.inject(
            Scripted.request(
                "UPDATE", branch: "z9hG4bKfork", uri: "sip:alice@192.0.2.1:5060", fromTag: "one",
                toTag: local,
                callID: Scripted.header("Call-ID", of: invite) ?? "", body: "new offer"), to: .caller)
        #expect(wire.callerLabels.last == "offered")
        wire.inject(
            Scripted.response(200, to: invite, tag: "two", headers: [contact], body: "answer"), to: .caller)
        #expect(wire.sent(by: .caller).suffix(2).sorted() == ["487 UPDATE", "ACK"])
        wire.end(.caller, session)
        wire.run()
        #expect(wire.isDrained)
    }
}
