#if Secure
    internal import Foundation
    internal import SIPCore
    internal import SansIO
    internal import SecureSIP
    internal import TestSupport
    internal import Testing

    @Suite("PASSporT signatures through OpenSSL")
    struct PASSporTSignatureTests {
        private let certificates: TLSTestCertificates

        init() throws { certificates = try TLSTestCertificates.shared.get() }

        /// The public key of RFC 8225 appendix A.2.
        private static let publishedKey = """
            -----BEGIN PUBLIC KEY-----
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8HNbQd/TmvCKwPKHkMF9fScavGeH
            78YTU8qLS8I5HLHSSmlATLcslQMhNC/OhlWBYC626nIlo7XeebYS7Sb37g==
            -----END PUBLIC KEY-----

            """

        /// The public key of RFC 7515 appendix A.3 as PEM.
        private static let joseKey = """
            -----BEGIN PUBLIC KEY-----
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvR
            VEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
            -----END PUBLIC KEY-----

            """

        private let now = WallClockInstant(secondsSinceEpoch: 1_471_375_418)

        /// Octets of a text in base64url, by Foundation's decoder.
        private func octets(_ text: String) throws -> [UInt8] {
            let padded =
                text.replacing("-", with: "+").replacing("_", with: "/")
                + String(repeating: "=", count: (4 - text.count % 4) % 4)
            return [UInt8](try #require(Data(base64Encoded: padded)))
        }

        @Test("The ES256 example of RFC 7515 appendix A.3 verifies, and not with one bit changed")
        func joseExample() throws {
            let verifier = try ES256Verifier(publicKey: .text(Self.joseKey))
            let input = Array(
                ("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                    + "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ").utf8)
            var signature = try octets(
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
            #expect(verifier.verify(signature, over: input, certificateURL: "", now: now) == .valid)
            signature[63] ^= 1
            #expect(verifier.verify(signature, over: input, certificateURL: "", now: now) == .wrongSignature)
            #expect(verifier.verify([], over: input, certificateURL: "", now: now) == .wrongSignature)
        }

        @Test("A token that the working group published verifies with the key of RFC 8225 appendix A.2")
        func publishedToken() throws {
            // The token in the RFC itself was not signed anew after its `iat` had been changed; the draft's was.
            let verifier = try ES256Verifier(publicKey: .text(Self.publishedKey))
            let input = Array(
                ("eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9j"
                    + "ZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9."
                    + "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI"
                    + "6IjE0NDMyMDgzNDUiLCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifX0").utf8)
            let signature = try octets(
                "rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w")
            #expect(verifier.verify(signature, over: input, certificateURL: "", now: now) == .valid)
        }

        /// DER of two numbers of 32 octets, written by hand.
        private func der(_ raw: [UInt8]) -> [UInt8] {
            func integer(_ half: ArraySlice<UInt8>) -> [UInt8] {
                var digits = Array(half.drop { $0 == 0 })
                if digits.isEmpty || digits[0] & 0x80 != 0 { digits.insert(0, at: 0) }
                return [2, UInt8(digits.count)] + digits
            }
            let body = integer(raw[..<32]) + integer(raw[32...])
            return [0x30, UInt8(body.count)] + body
        }

        @Test("What we sign the openssl command verifies, a hundred times over")
        func commandVerifies() throws {
            let workshop = certificates.workshop
            let signer = try ES256Signer(
                key: .file(certificates.good.key), certificateURL: "https://cert.example.org/a.pem")
            try workshop.openssl([
                "ec", "-in", certificates.good.key, "-pubout", "-out", workshop.path("ours.pub"),
            ])
            let verifier = try ES256Verifier(publicKey: .file(workshop.path("ours.pub")))
            // Short r and s occur once in 128 signatures or so.
            for turn in 0..<400 {
                let text = Array("token \(turn)".utf8)
                let signature = try signer.sign(text)
                #expect(signature.count == 64)
                #expect(verifier.verify(signature, over: text, certificateURL: "", now: now) == .valid)
                guard turn < 4 else { continue }
                try Data(text).write(to: URL(filePath: workshop.path("ours.txt")))
                try Data(der(signature)).write(to: URL(filePath: workshop.path("ours.sig")))
                let answer = try workshop.openssl(
                    ["dgst", "-sha256", "-verify", workshop.path("ours.pub")]
                        + ["-signature", workshop.path("ours.sig"), workshop.path("ours.txt")])
                #expect(String(decoding: answer, as: UTF8.self) == "Verified OK\n")
            }
        }

        @Test("What the openssl command signs we verify")
        func weVerifyCommand() throws {
            let workshop = certificates.workshop
            try Data("signed by the command".utf8).write(to: URL(filePath: workshop.path("theirs.txt")))
            try workshop.openssl(
                ["dgst", "-sha256", "-sign", certificates.client.key, "-out", workshop.path("theirs.sig")]
                    + [workshop.path("theirs.txt")])
            try workshop.openssl(
                ["ec", "-in", certificates.client.key, "-pubout", "-out", workshop.path("theirs.pub")])
            let der = [UInt8](try Data(contentsOf: URL(filePath: workshop.path("theirs.sig"))))
            let verifier = try ES256Verifier(publicKey: .file(workshop.path("theirs.pub")))
            #expect(
                verifier.verify(
                    raw(der), over: Array("signed by the command".utf8), certificateURL: "", now: now)
                    == .valid)
        }

        /// r and s out of a DER signature, by hand.
        private func raw(_ der: [UInt8]) -> [UInt8] {
            let firstCount = Int(der[3])
            let first = der[4..<4 + firstCount]
            let second = der[(6 + firstCount)...]
            return [first, second].flatMap { half in
                let digits = half.drop { $0 == 0 }
                return [UInt8](repeating: 0, count: 32 - digits.count) + digits
            }
        }

        @Test("A key of another kind or a certificate without address is refused by name")
        func refusedKeys() throws {
            let workshop = certificates.workshop
            let rsa = workshop.path("rsa-\(UUID().uuidString).key")
            try workshop.openssl(["genrsa", "-out", rsa, "2048"])
            #expect(
                throws: CredentialError("the key in the file \(rsa) is not an elliptic-curve key on P-256")
            ) {
                try ES256Signer(key: .file(rsa), certificateURL: "https://cert.example.org/a.pem")
            }
            #expect(throws: CredentialError("the certificate's address is not an https URL")) {
                try ES256Signer(
                    key: .file(certificates.good.key), certificateURL: "http://cert.example.org/a.pem")
            }
            #expect(throws: CredentialError("cannot read the file /nonexistent.pem")) {
                try CertificateShelf(trust: .file("/nonexistent.pem"))
            }
        }

        // MARK: From INVITE to verdict

        private let url = "https://cert.example.org/shaken.pem"

        /// A signer of a SHAKEN certificate and a shelf that trusts it.
        private func shaken(
            _ name: String, by authority: String = "authority", days: Int = 30, hasNumbers: Bool = true
        ) throws -> (ES256Signer, CertificateShelf) {
            let extensions = hasNumbers ? ["1.3.6.1.5.5.7.1.26=DER:30:08:A0:06:16:04:37:30:39:4A"] : []
            let pair = try certificates.workshop.issued(
                name, names: [], days: days, by: authority, extensions: extensions)
            let shelf = try CertificateShelf(trust: .file(certificates.workshop.authority))
            try shelf.put(.file(pair.certificate), for: url)
            return (try ES256Signer(key: .file(pair.key), certificateURL: url), shelf)
        }

        private func verdict(
            _ signer: ES256Signer, _ shelf: CertificateShelf, at time: WallClockInstant
        ) throws -> IdentityVerdict {
            let assertion = IdentityAssertion(
                signer: signer, originationID: "de305d54-75b4-431b-adb2-eb6b9e546014")
            let fields = try assertion.headerFields(
                from: "\"Outdial\" <sip:+12155551212@carrier.example>;tag=1",
                to: "<sip:+12155551213@carrier.example>", attestation: .full, now: time)
            let request = ReceivedRequest(
                method: "INVITE", requestURI: "sip:+12155551213@pbx.example",
                from: "<sip:+1-215-555-1212@elsewhere.example;user=phone>;tag=9",
                to: "<tel:+12155551213>", callID: "x", headers: fields,
                source: .loopback(port: 5060))
            #expect(IdentityVerification.certificateURLs(in: request) == [url])
            return IdentityVerification(verifier: shelf).verify(request, now: time.advanced(by: .seconds(2)))
        }

        private func today() throws -> WallClockInstant {
            WallClockInstant(secondsSinceEpoch: Int64(Date.now.timeIntervalSince1970))
        }

        @Test("An INVITE that we sign passes where the certificate is known, and tells its attestation")
        func passes() throws {
            let (signer, shelf) = try shaken("shaken")
            let verdict = try verdict(signer, shelf, at: try today())
            #expect(verdict.status == .passed)
            #expect(verdict.attestation == .full)
            #expect(verdict.passport?.originator == .number("12155551212"))
            #expect(verdict.passport?.destinations == [.number("12155551213")])
        }

        @Test(
            "A certificate that is not there, not trusted, expired, of another key or not for numbers is told apart"
        )
        func certificateFaults() throws {
            let now = try today()
            let (signer, shelf) = try shaken("shaken-2")
            let empty = try CertificateShelf(trust: .file(certificates.workshop.authority))
            #expect(try verdict(signer, empty, at: now).faults == [.certificateUnavailable])
            let (_, other) = try shaken("shaken-3")
            #expect(try verdict(signer, other, at: now).faults == [.wrongSignature])
            let (stranger, strangeShelf) = try shaken("shaken-4", by: "stranger")
            #expect(
                try verdict(stranger, strangeShelf, at: now).faults
                    == [.certificateRefused("unable to get local issuer certificate")])
            let (plain, plainShelf) = try shaken("shaken-5", hasNumbers: false)
            #expect(
                try verdict(plain, plainShelf, at: now).faults
                    == [.certificateRefused("it is not for telephone numbers")])
            #expect(
                try verdict(signer, shelf, at: now.advanced(by: .seconds(86_400 * 400))).faults
                    == [.certificateRefused("certificate has expired")])
        }

        @Test("A shelf that is full forgets the certificate that came first")
        func capacity() throws {
            let shelf = try CertificateShelf(trust: .file(certificates.workshop.authority), capacity: 2)
            for name in ["a", "b", "a", "c"] {
                try shelf.put(.file(certificates.good.certificate), for: name)
            }
            #expect(!shelf.holds("a"))
            #expect(shelf.holds("b"))
            #expect(shelf.holds("c"))
        }
    }
#endif
