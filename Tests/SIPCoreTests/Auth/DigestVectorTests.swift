@testable import SIPCore
import SansIO
import Testing

@Suite("Digest: every algorithm with every protection, RFC 7616, RFC 8760")
struct DigestVectorTests {
    private static let bob = SIPCredentials(username: "bob", password: "zanzibar")

    /// Computed with Python's hashlib for user bob, realm biloxi.example.com, INVITE, body "v=0\r\n".
    @Test(
        "Known answers",
        arguments: [
            ("MD5", "auth", "d842aeb901c6e474dad4af7f84c64e56"),
            ("MD5", "auth-int", "e833d715555b5db557637b4de4a0c03e"),
            ("MD5", nil, "92799a6353125e154102392085633253"),
            ("MD5-sess", "auth", "6cd0cf072b432d52a4a77f23849a0e4b"),
            ("MD5-sess", "auth-int", "90fea1e63fd1ddce2e590f873f5383a5"),
            ("MD5-sess", nil, "9f41e2cbdd11ff1b6a36f281fe491612"),
            ("SHA-256", "auth", "6beb7b2bfe7a50d425314e7961c7f01bcd8afed8bf5c87c2f5479d1dca2d498f"),
            ("SHA-256", "auth-int", "6512bebd93efa04d8f84514e0414e67871aabe3f3b8e5f552e7afb3c2c492718"),
            ("SHA-256", nil, "bae2a0dec552792ac0c8a0ac00c7b84f993beeb29e3efa35a55716b853cac050"),
            ("SHA-256-sess", "auth", "989c59a9d2e78eba01b2a3bfb19be08e22adb5d229579775dbdf5f5ab4fa980c"),
            ("SHA-256-sess", "auth-int", "3bed58eb27620717d813169a6130da5acbb1ec15ff7e3797b1184d5104be1453"),
            ("SHA-256-sess", nil, "4ac10f6620991a221916d67dd0fa9262af8060e917b8c5e7359c40de24e8d3b7"),
            ("SHA-512-256", "auth", "ff36f0111fa81b909a997021f3a040d2f75674daead33f422a33dbdc6966897e"),
            ("SHA-512-256", "auth-int", "9bf56347c5d105d30b8ee3bdec3ee15368cb6054075f93aa4f1e03ed825d0930"),
            ("SHA-512-256", nil, "9c4e7f3ce9226bcea3a8328521254bc22259144dc10a09857ef7f4ecbe424375"),
            ("SHA-512-256-sess", "auth", "38b80e2aee2756c7ac8bc072101ab8943971625973b3b010af6825713ac03617"),
            (
                "SHA-512-256-sess", "auth-int",
                "b64817fae72b39f8b79c7376720eeb4cd8dd49fb3dd9b5365ca700a3c383711d"
            ),
            ("SHA-512-256-sess", nil, "21a0f05c9d22083149f42b6fc539239d89577bcb155ac08bb73cf77e7601dea7"),
        ] as [(String, String?, String)])
    func vectors(algorithm: String, protection: String?, response: String) throws {
        let quality = protection.map { ", qop=\"\($0)\"" } ?? ""
        let challenge = try #require(
            DigestChallenge.parse(
                """
                Digest realm="biloxi.example.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", \
                algorithm=\(algorithm)\(quality)
                """
            ).first)
        let header = DigestAuthentication.respond(
            to: challenge, credentials: Self.bob, method: .invite, uri: "sip:bob@biloxi.example.com",
            cnonce: "0a4f113b", nonceCount: 1, body: Array("v=0\r\n".utf8))
        #expect(header.contains("response=\"\(response)\""))
        let verifier = DigestVerifier(
            realm: "biloxi.example.com", credentials: [Self.bob], algorithms: DigestAlgorithm.allCases)
        let answer = try #require(DigestAuthorization.parse(header))
        #expect(
            verifier.verify(answer, method: .invite, body: Array("v=0\r\n".utf8), nonceIsCurrent: true)
                == .accepted(username: "bob"))
        // Only auth-int notices another body.
        #expect(
            verifier.verify(answer, method: .invite, body: Array("v=1\r\n".utf8), nonceIsCurrent: true)
                == (protection == "auth-int" ? .refused : .accepted(username: "bob")))
        var strict = verifier
        strict.protections = [.integrity]
        #expect(
            strict.verify(answer, method: .invite, body: Array("v=0\r\n".utf8), nonceIsCurrent: true)
                == (protection == "auth-int" ? .accepted(username: "bob") : .refused))
    }

    @Test("Authentication-Info, and the server's proof in it (computed with Python's hashlib)")
    func authenticationInfo() throws {
        let info = try #require(
            AuthenticationInfo(
                #"nextnonce="abc\"d", qop=auth, RSPAUTH="03845A0d37a5119e8b6b10cb2b61665d", cnonce="0a4f113b", nc=0000002a"#
            ))
        #expect(info.nextNonce == "abc\"d")
        #expect(info.proof == "03845a0d37a5119e8b6b10cb2b61665d")
        #expect(info.protection == .authentication)
        #expect(info.clientNonce == "0a4f113b" && info.nonceCount == 42)
        #expect(AuthenticationInfo("") == nil)
        #expect(AuthenticationInfo("qop=auth") == nil)
        let challenge = DigestChallenge(
            realm: "biloxi.example.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093")
        let answer = DigestAuthentication.answer(
            to: challenge, credentials: Self.bob, method: .invite, uri: "sip:bob@biloxi.example.com",
            cnonce: "0a4f113b", nonceCount: 1)
        #expect(
            answer.expectedProof(name: "bob", password: "zanzibar", body: [])
                == "03845a0d37a5119e8b6b10cb2b61665d")
    }
}

@Suite("Nonces of ours, RFC 7616 §5.12")
struct NonceLedgerTests {
    private let start = MonotonicInstant(nanoseconds: 1_000)
    private func later(_ seconds: Int) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }

    @Test("No nonce is given out twice, not even at one instant")
    func unique() {
        var ledger = NonceLedger()
        let stamps = (0..<100).map { _ in ledger.stamp(at: start) }
        #expect(Set(stamps).count == 100)
        #expect(stamps.allSatisfy { ledger.isFresh(stamp: $0, count: 1, at: start) })
        #expect(!ledger.isFresh(stamp: stamps[99] + 1, count: 1, at: start))
    }

    @Test("Each count is good once, in any order within 64; five minutes in all")
    func counts() {
        var ledger = NonceLedger()
        let stamp = ledger.stamp(at: start)
        var accepted: [UInt32] = []
        for count in [1, 1, 2, 5, 3, 5, 4, 4, 100, 37, 36, 101, 37, 38] as [UInt32] {
            guard ledger.isFresh(stamp: stamp, count: count, at: later(1)) else { continue }
            ledger.use(stamp: stamp, count: count)
            accepted.append(count)
        }
        // 36 is 64 below the highest: too old to be remembered, so refused.
        #expect(accepted == [1, 2, 5, 3, 4, 100, 37, 101, 38])
        #expect(ledger.isFresh(stamp: stamp, count: .max, at: later(300)))
        #expect(!ledger.isFresh(stamp: stamp, count: 200, at: later(301)))
        ledger.use(stamp: stamp, count: .max)
        #expect(!ledger.isFresh(stamp: stamp, count: .max, at: later(1)))
    }

    @Test("An answer without a count is good once")
    func withoutCount() {
        var ledger = NonceLedger()
        let stamp = ledger.stamp(at: start)
        #expect(ledger.isFresh(stamp: stamp, count: 0, at: start))
        ledger.use(stamp: stamp, count: 0)
        #expect(!ledger.isFresh(stamp: stamp, count: 0, at: start))
    }

    @Test("A full table gives up its oldest, which can be used no more")
    func bounded() {
        var ledger = NonceLedger(capacity: 4)
        let stamps = (0..<6).map { _ in ledger.stamp(at: start) }
        for stamp in stamps { ledger.use(stamp: stamp, count: 1) }
        #expect(ledger.count == 4)
        #expect(
            stamps.map { ledger.isFresh(stamp: $0, count: 2, at: start) } == [
                false, false, true, true, true, true,
            ])
        #expect(stamps.allSatisfy { !ledger.isFresh(stamp: $0, count: 1, at: start) })
    }
}
