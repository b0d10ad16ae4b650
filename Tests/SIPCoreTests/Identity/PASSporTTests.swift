internal import SIPCore
internal import SansIO
internal import Testing

/// Vouches for whatever carries the signature that it makes: 64 octets of 7.
private struct ToySigner: PASSporTSigning, PASSporTVerifying {
    var certificateURL = "https://cert.example.org/passport.cer"
    var verdict = CredentialVerdict.valid

    func sign(_ bytes: [UInt8]) throws(PASSporTSigningError) -> [UInt8] { [UInt8](repeating: 7, count: 64) }

    func verify(
        _ signature: [UInt8], over bytes: [UInt8], certificateURL: String, now: WallClockInstant
    ) -> CredentialVerdict {
        signature == [UInt8](repeating: 7, count: 64) ? verdict : .wrongSignature
    }
}

@Suite("PASSporT, RFC 8225 and RFC 8588")
struct PASSporTTests {
    private let example = PASSporT(
        certificateURL: "https://cert.example.org/passport.cer", originator: .number("12155551212"),
        destinations: [.uri("sip:alice@example.com")], issuedAt: 1_471_375_418)

    private let shaken = PASSporT(
        certificateURL: "https://cert.example.org/passport.cer", originator: .number("12155551212"),
        destinations: [.number("12155551213")], issuedAt: 1_443_208_345,
        shaken: .init(attestation: .full, originationID: "123e4567-e89b-12d3-a456-426655440000"))

    @Test("Header and claims of RFC 8225 appendix A are written octet by octet")
    func publishedInput() {
        #expect(
            example.headerJSON
                == #"{"alg":"ES256","typ":"passport","x5u":"https://cert.example.org/passport.cer"}"#)
        #expect(
            example.signingInput
                == "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9j"
                + "ZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9."
                + "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI"
                + "6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMTU1NTUxMjEyIn19")
    }

    @Test("SHAKEN adds ppt, attest and origid in their alphabetical places, RFC 8588 §6")
    func shakenForm() {
        #expect(
            shaken.headerJSON
                == #"{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://cert.example.org/passport.cer"}"#
        )
        #expect(
            shaken.claimsJSON
                == #"{"attest":"A","dest":{"tn":["12155551213"]},"iat":1443208345,"#
                + #""orig":{"tn":"12155551212"},"origid":"123e4567-e89b-12d3-a456-426655440000"}"#)
    }

    @Test("The token of RFC 8225 appendix A is read into what it says")
    func publishedToken() throws {
        let token = try PASSporTToken.parse(
            example.signingInput
                + ".VLBCIVDCaeK6M4hLJb6SHQvacAQVvoiiEOWQ_iUkqk79UD81fHQ0E1b3_GluIkba7UWYRM47ZbNFdOJquE35cw")
        #expect(token.passport == example)
        #expect(token.signingInput == Array(example.signingInput.utf8))
        #expect(token.signature.count == 64)
        #expect(token.signature.prefix(4) == [0x54, 0xB0, 0x42, 0x21])
    }

    @Test("Signing and reading give the same passport, names with quotes and control characters included")
    func roundTrip() throws {
        var odd = shaken
        odd.shaken?.originationID = "a\"b\\c\u{01}\n\u{1F600}é"
        odd.destinations = [.number("1"), .uri("sip:bob@example.com"), .number("*72#")]
        let token = try PASSporTToken.parse(try odd.token(signedBy: ToySigner()))
        #expect(token.passport.shaken == odd.shaken)
        // Numbers come before URIs, as the claim holds them.
        #expect(token.passport.destinations == [.number("1"), .number("*72#"), .uri("sip:bob@example.com")])
    }

    // Header and claims as JSON text, in base64url by hand-checked literals.
    @Test(
        "A token that is not one is refused, saying what does not fit",
        arguments: [
            ("", "a token has three parts"),
            ("a.b", "a token has three parts"),
            ("a.b.c.d", "a token has three parts"),
            ("!!.e30.AA", "the token's header is not a JSON object in base64url"),
            // `[]`
            ("W10.e30.AA", "the token's header is not a JSON object in base64url"),
            // `{}` and no signature
            ("e30.e30.", "the signature is not 64 octets in base64url"),
            ("e30.e30=.AAAA", "the token's claims is not a JSON object in base64url"),
        ])
    func malformedTokens(text: String, message: String) {
        #expect(throws: IdentityFault.malformed(message)) { try PASSporTToken.parse(text) }
    }

    @Test(
        "A JSON text that is none, twice names a member, or is too deep is no header",
        arguments: [
            "eyJhIjoxLCJhIjoyfQ",  // {"a":1,"a":2}
            "eyJhIjowMX0",  // {"a":01}
            "eyJhIjoxfX0",  // {"a":1}}
            "eyJhIjoiXHVkODAwIn0",  // {"a":"\ud800"}
            "eyJhIjoi_yJ9",  // {"a":"<0xFF>"}
            "eyJhIjpbW1tbW1tbW1tbW11dXV1dXV1dXV1dfQ",  // eleven lists in one another
        ])
    func malformedJSON(header: String) {
        #expect(throws: IdentityFault.malformed("the token's header is not a JSON object in base64url")) {
            try PASSporTToken.parse("\(header).e30.AA")
        }
    }

    @Test("An unknown extension is told apart from what is malformed")
    func unknownExtension() {
        // {"alg":"ES256","ppt":"rcd","typ":"passport","x5u":"https://a"}
        let header = "eyJhbGciOiJFUzI1NiIsInBwdCI6InJjZCIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9hIn0"
        let signature = String(repeating: "A", count: 86)
        #expect(throws: IdentityFault.unsupportedType("rcd")) {
            try PASSporTToken.parse("\(header).e30.\(signature)")
        }
        // {"alg":"none","typ":"passport"}
        let none = "eyJhbGciOiJub25lIiwidHlwIjoicGFzc3BvcnQifQ"
        #expect(throws: IdentityFault.unsupportedAlgorithm("none")) {
            try PASSporTToken.parse("\(none).e30.\(signature)")
        }
    }

    @Test("No damage to a token traps")
    func mutations() throws {
        let text = Array(try shaken.token(signedBy: ToySigner()).utf8)
        for index in text.indices {
            for byte: UInt8 in [0, 0x2E, 0x41, 0xFF] {
                var damaged = text
                damaged[index] = byte
                _ = try? PASSporTToken.parse(String(decoding: damaged, as: UTF8.self))
            }
            _ = try? PASSporTToken.parse(String(decoding: text[..<index], as: UTF8.self))
        }
    }
}

@Suite("Identity header field, RFC 8224 §4")
struct IdentityHeaderTests {
    @Test("Full and compact forms are written and read")
    func forms() throws {
        let text = "aGVhZA.Y2xhaW0.c2ln;info=<https://biloxi.example.org/biloxi.cer>;alg=ES256;ppt=shaken"
        let header = try IdentityHeader.parse(text)
        #expect(
            header
                == IdentityHeader(
                    token: "aGVhZA.Y2xhaW0.c2ln", certificateURL: "https://biloxi.example.org/biloxi.cer",
                    algorithm: "ES256", extensionType: "shaken"))
        #expect(!header.isCompact)
        #expect(header.text == text)
        let compact = try IdentityHeader.parse("..c2ln;info=<https://biloxi.example.org/biloxi.cer>")
        #expect(compact.isCompact)
        #expect(compact.signatureText == "c2ln")
        #expect(compact.algorithm == nil)
        #expect(compact.text == "..c2ln;info=<https://biloxi.example.org/biloxi.cer>")
    }

    @Test("Quotes, spaces, other orders and unknown parameters are let pass")
    func leniency() throws {
        let header = try IdentityHeader.parse(
            "a.b.c ; x=1;PPT=\"shaken\" ; alg=\"ES256\";info = <https://a.example/x;y?z=1,2>")
        #expect(header.certificateURL == "https://a.example/x;y?z=1,2")
        #expect(header.algorithm == "ES256")
        #expect(header.extensionType == "shaken")
    }

    @Test(
        "A value without token or info, or with something after it, is malformed",
        arguments: [
            "", ";info=<https://a>", "a.b.c", "a.b.c;alg=ES256", "a.b.c;info=",
            "a.b.c;info=<https://a>, a.b.c;info=<https://a>",
            "a b;info=<https://a>",
        ])
    func malformed(text: String) {
        #expect(throws: IdentityFault.self) { try IdentityHeader.parse(text) }
    }
}

@Suite("Canonical callers, RFC 8224 §8")
struct IdentityPartyTests {
    @Test(
        "A number loses its plus and separators and nothing else",
        arguments: [
            ("+1 (215) 555-1212", "12155551212"), ("+12155551212", "12155551212"), ("*72", "*72"),
            ("#31#", "#31#"),
            ("215.555.1212", "2155551212"),
        ])
    func numbers(text: String, canonical: String) {
        #expect(IdentityParty.canonicalNumber(text) == canonical)
    }

    @Test(
        "What is no number stays none",
        arguments: [
            "", "+", "alice", "1+2", "12155551212x5", "1234567890123456789012345678901234",
        ])
    func noNumbers(text: String) {
        #expect(IdentityParty.canonicalNumber(text) == nil)
    }

    @Test(
        "Addresses give numbers where a number is meant, and URIs otherwise",
        arguments: [
            ("\"Jane\" <sip:+12155551212@example.com;user=phone>;tag=7", IdentityParty.number("12155551212")),
            ("<tel:+1-215-555-1212>", .number("12155551212")),
            ("sip:2155551212@example.com", .number("2155551212")),
            ("<sip:911@example.com;user=phone>", .number("911")),
            ("<sip:100@pbx.example.com:5070;transport=tcp>", .uri("sip:100@pbx.example.com")),
            ("<SIPS:Alice@EXAMPLE.com>", .uri("sips:Alice@example.com")),
            ("<sip:+12155551212;npdi@example.com>", .number("12155551212")),
            ("<sip:[2001:DB8::1]:5060>", .uri("sip:[2001:db8::1]")),
        ])
    func addresses(text: String, party: IdentityParty) {
        #expect(IdentityParty(address: text) == party)
    }

    @Test("Other schemes name nobody")
    func others() {
        #expect(IdentityParty(address: "<mailto:a@example.com>") == nil)
        #expect(IdentityParty(address: "<<") == nil)
    }
}

@Suite("SIP dates, RFC 3261 §20.17")
struct SIPDateTests {
    @Test(
        "A date is written and read",
        arguments: [
            (Int64(1_014_296_523), "Thu, 21 Feb 2002 13:02:03 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ])
    func dates(seconds: Int64, text: String) {
        #expect(SIPDate.text(seconds) == text)
        #expect(SIPDate.seconds(text) == seconds)
    }

    @Test(
        "What is no date is none",
        arguments: [
            "", "Thu, 21 Feb 2002 13:02:03", "Thu, 21 Feb 2002 13:02:03 CET", "Thu, 30 Feb 2002 13:02:03 GMT",
            "Thu, 21 Feb 2002 24:00:00 GMT", "Thu, 21 Foo 2002 13:02:03 GMT",
            "Thu, 21 Feb 99999 13:02:03 GMT",
            "Thu, 21 Feb 2002 13:02 GMT", "Xyz, 21 Feb 2002 13:02:03 GMT",
        ])
    func noDates(text: String) {
        #expect(SIPDate.seconds(text) == nil)
    }
}
