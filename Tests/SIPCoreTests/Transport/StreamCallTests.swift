import SIPCore
import SansIO
import Testing

@Suite("Calls over a stream, RFC 3261 §18")
struct StreamCallTests {
    private func wire(contact: String = "<sip:alice@192.0.2.1:5060;transport=tcp>") -> (Wire, OutgoingInvite)
    {
        let wire = Wire()
        wire.transport = .tcp
        var request = Wire.request()
        request.transport = .tcp
        request.contact = contact
        return (wire, request)
    }

    private func isVia(_ transport: String) -> (Wire.Datagram) -> Bool {
        { $0.text.contains("Via: SIP/2.0/\(transport) ") }
    }

    @Test(
        "A call over TCP says so in every Via, sends everything once and leaves nothing but RFC 6026's timers"
    )
    func plainCall() throws {
        let (wire, request) = wire()
        wire.answers()
        let session = try wire.call(request)
        wire.after(.seconds(3)) { $0.end(.caller, session) }
        wire.run(for: .seconds(4))
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "BYE"])
        #expect(wire.sent(by: .callee) == ["100 INVITE", "180 INVITE", "200 INVITE", "200 BYE"])
        #expect(wire.datagrams.allSatisfy(isVia("TCP")))
        #expect(wire.datagrams.allSatisfy { $0.transport == .tcp })
        // Timers M and L keep the INVITE's own transactions; the BYE's are gone with their answer.
        #expect(wire.caller.statistics.tombstones == 1)
        #expect(wire.callee.statistics.tombstones == 1)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("The 2xx is repeated until its ACK even over TCP, since a hop behind may lose it (§13.3.1.4)")
    func answerIsRepeated() throws {
        let (wire, request) = wire()
        wire.answers()
        wire.fate = { _, datagram in datagram.name == "ACK" ? [] : [.milliseconds(10)] }
        try wire.call(request)
        wire.run(for: .seconds(5))
        #expect(wire.sent(by: .callee).filter { $0 == "200 INVITE" }.count > 2)
        #expect(wire.sent(by: .callee).filter { $0 == "180 INVITE" }.count == 1)
    }

    @Test("A refusal over TCP is acknowledged once and forgotten")
    func refusal() throws {
        let (wire, request) = wire()
        wire.onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, 486)
        }
        try wire.call(request)
        wire.run(for: .seconds(1))
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK"])
        #expect(wire.callerLabels == ["rejected 486"])
        #expect(wire.isDrained)
    }

    @Test("CANCEL goes the INVITE's way")
    func cancel() throws {
        let (wire, request) = wire()
        wire.onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, 180)
        }
        let session = try wire.call(request)
        wire.after(.seconds(1)) { $0.end(.caller, session) }
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "CANCEL", "ACK"])
        #expect(wire.datagrams.allSatisfy(isVia("TCP")))
        #expect(wire.isDrained)
    }

    @Test("An INVITE whose connection fails before any response fails at once (§8.1.3.1)")
    func connectionRefused() throws {
        let (wire, request) = wire()
        wire.fate = { _, _ in [] }
        try wire.call(request)
        wire.after(.milliseconds(20)) { $0.failTransport(.tcp) }
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels == ["transport failed"])
        #expect(wire.isDrained)
    }

    @Test(
        "A connection that is lost after a provisional response fails nothing: the answer may come by another"
    )
    func connectionLostWhileRinging() throws {
        let (wire, request) = wire()
        wire.answers()
        let session = try wire.call(request)
        wire.after(.milliseconds(500)) { $0.failTransport(.tcp) }
        wire.after(.seconds(3)) { $0.end(.caller, session) }
        wire.run()
        #expect(wire.callerLabels == ["provisional 180", "answered 200", "ended by us"])
    }

    @Test("A BYE that cannot be sent ends its session all the same")
    func byeFails() throws {
        let (wire, request) = wire()
        wire.answers()
        let session = try wire.call(request)
        wire.after(.seconds(3)) {
            $0.fate = { _, _ in [] }
            $0.end(.caller, session)
            $0.failTransport(.tcp)
        }
        wire.run(for: .seconds(4))
        #expect(wire.callerLabels == ["provisional 180", "answered 200", "ended by us"])
        #expect(wire.caller.statistics.liveSessions == 0)
    }

    @Test("Over UDP a failure of another transport concerns nobody")
    func otherTransport() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        try wire.call()
        wire.failTransport(.tcp)
        #expect(wire.callerLabels == [])
    }

    @Test(
        "Without rport a response over a stream keeps the connection, and falls back to the port of sent-by (§18.2.2)"
    )
    func responseRoute() {
        var agent = UserAgent(generator: SeededGenerator(seed: 1, label: "agent"))
        var effects = UserAgentEffects()
        let text = """
            OPTIONS sip:a@192.0.2.1 SIP/2.0\r
            Via: SIP/2.0/TCP host.example:5080;branch=z9hG4bKx;rport\r
            From: <sip:b@example.com>;tag=1\r
            To: <sip:a@192.0.2.1>\r
            Call-ID: 1\r
            CSeq: 1 OPTIONS\r
            Content-Length: 0\r
            \r

            """
        let connection = SocketID(rawValue: 77)
        let source = SocketAddress(ipv4: 0xC000_0202, port: 49_152)
        agent.receive(
            Array(text.utf8).span.bytes, from: source, on: connection, transport: .tcp,
            at: MonotonicInstant(nanoseconds: 0), into: &effects)
        #expect(effects.sends.map(\.socket) == [connection])
        #expect(effects.sends.map(\.destination) == [source.with(port: 5080)])
        #expect(effects.sends.map(\.transport) == [.tcp])
        let answer = String(decoding: effects.bytes, as: UTF8.self)
        #expect(answer.contains(";received=192.0.2.2;rport=49152\r\n"))
    }

    // MARK: Size (§18.1.1)

    private func large(threshold: Int?) -> OutgoingInvite {
        var request = Wire.request(body: Array(repeating: 120, count: 1_200))
        request.streamThreshold = threshold
        return request
    }

    @Test(
        "An INVITE above the threshold goes by TCP, one below it by UDP",
        arguments: [(1_300, "TCP"), (4_000, "UDP")])
    func threshold(bytes: Int, transport: String) throws {
        let wire = Wire()
        try wire.call(large(threshold: bytes))
        #expect(wire.datagrams.map(\.name) == ["INVITE"])
        #expect(wire.datagrams.allSatisfy(isVia(transport)))
        #expect(wire.datagrams.map(\.transport.viaToken) == [transport])
    }

    @Test("When TCP fails, the INVITE goes by UDP after all, as a new transaction")
    func fallsBack() throws {
        let wire = Wire()
        wire.answers()
        wire.fate = { _, datagram in datagram.transport == .tcp ? [] : [.milliseconds(10)] }
        let session = try wire.call(large(threshold: 1_300))
        wire.after(.seconds(1)) { $0.failTransport(.tcp) }
        wire.after(.seconds(4)) { $0.end(.caller, session) }
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "INVITE", "ACK", "BYE"])
        #expect(wire.callerLabels == ["provisional 180", "answered 200", "ended by us"])
        let branches = wire.datagrams.filter { $0.name == "INVITE" }.map {
            $0.text.split(separator: "\r\n")[1]
        }
        #expect(Set(branches).count == 2)
    }
}
