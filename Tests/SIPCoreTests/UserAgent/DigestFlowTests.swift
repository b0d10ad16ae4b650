import SIPCore
import SansIO
import Testing

@Suite("Digest between user agents: replay, forks, the next nonce")
struct DigestFlowTests {
    private static let credentials = [SIPCredentials(username: "alice", password: "wonderland")]

    private func trunk(_ change: (inout UserAgent.Configuration) -> Void = { _ in }) -> Wire {
        var callee = UserAgent.Configuration()
        callee.requiredCredentials = Self.credentials
        callee.realm = "trunk"
        change(&callee)
        return Wire(callee: callee)
    }

    private func options(_ credentials: [SIPCredentials] = credentials, isSeries: Bool = false)
        -> OutgoingRequest
    {
        OutgoingRequest(
            method: .options, requestURI: "sip:192.0.2.2", from: "<sip:alice@192.0.2.1>",
            to: "<sip:bob@192.0.2.2>", sentBy: "192.0.2.1:5060", callID: "digest-flow", isSeries: isSeries,
            credentials: credentials, destination: Wire.Side.callee.address, socket: SocketID(rawValue: 1))
    }

    private func send(_ request: OutgoingRequest, _ wire: Wire) throws {
        _ = try wire.command(.caller) { try $0.request(request, at: $1, into: &$2) }
    }

    @Test("A request that is replayed in another transaction is challenged anew, RFC 7616 §5.12")
    func replay() throws {
        let wire = trunk()
        try send(options(), wire)
        wire.run(for: .seconds(1))
        #expect(wire.callerLabels == ["request answered 200"])
        let authorized = try #require(wire.datagrams.last { $0.from == .caller }).text
        let branch = try #require(Scripted.parameter("branch", of: Scripted.header("Via", of: authorized)))
        wire.inject(authorized.replacing(branch, with: "z9hG4bKreplayed"), to: .callee)
        // The same request by another path: 482 would be its answer, were it not for the challenge's new nonce.
        let replayed =
            authorized.replacing(branch, with: "z9hG4bKreplayed2").replacing("Call-ID: ", with: "Call-ID: x")
        wire.inject(replayed, to: .callee)
        let answer = try #require(wire.datagrams.last).text
        #expect(answer.hasPrefix("SIP/2.0 407 "))
        #expect(answer.contains("stale=true"))
    }

    @Test("Algorithms and protections are the configuration's, one challenge each")
    func offered() throws {
        let wire = trunk {
            $0.digestAlgorithms = [.sha512_256, .sha256]
            $0.digestProtections = [.integrity]
        }
        try send(options(), wire)
        wire.run(for: .seconds(1))
        let challenge = try #require(wire.datagrams.first { $0.from == .callee }).text
        let lines = challenge.split(separator: "\r\n").filter { $0.hasPrefix("Proxy-Authenticate:") }
        #expect(lines.count == 2)
        #expect(lines[0].contains("algorithm=SHA-512-256, qop=\"auth-int\""))
        #expect(lines[1].contains("algorithm=SHA-256, qop=\"auth-int\""))
        let answer = try #require(wire.datagrams.last { $0.from == .caller }).text
        #expect(answer.contains("algorithm=SHA-512-256"))
        #expect(answer.contains("qop=auth-int"))
        #expect(wire.callerLabels == ["request answered 200"])
    }

    private static func challenge(_ realm: String, _ nonce: String) -> String {
        "WWW-Authenticate: Digest realm=\"\(realm)\", nonce=\"\(nonce)\", algorithm=MD5, qop=\"auth\""
    }

    private func authorizations(_ text: String) -> [String] {
        text.split(separator: "\r\n").filter { $0.hasPrefix("Authorization:") }.map(String.init)
    }

    @Test("Challenges that a forking proxy has gathered are all answered, but for realms without credentials")
    func forked() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let credentials = ["one", "two"].map { (realm: String) in
            SIPCredentials(username: "u-\(realm)", password: "p", realm: realm)
        }
        try send(options(credentials), wire)
        wire.inject(
            Scripted.response(
                401, to: wire.datagrams[0].text,
                headers: [
                    Self.challenge("one", "n1"), Self.challenge("unknown", "n2"), Self.challenge("two", "n3"),
                    "WWW-Authenticate: Digest realm=\"two\", nonce=\"n4\", algorithm=SHA-256, qop=\"auth\"",
                    "WWW-Authenticate: Digest realm=\"two\", nonce=\"n5\", algorithm=SHA3-512, qop=\"auth\"",
                ]), to: .caller)
        let answers = authorizations(wire.datagrams[1].text)
        #expect(answers.count == 2)
        #expect(answers[0].contains("username=\"u-one\"") && answers[0].contains("nonce=\"n1\""))
        #expect(answers[1].contains("username=\"u-two\"") && answers[1].contains("nonce=\"n4\""))
        // The realm without credentials asks again, alone: there is nothing new to say.
        wire.inject(
            Scripted.response(401, to: wire.datagrams[1].text, headers: [Self.challenge("unknown", "n6")]),
            to: .caller)
        #expect(wire.callerLabels == ["request credentials refused 401"])
        #expect(wire.datagrams.count == 2)
    }

    @Test("One realm refuses, another is new: the wrong password is not tried again")
    func oneRefuses() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        try send(options([SIPCredentials(username: "u", password: "p")]), wire)
        wire.inject(
            Scripted.response(401, to: wire.datagrams[0].text, headers: [Self.challenge("one", "n1")]),
            to: .caller)
        wire.inject(
            Scripted.response(
                401, to: wire.datagrams[1].text,
                headers: [Self.challenge("one", "n2"), Self.challenge("two", "n3")]), to: .caller)
        #expect(wire.callerLabels == ["request credentials refused 401"])
    }

    @Test(
        "nextnonce is used for the next request with a count of one; a wrong proof is counted and its nonce is not"
    )
    func nextNonce() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let request = options([SIPCredentials(username: "u", password: "p")], isSeries: true)
        try send(request, wire)
        wire.inject(
            Scripted.response(401, to: wire.datagrams[0].text, headers: [Self.challenge("one", "n1")]),
            to: .caller)
        wire.inject(
            Scripted.response(
                200, to: wire.datagrams[1].text, headers: [#"Authentication-Info: nextnonce="n2""#]),
            to: .caller)
        try send(request, wire)
        #expect(authorizations(wire.datagrams[2].text).first?.contains("nonce=\"n2\"") == true)
        #expect(authorizations(wire.datagrams[2].text).first?.contains("nc=00000001") == true)
        wire.inject(
            Scripted.response(
                200, to: wire.datagrams[2].text,
                headers: [
                    #"Authentication-Info: nextnonce="evil", rspauth="00000000000000000000000000000000", qop=auth"#
                ]), to: .caller)
        #expect(wire.caller.statistics.serverProofsRefused == 1)
        #expect(wire.callerLabels == ["request answered 200", "request answered 200"])
        try send(request, wire)
        #expect(authorizations(wire.datagrams[3].text).first?.contains("nonce=\"n2\"") == true)
        #expect(authorizations(wire.datagrams[3].text).first?.contains("nc=00000002") == true)
        #expect(wire.caller.statistics.serverProofsAccepted == 0)
    }

    @Test(
        "Of many answers in one request eight are looked at; challenges are sent once, without a transaction")
    func manyAnswers() throws {
        let wire = trunk()
        try send(options(), wire)
        wire.run(for: .seconds(1))
        let authorized = try #require(wire.datagrams.last { $0.from == .caller }).text
        let branch = try #require(Scripted.parameter("branch", of: Scripted.header("Via", of: authorized)))
        let right = try #require(
            authorized.split(separator: "\r\n").first { $0.hasPrefix("Proxy-Authorization:") }.map(
                String.init))
        let again = right.replacing("nc=00000001", with: "nc=00000002")
        let wrong = String(repeating: again + "\r\n", count: 8)
        let flood = authorized.replacing(branch, with: "z9hG4bKflood").replacing(right, with: wrong + right)
        wire.inject(flood, to: .callee)
        wire.run()
        #expect(wire.sent(by: .callee).suffix(1) == ["407 OPTIONS"])
        #expect(wire.isDrained)
    }
}
