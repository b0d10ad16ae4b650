import SIPCore
import SansIO
import Testing

@Suite("What a user agent server answers, RFC 3261 §8.2")
struct ServerTests {
    private func answers(to text: String, _ wire: Wire = Wire()) -> [String] {
        let before = wire.sent(by: .callee).count
        wire.inject(text, to: .callee)
        return Array(wire.sent(by: .callee).dropFirst(before))
    }

    /// A call that Scripted.request("INVITE") set up with our callee.
    private func established(_ wire: Wire = Wire()) -> (wire: Wire, session: InviteSessionID, tag: String) {
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        let session = wire.calleeEvents[0].session
        wire.respond(session, 200, body: "answer")
        let tag =
            Scripted.parameter("tag", of: Scripted.header("To", of: wire.datagrams.last?.text ?? "")) ?? "?"
        wire.inject(Scripted.request("ACK", branch: "z9hG4bKack", toTag: tag), to: .callee)
        return (wire, session, tag)
    }

    @Test("OPTIONS says what we can do")
    func options() {
        let wire = Wire()
        #expect(answers(to: Scripted.request("OPTIONS"), wire) == ["200 OPTIONS"])
        let text = wire.datagrams[0].text
        #expect(Scripted.header("Allow", of: text) == "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE")
        #expect(Scripted.header("Accept", of: text) == "application/sdp")
        #expect(Scripted.header("Supported", of: text) == "100rel, timer")
        #expect(Scripted.parameter("tag", of: Scripted.header("To", of: text)) != nil)
    }

    @Test(
        "Refusals of single requests",
        arguments: [
            ("REGISTER", [], "", 405), ("INFO", [], "", 405), ("SUBSCRIBE", [], "", 405),
            ("NEWMETHOD", [], "", 501),
            ("invite", [], "", 501), ("BYE", [], "", 481), ("OPTIONS", ["Require: x-none"], "", 420),
            ("INVITE", ["Require: x-one, x-two"], "offer", 420),
            ("INVITE", ["Accept: text/plain"], "offer", 406),
            ("INVITE", ["Content-Encoding: gzip"], "offer", 415),
        ] as [(String, [String], String, Int)])
    func refusals(method: String, headers: [String], body: String, status: Int) {
        let wire = Wire()
        #expect(
            answers(to: Scripted.request(method, headers: headers, body: body), wire) == [
                "\(status) \(method)"
            ])
        #expect(wire.calleeEvents.isEmpty)
        if status == 405 || status == 501 {
            #expect(
                Scripted.header("Allow", of: wire.datagrams[0].text)
                    == "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE")
        }
        if status == 420 {
            #expect(
                Scripted.header("Unsupported", of: wire.datagrams[0].text) == String(headers[0].dropFirst(9)))
        }
    }

    @Test("A scheme that nobody serves is answered 416, a body that is no session description 415")
    func schemeAndBody() {
        let wire = Wire()
        #expect(answers(to: Scripted.request("OPTIONS", uri: "http://example.com"), wire) == ["416 OPTIONS"])
        let isup = Scripted.request("INVITE", branch: "z9hG4bKisup", body: "x").replacing(
            "application/sdp", with: "application/isup")
        #expect(answers(to: isup, wire) == ["415 INVITE"])
        #expect(Scripted.header("Accept", of: wire.datagrams[1].text) == "application/sdp")
    }

    @Test("Requests for dialogs that do not exist are answered 481", arguments: ["INVITE", "BYE", "OPTIONS"])
    func unknownDialog(method: String) {
        #expect(answers(to: Scripted.request(method, toTag: "gone")) == ["481 \(method)"])
    }

    @Test("The same request by another path is answered 482; the first goes on")
    func merged() {
        let wire = Wire()
        #expect(answers(to: Scripted.request("INVITE", body: "offer"), wire) == ["100 INVITE"])
        #expect(
            answers(to: Scripted.request("INVITE", branch: "z9hG4bKpath2", body: "offer"), wire) == [
                "482 INVITE"
            ])
        #expect(wire.calleeLabels == ["incoming"])
    }

    @Test("A malformed request is answered where its Via can be read, and is counted")
    func malformed() {
        let wire = Wire()
        #expect(
            answers(
                to: Scripted.request("OPTIONS").replacing("CSeq: 1 OPTIONS", with: "CSeq: 1 INVITE"), wire)
                == ["400 INVITE"])
        #expect(
            answers(to: Scripted.request("OPTIONS").replacing("SIP/2.0\r\nVia", with: "SIP/7.0\r\nVia"), wire)
                == ["505 OPTIONS"])
        #expect(answers(to: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", wire) == [])
        #expect(wire.callee.statistics.malformed == 3)
        #expect(answers(to: "\r\n\r\n", wire) == [])
        #expect(wire.callee.statistics.malformed == 3)
    }

    @Test(
        "Copies of a request outside a dialog get the same answer, and nothing is kept for them",
        arguments: ["OPTIONS", "BYE", "REGISTER"])
    func copies(method: String) {
        let wire = Wire()
        let request = Scripted.request(method)
        wire.inject(request, to: .callee)
        wire.inject(request, to: .callee)
        #expect(wire.datagrams.count == 2)
        #expect(wire.datagrams[0].text == wire.datagrams[1].text)
        #expect(wire.callee.statistics.tombstones == 0)
        #expect(wire.callee.statistics.retransmissionsAbsorbed == 0)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("A refused INVITE is repeated until its ACK, and its copies bring the refusal again")
    func refusedInvite() {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let invite = Scripted.request("INVITE", body: "offer")
        wire.inject(invite, to: .callee)
        wire.respond(wire.calleeEvents[0].session, 486)
        wire.inject(invite, to: .callee)
        wire.run(for: .seconds(2))
        #expect(
            wire.sent(by: .callee) == ["100 INVITE", "486 INVITE", "486 INVITE", "486 INVITE", "486 INVITE"])
        let tag = Scripted.parameter("tag", of: Scripted.header("To", of: wire.datagrams[0].text))
        wire.inject(Scripted.request("ACK", toTag: tag), to: .callee)
        wire.run()
        #expect(wire.datagrams.count == 5)
        #expect(wire.isDrained)
    }

    @Test("Responses go back as RFC 3261 §18.2.2 and RFC 3581 say")
    func routes() {
        let source = SocketAddress(ipv4: 0xCB00_7105, port: 40_000)
        let wire = Wire()
        wire.inject(
            Scripted.request("OPTIONS", via: "Via: SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1"),
            to: .callee,
            from: source)
        #expect(wire.datagrams[0].destination == source)
        #expect(
            Scripted.header("Via", of: wire.datagrams[0].text)
                == "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1;received=203.0.113.5;rport=40000")
        wire.inject(
            Scripted.request("OPTIONS", cSeq: 2, via: "Via: SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK2"),
            to: .callee,
            from: source)
        #expect(wire.datagrams[1].destination == source.with(port: 5070))
        wire.inject(
            Scripted.request(
                "OPTIONS", cSeq: 3, via: "Via: SIP/2.0/UDP pc.example;branch=z9hG4bK3;maddr=198.51.100.1"),
            to: .callee, from: source)
        #expect(wire.datagrams[2].destination == source.with(port: 5060))
    }

    @Test("A caller of RFC 2543's time, without magic cookie, is served, and its copies are recognised")
    func withoutCookie() {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let via = "Via: SIP/2.0/UDP 192.0.2.1:5060"
        let invite = Scripted.request("INVITE", via: via, body: "offer")
        wire.inject(invite, to: .callee)
        wire.inject(invite, to: .callee)
        #expect(wire.calleeLabels == ["incoming"])
        #expect(wire.sent(by: .callee) == ["100 INVITE", "100 INVITE"])
        wire.respond(wire.calleeEvents[0].session, 486)
        let tag = Scripted.parameter("tag", of: Scripted.header("To", of: wire.datagrams[2].text))
        wire.inject(Scripted.request("ACK", toTag: tag, via: via), to: .callee)
        wire.run()
        #expect(wire.sent(by: .callee) == ["100 INVITE", "100 INVITE", "486 INVITE"])
        #expect(wire.isDrained)
    }

    @Test("A re-INVITE is the application's to answer")
    func reinvite() {
        let (wire, session, tag) = established()
        #expect(wire.calleeLabels == ["incoming", "acknowledged"])
        wire.inject(
            Scripted.request("INVITE", branch: "z9hG4bKre", cSeq: 2, toTag: tag, body: "offer 2"), to: .callee
        )
        #expect(wire.calleeLabels.last == "reinvited")
        wire.respond(session, 488)
        wire.inject(Scripted.request("ACK", branch: "z9hG4bKre", cSeq: 2, toTag: tag), to: .callee)
        wire.inject(
            Scripted.request("INVITE", branch: "z9hG4bKre3", cSeq: 3, toTag: tag, body: "offer 3"),
            to: .callee)
        wire.respond(session, 200, body: "answer 3")
        wire.inject(Scripted.request("ACK", branch: "z9hG4bKack3", cSeq: 3, toTag: tag), to: .callee)
        #expect(wire.calleeLabels == ["incoming", "acknowledged", "reinvited", "reinvited", "acknowledged"])
        #expect(wire.sent(by: .callee).suffix(4) == ["100 INVITE", "488 INVITE", "100 INVITE", "200 INVITE"])
        wire.inject(Scripted.request("BYE", branch: "z9hG4bKbye", cSeq: 4, toTag: tag), to: .callee)
        #expect(wire.calleeLabels.last == "ended by remote")
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("A re-INVITE while another is open: 500 before our answer, 491 before its ACK, RFC 3261 §14.2")
    func glare() {
        let (wire, session, tag) = established()
        wire.inject(Scripted.request("INVITE", branch: "z9hG4bKr2", cSeq: 2, toTag: tag), to: .callee)
        wire.inject(Scripted.request("INVITE", branch: "z9hG4bKr3", cSeq: 3, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).last == "500 INVITE")
        #expect(
            Scripted.header("Retry-After", of: wire.datagrams.last?.text ?? "").flatMap { Int($0) }.map {
                (0...10).contains($0)
            } == true)
        wire.respond(session, 200, body: "answer")
        wire.inject(Scripted.request("INVITE", branch: "z9hG4bKr4", cSeq: 4, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).last == "491 INVITE")
    }

    @Test("Hanging up with a re-INVITE open answers that 487 first")
    func endDuringReinvite() {
        let (wire, session, tag) = established()
        wire.inject(Scripted.request("INVITE", branch: "z9hG4bKr2", cSeq: 2, toTag: tag), to: .callee)
        wire.end(.callee, session)
        #expect(wire.sent(by: .callee).suffix(3) == ["100 INVITE", "487 INVITE", "BYE"])
    }

    @Test("CANCEL of a re-INVITE ends that one only")
    func cancelReinvite() {
        let (wire, session, tag) = established()
        wire.inject(Scripted.request("INVITE", branch: "z9hG4bKr2", cSeq: 2, toTag: tag), to: .callee)
        wire.inject(Scripted.request("CANCEL", branch: "z9hG4bKr2", cSeq: 2, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).suffix(2) == ["200 CANCEL", "487 INVITE"])
        #expect(wire.calleeLabels == ["incoming", "acknowledged", "reinvited"])
        wire.end(.callee, session)
        #expect(wire.sent(by: .callee).last == "BYE")
    }

    @Test("A request out of order in a dialog is answered 500, one of another method 405, RFC 3261 §12.2.2")
    func inDialog() {
        let (wire, _, tag) = established()
        wire.inject(Scripted.request("INFO", branch: "z9hG4bKi", cSeq: 5, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).last == "405 INFO")
        wire.inject(Scripted.request("BYE", branch: "z9hG4bKb", cSeq: 4, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).last == "500 BYE")
        wire.inject(
            Scripted.request("BYE", branch: "z9hG4bKc", cSeq: 6, fromTag: "stranger", toTag: tag), to: .callee
        )
        #expect(wire.sent(by: .callee).last == "481 BYE")
        wire.inject(Scripted.request("OPTIONS", branch: "z9hG4bKo", cSeq: 6, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).last == "200 OPTIONS")
        #expect(wire.calleeLabels == ["incoming", "acknowledged"])
    }

    @Test("A caller may end an early dialog by BYE, RFC 3261 §15")
    func earlyBye() {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        wire.respond(wire.calleeEvents[0].session, 180)
        let tag = Scripted.parameter("tag", of: Scripted.header("To", of: wire.datagrams.last?.text ?? ""))
        wire.inject(Scripted.request("BYE", branch: "z9hG4bKb", cSeq: 2, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).suffix(2) == ["200 BYE", "487 INVITE"])
        #expect(wire.calleeLabels == ["incoming", "cancelled"])
    }

    @Test("Stray ACKs and responses are counted and answered by nothing")
    func stray() {
        let wire = Wire()
        #expect(answers(to: Scripted.request("ACK"), wire) == [])
        #expect(answers(to: Scripted.response(200, to: Scripted.request("BYE")), wire) == [])
        #expect(wire.callee.statistics.stray == 2)
    }

    @Test("A late offer is answered in the ACK, whose body the application gets")
    func lateOffer() {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE"), to: .callee)
        guard case .incoming(let session, let request)? = wire.calleeEvents.first else { return }
        #expect(request.body == nil)
        wire.respond(session, 200, body: "offer")
        let tag = Scripted.parameter("tag", of: Scripted.header("To", of: wire.datagrams.last?.text ?? ""))
        wire.inject(Scripted.request("ACK", branch: "z9hG4bKack", toTag: tag, body: "answer"), to: .callee)
        let body = SIPBody(contentType: "application/sdp", bytes: Array("answer".utf8))
        #expect(wire.calleeEvents.last == .acknowledged(session, body: body))
    }

    @Test(
        "Beyond maximumTransactions new requests are answered 503 without a transaction, and what is under way goes on"
    )
    func fullOfTransactions() {
        var configuration = UserAgent.Configuration()
        configuration.maximumTransactions = 3
        let wire = Wire(callee: configuration)
        wire.fate = { _, _ in [] }
        for number in 0..<5 {
            wire.inject(
                Scripted.request(
                    "INVITE", branch: "z9hG4bKo\(number)", callID: "call\(number)", body: "offer"),
                to: .callee)
        }
        #expect(
            wire.sent(by: .callee) == ["100 INVITE", "100 INVITE", "100 INVITE", "503 INVITE", "503 INVITE"])
        let session = wire.calleeEvents[0].session
        wire.respond(session, 200, body: "answer")
        let tag = Scripted.parameter("tag", of: Scripted.header("To", of: wire.datagrams.last?.text ?? ""))
        wire.inject(Scripted.request("ACK", branch: "z9hG4bKack", toTag: tag, callID: "call0"), to: .callee)
        wire.inject(
            Scripted.request("BYE", branch: "z9hG4bKbye", cSeq: 2, toTag: tag, callID: "call0"), to: .callee)
        #expect(wire.sent(by: .callee).last == "200 BYE")
        #expect(wire.calleeLabels.last == "ended by remote")
    }

    @Test("One source fills its share of the transactions and no more; one that is known has no share")
    func fullOfOneSource() {
        var configuration = UserAgent.Configuration()
        configuration.maximumTransactionsPerSource = 2
        let wire = Wire(callee: configuration)
        wire.fate = { _, _ in [] }
        func invite(_ number: Int, from host: UInt32) {
            wire.inject(
                Scripted.request("INVITE", branch: "z9hG4bKs\(number)", callID: "s\(number)", body: "offer"),
                to: .callee, from: SocketAddress(ipv4: host, port: UInt16(5_060 + number)))
        }
        for number in 0..<3 { invite(number, from: 0xC633_6401) }
        invite(3, from: 0xC633_6402)
        #expect(wire.sent(by: .callee) == ["100 INVITE", "100 INVITE", "503 INVITE", "100 INVITE"])
        wire.callee.admission.known = [AddressRange("198.51.100.1")].compactMap(\.self)
        invite(4, from: 0xC633_6401)
        #expect(wire.sent(by: .callee).last == "100 INVITE")
        for event in wire.calleeEvents { wire.respond(event.session, 486) }
        wire.run()
        #expect(wire.isDrained)
        wire.callee.admission.known = []
        invite(5, from: 0xC633_6401)
        #expect(wire.sent(by: .callee).last == "100 INVITE")
    }

    @Test("A refused INVITE is not sent again and again to a source that may be forged")
    func noAmplification() {
        let wire = Wire()
        wire.inject(
            Scripted.request("INVITE", headers: ["Require: x-none"], body: "offer"), to: .callee)
        wire.run()
        #expect(wire.sent(by: .callee) == ["420 INVITE"])
    }

    @Test("An INVITE whose Expires has passed is answered 487, one that nobody answers 480 after ten minutes")
    func expired() {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", headers: ["Expires: 20"], body: "offer"), to: .callee)
        wire.run(for: .seconds(19))
        #expect(wire.sent(by: .callee) == ["100 INVITE"])
        wire.run(for: .seconds(1))
        #expect(wire.sent(by: .callee) == ["100 INVITE", "487 INVITE"])
        #expect(wire.calleeLabels == ["incoming", "timed out"])
        let other = Wire()
        other.fate = { _, _ in [] }
        other.inject(Scripted.request("INVITE", headers: ["Expires: 3600"], body: "offer"), to: .callee)
        other.run(for: .seconds(599))
        #expect(other.sent(by: .callee) == ["100 INVITE"])
        other.run(for: .seconds(1))
        #expect(other.sent(by: .callee).last == "480 INVITE")
        #expect(other.calleeLabels == ["incoming", "timed out"])
    }

    @Test("Beyond maximumSessions new INVITEs are answered 503, and ours throw")
    func fullOfSessions() throws {
        var configuration = UserAgent.Configuration()
        configuration.maximumSessions = 1
        let wire = Wire(caller: configuration, callee: configuration)
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        wire.inject(
            Scripted.request("INVITE", branch: "z9hG4bK2", cSeq: 7, callID: "other", body: "offer"),
            to: .callee)
        #expect(wire.sent(by: .callee) == ["100 INVITE", "503 INVITE"])
        try wire.call()
        #expect(throws: UserAgentError.tooManySessions) { try wire.call() }
    }

    @Test("Text of the application cannot break the response")
    func injection() {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        var effects = UserAgentEffects()
        wire.callee.respond(
            to: wire.calleeEvents[0].session, status: 486, reason: "Busy\r\nX-Evil: 1",
            headers: [
                SIPHeaderField(name: "X-Good", value: "a\r\nX-Evil: 2"),
                SIPHeaderField(name: "X Bad", value: "b"),
            ], at: wire.now, into: &effects)
        let text = String(decoding: effects.bytes, as: UTF8.self)
        #expect(text.hasPrefix("SIP/2.0 486 Busy  X-Evil: 1\r\n"))
        #expect(text.contains("X-Good: a  X-Evil: 2\r\n"))
        #expect(!text.contains("\r\nX-Evil"))
        #expect(!text.contains("X Bad"))
    }
}
