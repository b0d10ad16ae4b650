/// Authentication-Info (RFC 7616 §3.5): what a server adds to the answer of a request whose digest it has accepted.
public struct AuthenticationInfo: Hashable, Sendable {
    /// The nonce for the requests to come; `nil` when the old one stays good.
    public var nextNonce: String?
    /// The server's proof that it knows the password; `nil` when it gives none.
    public var proof: String?
    /// What the proof covers.
    public var protection: DigestProtection?
    /// The client's nonce and count of the request that this answers; they tell which one the proof is for.
    public var clientNonce: String?
    public var nonceCount: UInt32?

    /// - Returns: `nil` when the value says nothing at all that is known here.
    public init?(_ value: String) {
        // It is a list of parameters without a scheme before it.
        guard let fields = AuthenticationFields.parse("Digest \(value)").first else { return nil }
        nextNonce = fields["nextnonce"]
        proof = fields["rspauth"]?.lowercased()
        protection = fields["qop"].flatMap { DigestProtection(rawValue: $0.lowercased()) }
        clientNonce = fields["cnonce"]
        nonceCount = fields["nc"].flatMap { UInt32($0, radix: 16) }
        if nextNonce == nil, proof == nil { return nil }
    }
}

extension DigestAuthorization {
    /// The right value of `rspauth` in the answer to the request that carried this (RFC 7616 §3.5): as
    /// ``response``, but for a request without method, and with the body of the answer.
    func expectedProof(name: String, password: String, body: [UInt8]) -> String {
        expectedResponse(name: name, password: password, method: "", body: body)
    }
}
