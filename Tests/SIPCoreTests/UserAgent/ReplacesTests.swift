import SIPCore
import SansIO
import Testing

@Suite("Calls in place of calls, RFC 3891")
struct ReplacesTests {
    private func wire(serves: Bool = true) -> Wire {
        var callee = UserAgent.Configuration()
        callee.servesReplaces = serves
        callee.methods = [.message]
        return Wire(callee: callee)
    }

    /// A call from the caller that the callee has taken, and its dialog as a third party would name it to the callee.
    private func established(_ wire: Wire) throws -> (
        session: InviteSessionID, callee: InviteSessionID, replaces: String
    ) {
        wire.answers(after: .milliseconds(100))
        let session = try wire.call()
        wire.run(for: .seconds(1))
        let target = try #require(wire.command(.caller) { user, _, _ in user.transferTarget(of: session) })
        #expect(target.uri == "sip:bob@192.0.2.2:5060")
        return (session, wire.calleeEvents[0].session, try #require(target.replaces?.headerValue))
    }

    private func invite(
        _ replaces: String..., method: String = "INVITE", branch: String = "z9hG4bKr", require: Bool = false
    ) -> String {
        Scripted.request(
            method, branch: branch, fromTag: "carol", callID: "carol-\(branch)",
            headers: replaces.map { "Replaces: \($0)" } + (require ? ["Require: replaces"] : []),
            body: "offer")
    }

    private func answers(_ text: String, _ wire: Wire) -> [String] {
        let before = wire.sent(by: .callee).count
        wire.inject(text, to: .callee)
        return Array(wire.sent(by: .callee).dropFirst(before))
    }

    @Test("An INVITE that replaces a call is handed up with it; its 2xx ends that call")
    func replaced() throws {
        let wire = wire()
        let (_, callee, replaces) = try established(wire)
        wire.onCallee = { _, _ in }
        #expect(answers(invite(replaces, require: true), wire) == ["100 INVITE"])
        guard case .incoming(let session, let request)? = wire.calleeEvents.last else {
            Issue.record("\(wire.calleeLabels)")
            return
        }
        #expect(request.replaces == callee)
        #expect(session != callee)
        wire.respond(session, 180)
        #expect(wire.sent(by: .callee).last == "180 INVITE")
        wire.respond(session, 200, body: "answer")
        #expect(wire.sent(by: .callee).suffix(2) == ["200 INVITE", "BYE"])
        #expect(
            Scripted.header(
                "Supported",
                of: wire.datagrams.first { $0.name == "200 INVITE" && $0.text.contains("carol") }?.text ?? "")?
                .contains("replaces") == true)
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels.last == "ended by remote")
    }

    @Test("An INVITE of ours requires what it asks for, and takes the place of the call that it names")
    func outgoing() throws {
        let wire = wire()
        let (session, callee, replaces) = try established(wire)
        var request = Wire.request()
        request.replaces = SIPReplaces(replaces)
        try wire.call(request)
        let text = try #require(wire.datagrams.last { $0.name == "INVITE" }).text
        #expect(Scripted.header("Replaces", of: text) == replaces)
        #expect(Scripted.header("Require", of: text) == "replaces")
        wire.run(for: .seconds(1))
        #expect(
            wire.calleeEvents.filter { $0.session == callee }.map(\.label) == [
                "incoming", "acknowledged", "ended by us",
            ])
        #expect(
            wire.callerEvents.filter { $0.session == session }.map(\.label).last == "ended by remote")
        #expect(wire.callerLabels.filter { $0 == "answered 200" }.count == 2)
    }

    @Test("A refusal of the new call leaves the old one alone")
    func refused() throws {
        let wire = wire()
        let (_, _, replaces) = try established(wire)
        wire.onCallee = { _, _ in }
        wire.inject(invite(replaces), to: .callee)
        wire.respond(wire.calleeEvents.last?.session ?? InviteSessionID(rawValue: 0), 603)
        #expect(wire.sent(by: .callee).last == "603 INVITE")
        #expect(wire.callee.statistics.liveSessions == 1)
    }

    @Test("What does not fit is answered as RFC 3891 §3 says")
    func statuses() throws {
        let wire = wire()
        let (_, callee, replaces) = try established(wire)
        wire.onCallee = { _, _ in }
        let early = replaces + ";early-only"
        #expect(answers(invite(early, branch: "z9hG4bK1"), wire) == ["486 INVITE"])
        #expect(answers(invite("x@y;to-tag=1;from-tag=2", branch: "z9hG4bK2"), wire) == ["481 INVITE"])
        let wrongTag = replaces.replacing("from-tag=", with: "from-tag=x")
        #expect(answers(invite(wrongTag, branch: "z9hG4bK3"), wire) == ["481 INVITE"])
        #expect(answers(invite(replaces, replaces, branch: "z9hG4bK4"), wire) == ["400 INVITE"])
        #expect(answers(invite("x@y;to-tag=1", branch: "z9hG4bK5"), wire) == ["400 INVITE"])
        #expect(answers(invite(replaces, method: "MESSAGE", branch: "z9hG4bK6"), wire) == ["400 MESSAGE"])
        wire.fate = { _, _ in [] }
        wire.end(.callee, callee)
        #expect(answers(invite(replaces, branch: "z9hG4bK7"), wire) == ["603 INVITE"])
        #expect(wire.calleeLabels == ["incoming", "acknowledged"])
    }

    @Test("Nobody but its caller may have an early dialog replaced; our own early call may be")
    func early() throws {
        let wire = wire()
        wire.onCallee = { wire, event in
            if case .incoming(let session, _) = event { wire.respond(session, 180) }
        }
        // The callee has a call of its own ringing at the caller's host.
        var request = Wire.request()
        request.destination = Wire.Side.caller.address
        let own = try wire.command(.callee) { try $0.invite(request, at: $1, into: &$2).session }
        let sent = wire.datagrams[0].text
        wire.inject(Scripted.response(180, to: sent), to: .callee)
        let callID = try #require(Scripted.header("Call-ID", of: sent))
        let tag = try #require(Scripted.parameter("tag", of: Scripted.header("From", of: sent)))
        #expect(
            answers(invite("\(callID);to-tag=\(tag);from-tag=far;early-only"), wire) == [
                "100 INVITE", "180 INVITE",
            ])
        guard case .incoming(let session, let received)? = wire.calleeEvents.last else { return }
        #expect(received.replaces == own)
        wire.respond(session, 200, body: "answer")
        #expect(wire.sent(by: .callee).suffix(2) == ["200 INVITE", "CANCEL"])
        // The other way: a call that rings at the callee.
        let second = self.wire()
        second.onCallee = wire.onCallee
        second.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        let ringing = second.datagrams.last?.text ?? ""
        let ourTag = try #require(Scripted.parameter("tag", of: Scripted.header("To", of: ringing)))
        #expect(
            answers(invite("scripted@192.0.2.1;to-tag=\(ourTag);from-tag=near"), second) == ["481 INVITE"])
    }

    @Test(
        "A user agent that does not serve it takes such a call for any other, and refuses it when it is required"
    )
    func notServed() throws {
        let wire = wire(serves: false)
        let (_, _, replaces) = try established(wire)
        wire.onCallee = { _, _ in }
        #expect(answers(invite(replaces), wire) == ["100 INVITE"])
        guard case .incoming(_, let request)? = wire.calleeEvents.last else { return }
        #expect(request.replaces == nil)
        #expect(answers(invite(replaces, branch: "z9hG4bKs", require: true), wire) == ["420 INVITE"])
        #expect(Scripted.header("Unsupported", of: wire.datagrams.last?.text ?? "") == "replaces")
    }

    @Test("A 2xx that waits for a PRACK ends the replaced call when it goes out, not before")
    func heldAnswer() throws {
        let wire = wire()
        let (_, _, replaces) = try established(wire)
        wire.onCallee = { _, _ in }
        let text = invite(replaces).replacing("Replaces:", with: "Require: 100rel\r\nReplaces:")
        #expect(answers(text, wire) == ["100 INVITE"])
        let session = try #require(wire.calleeEvents.last?.session)
        wire.respond(session, 183, body: "answer")
        let progress = wire.datagrams.last?.text ?? ""
        wire.respond(session, 200)
        #expect(wire.sent(by: .callee).last == "183 INVITE")
        let prack = Scripted.request(
            "PRACK", branch: "z9hG4bKp", cSeq: 2, fromTag: "carol",
            toTag: Scripted.parameter("tag", of: Scripted.header("To", of: progress)),
            callID: Scripted.header("Call-ID", of: progress) ?? "",
            headers: ["RAck: \(Scripted.header("RSeq", of: progress) ?? "") 1 INVITE"])
        #expect(answers(prack, wire) == ["200 PRACK", "200 INVITE", "BYE"])
    }
}
