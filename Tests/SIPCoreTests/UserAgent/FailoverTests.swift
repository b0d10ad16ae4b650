import SIPCore
import SansIO
import Testing

@Suite("The next server when one fails, RFC 3263 §4.3")
struct FailoverTests {
    private static let first = SocketAddress(ipv4: 0xC000_0209, port: 5060)
    private static let second = SocketAddress(ipv4: 0xC000_020A, port: 5060)

    /// To a server that is not there, with the callee behind it.
    private func request(_ alternatives: [SIPTarget]? = nil) -> OutgoingInvite {
        var request = Wire.request(credentials: [SIPCredentials(username: "u", password: "p")])
        request.destination = Self.first
        request.alternatives =
            alternatives ?? [SIPTarget(transport: .udp, address: Wire.Side.callee.address, host: "b")]
        return request
    }

    private func field(_ name: String, of text: String) -> String? {
        text.split(separator: "\r\n").first { $0.hasPrefix("\(name):") }.map(String.init)
    }

    /// A response to the first INVITE, from the first server.
    private func response(_ status: String, to wire: Wire, tag: String = "first", contact: Bool = false)
        -> String
    {
        let invite = wire.datagrams[0].text
        let copied = ["Via", "From", "Call-ID", "CSeq"].compactMap { field($0, of: invite) }
        let to = "To: <sip:bob@192.0.2.2>" + (tag.isEmpty ? "" : ";tag=\(tag)")
        let more = contact ? ["Contact: <sip:bob@192.0.2.9>"] : []
        return (["SIP/2.0 \(status)"] + copied + [to] + more + ["Content-Length: 0", "", ""]).joined(
            separator: "\r\n")
    }

    @Test(
        "A silent server is given up after the target's time; the same INVITE goes to the next, on a new branch"
    )
    func silent() throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call(request())
        wire.run(for: .seconds(10))
        #expect(
            wire.callerLabels == ["failed over to 192.0.2.2:5060 by udp", "provisional 180", "answered 200"])
        let invites = wire.datagrams.filter { $0.name == "INVITE" }
        #expect(
            invites.map(\.destination) == Array(repeating: Self.first, count: 4) + [Wire.Side.callee.address])
        #expect(wire.datagrams[0].time.duration(to: try #require(invites.last).time) == .seconds(4))
        let (before, after) = (invites[0].text, try #require(invites.last).text)
        for name in ["Call-ID", "CSeq", "From", "To", "Contact"] {
            #expect(field(name, of: before) == field(name, of: after))
        }
        #expect(field("Via", of: before) != field("Via", of: after))
        wire.end(.caller, session)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("The last server has the time of RFC 3261, and its silence ends the session")
    func allSilent() throws {
        let wire = Wire()
        try wire.call(request([SIPTarget(transport: .udp, address: Self.second, host: "b")]))
        wire.run()
        #expect(wire.callerLabels == ["failed over to 192.0.2.10:5060 by udp", "timed out"])
        let times = wire.datagrams.filter { $0.destination == Self.second }.map(\.time)
        #expect(times.count == 7)
        #expect(wire.isDrained)
    }

    @Test("503 is acknowledged and the next server asked at once; another refusal is the callee's")
    func unavailable() throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call(request())
        wire.inject(response("503 Service Unavailable", to: wire), to: .caller, from: Self.first)
        wire.run(for: .seconds(3))
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE", "ACK"])
        #expect(wire.callerLabels.last == "answered 200")
        wire.end(.caller, session)

        let busy = Wire()
        try busy.call(request())
        busy.inject(response("486 Busy Here", to: busy), to: .caller, from: Self.first)
        #expect(busy.callerLabels == ["rejected 486"])
    }

    @Test("503 from a server that has let the callee ring is an end")
    func afterRinging() throws {
        let wire = Wire()
        try wire.call(request())
        wire.inject(response("180 Ringing", to: wire), to: .caller, from: Self.first)
        wire.run(for: .seconds(60))
        #expect(wire.callerLabels == ["provisional 180"])
        wire.inject(response("503 Service Unavailable", to: wire), to: .caller, from: Self.first)
        #expect(wire.callerLabels == ["provisional 180", "rejected 503"])
    }

    @Test("A server that says 100 and no more is cancelled for the next, later")
    func tryingOnly() throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call(request())
        wire.inject(response("100 Trying", to: wire, tag: ""), to: .caller, from: Self.first)
        wire.run(for: .seconds(11))
        #expect(wire.sent(by: .caller) == ["INVITE"])
        wire.run(for: .seconds(3))
        let cancel = wire.datagrams.first { $0.name == "CANCEL" }
        #expect(cancel?.destination == Self.first)
        #expect(cancel.flatMap { field("Via", of: $0.text) } == field("Via", of: wire.datagrams[0].text))
        #expect(wire.callerLabels.last == "answered 200")
        wire.inject(response("487 Request Terminated", to: wire), to: .caller, from: Self.first)
        wire.end(.caller, session)
        wire.run()
        #expect(wire.callerLabels.last == "ended by us" && wire.isDrained)
    }

    @Test("A provisional response from a server that was given up brings it a CANCEL, once")
    func lateProvisional() throws {
        let wire = Wire()
        try wire.call(request([SIPTarget(transport: .udp, address: Self.second, host: "b")]))
        wire.run(for: .seconds(5))
        wire.inject(response("180 Ringing", to: wire), to: .caller, from: Self.first)
        wire.inject(response("180 Ringing", to: wire), to: .caller, from: Self.first)
        #expect(wire.sent(by: .caller).filter { $0 == "CANCEL" }.count == 1)
        #expect(wire.callerLabels == ["failed over to 192.0.2.10:5060 by udp"])
    }

    @Test("An answer from a server that was given up is acknowledged and ended; its copies are acknowledged")
    func lateAnswer() throws {
        let wire = Wire()
        try wire.call(request([SIPTarget(transport: .udp, address: Self.second, host: "b")]))
        wire.run(for: .seconds(5))
        let answer = response("200 OK", to: wire, contact: true)
        wire.inject(answer, to: .caller, from: Self.first)
        wire.inject(answer, to: .caller, from: Self.first)
        let toFirst = wire.datagrams.filter { $0.destination == Self.first && $0.name != "INVITE" }
        #expect(toFirst.map(\.name) == ["ACK", "BYE", "ACK"])
        #expect(toFirst[0].text == toFirst[2].text)
        #expect(wire.callerLabels == ["failed over to 192.0.2.10:5060 by udp"])
        wire.run()
        #expect(wire.callerLabels.last == "timed out" && wire.isDrained)
    }

    @Test("A lost transport leads on too, and Via and Contact name the next one's")
    func transports() throws {
        let wire = Wire()
        var request = request([SIPTarget(transport: .udp, address: Self.second, host: "b")])
        request.transport = .tcp
        request.contact = "<sip:alice@192.0.2.1:5060;transport=tcp>"
        request.destination = Wire.Side.callee.address
        wire.fate = { _, _ in [] }
        try wire.call(request)
        wire.failTransport(.tcp)
        #expect(wire.callerLabels == ["failed over to 192.0.2.10:5060 by udp"])
        let last = try #require(wire.datagrams.last)
        #expect(field("Contact", of: last.text) == "Contact: <sip:alice@192.0.2.1:5060>")
        #expect(field("Via", of: last.text)?.hasPrefix("Via: SIP/2.0/UDP ") == true)
        #expect(last.transport == .udp)
    }

    @Test("A session that is being ended looks for no other server")
    func cancelled() throws {
        let wire = Wire()
        let session = try wire.call(request())
        wire.end(.caller, session)
        wire.run()
        #expect(wire.callerLabels == ["abandoned"])
        #expect(wire.datagrams.allSatisfy { $0.destination == Self.first } && wire.isDrained)
    }

    @Test("The next server may challenge in the realm that the first one has challenged in")
    func challengedByBoth() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        try wire.call(request([SIPTarget(transport: .udp, address: Self.second, host: "b")]))
        func reply(_ status: Int, _ tag: String, _ headers: [String] = []) {
            let invite = wire.datagrams.last { $0.name == "INVITE" }?.text ?? ""
            wire.inject(Scripted.response(status, to: invite, tag: tag, headers: headers), to: .caller)
        }
        let challenge = "Proxy-Authenticate: Digest realm=\"trunk\", algorithm=MD5, nonce="
        reply(407, "a", [challenge + "\"one\""])
        reply(503, "b")
        reply(407, "c", [challenge + "\"two\""])
        let last = wire.datagrams.last { $0.name == "INVITE" }
        #expect(last?.destination == Self.second)
        #expect(last.flatMap { field("Proxy-Authorization", of: $0.text) }?.contains("nonce=\"two\"") == true)
        #expect(wire.callerLabels == ["failed over to 192.0.2.10:5060 by udp"])
    }

    @Test("A server that was given up and cancelled, and never says another word, is forgotten after 64*T1")
    func cancelledSilence() throws {
        let wire = Wire()
        wire.answers()
        wire.fate = { _, datagram in datagram.destination == Self.first ? [] : [.milliseconds(10)] }
        let session = try wire.call(request())
        wire.inject(response("100 Trying", to: wire, tag: ""), to: .caller, from: Self.first)
        wire.run(for: .seconds(14))
        #expect(wire.callerLabels.last == "answered 200")
        wire.inject(response("100 Trying", to: wire, tag: ""), to: .caller, from: Self.first)
        wire.end(.caller, session)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("A server that was given up in silence and rings once the session is over is cancelled, once")
    func ringsAfterTheEnd() throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call(request())
        wire.run(for: .seconds(6))
        wire.end(.caller, session)
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels.last == "ended by us")
        wire.inject(response("180 Ringing", to: wire), to: .caller, from: Self.first)
        wire.inject(response("180 Ringing", to: wire), to: .caller, from: Self.first)
        let cancels = wire.datagrams.filter { $0.name == "CANCEL" }
        #expect(cancels.map(\.destination) == [Self.first])
        let (invite, cancel) = (wire.datagrams[0].text, cancels.first?.text ?? "")
        #expect(cancel.hasPrefix("CANCEL sip:bob@192.0.2.2 SIP/2.0\r\n"))
        for name in ["Via", "From", "To", "Call-ID"] {
            #expect(field(name, of: cancel) == field(name, of: invite))
        }
        wire.run()
        #expect(wire.isDrained)
    }
}
