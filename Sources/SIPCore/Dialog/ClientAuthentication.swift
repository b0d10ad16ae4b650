/// What the challenges to one session's requests have taught (RFC 3261 §22, RFC 7616).
///
/// Each request answers a realm once; `stale=true` with a new nonce is answered again. One request answers at most
/// ``UserAgent/Configuration/maximumChallenges``. Later requests carry the credentials that are known.
struct ClientAuthentication: Sendable {
    /// One realm of a proxy or of the callee, which may have the same name.
    private struct Space: Sendable {
        var isProxy: Bool
        var challenge: DigestChallenge
        var credentials: SIPCredentials
        /// Requests sent with the nonce.
        var nonceCount: UInt32 = 0
        /// What the latest request carried; its answer may prove that the server knows the password too.
        var latest: DigestAuthorization?
    }

    /// What the answer to a request says of the server (RFC 7616 §3.5).
    enum ServerProof: Hashable, Sendable {
        /// It gives none, or one that is for another request.
        case none
        case right, wrong
    }

    /// What one request has answered, through all its repetitions.
    struct Attempt: Sendable {
        fileprivate var challengeCount = 0
        /// The realms whose challenge to this very request it has answered.
        fileprivate var answered: [(isProxy: Bool, realm: String)] = []

        init() {}
    }

    /// Realms answered in one session: each costs a field in every later request.
    static let maximumRealms = 8

    private var spaces: [Space] = []
    /// The session's own request that is under way: INVITE or BYE.
    private var ownAttempt = Attempt()
    /// What the INVITE carried: its ACK must carry the same (RFC 3261 §13.2.2.4).
    private(set) var inviteFields: [SIPHeaderField] = []

    /// Takes in the challenges of a 401 or 407 to the session's own request.
    ///
    /// - Returns: Whether the request is worth sending again: one challenge at least is new and can be answered, and
    ///   none refuses an answer. Where a forking proxy has gathered several (RFC 3261 §22.3), those of realms without
    ///   credentials are left open: another branch may do without.
    mutating func learn(
        from response: borrowing SIPMessage, credentials: [SIPCredentials], maximumChallenges: Int
    ) -> Bool {
        var attempt = ownAttempt
        defer { ownAttempt = attempt }
        return learn(
            from: response, credentials: credentials, attempt: &attempt, maximumChallenges: maximumChallenges)
    }

    /// Takes in the challenges of a 401 or 407 to any request.
    ///
    /// - Parameter attempt: What that request has answered so far.
    mutating func learn(
        from response: borrowing SIPMessage, credentials: [SIPCredentials], attempt: inout Attempt,
        maximumChallenges: Int
    ) -> Bool {
        guard attempt.challengeCount < maximumChallenges else { return false }
        attempt.challengeCount += 1
        var isAnswerable = false
        for (isProxy, challenge) in Self.strongestPerRealm(of: response) {
            let known = spaces.firstIndex { $0.isProxy == isProxy && $0.challenge.realm == challenge.realm }
            let isAnswered = attempt.answered.contains { $0 == (isProxy, challenge.realm) }
            if isAnswered, let known {
                let isNew = challenge.isStale && challenge.nonce != spaces[known].challenge.nonce
                guard isNew else { return false }
            }
            guard known != nil || spaces.count < Self.maximumRealms,
                let answer = DigestAuthentication.credentials(for: challenge.realm, among: credentials)
            else { continue }
            isAnswerable = true
            if !isAnswered { attempt.answered.append((isProxy, challenge.realm)) }
            let space = Space(isProxy: isProxy, challenge: challenge, credentials: answer)
            if let known { spaces[known] = space } else { spaces.append(space) }
        }
        return isAnswerable
    }

    /// Header fields for a request of this session.
    ///
    /// - Parameter clientNonce: Fresh for each request.
    mutating func fields(
        for method: SIPMethod, uri: String, body: SIPBody?, clientNonce: String
    ) -> [SIPHeaderField] {
        var fields: [SIPHeaderField] = []
        for index in spaces.indices {
            spaces[index].nonceCount += 1
            let space = spaces[index]
            let answer = DigestAuthentication.answer(
                to: space.challenge, credentials: space.credentials, method: method, uri: uri,
                cnonce: clientNonce, nonceCount: space.nonceCount, body: body?.bytes ?? [])
            spaces[index].latest = answer
            let name = space.isProxy ? "Proxy-Authorization" : "Authorization"
            fields.append(SIPHeaderField(name: name, value: answer.headerValue))
        }
        if method == .invite { inviteFields = fields }
        return fields
    }

    /// Takes in Authentication-Info of a 2xx: the nonce for the next request, and whether the server has proved that it
    /// knows the password.
    ///
    /// The header field names no realm, so it is read only where one server has challenged.
    mutating func conclude(with response: borrowing SIPMessage) -> ServerProof {
        guard let value = response.text(of: .authenticationInfo), let info = AuthenticationInfo(value),
            let index = spaces.firstIndex(where: { !$0.isProxy }),
            spaces.lastIndex(where: { !$0.isProxy }) == index, let latest = spaces[index].latest
        else { return .none }
        var proof = ServerProof.none
        if let given = info.proof, info.clientNonce == nil || info.clientNonce == latest.clientNonce,
            info.nonceCount == nil || info.nonceCount == latest.nonceCount
        {
            var covered = latest
            covered.protection = info.protection ?? latest.protection
            let credentials = spaces[index].credentials
            let expected = covered.expectedProof(
                name: credentials.username, password: credentials.password, body: response.copy(response.body)
            )
            proof = expected == given ? .right : .wrong
        }
        if proof != .wrong, let next = info.nextNonce, next != spaces[index].challenge.nonce {
            spaces[index].challenge.nonce = next
            spaces[index].nonceCount = 0
        }
        return proof
    }

    /// Another request of the session's own begins: it may be challenged anew.
    mutating func beginRequest() {
        ownAttempt = Attempt()
    }

    private static func strongestPerRealm(
        of response: borrowing SIPMessage
    ) -> [(isProxy: Bool, challenge: DigestChallenge)] {
        var strongest: [(isProxy: Bool, challenge: DigestChallenge)] = []
        for (isProxy, header) in [(false, SIPHeaderName.wwwAuthenticate), (true, .proxyAuthenticate)] {
            for challenge in DigestChallenge.all(in: response, header).prefix(32) {
                let known = strongest.firstIndex {
                    $0.isProxy == isProxy && $0.challenge.realm == challenge.realm
                }
                guard let known else {
                    strongest.append((isProxy, challenge))
                    continue
                }
                if challenge.algorithm > strongest[known].challenge.algorithm {
                    strongest[known].challenge = challenge
                }
            }
        }
        return strongest
    }
}
