/// What a server asks for in WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3, RFC 8760).
public struct DigestChallenge: Hashable, Sendable {
    public var realm: String
    public var nonce: String
    /// To be returned as it came.
    public var opaque: String?
    public var algorithm: DigestAlgorithm
    /// Whether the challenge names its algorithm; without a name it is MD5, and the answer names none either.
    public var namesAlgorithm: Bool
    /// The offered protections that we know, in order; empty for the older form without `qop` (RFC 2069).
    public var protections: [DigestProtection]
    /// The credentials were right and only the nonce was too old: answer again without asking anybody.
    public var isStale: Bool
    /// The user name is to be hashed (RFC 7616 §3.4.4).
    public var hashesUsername: Bool

    public init(
        realm: String, nonce: String, opaque: String? = nil, algorithm: DigestAlgorithm = .md5,
        namesAlgorithm: Bool = true, protections: [DigestProtection] = [.authentication],
        isStale: Bool = false,
        hashesUsername: Bool = false
    ) {
        self.realm = realm
        self.nonce = nonce
        self.opaque = opaque
        self.algorithm = algorithm
        self.namesAlgorithm = namesAlgorithm
        self.protections = protections
        self.isStale = isStale
        self.hashesUsername = hashesUsername
    }

    /// Every Digest challenge of one field value, in order. Other schemes, algorithms that we do not have, and
    /// challenges without realm or nonce are left out.
    public static func parse(_ value: String) -> [DigestChallenge] {
        AuthenticationFields.parse(value).compactMap { DigestChallenge($0) }
    }

    /// Every Digest challenge of a response, in order.
    ///
    /// - Parameter header: ``SIPHeaderName/wwwAuthenticate`` or ``SIPHeaderName/proxyAuthenticate``.
    public static func all(
        in message: borrowing SIPMessage, _ header: SIPHeaderName
    ) -> [DigestChallenge] {
        var challenges: [DigestChallenge] = []
        for index in 0..<message.headerCount {
            let slot = message.header(at: index)
            if slot.id == header { challenges += parse(message.string(slot.value)) }
        }
        return challenges
    }

    /// The challenge with the strongest algorithm; of equals the first (RFC 7616 §3.7).
    public static func strongest(of challenges: [DigestChallenge]) -> DigestChallenge? {
        var best: DigestChallenge?
        for challenge in challenges where best.map({ challenge.algorithm > $0.algorithm }) ?? true {
            best = challenge
        }
        return best
    }

    private init?(_ fields: AuthenticationFields) {
        guard fields.scheme.lowercased() == "digest", let realm = fields["realm"], let nonce = fields["nonce"]
        else { return nil }
        self.realm = realm
        self.nonce = nonce
        opaque = fields["opaque"]
        namesAlgorithm = fields["algorithm"] != nil
        guard let algorithm = DigestAlgorithm(name: fields["algorithm"] ?? "MD5") else { return nil }
        self.algorithm = algorithm
        let offered = (fields["qop"] ?? "").split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" })
        protections = offered.compactMap { DigestProtection(rawValue: $0.lowercased()) }
        // Only protections that we do not know: there is no right answer.
        guard offered.isEmpty || !protections.isEmpty else { return nil }
        isStale = fields["stale"]?.lowercased() == "true"
        hashesUsername = fields["userhash"]?.lowercased() == "true"
    }

    /// The field value that a server sends.
    public var headerValue: String {
        var value = "Digest realm=\(AuthenticationFields.quoted(realm))"
        value += ", nonce=\(AuthenticationFields.quoted(nonce))"
        if let opaque { value += ", opaque=\(AuthenticationFields.quoted(opaque))" }
        if isStale { value += ", stale=true" }
        if namesAlgorithm { value += ", algorithm=\(algorithm)" }
        if !protections.isEmpty {
            value += ", qop=\"\(protections.map(\.rawValue).joined(separator: ","))\""
        }
        if hashesUsername { value += ", userhash=true" }
        return value
    }
}
