public import SansIO

/// What a request says of itself, to be held against its Identity header fields (RFC 8224 §6.2).
public struct IdentityFacts: Hashable, Sendable {
    /// Who calls: P-Asserted-Identity where there is one, otherwise From.
    public var callers: [IdentityParty]
    /// Who is called: To.
    public var destination: IdentityParty?
    /// Date, in whole seconds since 1970-01-01T00:00:00Z.
    public var date: Int64?

    public init(callers: [IdentityParty], destination: IdentityParty?, date: Int64? = nil) {
        self.callers = callers
        self.destination = destination
        self.date = date
    }

    /// The facts of a received request.
    public init(_ request: ReceivedRequest) {
        let asserted = request.headers.filter { SIPHeaderName($0.name) == .pAssertedIdentity }
            .compactMap { IdentityParty(address: $0.value) }
        let from = IdentityParty(address: request.from).map { [$0] } ?? []
        let date = request.headers.first { SIPHeaderName($0.name) == .date }
        self.init(
            callers: asserted.isEmpty ? from : asserted, destination: IdentityParty(address: request.to),
            date: date.flatMap { SIPDate.seconds($0.value) })
    }
}

/// Decides what the Identity header fields of a call are worth (RFC 8224 §6.2, RFC 8588).
public struct IdentityVerification: Sendable {
    /// Checks signatures.
    public var verifier: any PASSporTVerifying
    /// How far the token's time may lie from ours, either way; 60 s in SHAKEN.
    public var freshness: Duration

    /// Identity header fields looked at, at most; more are not.
    public static let headerLimit = 8

    public init(verifier: any PASSporTVerifying, freshness: Duration = .seconds(60)) {
        self.verifier = verifier
        self.freshness = freshness
    }

    /// The certificates that the Identity header fields of a request name, so that they can be fetched before verifying.
    public static func certificateURLs(in request: ReceivedRequest) -> [String] {
        identityHeaders(of: request).compactMap { (try? IdentityHeader.parse($0))?.certificateURL }
    }

    /// Verifies a received request.
    public func verify(_ request: ReceivedRequest, now: WallClockInstant) -> IdentityVerdict {
        verify(identityHeaders: Self.identityHeaders(of: request), facts: IdentityFacts(request), now: now)
    }

    private static func identityHeaders(of request: ReceivedRequest) -> [String] {
        Array(
            request.headers.lazy.filter { SIPHeaderName($0.name) == .identity }.map(\.value).prefix(
                headerLimit))
    }

    /// Verifies the values of a request's Identity header fields: one good one is enough.
    public func verify(
        identityHeaders: [String], facts: IdentityFacts, now: WallClockInstant
    ) -> IdentityVerdict {
        var verdict = IdentityVerdict(status: .none)
        for value in identityHeaders.prefix(Self.headerLimit) {
            do {
                verdict.passport = try passport(value, facts, now)
                verdict.status = .passed
                return verdict
            } catch {
                verdict.faults.append(error)
                // What we do not know speaks neither for nor against the call (RFC 8224 §6.2).
                if case .unsupportedType = error { continue }
                verdict.status = .failed
            }
        }
        return verdict
    }

    private func passport(
        _ value: String, _ facts: IdentityFacts, _ now: WallClockInstant
    ) throws(IdentityFault) -> PASSporT {
        let header = try IdentityHeader.parse(value)
        if let algorithm = header.algorithm, algorithm != "ES256" { throw .unsupportedAlgorithm(algorithm) }
        if let type = header.extensionType, type != "shaken" { throw .unsupportedType(type) }
        let token = try header.isCompact ? compactToken(header, facts) : PASSporTToken.parse(header.token)
        let passport = token.passport
        guard passport.extensionType == header.extensionType else {
            throw .contradiction("ppt differs from the token's")
        }
        guard passport.certificateURL == header.certificateURL else {
            throw .contradiction("info differs from the token's x5u")
        }
        guard facts.callers.contains(passport.originator) else { throw .otherCaller }
        guard let destination = facts.destination, passport.destinations.contains(destination) else {
            throw .otherDestination
        }
        try checkAge(of: passport.issuedAt, now)
        switch verifier.verify(
            token.signature, over: token.signingInput, certificateURL: passport.certificateURL, now: now)
        {
        case .valid: return passport
        case .wrongSignature: throw .wrongSignature
        case .unavailable: throw .certificateUnavailable
        case .refused(let why): throw .certificateRefused(why)
        }
    }

    /// Writes header and claims anew from the request, as the signer did (RFC 8224 §4.1). SHAKEN has no compact form.
    private func compactToken(
        _ header: IdentityHeader, _ facts: IdentityFacts
    ) throws(IdentityFault) -> PASSporTToken {
        guard header.extensionType == nil else { throw .malformed("a shaken token needs its full form") }
        guard header.token.utf8.count <= PASSporTToken.byteLimit,
            let signature = Base64URL.decode(header.signatureText),
            signature.count == PASSporTToken.signatureBytes, header.token.dropFirst(2) == header.signatureText
        else { throw .malformed("the signature is not 64 octets in base64url") }
        guard let date = facts.date else { throw .noDate }
        guard let caller = facts.callers.first else { throw .otherCaller }
        guard let destination = facts.destination else { throw .otherDestination }
        let passport = PASSporT(
            certificateURL: header.certificateURL, originator: caller, destinations: [destination],
            issuedAt: date)
        return PASSporTToken(
            passport: passport, signingInput: Array(passport.signingInput.utf8), signature: signature)
    }

    private func checkAge(of issuedAt: Int64, _ now: WallClockInstant) throws(IdentityFault) {
        let seconds = now.nanosecondsSinceEpoch / 1_000_000_000
        let (age, overflow) = seconds.subtractingReportingOverflow(issuedAt)
        guard !overflow else { throw .stale(seconds: issuedAt < 0 ? .max : .min + 1) }
        guard age.magnitude <= UInt64(clamping: freshness.components.seconds) else {
            throw .stale(seconds: age)
        }
    }
}
