/// Who vouches how far for a caller's right to a number (RFC 8588 §4).
public enum Attestation: String, Hashable, Sendable, CaseIterable, Codable {
    /// A: the signer knows the caller and that the number is theirs.
    case full = "A"
    /// B: the signer knows the caller, not whether the number is theirs.
    case partial = "B"
    /// C: the signer has let the call in and knows no more.
    case gateway = "C"
}

/// What is asserted about a call: who calls whom, when, and who says so (RFC 8225), with SHAKEN's additions (RFC 8588).
public struct PASSporT: Hashable, Sendable {
    /// The claims of the `shaken` extension.
    public struct SHAKEN: Hashable, Sendable {
        public var attestation: Attestation
        /// `origid`: a UUID that leads back to the origin of the call in the signer's own records.
        public var originationID: String

        public init(attestation: Attestation, originationID: String) {
            self.attestation = attestation
            self.originationID = originationID
        }
    }

    /// `x5u`: where the signer's certificate is to be had, an https URL.
    public var certificateURL: String
    /// `orig`: who calls.
    public var originator: IdentityParty
    /// `dest`: who is called; at least one, at most 32.
    public var destinations: [IdentityParty]
    /// `iat` in whole seconds since 1970-01-01T00:00:00Z.
    public var issuedAt: Int64
    /// `nil` for the plain form without extension.
    public var shaken: SHAKEN?

    /// Called parties, at most.
    public static let destinationLimit = 32

    public init(
        certificateURL: String, originator: IdentityParty, destinations: [IdentityParty], issuedAt: Int64,
        shaken: SHAKEN? = nil
    ) {
        self.certificateURL = certificateURL
        self.originator = originator
        self.destinations = destinations
        self.issuedAt = issuedAt
        self.shaken = shaken
    }

    /// The type of the token as the `ppt` parameter names it; `nil` for the plain form.
    public var extensionType: String? { shaken == nil ? nil : "shaken" }

    // MARK: Canonical JSON

    /// The protected header, in the spelling that is signed: `{"alg":"ES256",…}`.
    public var headerJSON: String {
        var members: [(name: String, value: ClaimValue)] = [
            ("alg", .text("ES256")), ("typ", .text("passport")), ("x5u", .text(certificateURL)),
        ]
        if let extensionType { members.append(("ppt", .text(extensionType))) }
        return ClaimValue.object(of: members).canonicalText
    }

    /// The claims, in the spelling that is signed.
    public var claimsJSON: String {
        var destination: [(name: String, value: ClaimValue)] = []
        let numbers = destinations.compactMap { party -> ClaimValue? in
            if case .number(let number) = party { .text(number) } else { nil }
        }
        let uris = destinations.compactMap { party -> ClaimValue? in
            if case .uri(let uri) = party { .text(uri) } else { nil }
        }
        if !numbers.isEmpty { destination.append(("tn", .list(numbers))) }
        if !uris.isEmpty { destination.append(("uri", .list(uris))) }
        let origin: (name: String, value: ClaimValue) =
            switch originator {
            case .number(let number): ("tn", .text(number))
            case .uri(let uri): ("uri", .text(uri))
            }
        var members: [(name: String, value: ClaimValue)] = [
            ("dest", .object(of: destination)), ("iat", .integer(issuedAt)), ("orig", .object(of: [origin])),
        ]
        if let shaken {
            members.append(("attest", .text(shaken.attestation.rawValue)))
            members.append(("origid", .text(shaken.originationID)))
        }
        return ClaimValue.object(of: members).canonicalText
    }

    /// What is signed: header and claims in base64url with a dot between (RFC 7515 §5.1).
    public var signingInput: String {
        Base64URL.encode(Array(headerJSON.utf8)) + "." + Base64URL.encode(Array(claimsJSON.utf8))
    }

    /// Signs the token.
    ///
    /// - Returns: The full form: header, claims and signature in base64url with dots between.
    public func token(signedBy signer: some PASSporTSigning) throws(PASSporTSigningError) -> String {
        let input = signingInput
        let signature = try signer.sign(Array(input.utf8))
        guard signature.count == PASSporTToken.signatureBytes else {
            throw PASSporTSigningError("a signature of \(signature.count) octets instead of 64")
        }
        return input + "." + Base64URL.encode(signature)
    }
}

/// Signs with ES256: ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
///
/// Called on the signalling loop once per signed INVITE; it must not block.
public protocol PASSporTSigning: Sendable {
    /// Where the certificate that goes with the key is to be had: an https URL, as `x5u` and `info` name it.
    var certificateURL: String { get }

    /// - Returns: The signature as r and s, 32 octets each.
    func sign(_ bytes: [UInt8]) throws(PASSporTSigningError) -> [UInt8]
}

/// The signer could not sign; never a key in the text.
public struct PASSporTSigningError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String

    public init(_ message: String) { self.message = message }

    public var description: String { "the call could not be signed: \(message)" }
}
