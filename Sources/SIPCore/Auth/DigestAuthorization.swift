/// What a client answers in Authorization or Proxy-Authorization (RFC 7616 §3.4).
public struct DigestAuthorization: Hashable, Sendable {
    public var username: String
    public var realm: String
    public var nonce: String
    public var uri: String
    public var response: String
    public var algorithm: DigestAlgorithm
    public var namesAlgorithm: Bool
    public var opaque: String?
    /// `nil` for the older form without `qop` (RFC 2069).
    public var protection: DigestProtection?
    /// The client's nonce; empty without `qop`, unless the algorithm is a session form.
    public var clientNonce: String
    /// How many requests the client has sent with this nonce, this one included; 0 without `qop`.
    public var nonceCount: UInt32
    public var hashesUsername: Bool

    /// The Digest answer of one field value.
    ///
    /// - Returns: `nil` for another scheme, an unknown algorithm or protection, or a missing parameter.
    public static func parse(_ value: String) -> DigestAuthorization? {
        guard let fields = AuthenticationFields.parse(value).first else { return nil }
        return DigestAuthorization(fields)
    }

    init(
        username: String, uri: String, challenge: DigestChallenge, protection: DigestProtection?,
        clientNonce: String, nonceCount: UInt32
    ) {
        self.username = username
        realm = challenge.realm
        nonce = challenge.nonce
        self.uri = uri
        response = ""
        algorithm = challenge.algorithm
        namesAlgorithm = challenge.namesAlgorithm
        opaque = challenge.opaque
        self.protection = protection
        self.clientNonce = clientNonce
        self.nonceCount = nonceCount
        hashesUsername = challenge.hashesUsername
    }

    private init?(_ fields: AuthenticationFields) {
        guard fields.scheme.lowercased() == "digest", let username = fields["username"],
            let realm = fields["realm"], let nonce = fields["nonce"], let uri = fields["uri"],
            let response = fields["response"],
            let algorithm = DigestAlgorithm(name: fields["algorithm"] ?? "MD5")
        else { return nil }
        self.username = username
        self.realm = realm
        self.nonce = nonce
        self.uri = uri
        self.response = response.lowercased()
        self.algorithm = algorithm
        namesAlgorithm = fields["algorithm"] != nil
        opaque = fields["opaque"]
        clientNonce = fields["cnonce"] ?? ""
        hashesUsername = fields["userhash"]?.lowercased() == "true"
        nonceCount = 0
        guard let quality = fields["qop"] else { return }
        guard let protection = DigestProtection(rawValue: quality.lowercased()),
            let count = fields["nc"].flatMap({ UInt32($0, radix: 16) }), !clientNonce.isEmpty
        else { return nil }
        self.protection = protection
        nonceCount = count
    }

    /// The field value that a client sends.
    public var headerValue: String {
        var value = "Digest username=\(AuthenticationFields.quoted(username))"
        value += ", realm=\(AuthenticationFields.quoted(realm))"
        value += ", nonce=\(AuthenticationFields.quoted(nonce))"
        value += ", uri=\(AuthenticationFields.quoted(uri))"
        value += ", response=\"\(response)\""
        if namesAlgorithm { value += ", algorithm=\(algorithm)" }
        if !clientNonce.isEmpty { value += ", cnonce=\(AuthenticationFields.quoted(clientNonce))" }
        if let opaque { value += ", opaque=\(AuthenticationFields.quoted(opaque))" }
        if let protection { value += ", qop=\(protection.rawValue), nc=\(Self.eightDigits(nonceCount))" }
        if hashesUsername { value += ", userhash=true" }
        return value
    }

    /// `nc` as it stands on the wire and in the hash.
    static func eightDigits(_ count: UInt32) -> String {
        let digits = String(count, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The right value of `response` for a password (RFC 7616 §3.4.1).
    ///
    /// - Parameters:
    ///   - name: The user's plain name, whatever ``username`` holds.
    ///   - body: The octets of the message body; matters for `auth-int` only.
    func expectedResponse(name: String, password: String, method: String, body: [UInt8]) -> String {
        var first = algorithm.hash(name, realm, password)
        if algorithm.isSession { first = algorithm.hash(first, nonce, clientNonce) }
        guard let protection else { return algorithm.hash(first, nonce, algorithm.hash(method, uri)) }
        let second =
            switch protection {
            case .authentication: algorithm.hash(method, uri)
            case .integrity: algorithm.hash(method, uri, algorithm.hash(body))
            }
        let count = Self.eightDigits(nonceCount)
        return algorithm.hash(first, nonce, count, clientNonce, protection.rawValue, second)
    }
}
