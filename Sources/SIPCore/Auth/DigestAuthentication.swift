/// The client's side of digest authentication (RFC 7616, with RFC 8760's algorithms). It draws no random numbers.
public enum DigestAuthentication {
    /// The value of Authorization or Proxy-Authorization that answers `challenge`.
    ///
    /// `auth` is preferred to `auth-int`, which some proxies break by touching the body.
    ///
    /// - Parameters:
    ///   - method: Of the request that will carry it.
    ///   - uri: Its Request-URI, as it stands on the wire.
    ///   - cnonce: Fresh for each answer and not guessable.
    ///   - nonceCount: Requests sent with this nonce, this one included: 1 for the first.
    ///   - body: The request's body; it matters for `auth-int` only.
    public static func respond(
        to challenge: DigestChallenge, credentials: SIPCredentials, method: SIPMethod, uri: String,
        cnonce: String, nonceCount: UInt32, body: [UInt8] = []
    ) -> String {
        answer(
            to: challenge, credentials: credentials, method: method, uri: uri, cnonce: cnonce,
            nonceCount: nonceCount, body: body
        ).headerValue
    }

    /// The same before it becomes text.
    static func answer(
        to challenge: DigestChallenge, credentials: SIPCredentials, method: SIPMethod, uri: String,
        cnonce: String, nonceCount: UInt32, body: [UInt8] = []
    ) -> DigestAuthorization {
        let protection: DigestProtection? =
            challenge.protections.contains(.authentication) ? .authentication : challenge.protections.first
        let usesClientNonce = protection != nil || challenge.algorithm.isSession
        let name =
            challenge.hashesUsername
            ? challenge.algorithm.hash(credentials.username, challenge.realm) : credentials.username
        var answer = DigestAuthorization(
            username: name, uri: uri, challenge: challenge, protection: protection,
            clientNonce: usesClientNonce ? cnonce : "", nonceCount: nonceCount)
        answer.response = answer.expectedResponse(
            name: credentials.username, password: credentials.password, method: method.description, body: body
        )
        return answer
    }

    /// The credentials for a realm: those that name it, else the first that hold for any realm.
    public static func credentials(
        for realm: String, among credentials: [SIPCredentials]
    ) -> SIPCredentials? {
        credentials.first { $0.realm == realm } ?? credentials.first { $0.realm == nil }
    }
}
