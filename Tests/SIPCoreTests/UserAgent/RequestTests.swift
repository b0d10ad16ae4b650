import SIPCore
import SansIO
import Testing

@Suite("Requests without a session, RFC 3261 §8.1, §8.2")
struct RequestTests {
    private static let credentials = [SIPCredentials(username: "alice", password: "wonderland")]

    private static func options(
        _ method: SIPMethod = .options, credentials: [SIPCredentials] = [], timeout: Duration? = nil
    ) -> OutgoingRequest {
        OutgoingRequest(
            method: method, requestURI: "sip:192.0.2.2", from: "<sip:alice@192.0.2.1>",
            to: "<sip:bob@192.0.2.2>", contact: "<sip:alice@192.0.2.1:5060>", sentBy: "192.0.2.1:5060",
            callID: "probe-1", credentials: credentials, destination: Wire.Side.callee.address,
            socket: SocketID(rawValue: 1), timeout: timeout)
    }

    private func send(_ request: OutgoingRequest, _ wire: Wire) throws -> SIPRequestID {
        try wire.command(.caller) { try $0.request(request, at: $1, into: &$2) }
    }

    private func serving(_ methods: [SIPMethod]) -> UserAgent.Configuration {
        var configuration = UserAgent.Configuration()
        configuration.methods = methods
        return configuration
    }

    @Test("OPTIONS as it stands on the wire, and its answer with every header field")
    func options() throws {
        var callee = UserAgent.Configuration()
        callee.optionsBody = SIPBody(contentType: "application/sdp", bytes: Array("v=0\r\n".utf8))
        let wire = Wire(callee: callee)
        let id = try send(Self.options(), wire)
        let text = wire.datagrams[0].text
        let branch = try #require(Scripted.parameter("branch", of: Scripted.header("Via", of: text)))
        let tag = try #require(Scripted.parameter("tag", of: Scripted.header("From", of: text)))
        let number = try #require(Scripted.header("CSeq", of: text)?.split(separator: " ").first)
        #expect(
            text == """
                OPTIONS sip:192.0.2.2 SIP/2.0\r
                Via: SIP/2.0/UDP 192.0.2.1:5060;branch=\(branch);rport\r
                Max-Forwards: 70\r
                From: <sip:alice@192.0.2.1>;tag=\(tag)\r
                To: <sip:bob@192.0.2.2>\r
                Call-ID: probe-1\r
                CSeq: \(number) OPTIONS\r
                Contact: <sip:alice@192.0.2.1:5060>\r
                User-Agent: Outdial\r
                Content-Length: 0\r
                \r

                """)
        wire.run()
        guard case .requestAnswered(id, let response)? = wire.callerEvents.first else {
            Issue.record("no answer: \(wire.callerLabels)")
            return
        }
        #expect(response.status == 200)
        #expect(response.cSeqNumber == UInt32(number))
        #expect(
            response.headers.first { $0.name == "Allow" }?.value
                == "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE")
        #expect(response.body == callee.optionsBody)
        #expect(wire.isDrained)
    }

    @Test("A far end that is silent: eleven copies, then one time-out at 64*T1")
    func silence() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        _ = try send(Self.options(), wire)
        wire.run()
        #expect(wire.datagrams.count == 11)
        #expect(wire.callerLabels == ["request timed out"])
        #expect(wire.now == MonotonicInstant(nanoseconds: 33_000_000_000))
        #expect(wire.isDrained)
    }

    @Test("A wait of one's own ends earlier, and nothing more is sent")
    func ownTimeout() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        _ = try send(Self.options(timeout: .seconds(2)), wire)
        wire.run()
        #expect(wire.datagrams.count == 3)
        #expect(wire.callerLabels == ["request timed out"])
        #expect(wire.isDrained)
    }

    @Test("A cancelled request is silent for ever; its late answer is stray")
    func cancelled() throws {
        let wire = Wire()
        let id = try send(Self.options(), wire)
        wire.command(.caller) { user, _, _ in user.cancelRequest(id) }
        wire.run()
        #expect(wire.callerEvents.isEmpty)
        #expect(wire.sent(by: .caller) == ["OPTIONS"])
        #expect(wire.caller.statistics.stray == 1)
        #expect(wire.isDrained)
    }

    @Test("A challenge is answered once; wrong credentials are told as such; without any it is an answer")
    func challenged() throws {
        var callee = UserAgent.Configuration()
        callee.requiredCredentials = Self.credentials
        for (credentials, labels, sends) in [
            (Self.credentials, ["request answered 200"], 2),
            ([SIPCredentials(username: "alice", password: "x")], ["request credentials refused 407"], 2),
            ([], ["request answered 407"], 1),
        ] {
            let wire = Wire(callee: callee)
            _ = try send(Self.options(credentials: credentials), wire)
            wire.run()
            #expect(wire.callerLabels == labels)
            #expect(wire.sent(by: .caller).count == sends)
            #expect(wire.isDrained)
        }
    }

    @Test("A series keeps From tag, counts CSeq on and answers later requests unasked")
    func series() throws {
        var callee = UserAgent.Configuration()
        callee.requiredCredentials = Self.credentials
        let wire = Wire(callee: callee)
        var request = Self.options(credentials: Self.credentials)
        request.isSeries = true
        for _ in 0..<2 {
            _ = try send(request, wire)
            wire.run(for: .seconds(60))
        }
        let sent = wire.datagrams.filter { $0.from == .caller }.map(\.text)
        #expect(sent.count == 3)
        #expect(Set(sent.map { Scripted.header("From", of: $0) }).count == 1)
        let numbers = sent.compactMap {
            Scripted.header("CSeq", of: $0)?.split(separator: " ").first.flatMap { Int($0) }
        }
        #expect(numbers.map { $0 - numbers[0] } == [0, 1, 2])
        #expect(sent[2].contains("nc=00000002"))
        #expect(!wire.isDrained)
        wire.command(.caller) { user, _, _ in user.endSeries(callID: "probe-1") }
        #expect(wire.isDrained)
    }

    @Test("Fields that would break the message are refused")
    func checks() {
        func refusal(_ change: (inout OutgoingRequest) -> Void) -> UserAgentError? {
            var request = Self.options()
            change(&request)
            var user = UserAgent(generator: SeededGenerator(seed: 1))
            var effects = UserAgentEffects()
            do {
                _ = try user.request(request, at: MonotonicInstant(nanoseconds: 0), into: &effects)
                return nil
            } catch { return error }
        }
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.contact = "*" } == nil)
        #expect(refusal { $0.routes = ["<sip:p1;lr>", "<sip:p2;lr>"] } == nil)
        #expect(refusal { $0.method = .invite } == .invalidField("method"))
        #expect(refusal { $0.requestURI = "sip:a b" } == .invalidField("requestURI"))
        #expect(refusal { $0.from = "<sip:a>;tag=1" } == .invalidField("from"))
        #expect(refusal { $0.to = "" } == .invalidField("to"))
        #expect(refusal { $0.contact = "<sip:a>\r\nX: y" } == .invalidField("contact"))
        #expect(refusal { $0.sentBy = "a;b" } == .invalidField("sentBy"))
        #expect(refusal { $0.callID = "a b" } == .invalidField("callID"))
        #expect(refusal { $0.routes = ["sip:p1"] } == .invalidField("routes"))
        #expect(
            refusal { $0.headers = [SIPHeaderField(name: "Route", value: "<sip:x>")] }
                == .invalidField("headers"))
        #expect(
            refusal { $0.headers = [SIPHeaderField(name: "X-A", value: "1\r\nX: 2")] }
                == .invalidField("headers"))
        #expect(
            refusal { $0.body = SIPBody(contentType: "", bytes: [1]) } == .invalidField("body"))
    }

    @Test("A preloaded route set stands in INVITE and CANCEL, RFC 3261 §9.1, RFC 3608")
    func preloadedRoutes() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        var invite = Wire.request()
        invite.routes = ["<sip:edge.example;lr>", "<sip:core.example;lr>"]
        let session = try wire.call(invite)
        wire.inject(Scripted.response(180, to: wire.datagrams[0].text), to: .caller)
        wire.end(.caller, session)
        #expect(wire.sent(by: .caller) == ["INVITE", "CANCEL"])
        for datagram in wire.datagrams {
            #expect(
                datagram.text.split(separator: "\r\n").filter { $0.hasPrefix("Route:") } == [
                    "Route: <sip:edge.example;lr>", "Route: <sip:core.example;lr>",
                ])
        }
        invite.routes = ["sip:edge.example;lr"]
        #expect(throws: UserAgentError.invalidField("routes")) { try wire.call(invite) }
    }

    @Test("Above the limit requests are refused on either side")
    func limit() throws {
        var configuration = serving([.message])
        configuration.maximumRequests = 1
        let wire = Wire(caller: configuration, callee: configuration)
        wire.inject(Scripted.request("MESSAGE"), to: .callee)
        wire.inject(Scripted.request("MESSAGE", branch: "z9hG4bK2", cSeq: 2), to: .callee)
        #expect(wire.sent(by: .callee) == ["503 MESSAGE"])
        wire.fate = { _, _ in [] }
        _ = try send(Self.options(), wire)
        #expect(throws: UserAgentError.tooManyRequests) { try send(Self.options(), wire) }
    }

    // MARK: Served by the application

    @Test("A method that the application serves is handed up, and its answer repeated for each copy")
    func handedUp() throws {
        let wire = Wire(callee: serving([.message, SIPMethod("CUSTOM")!]))
        let request = Scripted.request("MESSAGE", headers: ["X-Note: 1"], body: "hi")
        wire.inject(request, to: .callee)
        wire.inject(request, to: .callee)
        #expect(wire.datagrams.isEmpty)
        guard case .requestReceived(let id, nil, let received)? = wire.calleeEvents.first else {
            Issue.record("nothing was handed up")
            return
        }
        #expect(wire.calleeEvents.count == 1)
        #expect(received.method == "MESSAGE")
        #expect(received.cSeqNumber == 1)
        #expect(received.headers.contains(SIPHeaderField(name: "X-Note", value: "1")))
        #expect(received.body?.bytes == Array("hi".utf8))
        for status in [200, 486] {
            wire.command(.callee) {
                $0.respond(
                    toRequest: id, status: status, reason: "Fine",
                    headers: [SIPHeaderField(name: "X-Back", value: "a\r\nb")], at: $1, into: &$2)
            }
        }
        wire.inject(request, to: .callee)
        #expect(wire.sent(by: .callee) == ["200 MESSAGE", "200 MESSAGE"])
        #expect(wire.datagrams[0].text == wire.datagrams[1].text)
        #expect(wire.datagrams[0].text.hasPrefix("SIP/2.0 200 Fine\r\n"))
        #expect(Scripted.header("X-Back", of: wire.datagrams[0].text) == "a  b")
        wire.inject(Scripted.request("CUSTOM", branch: "z9hG4bKc"), to: .callee)
        #expect(wire.calleeLabels == ["request MESSAGE", "request CUSTOM"])
        wire.inject(Scripted.request("CUSTOM2", branch: "z9hG4bKd"), to: .callee)
        wire.inject(Scripted.request("INFO", branch: "z9hG4bKe"), to: .callee)
        #expect(wire.sent(by: .callee).suffix(2) == ["501 CUSTOM2", "405 INFO"])
        #expect(
            Scripted.header("Allow", of: wire.datagrams.last?.text ?? "")
                == "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, MESSAGE, CUSTOM")
    }

    @Test(
        "An application that never answers: 100 after 3.5 s, 500 after 20 s, nothing after that, RFC 4320 §4")
    func neverLate() {
        let wire = Wire(callee: serving([.message]))
        let start = wire.now
        wire.inject(Scripted.request("MESSAGE"), to: .callee)
        wire.run(for: .seconds(30))
        #expect(wire.sent(by: .callee) == ["100 MESSAGE", "500 MESSAGE"])
        #expect(wire.datagrams.map { start.duration(to: $0.time) } == [.seconds(3.5), .seconds(20)])
        guard case .requestReceived(let id, _, _)? = wire.calleeEvents.first else { return }
        wire.command(.callee) { $0.respond(toRequest: id, status: 200, at: $1, into: &$2) }
        wire.run()
        #expect(wire.datagrams.count == 2)
        #expect(wire.isDrained)
    }

    @Test("408 is never given, and of the provisional responses only 100", arguments: [(408, 500), (180, 0)])
    func noTimeoutResponse(given: Int, sent: Int) {
        let wire = Wire(callee: serving([.message]))
        wire.inject(Scripted.request("MESSAGE"), to: .callee)
        guard case .requestReceived(let id, _, _)? = wire.calleeEvents.first else { return }
        wire.command(.callee) { $0.respond(toRequest: id, status: given, at: $1, into: &$2) }
        #expect(wire.sent(by: .callee) == (sent == 0 ? [] : ["\(sent) MESSAGE"]))
    }
}

@Suite("Requests in a session, RFC 3261 §12.2")
struct SessionRequestTests {
    private static let credentials = [SIPCredentials(username: "alice", password: "wonderland")]

    private func call(_ change: (inout UserAgent.Configuration) -> Void = { _ in }) throws -> (
        wire: Wire, caller: InviteSessionID, callee: InviteSessionID
    ) {
        var configuration = UserAgent.Configuration()
        configuration.methods = [.info, .message]
        change(&configuration)
        let wire = Wire(caller: configuration, callee: configuration)
        wire.answers(after: .milliseconds(100))
        let session = try wire.call(Wire.request(credentials: Self.credentials))
        wire.run(for: .seconds(1))
        return (wire, session, wire.calleeEvents[0].session)
    }

    private func info(_ wire: Wire, _ side: Wire.Side, _ session: InviteSessionID) throws -> SIPRequestID {
        try wire.command(side) {
            try $0.request(
                .info, in: session, headers: [SIPHeaderField(name: "Info-Package", value: "x")],
                body: SIPBody(contentType: "text/plain", bytes: [0x61]), at: $1, into: &$2)
        }
    }

    @Test("INFO in both directions, answered by the application; CSeq numbers grow through to BYE")
    func info() throws {
        let (wire, caller, callee) = try call()
        wire.onCallee = { wire, event in
            guard case .requestReceived(let id, let session, let request) = event else { return }
            #expect(session == callee)
            #expect(request.headers.contains(SIPHeaderField(name: "Info-Package", value: "x")))
            wire.command(.callee) { $0.respond(toRequest: id, status: 200, at: $1, into: &$2) }
        }
        wire.onCaller = { wire, event in
            guard case .requestReceived(let id, caller, _) = event else { return }
            wire.command(.caller) { $0.respond(toRequest: id, status: 469, at: $1, into: &$2) }
        }
        _ = try info(wire, .caller, caller)
        _ = try info(wire, .caller, caller)
        _ = try info(wire, .callee, callee)
        wire.run(for: .seconds(1))
        wire.end(.caller, caller)
        wire.run()
        #expect(
            wire.callerLabels.sorted() == [
                "answered 200", "ended by us", "provisional 180", "request INFO", "request answered 200",
                "request answered 200",
            ])
        #expect(wire.calleeLabels.contains("request answered 469"))
        let numbers = wire.datagrams.filter {
            $0.from == .caller && !$0.name.contains(" ") && $0.name != "ACK"
        }
        .compactMap { Scripted.header("CSeq", of: $0.text)?.split(separator: " ").first.flatMap { Int($0) } }
        #expect(numbers.map { $0 - numbers[0] } == [0, 1, 2, 3])
        #expect(wire.isDrained)
    }

    @Test("Without a session there is nothing to send in")
    func noDialog() throws {
        let (wire, caller, _) = try call()
        wire.end(.caller, caller)
        #expect(throws: UserAgentError.noDialog) { try info(wire, .caller, caller) }
        wire.run()
        #expect(throws: UserAgentError.noDialog) { try info(wire, .caller, caller) }
        #expect(throws: UserAgentError.invalidField("method")) {
            try wire.command(.caller) { try $0.request(.bye, in: caller, at: $1, into: &$2) }
        }
    }

    @Test(
        "408, 481 and silence end the session after the request's own event; other refusals do not",
        arguments: [481, 408, 0, 405, 500])
    func lost(status: Int) throws {
        let (wire, caller, _) = try call()
        wire.fate = { _, datagram in datagram.name == "INFO" ? [] : [.milliseconds(10)] }
        _ = try info(wire, .caller, caller)
        if status > 0 {
            wire.inject(Scripted.response(status, to: wire.datagrams.last?.text ?? ""), to: .caller)
        }
        wire.run(for: .seconds(40))
        let event = status > 0 ? "request answered \(status)" : "request timed out"
        switch status {
        case 405, 500: #expect(wire.callerLabels.last == event)
        default:
            #expect(wire.callerLabels.suffix(2) == [event, "lost \(status)"])
            #expect(wire.sent(by: .caller).last == "BYE")
            #expect(wire.calleeLabels.last == "ended by remote")
            wire.run()
            #expect(wire.isDrained)
        }
    }

    @Test("A NOTIFY that finds no subscription leaves the session alone, RFC 5057 §5.1")
    func subscriptionGone() throws {
        let (wire, caller, _) = try call()
        wire.fate = { _, _ in [] }
        _ = try wire.command(.caller) { try $0.request(.notify, in: caller, at: $1, into: &$2) }
        wire.inject(Scripted.response(481, to: wire.datagrams.last?.text ?? ""), to: .caller)
        #expect(wire.callerLabels.last == "request answered 481")
        #expect(wire.caller.statistics.liveSessions == 1)
    }

    @Test("A challenge in the dialog is answered with the session's credentials")
    func challenged() throws {
        let (wire, caller, _) = try call()
        wire.fate = { _, _ in [] }
        _ = try info(wire, .caller, caller)
        let first = wire.datagrams.last?.text ?? ""
        wire.inject(
            Scripted.response(
                407, to: first,
                headers: [#"Proxy-Authenticate: Digest realm="r", nonce="n", algorithm=MD5, qop="auth""#]),
            to: .caller)
        let second = wire.datagrams.last?.text ?? ""
        #expect(Scripted.header("Proxy-Authorization", of: second)?.contains("realm=\"r\"") == true)
        let numbers = [first, second].compactMap {
            Scripted.header("CSeq", of: $0)?.split(separator: " ").first.flatMap { Int($0) }
        }
        #expect(numbers[1] == numbers[0] + 1)
        wire.inject(Scripted.response(200, to: second), to: .caller)
        #expect(wire.callerLabels.last == "request answered 200")
    }

    @Test("A series whose first request cannot be sent leaves nothing")
    func unsentSeries() {
        let wire = Wire()
        let request = OutgoingRequest(
            method: .message, requestURI: "sip:192.0.2.2", from: "<sip:alice@192.0.2.1>",
            to: "<sip:bob@192.0.2.2>", sentBy: "192.0.2.1:5060",
            callID: "too-large", isSeries: true,
            body: SIPBody(contentType: "text/plain", bytes: Array(repeating: 65, count: 70_000)),
            destination: Wire.Side.callee.address,
            socket: SocketID(rawValue: 1))
        #expect(throws: UserAgentError.self) {
            _ = try wire.command(.caller) { try $0.request(request, at: $1, into: &$2) }
        }
        #expect(wire.caller.statistics.liveRequests == 0)
    }
}
