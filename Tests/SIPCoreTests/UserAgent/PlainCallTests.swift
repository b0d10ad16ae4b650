import SIPCore
import SansIO
import Testing

@Suite("Calls between two user agents")
struct PlainCallTests {
    @Test("A call rings, is answered and acknowledged, and the caller hangs up")
    func callerHangsUp() throws {
        let wire = Wire()
        wire.answers()
        wire.onCaller = { wire, event in
            guard case .answered(let session, let response) = event else { return }
            #expect(response.body == SIPBody(contentType: "application/sdp", bytes: Array("answer".utf8)))
            wire.after(.seconds(3)) { $0.end(.caller, session, reason: "SIP;cause=200;text=\"done\"") }
        }
        try wire.call()
        wire.run()
        #expect(wire.callerLabels == ["provisional 180", "answered 200", "ended by us"])
        #expect(wire.calleeLabels == ["incoming", "acknowledged", "ended by remote"])
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "BYE"])
        #expect(wire.sent(by: .callee) == ["100 INVITE", "180 INVITE", "200 INVITE", "200 BYE"])
        guard case .ended(_, .byRemote(let headers))? = wire.calleeEvents.last else { return }
        #expect(headers == [SIPHeaderField(name: "Reason", value: "SIP;cause=200;text=\"done\"")])
        #expect(wire.isDrained)
    }

    @Test("The callee hangs up")
    func calleeHangsUp() throws {
        let wire = Wire()
        wire.answers()
        let answer = wire.onCallee
        wire.onCallee = { wire, event in
            answer(wire, event)
            if case .acknowledged(let session, _) = event {
                wire.after(.seconds(2)) { $0.end(.callee, session) }
            }
        }
        try wire.call()
        wire.run()
        #expect(wire.callerLabels == ["provisional 180", "answered 200", "ended by remote"])
        #expect(wire.calleeLabels == ["incoming", "acknowledged", "ended by us"])
        #expect(wire.sent(by: .callee) == ["100 INVITE", "180 INVITE", "200 INVITE", "BYE"])
        #expect(wire.isDrained)
    }

    @Test("A refusal is acknowledged and reported", arguments: [486, 603, 404, 503, 302])
    func refusal(status: Int) throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, status)
        }
        try wire.call()
        wire.run()
        #expect(wire.callerLabels == ["rejected \(status)"])
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK"])
        #expect(wire.sent(by: .callee) == ["100 INVITE", "\(status) INVITE"])
        #expect(wire.isDrained)
    }

    @Test("Nobody answers: CANCEL after the ringing, 487, ACK")
    func cancelled() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, 180)
        }
        let session = try wire.call()
        wire.after(.seconds(20)) { $0.end(.caller, session) }
        wire.run()
        #expect(wire.callerLabels == ["provisional 180", "rejected 487"])
        #expect(wire.calleeLabels == ["incoming", "cancelled"])
        #expect(wire.sent(by: .caller) == ["INVITE", "CANCEL", "ACK"])
        #expect(wire.sent(by: .callee) == ["100 INVITE", "180 INVITE", "200 CANCEL", "487 INVITE"])
        #expect(wire.isDrained)
    }

    @Test("A silent peer sees seven INVITEs, and the call times out 32 s after the first")
    func silence() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let start = wire.now
        try wire.call()
        wire.run()
        let times = wire.datagrams.map { start.duration(to: $0.time) }
        #expect(times == [0, 500, 1500, 3500, 7500, 15500, 31500].map { Duration.milliseconds($0) })
        #expect(wire.callerLabels == ["timed out"])
        #expect(start.duration(to: wire.now) == .seconds(32))
        #expect(wire.isDrained)
    }

    @Test(
        "Ending a call that nobody has answered at all is reported at once; the CANCEL follows the first sign of life"
    )
    func abandoned() throws {
        let wire = Wire()
        wire.fate = { number, _ in number == 0 ? [.milliseconds(200)] : [.milliseconds(10)] }
        wire.onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, 180)
        }
        let session = try wire.call()
        wire.after(.milliseconds(50)) { $0.end(.caller, session) }
        wire.run(for: .milliseconds(60))
        #expect(wire.callerLabels == ["abandoned"])
        #expect(wire.sent(by: .caller) == ["INVITE"])
        wire.run()
        #expect(wire.callerLabels == ["abandoned"])
        #expect(wire.calleeLabels == ["incoming", "cancelled"])
        #expect(wire.sent(by: .caller) == ["INVITE", "CANCEL", "ACK"])
        #expect(wire.isDrained)
    }

    @Test("The application refuses by ending")
    func endIncoming() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            if case .incoming(let session, _) = event { wire.end(.callee, session) }
        }
        try wire.call()
        wire.run()
        #expect(wire.callerLabels == ["rejected 487"])
        #expect(wire.calleeLabels == ["incoming", "abandoned"])
        #expect(wire.isDrained)
    }

    @Test(
        "Fields that would break the message are refused by name",
        arguments: [
            ("requestURI", "sip:bob@192.0.2.2\r\nX: y"), ("requestURI", "bob"), ("from", "<sip:a@b>;tag=1"),
            ("from", "<sip:a@b>\r\nX: y"), ("to", "\"open <sip:a@b>"), ("contact", "x"), ("sentBy", "a b"),
            ("sentBy", "a;branch=1"), ("callID", "a b"), ("headers", "x\r\nVia: y"),
        ])
    func invalidFields(field: String, value: String) {
        let wire = Wire()
        var request = Wire.request()
        switch field {
        case "requestURI": request.requestURI = value
        case "from": request.from = value
        case "to": request.to = value
        case "contact": request.contact = value
        case "sentBy": request.sentBy = value
        case "callID": request.callID = value
        default: request.headers = [SIPHeaderField(name: "X-Test", value: value)]
        }
        #expect(throws: UserAgentError.invalidField(field)) { try wire.call(request) }
        #expect(wire.datagrams.isEmpty)
        #expect(wire.isDrained)
    }

    @Test("An INVITE that no datagram can carry is refused whole")
    func tooLarge() {
        let wire = Wire()
        #expect(throws: UserAgentError.self) {
            try wire.call(Wire.request(body: Array(repeating: 65, count: 66_000)))
        }
        #expect(wire.datagrams.isEmpty)
        #expect(wire.isDrained)
    }
}
