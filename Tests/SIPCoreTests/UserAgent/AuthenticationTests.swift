import SIPCore
import SansIO
import Testing

@Suite("Digest challenges, RFC 3261 §22")
struct AuthenticationTests {
    private static let credentials = [SIPCredentials(username: "alice", password: "wonderland")]

    private func trunk(_ change: (inout UserAgent.Configuration) -> Void = { _ in }) -> Wire {
        var callee = UserAgent.Configuration()
        callee.requiredCredentials = Self.credentials
        callee.realm = "trunk"
        var caller = UserAgent.Configuration()
        change(&caller)
        return Wire(caller: caller, callee: callee)
    }

    @Test(
        "A challenged call is answered: same Call-ID and From tag, next CSeq, new branch; the ACK carries the credentials"
    )
    func answered() throws {
        let wire = trunk()
        wire.answers()
        wire.onCaller = { wire, event in
            if case .answered(let session, _) = event { wire.after(.seconds(1)) { $0.end(.caller, session) } }
        }
        try wire.call(Wire.request(credentials: Self.credentials))
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE", "ACK", "BYE"])
        #expect(wire.callerLabels == ["provisional 180", "answered 200", "ended by us"])
        let messages = wire.datagrams.filter { $0.from == .caller }.map(\.text)
        #expect(Scripted.header("Call-ID", of: messages[0]) == Scripted.header("Call-ID", of: messages[2]))
        #expect(Scripted.header("From", of: messages[0]) == Scripted.header("From", of: messages[2]))
        #expect(Scripted.header("Via", of: messages[0]) != Scripted.header("Via", of: messages[2]))
        let numbers = messages.map {
            Int(Scripted.header("CSeq", of: $0)?.split(separator: " ").first ?? "") ?? 0
        }
        #expect(numbers.map { $0 - numbers[0] } == [0, 0, 1, 1, 2])
        let answer = Scripted.header("Proxy-Authorization", of: messages[2])
        #expect(answer?.contains("nc=00000001") == true)
        #expect(answer?.contains("wonderland") == false)
        #expect(Scripted.header("Proxy-Authorization", of: messages[3]) == answer)
        #expect(wire.isDrained)
    }

    @Test("A wrong password is refused after one try")
    func wrongPassword() throws {
        let wire = trunk()
        try wire.call(Wire.request(credentials: [SIPCredentials(username: "alice", password: "guess")]))
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE", "ACK"])
        #expect(wire.callerLabels == ["credentials refused 407"])
        #expect(wire.calleeLabels == [])
        #expect(wire.isDrained)
    }

    @Test("Credentials of another realm are not given away")
    func otherRealm() throws {
        let wire = trunk()
        try wire.call(
            Wire.request(credentials: [
                SIPCredentials(username: "alice", password: "wonderland", realm: "elsewhere")
            ]))
        wire.run()
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK"])
        #expect(wire.callerLabels == ["credentials refused 407"])
    }

    @Test("Without any credentials the challenge is a refusal like others")
    func noCredentials() throws {
        let wire = trunk()
        try wire.call()
        wire.run()
        #expect(wire.callerLabels == ["rejected 407"])
        #expect(wire.isDrained)
    }

    @Test("A nonce older than five minutes is answered with stale=true, and the call goes through")
    func staleAtTheServer() throws {
        let wire = trunk()
        wire.answers()
        // The second INVITE is lost until the nonce is too old: it is given to the callee by hand later.
        var held = ""
        wire.fate = { _, datagram in
            guard datagram.name == "INVITE", datagram.text.contains("Proxy-Authorization"), held.isEmpty
            else {
                return [.milliseconds(10)]
            }
            held = datagram.text
            return []
        }
        try wire.call(Wire.request(credentials: Self.credentials))
        wire.run(for: .milliseconds(100))
        #expect(!held.isEmpty)
        let now = wire.now.advanced(by: .seconds(301))
        var effects = UserAgentEffects()
        wire.callee.receive(
            Array(held.utf8).span.bytes, from: Wire.Side.caller.address, on: SocketID(rawValue: 1), at: now,
            into: &effects)
        let reply = String(decoding: effects.bytes, as: UTF8.self)
        #expect(reply.hasPrefix("SIP/2.0 407 "))
        #expect(reply.contains("stale=true"))
    }

    private static func challenge(_ realm: String, _ nonce: String, stale: Bool = false) -> String {
        "Digest realm=\"\(realm)\", nonce=\"\(nonce)\", algorithm=MD5, qop=\"auth\""
            + (stale ? ", stale=true" : "")
    }

    /// Answers each INVITE of the caller with the next of `statuses` and its header.
    private func scripted(_ replies: [(status: Int, header: String)], maximum: Int = 5) throws -> Wire {
        var configuration = UserAgent.Configuration()
        configuration.maximumChallenges = maximum
        let wire = Wire(caller: configuration)
        wire.fate = { _, _ in [] }
        try wire.call(Wire.request(credentials: Self.credentials))
        for reply in replies {
            guard let invite = wire.datagrams.last(where: { $0.name == "INVITE" }) else { break }
            wire.inject(
                Scripted.response(
                    reply.status, to: invite.text, tag: "t\(wire.datagrams.count)", headers: [reply.header]),
                to: .caller)
        }
        return wire
    }

    @Test("A proxy's 407 and then the callee's 401 are both answered, and the last INVITE carries both")
    func proxyThenCallee() throws {
        let wire = try scripted([
            (407, "Proxy-Authenticate: " + Self.challenge("proxy", "n1")),
            (401, "WWW-Authenticate: " + Self.challenge("callee", "n2")),
        ])
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE", "ACK", "INVITE"])
        let last = wire.datagrams.last?.text ?? ""
        #expect(Scripted.header("Proxy-Authorization", of: last)?.contains("realm=\"proxy\"") == true)
        #expect(Scripted.header("Proxy-Authorization", of: last)?.contains("nc=00000002") == true)
        #expect(Scripted.header("Authorization", of: last)?.contains("realm=\"callee\"") == true)
        #expect(wire.callerLabels.isEmpty)
    }

    @Test("stale=true with a new nonce is answered again; the same nonce is not")
    func stale() throws {
        let wire = try scripted([
            (407, "Proxy-Authenticate: " + Self.challenge("proxy", "n1")),
            (407, "Proxy-Authenticate: " + Self.challenge("proxy", "n2", stale: true)),
            (407, "Proxy-Authenticate: " + Self.challenge("proxy", "n2", stale: true)),
        ])
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE", "ACK", "INVITE", "ACK"])
        #expect(wire.callerLabels == ["credentials refused 407"])
    }

    @Test("Challenges without end are answered maximumChallenges times")
    func capped() throws {
        let replies = (0..<9).map { (407, "Proxy-Authenticate: " + Self.challenge("realm \($0)", "n")) }
        let wire = try scripted(replies, maximum: 3)
        #expect(wire.sent(by: .caller).filter { $0 == "INVITE" }.count == 4)
        #expect(wire.callerLabels == ["credentials refused 407"])
    }

    @Test(
        "A challenge that is none of ours to answer is a refusal",
        arguments: ["Basic realm=\"x\"", "", "Digest", "Digest realm=\"x\""])
    func unanswerable(value: String) throws {
        let wire = try scripted([(401, "WWW-Authenticate: \(value)")])
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK"])
        #expect(wire.callerLabels == ["credentials refused 401"])
    }

    @Test("A challenged BYE is sent again with credentials and the next CSeq")
    func bye() throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call(Wire.request(credentials: Self.credentials))
        wire.run(for: .seconds(3))
        wire.fate = { _, _ in [] }
        wire.end(.caller, session)
        let first = wire.datagrams.last?.text ?? ""
        wire.inject(
            Scripted.response(
                407, to: first, headers: ["Proxy-Authenticate: " + Self.challenge("proxy", "n1")]),
            to: .caller)
        let second = wire.datagrams.last?.text ?? ""
        #expect(second.hasPrefix("BYE "))
        #expect(
            Scripted.header("Proxy-Authorization", of: second)?.contains("uri=\"sip:bob@192.0.2.2:5060\"")
                == true)
        let numbers = [first, second].map {
            Int(Scripted.header("CSeq", of: $0)?.split(separator: " ").first ?? "") ?? 0
        }
        #expect(numbers[1] == numbers[0] + 1)
        wire.inject(Scripted.response(200, to: second), to: .caller)
        #expect(wire.callerLabels.last == "ended by us")
        #expect(wire.caller.statistics.liveSessions == 0)
    }

    @Test("OPTIONS is challenged too, ACK and CANCEL are not")
    func otherMethods() {
        let wire = trunk()
        wire.inject(Scripted.request("OPTIONS"), to: .callee)
        wire.inject(Scripted.request("CANCEL", branch: "z9hG4bKother"), to: .callee)
        wire.inject(Scripted.request("ACK", branch: "z9hG4bKthird"), to: .callee)
        #expect(wire.sent(by: .callee) == ["407 OPTIONS", "481 CANCEL"])
    }

    @Test("A session answers eight realms at most, however many servers name")
    func realms() throws {
        let replies = (0..<12).map { (407, "Proxy-Authenticate: " + Self.challenge("realm \($0)", "n")) }
        let wire = try scripted(replies, maximum: 100)
        let last = wire.datagrams.last { $0.name == "INVITE" }?.text ?? ""
        #expect(last.split(separator: "\r\n").filter { $0.hasPrefix("Proxy-Authorization:") }.count == 8)
        #expect(wire.callerLabels == ["credentials refused 407"])
    }

    @Test("A challenge to an INVITE is sent once, whoever it reaches")
    func challengedOnce() {
        let wire = trunk()
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        wire.run()
        #expect(wire.sent(by: .callee) == ["407 INVITE"])
        #expect(wire.callee.statistics.liveTransactions == 0)
    }
}
