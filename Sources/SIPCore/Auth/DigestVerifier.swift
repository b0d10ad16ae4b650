/// The server's side of digest authentication: challenges to send and answers to check.
///
/// Nonces are the caller's: it draws them and knows which are current.
public struct DigestVerifier: Sendable {
    public enum Verdict: Hashable, Sendable {
        case accepted(username: String)
        /// Right credentials, outdated nonce: challenge again with `stale=true`.
        case stale
        case refused
    }

    public var realm: String
    public var credentials: [SIPCredentials]
    /// Offered in this order, preferred first; an answer with any other is refused.
    public var algorithms: [DigestAlgorithm]

    /// Offered protections. Where `auth` is not among them, an answer that does not protect the body is refused.
    public var protections: [DigestProtection]

    public init(
        realm: String, credentials: [SIPCredentials], algorithms: [DigestAlgorithm] = [.sha256, .md5],
        protections: [DigestProtection] = [.authentication]
    ) {
        self.protections = protections
        self.realm = realm
        self.credentials = credentials
        self.algorithms = algorithms
    }

    /// One challenge per algorithm, to be sent in as many header fields (RFC 8760 §2.3).
    public func challenges(
        nonce: String, opaque: String? = nil, isStale: Bool = false
    ) -> [DigestChallenge] {
        algorithms.map {
            DigestChallenge(
                realm: realm, nonce: nonce, opaque: opaque, algorithm: $0, protections: protections,
                isStale: isStale)
        }
    }

    /// Checks an answer.
    ///
    /// - Parameters:
    ///   - method: Of the request that carried it, as it stands on the wire.
    ///   - body: The request's body; it matters for `auth-int` only.
    ///   - nonceIsCurrent: Whether the nonce is ours, not outdated, and its count has not been seen before.
    public func verify(
        _ answer: DigestAuthorization, method: SIPMethod, body: [UInt8] = [], nonceIsCurrent: Bool
    ) -> Verdict {
        guard answer.realm == realm, algorithms.contains(answer.algorithm) else { return .refused }
        if protections == [.integrity], answer.protection != .integrity { return .refused }
        for candidate in credentials where candidate.realm == nil || candidate.realm == realm {
            let name =
                answer.hashesUsername ? answer.algorithm.hash(candidate.username, realm) : candidate.username
            guard answer.username == name else { continue }
            let expected = answer.expectedResponse(
                name: candidate.username, password: candidate.password, method: method.description, body: body
            )
            guard Self.areEqual(expected, answer.response) else { continue }
            return nonceIsCurrent ? .accepted(username: candidate.username) : .stale
        }
        return .refused
    }

    /// Compares without stopping at the first difference, so that the time taken tells nothing.
    private static func areEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
