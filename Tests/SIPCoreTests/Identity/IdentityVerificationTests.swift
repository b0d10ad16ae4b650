internal import SIPCore
internal import SansIO
internal import Testing

/// Signs with 64 octets of 7, and takes those.
private struct ToyCredential: PASSporTSigning, PASSporTVerifying {
    var certificateURL = "https://cert.example.org/shaken.pem"
    var verdict = CredentialVerdict.valid

    func sign(_ bytes: [UInt8]) throws(PASSporTSigningError) -> [UInt8] { [UInt8](repeating: 7, count: 64) }

    func verify(
        _ signature: [UInt8], over bytes: [UInt8], certificateURL: String, now: WallClockInstant
    ) -> CredentialVerdict {
        signature == [UInt8](repeating: 7, count: 64) ? verdict : .wrongSignature
    }
}

@Suite("Identity verification, RFC 8224 §6.2")
struct IdentityVerificationTests {
    private let now = WallClockInstant(secondsSinceEpoch: 1_700_000_000)
    private let facts = IdentityFacts(
        callers: [.number("12155551212")], destination: .number("12155551213"), date: 1_700_000_000)

    /// The Identity value of our own call.
    private func identity(
        from: String = "<sip:+12155551212@a.example>", to: String = "<sip:+12155551213@a.example>",
        age: Int64 = 0
    ) throws -> String {
        let fields = try IdentityAssertion(signer: ToyCredential(), originationID: "id").headerFields(
            from: from, to: to, attestation: .partial, now: now.advanced(by: .seconds(-age)))
        #expect(fields.map(\.name) == ["Date", "Identity"])
        return fields[1].value
    }

    private func verify(_ values: [String], verdict: CredentialVerdict = .valid) -> IdentityVerdict {
        IdentityVerification(verifier: ToyCredential(verdict: verdict)).verify(
            identityHeaders: values, facts: facts, now: now)
    }

    @Test("A signed call passes with its attestation")
    func passes() throws {
        let verdict = verify([try identity()])
        #expect(verdict.status == .passed)
        #expect(verdict.attestation == .partial)
        #expect(verdict.status.rawValue == "TN-Validation-Passed")
        #expect(verdict.faults.isEmpty)
    }

    @Test("Date goes with Identity, of the same second")
    func date() throws {
        let fields = try IdentityAssertion(signer: ToyCredential(), originationID: "id").headerFields(
            from: "<sip:+12155551212@a.example>", to: "<sip:+12155551213@a.example>", attestation: .full,
            now: now)
        #expect(fields[0] == SIPHeaderField(name: "Date", value: "Tue, 14 Nov 2023 22:13:20 GMT"))
    }

    @Test("Without a header there is nothing to verify")
    func absent() {
        #expect(verify([]) == IdentityVerdict(status: .none))
        #expect(verify([]).status.rawValue == "No-TN-Validation")
    }

    @Test(
        "Sixty seconds either way are fresh, one more is stale",
        arguments: [
            (Int64(60), nil), (-60, nil), (61, IdentityFault.stale(seconds: 61)), (-61, .stale(seconds: -61)),
        ] as [(Int64, IdentityFault?)])
    func freshness(age: Int64, fault: IdentityFault?) throws {
        let verdict = verify([try identity(age: age)])
        #expect(verdict.faults == (fault.map { [$0] } ?? []))
        #expect(verdict.status == (fault == nil ? .passed : .failed))
    }

    @Test("A token taken from another call does not pass")
    func otherCalls() throws {
        let otherCaller = verify([try identity(from: "<sip:+12155551299@a.example>")])
        #expect(otherCaller.faults == [.otherCaller])
        let otherCallee = verify([try identity(to: "<sip:+12155551299@a.example>")])
        #expect(otherCallee.faults == [.otherDestination])
        #expect(otherCallee.status.rawValue == "TN-Validation-Failed")
    }

    @Test(
        "What the verifier says becomes the fault, with the status of RFC 8224 §6.2.2",
        arguments: [
            (CredentialVerdict.wrongSignature, IdentityFault.wrongSignature, 438),
            (.unavailable, .certificateUnavailable, 436),
            (.refused("expired"), .certificateRefused("expired"), 437),
        ])
    func credentials(verdict: CredentialVerdict, fault: IdentityFault, status: Int) throws {
        let result = verify([try identity()], verdict: verdict)
        #expect(result.faults == [fault])
        #expect(fault.status.code == status)
    }

    @Test("Parameters that contradict the signed header are refused")
    func contradictions() throws {
        let value = try identity()
        let otherInfo = value.replacing("cert.example.org", with: "evil.example.org")
        #expect(verify([otherInfo]).faults == [.contradiction("info differs from the token's x5u")])
        let plain = value.replacing(";ppt=shaken", with: "")
        #expect(verify([plain]).faults == [.contradiction("ppt differs from the token's")])
        let algorithm = value.replacing("alg=ES256", with: "alg=RS256")
        #expect(verify([algorithm]).faults == [.unsupportedAlgorithm("RS256")])
    }

    @Test("One good header among bad ones is enough; an unknown type neither helps nor harms")
    func several() throws {
        let good = try identity()
        let unknown = "a.b.c;info=<https://a.example/x>;ppt=rcd"
        #expect(verify([unknown, "nonsense", good]).status == .passed)
        #expect(verify([unknown]).status == .none)
        #expect(verify([unknown, "nonsense"]).status == .failed)
        // Beyond the limit nothing is looked at.
        #expect(verify(Array(repeating: unknown, count: 8) + [good]).status == .none)
    }

    @Test("The compact form is written anew from the request, RFC 8224 §4.1")
    func compact() {
        let signature =
            "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw"
        let value = "..\(signature);info=<https://cert.example.org/a.pem>;alg=ES256"
        let verdict = verify([value])
        #expect(verdict.status == .passed)
        #expect(
            verdict.passport
                == PASSporT(
                    certificateURL: "https://cert.example.org/a.pem", originator: .number("12155551212"),
                    destinations: [.number("12155551213")], issuedAt: 1_700_000_000))
        var undated = facts
        undated.date = nil
        let verification = IdentityVerification(verifier: ToyCredential())
        #expect(
            verification.verify(identityHeaders: [value], facts: undated, now: now).faults == [.noDate])
        #expect(
            verify([value + ";ppt=shaken"]).faults == [.malformed("a shaken token needs its full form")])
    }

    @Test("P-Asserted-Identity stands before From, To is the destination, Date is read")
    func factsOfRequest() {
        let request = ReceivedRequest(
            method: "INVITE", requestURI: "sip:x@a.example",
            from: "\"?\" <sip:anonymous@anonymous.invalid>;tag=1",
            to: "<sip:+12155551213@a.example>", callID: "c",
            headers: [
                SIPHeaderField(name: "P-Asserted-Identity", value: "<sip:+12155551212@a.example>"),
                SIPHeaderField(name: "date", value: "Tue, 14 Nov 2023 22:13:20 GMT"),
            ], source: .loopback(port: 5060))
        #expect(IdentityFacts(request) == facts)
    }

    @Test("A caller without canonical form is not vouched for")
    func unsignable() {
        let assertion = IdentityAssertion(signer: ToyCredential(), originationID: "id")
        #expect(throws: PASSporTSigningError("the caller is neither a number nor a SIP URI")) {
            try assertion.headerFields(
                from: "<mailto:a@b>", to: "<sip:+1@a.example>", attestation: .full, now: now)
        }
    }
}
