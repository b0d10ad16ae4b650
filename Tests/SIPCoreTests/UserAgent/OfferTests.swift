import SIPCore
import SansIO
import Testing

@Suite("Offers within a dialog: re-INVITE and UPDATE, RFC 3261 §14, RFC 3311")
struct OfferTests {
    /// A call that is up, whose applications answer every offer.
    private func established(
        caller: UserAgent.Configuration = .init(), callee: UserAgent.Configuration = .init(), seed: UInt64 = 1
    ) throws -> (wire: Wire, caller: InviteSessionID, callee: InviteSessionID) {
        let wire = Wire(caller: caller, callee: callee, seed: seed)
        wire.onCallee = { wire, event in
            switch event {
            case .incoming(let session, _), .reinvited(let session, _):
                wire.respond(session, 200, body: "answer")
            case .offered(let session, _): wire.answerOffer(.callee, session, "answer")
            default: break
            }
        }
        wire.onCaller = { wire, event in
            switch event {
            case .reinvited(let session, _): wire.respond(session, 200, body: "answer", on: .caller)
            case .offered(let session, _): wire.answerOffer(.caller, session, "answer")
            default: break
            }
        }
        let session = try wire.call()
        wire.run(for: .seconds(1))
        return (wire, session, wire.calleeEvents[0].session)
    }

    private func header(_ name: String, _ datagram: Wire.Datagram) -> String? {
        Scripted.header(name, of: datagram.text)
    }

    @Test("A re-INVITE of either side is answered and acknowledged", arguments: [Wire.Side.caller, .callee])
    func reinvite(by side: Wire.Side) throws {
        let (wire, caller, callee) = try established()
        let start = wire.datagrams.count
        try wire.offer(side, side == .caller ? caller : callee, "hold")
        wire.run(for: .seconds(1))
        #expect(
            wire.datagrams.dropFirst(start).map(\.name) == ["INVITE", "100 INVITE", "200 INVITE", "ACK"])
        let labels = side == .caller ? wire.callerLabels : wire.calleeLabels
        let others = side == .caller ? wire.calleeLabels : wire.callerLabels
        #expect(labels.last == "offer answered 200")
        #expect(others.suffix(2) == ["reinvited", "acknowledged"])
        let invite = wire.datagrams[start]
        #expect(invite.text.hasSuffix("\r\n\r\nhold"))
        let number = header("CSeq", invite)?.split(separator: " ").first
        let ack = wire.datagrams[start + 3]
        #expect(header("CSeq", ack) == "\(number ?? "?") ACK")
        #expect(header("Via", ack) != header("Via", invite))
        #expect(header("Contact", invite) != nil)
        #expect(header("Contact", wire.datagrams[start + 2]) != nil)
        wire.end(side, side == .caller ? caller : callee)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("A re-INVITE without offer gets one in its 2xx, and the ACK carries the answer")
    func lateOffer() throws {
        let (wire, caller, _) = try established()
        wire.onCallee = { wire, event in
            if case .reinvited(let session, let request) = event {
                #expect(request.body == nil)
                wire.respond(session, 200, body: "their offer")
            }
        }
        wire.onCaller = { wire, event in
            guard case .offered(let session, let offer) = event else { return }
            #expect(offer.carrier == .success)
            #expect(offer.body == Wire.description("their offer"))
            wire.after(.seconds(2)) { $0.answerOffer(.caller, session, "our answer") }
        }
        try wire.offer(.caller, caller, nil)
        wire.run(for: .seconds(5))
        #expect(wire.callerLabels.suffix(2) == ["offer answered 200", "offered"])
        #expect(wire.calleeEvents.last?.label == "acknowledged")
        guard case .acknowledged(_, let body)? = wire.calleeEvents.last else { return }
        #expect(body == Wire.description("our answer"))
        // The 2xx was repeated while the answer was not there, and not acknowledged before.
        #expect(wire.sent(by: .callee).filter { $0 == "200 INVITE" }.count == 4)
        #expect(wire.sent(by: .caller).filter { $0 == "ACK" }.count == 2)
    }

    @Test("An INVITE without offer is acknowledged with the application's answer")
    func lateOfferOfACall() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            if case .incoming(let session, _) = event { wire.respond(session, 200, body: "their offer") }
        }
        var request = Wire.request()
        request.body = nil
        let session = try wire.call(request)
        wire.run(for: .milliseconds(100))
        #expect(wire.callerLabels == ["answered 200", "offered"])
        #expect(wire.sent(by: .caller) == ["INVITE"])
        wire.answerOffer(.caller, session, "our answer")
        wire.run(for: .seconds(1))
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK"])
        #expect(wire.datagrams.last?.text.hasSuffix("our answer") == true)
        #expect(wire.calleeLabels == ["incoming", "acknowledged"])
        wire.end(.caller, session)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("Hanging up with an offer unanswered acknowledges the 2xx first")
    func endsWithOfferOwed() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            if case .incoming(let session, _) = event { wire.respond(session, 200, body: "their offer") }
        }
        var request = Wire.request()
        request.body = nil
        let session = try wire.call(request)
        wire.run(for: .milliseconds(100))
        wire.end(.caller, session)
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "BYE"])
        #expect(wire.isDrained)
    }

    @Test(
        "UPDATE of either side carries an offer and its 2xx the answer",
        arguments: [Wire.Side.caller, .callee])
    func update(by side: Wire.Side) throws {
        let (wire, caller, callee) = try established()
        let start = wire.datagrams.count
        try wire.offer(side, side == .caller ? caller : callee, "hold", by: .update)
        wire.run(for: .seconds(1))
        #expect(wire.datagrams.dropFirst(start).map(\.name) == ["UPDATE", "200 UPDATE"])
        #expect(wire.datagrams[start + 1].text.hasSuffix("\r\n\r\nanswer"))
        #expect(header("Contact", wire.datagrams[start]) != nil)
        #expect(header("Contact", wire.datagrams[start + 1]) != nil)
        #expect((side == .caller ? wire.callerLabels : wire.calleeLabels).last == "offer answered 200")
        #expect((side == .caller ? wire.calleeLabels : wire.callerLabels).last == "offered")
    }

    @Test("UPDATE without offer is answered at once; its Contact is the new target")
    func updateTarget() throws {
        let (wire, caller, _) = try established()
        wire.fate = { _, _ in [] }
        let ack = wire.datagrams.last { $0.name == "ACK" }?.text ?? ""
        let update = Scripted.request(
            "UPDATE", uri: "sip:alice@192.0.2.1:5060", cSeq: 1,
            fromTag: Scripted.parameter("tag", of: Scripted.header("To", of: ack)) ?? "",
            toTag: Scripted.parameter("tag", of: Scripted.header("From", of: ack)),
            callID: Scripted.header("Call-ID", of: ack) ?? ""
        ).replacing("Contact: <sip:alice@192.0.2.1:5060>", with: "Contact: <sip:new@198.51.100.3:5099>")
        wire.inject(update, to: .caller)
        #expect(wire.datagrams.last?.name == "200 UPDATE")
        wire.inject(update, to: .caller)  // A copy gets the same answer.
        #expect(wire.datagrams.suffix(2).first?.text == wire.datagrams.last?.text)
        wire.end(.caller, caller)
        #expect(wire.datagrams.last?.text.hasPrefix("BYE sip:new@198.51.100.3:5099 SIP/2.0\r\n") == true)
        #expect(wire.datagrams.last?.destination == SocketAddress(ipv4: 0xC633_6403, port: 5099))
    }

    @Test("An offer that is refused leaves the session as it was", arguments: [488, 403, 500, 603])
    func refused(status: Int) throws {
        let (wire, caller, _) = try established()
        wire.onCallee = { wire, event in
            if case .reinvited(let session, _) = event { wire.respond(session, status) }
            if case .offered(let session, _) = event {
                wire.answerOffer(.callee, session, nil, status: status)
            }
        }
        try wire.offer(.caller, caller, "video")
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels.last == "offer refused \(status)")
        try wire.offer(.caller, caller, "video", by: .update)
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels.suffix(1) == ["offer refused \(status)"])
        wire.onCallee = { wire, event in
            if case .reinvited(let session, _) = event { wire.respond(session, 200, body: "answer") }
        }
        try wire.offer(.caller, caller, "again")
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels.last == "offer answered 200")
    }

    @Test("408 and 481 end the session, with their status, and a BYE goes out", arguments: [408, 481])
    func gone(status: Int) throws {
        let (wire, caller, _) = try established()
        wire.onCallee = { wire, event in
            if case .reinvited(let session, _) = event { wire.respond(session, status) }
        }
        try wire.offer(.caller, caller, "hold")
        wire.run()
        #expect(wire.callerEvents.last == .ended(caller, .lost(status: status)))
        #expect(wire.sent(by: .caller).suffix(3) == ["INVITE", "ACK", "BYE"])
        #expect(wire.isDrained)
    }

    @Test("A re-INVITE that nobody answers ends the session", arguments: [OfferMethod.reinvite, .update])
    func silence(method: OfferMethod) throws {
        let (wire, caller, callee) = try established()
        wire.fate = { _, datagram in ["INVITE", "UPDATE"].contains(datagram.name) ? [] : [.milliseconds(10)] }
        try wire.offer(.caller, caller, "hold", by: method)
        wire.run()
        #expect(wire.callerEvents.last == .ended(caller, .lost(status: nil)))
        #expect(wire.calleeEvents.last == .ended(callee, .byRemote(headers: [])))
        #expect(wire.isDrained)
    }

    @Test(
        "Offers that cross: both are refused 491, the side without the Call-ID comes first", arguments: 0..<20
    )
    func glare(seed: UInt64) throws {
        let (wire, caller, callee) = try established(seed: seed)
        let start = wire.now
        try wire.offer(.caller, caller, "from caller")
        try wire.offer(.callee, callee, "from callee")
        wire.run(for: .seconds(20))
        let answers = wire.datagrams.filter { $0.name == "491 INVITE" }
        #expect(answers.count == 2)
        let again = wire.datagrams.filter { $0.name == "INVITE" && $0.time > start }
        #expect(again.map(\.from) == [.callee, .caller])
        let first = start.duration(to: again[0].time)
        #expect(first >= .milliseconds(20) && first <= .milliseconds(2030))
        let second = start.duration(to: again[1].time)
        #expect(second >= .milliseconds(2120) && second <= .milliseconds(4030))
        #expect(wire.callerLabels.suffix(3) == ["reinvited", "acknowledged", "offer answered 200"])
        #expect(wire.calleeLabels.contains("offer answered 200"))
        wire.end(.callee, callee)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("UPDATEs that cross are tried again as well")
    func updateGlare() throws {
        let (wire, caller, callee) = try established()
        try wire.offer(.caller, caller, "from caller", by: .update)
        try wire.offer(.callee, callee, "from callee", by: .update)
        wire.run(for: .seconds(20))
        #expect(wire.datagrams.filter { $0.name == "491 UPDATE" }.count == 2)
        #expect(wire.callerLabels.filter { $0 == "offer answered 200" }.count == 1)
        #expect(wire.calleeLabels.filter { $0 == "offer answered 200" }.count == 1)
    }

    @Test("491 every time is a refusal after six attempts")
    func endlessGlare() throws {
        let (wire, caller, _) = try established()
        wire.onCallee = { wire, event in
            if case .reinvited(let session, _) = event { wire.respond(session, 491) }
        }
        try wire.offer(.caller, caller, "hold")
        wire.run(for: .seconds(60))
        #expect(wire.callerLabels.last == "offer refused 491")
        #expect(wire.sent(by: .callee).filter { $0 == "491 INVITE" }.count == 6)
    }

    @Test("CANCEL of a re-INVITE goes once a provisional response has come, and the session goes on")
    func withdrawn() throws {
        let (wire, caller, _) = try established()
        wire.onCallee = { _, _ in }
        let start = wire.datagrams.count
        try wire.offer(.caller, caller, "hold")
        wire.withdrawOffer(.caller, caller)
        wire.run(for: .seconds(1))
        let datagrams = wire.datagrams.dropFirst(start)
        #expect(
            datagrams.map(\.name) == ["INVITE", "100 INVITE", "CANCEL", "200 CANCEL", "487 INVITE", "ACK"])
        #expect(wire.callerLabels.last == "offer withdrawn")
        #expect(
            Scripted.header("Via", of: datagrams.first?.text ?? "")
                == datagrams.first { $0.name == "CANCEL" }.flatMap { header("Via", $0) })
        wire.end(.caller, caller)
        wire.run()
        #expect(wire.callerLabels.last == "ended by us")
        #expect(wire.isDrained)
    }

    @Test("A 2xx that crosses the CANCEL of a re-INVITE is acknowledged and counts")
    func withdrawnTooLate() throws {
        let (wire, caller, _) = try established()
        wire.onCallee = { wire, event in
            if case .reinvited(let session, _) = event {
                wire.after(.milliseconds(100)) { $0.respond(session, 200, body: "answer") }
            }
        }
        try wire.offer(.caller, caller, "hold")
        wire.after(.milliseconds(105)) { $0.withdrawOffer(.caller, caller) }
        wire.run(for: .seconds(5))
        #expect(wire.callerLabels.last == "offer answered 200")
        #expect(wire.calleeLabels.last == "acknowledged")
    }

    @Test("A re-INVITE that stays silent after its CANCEL is given up after 64*T1, and the session goes on")
    func withdrawnSilence() throws {
        let (wire, caller, _) = try established()
        wire.onCallee = { _, _ in }
        wire.fate = { _, datagram in datagram.name.hasSuffix("CANCEL") ? [] : [.milliseconds(10)] }
        try wire.offer(.caller, caller, "hold")
        wire.run(for: .seconds(1))
        wire.withdrawOffer(.caller, caller)
        wire.run(for: .seconds(33))
        #expect(wire.callerLabels.last == "offer withdrawn")
        wire.fate = { _, _ in [.milliseconds(10)] }
        wire.end(.caller, caller)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("An offer waits until the one of the far end has been acknowledged; a second one of ours throws")
    func queued() throws {
        let (wire, caller, callee) = try established()
        wire.onCaller = { _, _ in }
        try wire.offer(.callee, callee, "theirs")
        wire.run(for: .milliseconds(50))
        #expect(wire.callerLabels.last == "reinvited")
        try wire.offer(.caller, caller, "ours")
        #expect(throws: UserAgentError.offerPending) { try wire.offer(.caller, caller, "more") }
        wire.run(for: .milliseconds(50))
        #expect(!wire.sent(by: .caller).suffix(2).contains("INVITE"))
        wire.respond(caller, 200, body: "answer", on: .caller)
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels.suffix(2) == ["acknowledged", "offer answered 200"])
    }

    @Test("Sessions that are not established take no offers")
    func noDialog() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let session = try wire.call()
        #expect(throws: UserAgentError.noDialog) { try wire.offer(.caller, session, "x") }
        #expect(throws: UserAgentError.noDialog) { try wire.offer(.caller, session, "x", by: .update) }
        #expect(throws: UserAgentError.noDialog) {
            try wire.offer(.caller, InviteSessionID(rawValue: 99), "x")
        }
    }

    @Test("A challenge to a re-INVITE is answered")
    func challenged() throws {
        let (wire, _, _) = try established()
        wire.fate = { _, _ in [] }
        let session = try wire.call(
            Wire.request(credentials: [SIPCredentials(username: "alice", password: "wonderland")]))
        let contact = "Contact: <sip:bob@192.0.2.2:5060>"
        wire.inject(
            Scripted.response(200, to: wire.datagrams.last?.text ?? "", headers: [contact], body: "a"),
            to: .caller)
        try wire.offer(.caller, session, "hold")
        let challenge = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=MD5"
        wire.inject(
            Scripted.response(401, to: wire.datagrams.last?.text ?? "", headers: [challenge]), to: .caller)
        #expect(wire.sent(by: .caller).suffix(3) == ["INVITE", "ACK", "INVITE"])
        let again = wire.datagrams.last?.text ?? ""
        #expect(Scripted.header("Authorization", of: again)?.contains("nonce=\"n1\"") == true)
        #expect(again.hasSuffix("hold"))
        wire.inject(Scripted.response(200, to: again, headers: [contact], body: "a"), to: .caller)
        #expect(Scripted.header("Authorization", of: wire.datagrams.last?.text ?? "") != nil)  // Of the ACK.
        #expect(wire.callerLabels.last == "offer answered 200")
    }

    @Test(
        "Whatever is asked at once: BYE with a re-INVITE under way ends both sides, CSeq numbers all differ")
    func byeDuringOffer() throws {
        let (wire, caller, _) = try established()
        try wire.offer(.caller, caller, "hold")
        wire.end(.caller, caller)
        wire.run()
        #expect(wire.callerLabels.last == "ended by us")
        #expect(wire.calleeLabels.last == "ended by remote")
        #expect(wire.isDrained)
        let numbers = wire.datagrams.filter { $0.from == .caller && ["INVITE", "BYE"].contains($0.name) }
            .map { header("CSeq", $0) }
        #expect(Set(numbers).count == 3)
    }

    @Test(
        "A re-INVITE that is never answered after 100 goes with its session",
        arguments: [Wire.Side.caller, .callee])
    func abandoned(endedBy side: Wire.Side) throws {
        let (wire, caller, callee) = try established()
        wire.onCallee = { _, _ in }
        try wire.offer(.caller, caller, "hold")
        wire.run(for: .seconds(100))
        #expect(wire.callerLabels.last == "answered 200")
        wire.fate = { _, datagram in datagram.name == "487 INVITE" ? [] : [.milliseconds(10)] }
        wire.end(side, side == .caller ? caller : callee)
        wire.run()
        #expect(wire.isDrained)
    }
}
