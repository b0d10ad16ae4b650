import Foundation
import SIPCore
import Testing

@Suite("Digest authentication, RFC 7616")
struct DigestTests {
    private let mufasa = SIPCredentials(username: "Mufasa", password: "Circle of Life")
    private let get = SIPMethod("GET")!

    private func value(_ header: String, _ name: String) -> String? {
        guard let start = header.range(of: " \(name)=")?.upperBound else { return nil }
        return header[start...].prefix { $0 != "," }.filter { $0 != "\"" }
    }

    @Test(
        "The example of RFC 7616 §3.9.1",
        arguments: [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ])
    func rfc7616(algorithm: String, response: String) throws {
        let challenge = try #require(
            DigestChallenge.parse(
                """
                Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=\(algorithm), \
                nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", \
                opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
                """
            ).first)
        let header = DigestAuthentication.respond(
            to: challenge, credentials: mufasa, method: get, uri: "/dir/index.html",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", nonceCount: 1)
        #expect(
            header == """
                Digest username="Mufasa", realm="http-auth@example.org", \
                nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", \
                response="\(response)", algorithm=\(algorithm), \
                cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", \
                opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001
                """)
    }

    @Test("The example of RFC 2617 §3.5, and without qop the older form of RFC 2069")
    func rfc2617() throws {
        let simba = SIPCredentials(username: "Mufasa", password: "Circle Of Life")
        var challenge = DigestChallenge(
            realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", namesAlgorithm: false)
        func response() -> String {
            DigestAuthentication.respond(
                to: challenge, credentials: simba, method: get, uri: "/dir/index.html", cnonce: "0a4f113b",
                nonceCount: 1)
        }
        #expect(value(response(), "response") == "6629fae49393a05397450978507c4ef1")
        challenge.protections = []
        // Computed from RFC 2069 §2.1.2 with Python's hashlib.
        #expect(
            response() == """
                Digest username="Mufasa", realm="testrealm@host.com", \
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", \
                response="670fd8c2df070c60b045671b8b24ff02"
                """)
    }

    @Test("Session keys and protection of the body")
    func sessionAndIntegrity() {
        let challenge = DigestChallenge(
            realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", algorithm: .md5Session,
            protections: [.integrity])
        let header = DigestAuthentication.respond(
            to: challenge, credentials: SIPCredentials(username: "Mufasa", password: "Circle Of Life"),
            method: get, uri: "/dir/index.html", cnonce: "0a4f113b", nonceCount: 42,
            body: Array("v=0\r\n".utf8))
        // Computed with Python's hashlib.
        #expect(value(header, "response") == "e9756293ed7f8932e25b89852394a947")
        #expect(value(header, "nc") == "0000002a")
        #expect(value(header, "qop") == "auth-int")
    }

    @Test("SHA-512-256 and a hashed user name: the values of RFC 7616 §3.9.2 in erratum 4897's algorithm")
    func userHash() {
        let challenge = DigestChallenge(
            realm: "api@example.org", nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            algorithm: .sha512_256, hashesUsername: true)
        let header = DigestAuthentication.respond(
            to: challenge,
            credentials: SIPCredentials(username: "J\u{E4}s\u{F8}n Doe", password: "Secret, or not?"),
            method: get, uri: "/doe.json", cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm", nonceCount: 1)
        #expect(
            value(header, "response") == "7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c")
        #expect(
            value(header, "username")
                == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b")
    }

    @Test("Several challenges in one value; other schemes, algorithms and protections are left out")
    func severalChallenges() {
        let challenges = DigestChallenge.parse(
            """
            Basic realm="simple", Digest realm="a, \\"b\\"", nonce="n1" , algorithm=md5,qop="auth", Negotiate, \
            Bearer abc==, DIGEST nonce="n2", Realm="c",ALGORITHM=SHA-256, stale=TRUE, opaque="", \
            Digest realm=d, nonce=n3, algorithm=SHA3-512, Digest realm="e", nonce="n4", qop="auth-conf", \
            Digest realm="f"
            """)
        #expect(
            challenges == [
                DigestChallenge(realm: "a, \"b\"", nonce: "n1", algorithm: .md5),
                DigestChallenge(
                    realm: "c", nonce: "n2", opaque: "", algorithm: .sha256, protections: [], isStale: true),
            ])
        #expect(DigestChallenge.strongest(of: challenges)?.nonce == "n2")
        #expect(DigestChallenge.strongest(of: []) == nil)
    }

    @Test("Quotes and backslashes in realm and user name survive the way out and back")
    func escapes() throws {
        let challenge = try #require(
            DigestChallenge.parse(#"Digest realm="a\"b\\c", nonce="n", qop="auth""#).first)
        #expect(challenge.realm == #"a"b\c"#)
        #expect(
            DigestChallenge.parse(challenge.headerValue) == [with(challenge) { $0.namesAlgorithm = false }])
        let header = DigestAuthentication.respond(
            to: challenge, credentials: SIPCredentials(username: #"x"y\"#, password: "p"), method: .invite,
            uri: "sip:a@b", cnonce: "c", nonceCount: 1)
        let answer = try #require(DigestAuthorization.parse(header))
        #expect(answer.username == #"x"y\"#)
        #expect(answer.realm == challenge.realm)
        #expect(answer.headerValue == header)
    }

    private func with(_ value: DigestChallenge, _ change: (inout DigestChallenge) -> Void) -> DigestChallenge
    {
        var copy = value
        change(&copy)
        return copy
    }

    @Test("Challenges are read from every header field of a real response")
    func realResponse() throws {
        let response = """
            SIP/2.0 401 Unauthorized\r
            Via: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK1\r
            From: <sip:a@example.com>;tag=1\r
            To: <sip:a@example.com>;tag=2\r
            Call-ID: 1\r
            CSeq: 1 REGISTER\r
            WWW-Authenticate: Digest realm="r", qop="auth",\r
             algorithm=SHA-256, nonce="one"\r
            WWW-Authenticate: Digest realm="r", qop="auth", algorithm=MD5, nonce="two"\r
            Proxy-Authenticate: Digest realm="p", nonce="three"\r
            \r

            """
        try withParsed(Array(response.utf8)) { message in
            let challenges = DigestChallenge.all(in: message, .wwwAuthenticate)
            #expect(challenges.map(\.nonce) == ["one", "two"])
            #expect(DigestChallenge.strongest(of: challenges)?.nonce == "one")
            #expect(DigestChallenge.all(in: message, .proxyAuthenticate).map(\.nonce) == ["three"])
        }
    }

    @Test("Credentials that name the realm go before those for any")
    func credentialsByRealm() {
        let any = SIPCredentials(username: "any", password: "")
        let other = SIPCredentials(username: "other", password: "", realm: "other")
        let mine = SIPCredentials(username: "mine", password: "", realm: "mine")
        #expect(DigestAuthentication.credentials(for: "mine", among: [any, other, mine]) == mine)
        #expect(DigestAuthentication.credentials(for: "new", among: [other, any]) == any)
        #expect(DigestAuthentication.credentials(for: "new", among: [other]) == nil)
    }
}

@Suite("Digest authentication, the server's side")
struct DigestVerifierTests {
    private let verifier = DigestVerifier(
        realm: "outdial",
        credentials: [
            SIPCredentials(username: "alice", password: "secret"),
            SIPCredentials(username: "bob", password: "word", realm: "elsewhere"),
        ])

    private func answer(
        _ user: String, _ password: String, _ change: (inout DigestChallenge) -> Void = { _ in }
    ) throws -> DigestAuthorization {
        var challenge = try #require(verifier.challenges(nonce: "n").first)
        change(&challenge)
        let header = DigestAuthentication.respond(
            to: challenge, credentials: SIPCredentials(username: user, password: password), method: .invite,
            uri: "sip:outdial", cnonce: "c", nonceCount: 1, body: [1, 2])
        return try #require(DigestAuthorization.parse(header))
    }

    private func verdict(_ answer: DigestAuthorization, isCurrent: Bool = true) -> DigestVerifier.Verdict {
        verifier.verify(answer, method: .invite, body: [1, 2], nonceIsCurrent: isCurrent)
    }

    @Test("Challenges offer each algorithm, the preferred one first")
    func challenges() {
        #expect(
            verifier.challenges(nonce: "n", opaque: "o", isStale: true).map(\.headerValue) == [
                #"Digest realm="outdial", nonce="n", opaque="o", stale=true, algorithm=SHA-256, qop="auth""#,
                #"Digest realm="outdial", nonce="n", opaque="o", stale=true, algorithm=MD5, qop="auth""#,
            ])
    }

    @Test("Right credentials pass; an old nonce is stale; everything else is refused")
    func verdicts() throws {
        #expect(verdict(try answer("alice", "secret")) == .accepted(username: "alice"))
        #expect(verdict(try answer("alice", "secret"), isCurrent: false) == .stale)
        #expect(verdict(try answer("alice", "wrong")) == .refused)
        #expect(verdict(try answer("alice", "wrong"), isCurrent: false) == .refused)
        #expect(verdict(try answer("carol", "secret")) == .refused)
        #expect(verdict(try answer("bob", "word")) == .refused)
        #expect(verdict(try answer("alice", "secret") { $0.realm = "elsewhere" }) == .refused)
        #expect(verdict(try answer("alice", "secret") { $0.algorithm = .sha512_256 }) == .refused)
        #expect(
            verdict(try answer("alice", "secret") { $0.hashesUsername = true })
                == .accepted(username: "alice"))
        #expect(
            verdict(try answer("alice", "secret") { $0.protections = [.integrity] })
                == .accepted(username: "alice"))
        #expect(
            verifier.verify(try answer("alice", "secret"), method: .bye, nonceIsCurrent: true) == .refused)
    }

    @Test(
        "An answer with a missing or unknown parameter is none",
        arguments: [
            "", "Basic abc", "Digest username=\"a\"", "NoOneKnowsThisScheme opaque-data=here",
            #"Digest username="a", realm="r", nonce="n", uri="u", response="x", algorithm=SHA3"#,
            #"Digest username="a", realm="r", nonce="n", uri="u", response="x", qop=auth, nc=zz, cnonce="c""#,
            #"Digest username="a", realm="r", nonce="n", uri="u", response="x", qop=auth, nc=1"#,
        ])
    func malformed(value: String) {
        #expect(DigestAuthorization.parse(value) == nil)
    }
}
