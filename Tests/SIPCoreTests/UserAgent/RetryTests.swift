import SIPCore
import SansIO
import Testing

@Suite("Failures of an INVITE that lead on, RFC 3261 §8.1.3.4 and §8.1.3.5")
struct RetryTests {
    private func calling(
        _ options: InviteOptions = .init(), change: (inout OutgoingInvite) -> Void = { _ in }
    ) throws -> (Wire, InviteSessionID) {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        var request = Wire.request()
        request.options = options
        change(&request)
        return (wire, try wire.call(request))
    }

    private func last(_ wire: Wire) -> String { wire.datagrams.last?.text ?? "" }

    private func lastInvite(_ wire: Wire) -> String {
        wire.datagrams.last { $0.name == "INVITE" }?.text ?? ""
    }

    private func answer(_ status: Int, _ headers: [String] = [], _ wire: Wire) {
        wire.inject(Scripted.response(status, to: lastInvite(wire), headers: headers), to: .caller)
    }

    private static let following = InviteOptions(redirections: RedirectionPolicy())

    // MARK: Redirection

    @Test("By choice only: a 3xx is a failure with its contacts")
    func notFollowed() throws {
        let (wire, session) = try calling()
        answer(302, ["Contact: <sip:bob@198.51.100.9>"], wire)
        guard case .failed(session, .rejected(let response))? = wire.callerEvents.last else {
            Issue.record("not failed")
            return
        }
        #expect(response.headers == [SIPHeaderField(name: "Contact", value: "<sip:bob@198.51.100.9>")])
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK"])
    }

    @Test("Contacts are tried by q, each acknowledged, until one answers")
    func followed() throws {
        let (wire, session) = try calling(Self.following)
        let first = lastInvite(wire)
        answer(
            302,
            [
                "Contact: <sip:second@198.51.100.8:5070>;q=0.5, \"First\" <sip:first@198.51.100.9;transport=tcp>;q=0.9",
                "Contact: <mailto:bob@example.com>",
            ], wire)
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE"])
        let second = lastInvite(wire)
        #expect(second.hasPrefix("INVITE sip:first@198.51.100.9;transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP "))
        #expect(wire.datagrams.last?.destination == SocketAddress(ipv4: 0xC633_6409, port: 5060))
        for name in ["From", "To", "Call-ID"] {
            #expect(Scripted.header(name, of: first) == Scripted.header(name, of: second))
        }
        let numbers = [first, second].compactMap {
            Scripted.header("CSeq", of: $0)?.split(separator: " ").first.flatMap { Int($0) }
        }
        #expect(numbers.count == 2 && numbers[1] == numbers[0] + 1)
        answer(480, wire)
        #expect(lastInvite(wire).hasPrefix("INVITE sip:second@198.51.100.8:5070 SIP/2.0\r\n"))
        wire.inject(
            Scripted.response(
                200, to: lastInvite(wire), headers: ["Contact: <sip:second@198.51.100.8:5070>"],
                body: "answer"),
            to: .caller)
        #expect(
            wire.callerLabels == [
                "redirected sip:first@198.51.100.9;transport=tcp", "redirected sip:second@198.51.100.8:5070",
                "answered 200",
            ])
        wire.end(.caller, session)
        #expect(last(wire).hasPrefix("BYE sip:second@198.51.100.8:5070 SIP/2.0\r\n"))
    }

    private func answer(_ status: Int, _ wire: Wire) { answer(status, [], wire) }

    @Test("A stranger that a 3xx names gets no credentials that name no realm, nor what the trunk was told")
    func redirectedToAStranger() throws {
        let (wire, _) = try calling(Self.following) {
            $0.credentials = [
                SIPCredentials(username: "u", password: "p"),
                SIPCredentials(username: "v", password: "q", realm: "friend"),
            ]
        }
        func challenge(_ realm: String) -> [String] {
            ["Proxy-Authenticate: Digest realm=\"\(realm)\", nonce=\"n\", algorithm=MD5"]
        }
        answer(407, challenge("trunk"), wire)
        #expect(Scripted.header("Proxy-Authorization", of: lastInvite(wire)) != nil)
        answer(302, ["Contact: <sip:c@192.0.2.2:5070>"], wire)
        #expect(Scripted.header("Proxy-Authorization", of: lastInvite(wire)) != nil)
        answer(302, ["Contact: <sip:bob?x@198.51.100.9>"], wire)
        #expect(lastInvite(wire).hasPrefix("INVITE sip:bob?x@198.51.100.9 SIP/2.0\r\n"))
        #expect(Scripted.header("Proxy-Authorization", of: lastInvite(wire)) == nil)
        answer(407, challenge("friend"), wire)
        #expect(
            Scripted.header("Proxy-Authorization", of: lastInvite(wire))?.contains("username=\"v\"") == true)
        answer(407, challenge("trunk"), wire)
        #expect(wire.callerLabels.last == "credentials refused 407")
    }

    @Test("The failure of the last address is the session's; 6xx ends the search", arguments: [486, 603])
    func exhausted(status: Int) throws {
        let (wire, session) = try calling(Self.following)
        answer(302, ["Contact: <sip:a@198.51.100.8>, <sip:b@198.51.100.8>"], wire)
        answer(status, wire)
        if status == 486 {
            #expect(lastInvite(wire).hasPrefix("INVITE sip:b@198.51.100.8 "))
            answer(404, wire)
        }
        guard case .failed(session, .rejected(let response))? = wire.callerEvents.last else {
            Issue.record("not failed")
            return
        }
        #expect(response.status == (status == 486 ? 404 : 603))
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("Redirections in a circle end")
    func circle() throws {
        let (wire, _) = try calling(Self.following)
        answer(302, ["Contact: <sip:a@198.51.100.8>"], wire)
        answer(302, ["Contact: <sip:bob@192.0.2.2>, <sip:a@198.51.100.8>"], wire)
        #expect(wire.callerLabels.last == "rejected 302")
    }

    @Test("An endless chain ends after five hops, a silent address after 64*T1")
    func endless() throws {
        let (wire, _) = try calling(Self.following)
        for hop in 1...9 { answer(302, ["Contact: <sip:\(hop)@198.51.100.8>"], wire) }
        #expect(wire.callerLabels.filter { $0.hasPrefix("redirected") }.count == 5)
        #expect(wire.callerLabels.last == "rejected 302")
        let (other, _) = try calling(Self.following)
        answer(302, ["Contact: <sip:a@198.51.100.8>, <sip:b@198.51.100.8>"], other)
        other.run()
        #expect(
            other.callerLabels == [
                "redirected sip:a@198.51.100.8", "redirected sip:b@198.51.100.8", "timed out",
            ])
        #expect(other.isDrained)
    }

    @Test("A host name is the owner's to resolve; no address means the next contact, no word a time-out")
    func names() throws {
        let (wire, session) = try calling(Self.following)
        answer(302, ["Contact: <sip:a@one.example>, <sip:b@two.example>, <sip:c@three.example>"], wire)
        var effects = UserAgentEffects()
        wire.caller.redirect(session, to: [], at: wire.now, into: &effects)
        #expect(effects.events == [.redirected(session, SIPRedirection(uri: "sip:b@two.example"))])
        effects.removeAll()
        let target = SIPTarget(
            transport: .udp, address: SocketAddress(ipv4: 0xC633_6402, port: 5088), host: "two.example")
        wire.caller.redirect(session, to: [target], at: wire.now, into: &effects)
        #expect(effects.sends.map(\.destination) == [target.address])
        #expect(
            String(decoding: effects.bytes, as: UTF8.self).hasPrefix("INVITE sip:b@two.example SIP/2.0\r\n"))
        // Nothing is asked any more.
        wire.caller.redirect(session, to: [target], at: wire.now, into: &effects)
        #expect(effects.sends.count == 1)
        wire.run()
        #expect(
            wire.callerLabels.suffix(2) == ["redirected sip:c@three.example", "rejected 302"]
                || wire.callerLabels.suffix(2) == ["redirected sip:c@three.example", "timed out"])
        #expect(wire.isDrained)
    }

    @Test("Ending while a name is being resolved ends the session")
    func endedWhileResolving() throws {
        let (wire, session) = try calling(Self.following)
        answer(302, ["Contact: <sip:a@one.example>"], wire)
        wire.end(.caller, session)
        #expect(wire.callerLabels.last == "abandoned")
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("What was secure is not followed into the clear")
    func secure() throws {
        let (wire, _) = try calling(Self.following) { $0.requestURI = "sips:bob@192.0.2.2" }
        answer(302, ["Contact: <sip:a@198.51.100.8>"], wire)
        #expect(wire.callerLabels == ["rejected 302"])
    }

    // MARK: Extensions

    @Test("420: sent again without what is not known, unless the application demands it")
    func badExtension() throws {
        let (wire, _) = try calling(InviteOptions(sessionInterval: .seconds(600)))
        answer(420, ["Unsupported: timer, 100rel"], wire)
        let again = lastInvite(wire)
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE"])
        #expect(Scripted.header("Supported", of: again) == "")
        #expect(Scripted.header("Session-Expires", of: again) == nil)
        answer(420, ["Unsupported: timer, 100rel"], wire)
        #expect(wire.callerLabels == ["rejected 420"])
        let (other, _) = try calling(InviteOptions(reliability: .required))
        answer(420, ["Unsupported: 100rel"], other)
        #expect(other.callerLabels == ["rejected 420"])
    }

    @Test("421: sent again with what is demanded, if we have it")
    func extensionRequired() throws {
        let (wire, _) = try calling(InviteOptions(reliability: .off))
        answer(421, ["Require: 100rel, timer"], wire)
        let again = lastInvite(wire)
        #expect(Scripted.header("Supported", of: again) == "100rel, timer")
        #expect(Scripted.header("Require", of: again) == "100rel, timer")
        #expect(Scripted.header("Session-Expires", of: again) == "1800")
        answer(421, ["Require: 100rel, timer"], wire)
        #expect(wire.callerLabels == ["rejected 421"])
        let (other, _) = try calling()
        answer(421, ["Require: 100rel, sec-agree"], other)
        #expect(other.callerLabels == ["rejected 421"])
        #expect(other.sent(by: .caller) == ["INVITE", "ACK"])
    }

    @Test("416 to a tel URI: sent again as sip URI")
    func scheme() throws {
        let (wire, _) = try calling { $0.requestURI = "tel:+15550100;phone-context=x" }
        answer(416, wire)
        #expect(lastInvite(wire).hasPrefix("INVITE sip:+15550100@192.0.2.2;user=phone SIP/2.0\r\n"))
        answer(416, wire)
        #expect(wire.callerLabels == ["rejected 416"])
    }

    @Test("422 without end is given up")
    func intervals() throws {
        let (wire, _) = try calling(InviteOptions(sessionInterval: .seconds(90)))
        for minimum in [100, 200, 300, 400, 500, 600] { answer(422, ["Min-SE: \(minimum)"], wire) }
        #expect(wire.sent(by: .caller).filter { $0 == "INVITE" }.count == 5)
        #expect(wire.callerLabels == ["rejected 422"])
        let (other, _) = try calling(InviteOptions(sessionInterval: .seconds(90)))
        answer(422, ["Min-SE: 90"], other)  // No more than was asked: nothing to change.
        #expect(other.callerLabels == ["rejected 422"])
    }

    @Test("Retry-After goes to the application", arguments: [413, 480, 486, 500, 503, 600])
    func retryAfter(status: Int) throws {
        let (wire, _) = try calling()
        answer(status, ["Retry-After: 120"], wire)
        guard case .failed(_, .rejected(let response))? = wire.callerEvents.last else { return }
        #expect(response.headers == [SIPHeaderField(name: "Retry-After", value: "120")])
    }

    // MARK: As a server

    @Test("Bodies that are no session description: 415, 493 when encrypted, none when they may be left aside")
    func bodies() {
        func answers(_ type: String, _ headers: [String] = []) -> [String] {
            let wire = Wire()
            let invite = Scripted.request("INVITE", headers: headers, body: "x")
                .replacing("application/sdp", with: type)
            wire.inject(invite, to: .callee)
            return wire.sent(by: .callee)
        }
        #expect(answers("application/isup") == ["415 INVITE"])
        #expect(answers("application/pkcs7-mime") == ["493 INVITE"])
        #expect(
            answers("application/isup", ["Content-Disposition: signal; handling=optional"]) == ["100 INVITE"])
        #expect(
            answers("application/isup", ["Content-Disposition: signal;handling=required"]) == ["415 INVITE"])
        #expect(answers("application/isup", ["Content-Disposition: signal"]) == ["415 INVITE"])
    }

    @Test("Max-Forwards 0 has reached its callee: only proxies answer 483, RFC 3261 §16.3")
    func maximumForwards() {
        let wire = Wire()
        wire.inject(
            Scripted.request("INVITE", body: "offer").replacing("Max-Forwards: 70", with: "Max-Forwards: 0"),
            to: .callee)
        #expect(wire.calleeLabels == ["incoming"])
    }

    @Test("Only the unknown ones of several demanded extensions are named")
    func unsupported() {
        let wire = Wire()
        wire.inject(
            Scripted.request(
                "INVITE", headers: ["Require: timer, x-one", "Require: 100REL, x-two"], body: "offer"),
            to: .callee)
        #expect(wire.sent(by: .callee) == ["420 INVITE"])
        #expect(Scripted.header("Unsupported", of: last(wire)) == "x-one, x-two")
    }

    // MARK: Late forks

    @Test("A fork that answers when the session is over is acknowledged and ended, its copies acknowledged")
    func strandedFork() throws {
        let (wire, session) = try calling()
        let invite = lastInvite(wire)
        let contact = "Contact: <sip:bob@192.0.2.2:5060>"
        let answer = Scripted.response(200, to: invite, tag: "one", headers: [contact], body: "a")
        wire.inject(answer, to: .caller)
        wire.end(.caller, session)
        wire.inject(Scripted.response(200, to: last(wire)), to: .caller)
        #expect(wire.callerLabels == ["answered 200", "ended by us"])
        #expect(wire.caller.statistics.liveSessions == 0)
        wire.inject(answer, to: .caller)  // The session's own: it was acknowledged.
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "BYE"])
        let late = Scripted.response(
            200, to: invite, tag: "two",
            headers: ["Contact: <sip:late@198.51.100.4:5064>", "Record-Route: <sip:198.51.100.5;lr>"],
            body: "b")
        wire.inject(late, to: .caller)
        wire.inject(late, to: .caller)
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "BYE", "ACK", "BYE", "ACK"])
        let (ack, bye) = (wire.datagrams[3].text, wire.datagrams[4].text)
        #expect(ack == wire.datagrams[5].text)
        #expect(
            ack.hasPrefix("ACK sip:late@198.51.100.4:5064 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=")
        )
        let number = Scripted.header("CSeq", of: invite)?.split(separator: " ").first.flatMap { Int($0) } ?? 0
        #expect(Scripted.header("CSeq", of: ack) == "\(number) ACK")
        #expect(Scripted.header("CSeq", of: bye) == "\(number + 1) BYE")
        for text in [ack, bye] {
            #expect(Scripted.header("Route", of: text) == "<sip:198.51.100.5;lr>")
            #expect(Scripted.header("From", of: text) == Scripted.header("From", of: invite))
            #expect(Scripted.parameter("tag", of: Scripted.header("To", of: text)) == "two")
            #expect(Scripted.header("Call-ID", of: text) == Scripted.header("Call-ID", of: invite))
        }
        wire.inject(Scripted.response(200, to: bye), to: .caller)
        wire.run()
        #expect(wire.callerLabels.count == 2)
        #expect(wire.isDrained)
    }
}
