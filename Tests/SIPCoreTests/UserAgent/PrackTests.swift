import SIPCore
import SansIO
import Testing

@Suite("PRACK between user agents and with strangers, RFC 3262")
struct PrackTests {
    private static let contact = "Contact: <sip:bob@192.0.2.2:5060>"

    private func header(_ name: String, _ text: String) -> String? { Scripted.header(name, of: text) }

    private func calling(offer: Bool = true, options: InviteOptions = .init()) throws -> (
        Wire, InviteSessionID, String
    ) {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        var request = Wire.request()
        request.options = options
        if !offer { request.body = nil }
        let session = try wire.call(request)
        return (wire, session, wire.datagrams[0].text)
    }

    private func reliable(
        _ status: Int, _ rSeq: Int, to invite: String, tag: String = "far", body: String = ""
    ) -> String {
        Scripted.response(
            status, to: invite, tag: tag, headers: [Self.contact, "Require: 100rel", "RSeq: \(rSeq)"],
            body: body)
    }

    private func last(_ wire: Wire) -> String { wire.datagrams.last?.text ?? "" }

    /// A callee of ours with an INVITE of a stranger, and the To tag of its responses.
    private func called(
        _ headers: [String], body: String = "offer", configuration: UserAgent.Configuration = .init()
    ) -> (wire: Wire, session: InviteSessionID) {
        let wire = Wire(callee: configuration)
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", headers: headers, body: body), to: .callee)
        return (wire, wire.calleeEvents[0].session)
    }

    private func prack(_ wire: Wire, rAck: String? = nil, cSeq: Int = 2, body: String = "") -> String {
        let response = wire.datagrams.last { header("RSeq", $0.text) != nil }?.text ?? ""
        let number = header("RSeq", response) ?? "0"
        return Scripted.request(
            "PRACK", branch: "z9hG4bKprack\(cSeq)", cSeq: cSeq,
            toTag: Scripted.parameter("tag", of: header("To", response)),
            headers: ["RAck: \(rAck ?? "\(number) 1 INVITE")"], body: body)
    }

    // MARK: Client

    @Test("Each reliable response is acknowledged once, in turn; copies and what runs ahead are not reported")
    func inOrder() throws {
        let (wire, _, invite) = try calling()
        let first = reliable(183, 900, to: invite, body: "answer")
        wire.inject(first, to: .caller)
        #expect(wire.sent(by: .caller) == ["INVITE", "PRACK"])
        let prack = last(wire)
        let number = header("CSeq", invite)?.split(separator: " ").first.flatMap { Int($0) } ?? 0
        #expect(header("RAck", prack) == "900 \(number) INVITE")
        #expect(header("CSeq", prack) == "\(number + 1) PRACK")
        #expect(prack.hasPrefix("PRACK sip:bob@192.0.2.2:5060 SIP/2.0\r\n"))
        #expect(header("Content-Length", prack) == "0")
        wire.inject(first, to: .caller)
        wire.inject(reliable(180, 902, to: invite), to: .caller)
        #expect(wire.sent(by: .caller).count == 2)
        wire.inject(reliable(180, 901, to: invite), to: .caller)
        wire.inject(reliable(180, 902, to: invite), to: .caller)
        let numbers = wire.datagrams.dropFirst().map { header("RAck", $0.text) }
        #expect(numbers == [900, 901, 902].map { "\($0) \(number) INVITE" })
        #expect(wire.callerLabels == ["provisional 183", "provisional 180", "provisional 180"])
        #expect(wire.caller.statistics.retransmissionsAbsorbed == 2)
    }

    @Test("Each fork has numbers and a CSeq of its own; the 2xx continues the CSeq of its fork")
    func forks() throws {
        let (wire, session, invite) = try calling()
        wire.inject(reliable(180, 1, to: invite, tag: "one"), to: .caller)
        wire.inject(reliable(180, 77, to: invite, tag: "two"), to: .caller)
        wire.inject(reliable(183, 2, to: invite, tag: "one"), to: .caller)
        let number = header("CSeq", invite)?.split(separator: " ").first.flatMap { Int($0) } ?? 0
        let pracks = wire.datagrams.dropFirst().map(\.text)
        #expect(
            pracks.map { header("CSeq", $0) } == [number + 1, number + 1, number + 2].map { "\($0) PRACK" })
        #expect(pracks.map { Scripted.parameter("tag", of: header("To", $0)) } == ["one", "two", "one"])
        wire.inject(
            Scripted.response(200, to: invite, tag: "one", headers: [Self.contact], body: "answer"),
            to: .caller)
        #expect(header("CSeq", last(wire)) == "\(number) ACK")
        wire.end(.caller, session)
        #expect(header("CSeq", last(wire)) == "\(number + 3) BYE")
    }

    @Test("A reliable response that offers is acknowledged with the application's answer")
    func lateOffer() throws {
        let (wire, session, invite) = try calling(offer: false)
        wire.inject(reliable(183, 5, to: invite, body: "their offer"), to: .caller)
        #expect(wire.callerLabels == ["provisional 183", "offered"])
        #expect(wire.sent(by: .caller) == ["INVITE"])
        wire.inject(reliable(183, 5, to: invite, body: "their offer"), to: .caller)
        wire.answerOffer(.caller, session, "our answer")
        #expect(wire.sent(by: .caller) == ["INVITE", "PRACK"])
        #expect(last(wire).hasSuffix("\r\n\r\nour answer"))
        #expect(header("Content-Type", last(wire)) == "application/sdp")
        wire.inject(Scripted.response(200, to: last(wire)), to: .caller)
        wire.inject(Scripted.response(200, to: invite, headers: [Self.contact]), to: .caller)
        #expect(wire.sent(by: .caller) == ["INVITE", "PRACK", "ACK"])
        #expect(header("Content-Length", last(wire)) == "0")
        #expect(wire.callerLabels.last == "answered 200")
    }

    @Test(
        "The INVITE says what it offers and demands",
        arguments: [
            (.off, "timer", nil), (.supported, "100rel, timer", nil), (.required, "100rel, timer", "100rel"),
        ] as [(InviteOptions.Reliability, String, String?)])
    func options(reliability: InviteOptions.Reliability, supported: String, required: String?) throws {
        let (wire, _, invite) = try calling(options: InviteOptions(reliability: reliability))
        #expect(header("Supported", invite) == supported)
        #expect(header("Require", invite) == required)
        wire.inject(reliable(180, 1, to: invite), to: .caller)
        #expect(wire.sent(by: .caller) == (reliability == .off ? ["INVITE"] : ["INVITE", "PRACK"]))
        #expect(wire.callerLabels == ["provisional 180"])
    }

    @Test("A challenge to a PRACK is answered")
    func challenged() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        try wire.call(Wire.request(credentials: [SIPCredentials(username: "a", password: "b")]))
        wire.inject(reliable(180, 1, to: last(wire)), to: .caller)
        let challenge = "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=MD5"
        wire.inject(Scripted.response(407, to: last(wire), headers: [challenge]), to: .caller)
        #expect(wire.sent(by: .caller) == ["INVITE", "PRACK", "PRACK"])
        #expect(header("Proxy-Authorization", last(wire))?.contains("nonce=\"n1\"") == true)
        #expect(header("RAck", last(wire)) == header("RAck", wire.datagrams[1].text))
    }

    @Test("Reliable responses are acknowledged while the INVITE is being cancelled, and not reported")
    func cancelling() throws {
        let (wire, session, invite) = try calling()
        wire.inject(Scripted.response(100, to: invite, tag: nil), to: .caller)
        wire.end(.caller, session)
        wire.inject(reliable(180, 1, to: invite), to: .caller)
        #expect(wire.sent(by: .caller) == ["INVITE", "CANCEL", "PRACK"])
        #expect(wire.callerLabels == [])
    }

    // MARK: Server

    @Test("A caller that demands it gets reliable responses, one after the other")
    func demanded() {
        let (wire, session) = called(["Require: 100rel"])
        wire.respond(session, 180)
        wire.respond(session, 183, body: "answer")
        #expect(wire.sent(by: .callee) == ["100 INVITE", "180 INVITE"])
        let ringing = last(wire)
        #expect(header("Require", ringing) == "100rel")
        let number = header("RSeq", ringing).flatMap { UInt32($0) } ?? 0
        #expect((1...0x7FFF_FFFF).contains(number))
        wire.inject(prack(wire), to: .callee)
        #expect(wire.sent(by: .callee) == ["100 INVITE", "180 INVITE", "200 PRACK", "183 INVITE"])
        #expect(header("RSeq", last(wire)) == "\(number + 1)")
        wire.inject(prack(wire, cSeq: 3), to: .callee)
        #expect(wire.calleeLabels == ["incoming", "provisional acknowledged", "provisional acknowledged"])
    }

    @Test("A PRACK for another response is answered 481, one without RAck 400, a copy of the right one alike")
    func unmatched() {
        let (wire, session) = called(["Require: 100rel"])
        wire.inject(
            Scripted.request(
                "PRACK", branch: "z9hG4bKp0", cSeq: 2, toTag: "gone", headers: ["RAck: 1 1 INVITE"]),
            to: .callee)
        #expect(wire.sent(by: .callee).last == "481 PRACK")
        wire.respond(session, 180)
        let number = header("RSeq", last(wire)) ?? ""
        for (index, rAck) in ["1 1 INVITE", "\(number) 2 INVITE", "\(number) 1 BYE"].enumerated() {
            wire.inject(prack(wire, rAck: rAck, cSeq: 2 + index), to: .callee)
            #expect(wire.sent(by: .callee).last == "481 PRACK")
        }
        wire.inject(prack(wire, rAck: "x", cSeq: 8), to: .callee)
        #expect(wire.sent(by: .callee).last == "400 PRACK")
        wire.inject(prack(wire, cSeq: 9), to: .callee)
        wire.inject(prack(wire, cSeq: 9), to: .callee)
        #expect(wire.sent(by: .callee).suffix(2) == ["200 PRACK", "200 PRACK"])
        wire.inject(prack(wire, cSeq: 10), to: .callee)
        #expect(wire.sent(by: .callee).last == "481 PRACK")
        #expect(wire.calleeLabels == ["incoming", "provisional acknowledged"])
    }

    @Test("The 2xx waits for the PRACK of a description, and not for that of a ringing tone")
    func successWaits() {
        let (wire, session) = called(["Supported: 100rel", "Require: 100rel"])
        wire.respond(session, 183, body: "answer")
        wire.respond(session, 200, body: "answer")
        #expect(wire.sent(by: .callee) == ["100 INVITE", "183 INVITE"])
        wire.respond(session, 486)  // Decided already.
        wire.inject(prack(wire), to: .callee)
        #expect(wire.sent(by: .callee).suffix(2) == ["200 PRACK", "200 INVITE"])
        let (other, ringing) = called(["Require: 100rel"])
        other.respond(ringing, 180)
        other.respond(ringing, 200, body: "answer")
        #expect(other.sent(by: .callee) == ["100 INVITE", "180 INVITE", "200 INVITE"])
        other.inject(prack(other), to: .callee)
        #expect(other.sent(by: .callee).last == "200 PRACK")
    }

    @Test("An offer in a reliable response is answered in the PRACK; one in a PRACK in its 2xx")
    func offers() {
        let (wire, session) = called(["Require: 100rel"], body: "")
        wire.respond(session, 183, body: "our offer")
        wire.inject(prack(wire, body: "their answer"), to: .callee)
        #expect(
            wire.calleeEvents.last
                == .provisionalAcknowledged(session, body: Wire.description("their answer")))
        wire.respond(session, 180)
        wire.inject(prack(wire, cSeq: 3, body: "their offer"), to: .callee)
        #expect(wire.calleeLabels.last == "offered")
        #expect(wire.sent(by: .callee).last == "180 INVITE")
        wire.respond(session, 200)
        wire.answerOffer(.callee, session, "our answer")
        #expect(wire.sent(by: .callee).suffix(2) == ["200 INVITE", "200 PRACK"])
        #expect(last(wire).hasSuffix("\r\n\r\nour answer"))
    }

    @Test("Without PRACK the response is repeated, and the INVITE refused with 504 after 64*T1")
    func neverAcknowledged() {
        let (wire, session) = called(["Require: 100rel"])
        wire.respond(session, 180)
        wire.run(for: .seconds(31))
        let times = wire.datagrams.filter { $0.name == "180 INVITE" }.map(\.time)
        #expect(
            times.map { times[0].duration(to: $0) }
                == [0, 500, 1500, 3500, 7500, 15_500].map { .milliseconds($0) })
        wire.run(for: .seconds(2))
        #expect(wire.sent(by: .callee).contains("504 INVITE"))
        #expect(wire.calleeEvents.last == .failed(session, .timedOut))
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("CANCEL while a reliable response is open ends both", arguments: [false, true])
    func cancelled(isHeld: Bool) {
        let (wire, session) = called(["Require: 100rel"])
        wire.respond(session, 183, body: "answer")
        if isHeld { wire.respond(session, 200, body: "answer") }
        wire.inject(Scripted.request("CANCEL"), to: .callee)
        #expect(wire.sent(by: .callee).suffix(2) == ["200 CANCEL", "487 INVITE"])
        #expect(wire.calleeLabels.last == "cancelled")
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("A caller that only supports it gets what the configuration says")
    func policy() {
        let (wire, session) = called(["Supported: 100rel"])
        wire.respond(session, 180)
        #expect(header("RSeq", last(wire)) == nil)
        var configuration = UserAgent.Configuration()
        configuration.reliableProvisionals = .whenSupported
        let (other, ringing) = called(["Supported: 100rel"], configuration: configuration)
        other.respond(ringing, 180)
        #expect(header("RSeq", last(other)) != nil)
        let (plain, third) = called([], configuration: configuration)
        plain.respond(third, 180)
        #expect(header("RSeq", last(plain)) == nil)
        let demanding = called(["Require: 100rel"], body: "").wire
        let told = [wire, other, plain, demanding].map { wire in
            if case .incoming(_, let request) = wire.calleeEvents[0] {
                request.isAnsweredReliably
            } else {
                false
            }
        }
        #expect(told == [false, true, false, true])
    }

    @Test("A provisional response is given again every minute, a reliable one every two and a half")
    func keptAlive() {
        let (wire, session) = called([])
        wire.run(for: .seconds(70))
        #expect(wire.sent(by: .callee) == ["100 INVITE"])  // Nothing to repeat yet.
        wire.respond(session, 180)
        wire.run(for: .seconds(200))
        #expect(wire.sent(by: .callee) == ["100 INVITE"] + Array(repeating: "180 INVITE", count: 4))
        wire.respond(session, 486)
        wire.run(for: .seconds(30))
        #expect(!wire.sent(by: .callee).suffix(2).contains("180 INVITE"))
        let (other, ringing) = called(["Require: 100rel"])
        other.respond(ringing, 180)
        other.inject(prack(other), to: .callee)
        other.run(for: .seconds(149))
        #expect(other.sent(by: .callee).filter { $0 == "180 INVITE" }.count == 1)
        other.run(for: .seconds(1))
        #expect(other.sent(by: .callee).filter { $0 == "180 INVITE" }.count == 2)
        other.inject(prack(other, cSeq: 3), to: .callee)
        #expect(other.sent(by: .callee).last == "200 PRACK")
    }

    @Test("UPDATE before the answer to the INVITE: 500 while we owe it, taken once it was acknowledged")
    func earlyUpdate() {
        let (wire, session) = called(["Require: 100rel"])
        wire.respond(session, 183, body: "answer")
        let tag = Scripted.parameter("tag", of: header("To", last(wire)))
        func update(_ number: Int) -> String {
            Scripted.request(
                "UPDATE", branch: "z9hG4bKu\(number)", cSeq: number, toTag: tag, body: "hold")
        }
        wire.inject(prack(wire), to: .callee)
        wire.inject(update(3), to: .callee)
        #expect(wire.calleeLabels.last == "offered")
        wire.inject(update(4), to: .callee)  // The one before is not answered.
        #expect(wire.sent(by: .callee).last == "500 UPDATE")
        wire.answerOffer(.callee, session, "held")
        #expect(wire.sent(by: .callee).last == "200 UPDATE")
        let (plain, open) = called([])
        plain.respond(open, 180)
        let other = Scripted.parameter("tag", of: header("To", last(plain)))
        plain.inject(
            Scripted.request("UPDATE", branch: "z9hG4bKu", cSeq: 2, toTag: other, body: "x"), to: .callee)
        #expect(plain.sent(by: .callee).last == "500 UPDATE")
    }

    @Test("Between user agents of ours: ringing, early media, early UPDATE and the answer, all reliable")
    func both() throws {
        var configuration = UserAgent.Configuration()
        configuration.reliableProvisionals = .whenSupported
        let wire = Wire(callee: configuration)
        wire.onCallee = { wire, event in
            switch event {
            case .incoming(let session, _):
                wire.respond(session, 180)
                wire.respond(session, 183, body: "answer")
                wire.after(.seconds(2)) { $0.respond(session, 200) }
            case .offered(let session, _): wire.answerOffer(.callee, session, "answer 2")
            default: break
            }
        }
        let session = try wire.call()
        wire.run(for: .seconds(1))
        try wire.offer(.caller, session, "offer 2", by: .update)
        wire.run(for: .seconds(5))
        #expect(
            wire.callerLabels == ["provisional 180", "provisional 183", "offer answered 200", "answered 200"])
        #expect(
            wire.calleeLabels == [
                "incoming", "provisional acknowledged", "provisional acknowledged", "offered", "acknowledged",
            ])
        wire.end(.caller, session)
        wire.run()
        #expect(wire.isDrained)
    }
}
