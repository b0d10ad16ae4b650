/// A signed PASSporT as it came: what it says, what was signed, and the signature (RFC 8225, RFC 7515 §7.1).
public struct PASSporTToken: Hashable, Sendable {
    public let passport: PASSporT
    /// The octets that the signature covers, as they came: never written anew.
    public let signingInput: [UInt8]
    /// r and s, 32 octets each.
    public let signature: [UInt8]

    /// Octets of an ES256 signature.
    public static let signatureBytes = 64
    /// Octets of a token, at most.
    public static let byteLimit = 8_192

    public init(passport: PASSporT, signingInput: [UInt8], signature: [UInt8]) {
        self.passport = passport
        self.signingInput = signingInput
        self.signature = signature
    }

    /// Reads the full form, `header.claims.signature`.
    ///
    /// - Throws: ``IdentityFault`` with what does not fit; ``IdentityFault/unsupportedType(_:)`` for an extension that we do
    ///   not know, whose claims may mean anything.
    public static func parse(_ text: some StringProtocol) throws(IdentityFault) -> PASSporTToken {
        guard text.utf8.count <= byteLimit else { throw .malformed("the token is too long") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed("a token has three parts") }
        let header = try value(of: parts[0], "header")
        let claims = try value(of: parts[1], "claims")
        guard let signature = Base64URL.decode(parts[2]), signature.count == signatureBytes else {
            throw .malformed("the signature is not 64 octets in base64url")
        }
        return PASSporTToken(
            passport: try passport(header, claims), signingInput: Array("\(parts[0]).\(parts[1])".utf8),
            signature: signature)
    }

    private static func value(of part: some StringProtocol, _ name: String) throws(IdentityFault)
        -> ClaimValue
    {
        guard let bytes = Base64URL.decode(part), let value = ClaimParser.parse(bytes), case .object = value
        else {
            throw .malformed("the token's \(name) is not a JSON object in base64url")
        }
        return value
    }

    private static func passport(
        _ header: ClaimValue, _ claims: ClaimValue
    ) throws(IdentityFault) -> PASSporT {
        guard header["typ"]?.text?.lowercased() == "passport" else {
            throw .malformed("the token is not a passport")
        }
        guard let algorithm = header["alg"]?.text else { throw .malformed("the token names no algorithm") }
        guard algorithm == "ES256" else { throw .unsupportedAlgorithm(algorithm) }
        // Critical members are to be understood or refused (RFC 7515 §4.1.11), and none is.
        guard header["crit"] == nil else { throw .malformed("the token has critical members") }
        guard let url = header["x5u"]?.text else { throw .malformed("the token has no x5u") }
        let type = header["ppt"]?.text
        guard header["ppt"] == nil || type == "shaken" else { throw .unsupportedType(type ?? "") }
        guard let issuedAt = claims["iat"]?.integer else {
            throw .malformed("iat is missing or not a whole number")
        }
        return PASSporT(
            certificateURL: url, originator: try originator(claims), destinations: try destinations(claims),
            issuedAt: issuedAt, shaken: type == nil ? nil : try shaken(claims))
    }

    private static func originator(_ claims: ClaimValue) throws(IdentityFault) -> IdentityParty {
        switch (claims["orig"]?["tn"]?.text, claims["orig"]?["uri"]?.text) {
        case (let number?, nil):
            guard let number = IdentityParty.canonicalNumber(number) else {
                throw .malformed("orig is not a number")
            }
            return .number(number)
        case (nil, let uri?): return IdentityParty(uri: uri) ?? .uri(uri)
        case (nil, nil), (.some, .some): throw .malformed("orig is one number or one URI")
        }
    }

    private static func destinations(_ claims: ClaimValue) throws(IdentityFault) -> [IdentityParty] {
        guard let destination = claims["dest"] else { throw .malformed("dest is missing") }
        var parties: [IdentityParty] = []
        if let numbers = destination["tn"] {
            guard let texts = numbers.texts else { throw .malformed("dest is not a list of numbers") }
            for text in texts {
                guard let number = IdentityParty.canonicalNumber(text) else {
                    throw .malformed("dest is not a list of numbers")
                }
                parties.append(.number(number))
            }
        }
        if let uris = destination["uri"] {
            guard let texts = uris.texts else { throw .malformed("dest is not a list of URIs") }
            parties += texts.map { IdentityParty(uri: $0) ?? .uri($0) }
        }
        guard (1...PASSporT.destinationLimit).contains(parties.count) else {
            throw .malformed("dest names nobody, or more than \(PASSporT.destinationLimit)")
        }
        return parties
    }

    private static func shaken(_ claims: ClaimValue) throws(IdentityFault) -> PASSporT.SHAKEN {
        guard let attestation = claims["attest"]?.text.flatMap({ Attestation(rawValue: $0) }) else {
            throw .malformed("attest is not A, B or C")
        }
        guard let identifier = claims["origid"]?.text, identifier.utf8.count <= 128 else {
            throw .malformed("origid is missing or too long")
        }
        return PASSporT.SHAKEN(attestation: attestation, originationID: identifier)
    }
}
