internal import SansIO

/// Our own challenges (RFC 3261 §22.3, RFC 7616): requests outside a dialog must carry the credentials that the
/// configuration names.
///
/// Nonces are stateless: the time of issue and a keyed hash of it. One is good for ``nonceLifetime`` and any number
/// of requests; an older one with the right password is answered by `stale=true`.
extension UserAgent {
    static var nonceLifetime: Duration { .seconds(300) }

    /// What a request outside a dialog proves about its sender.
    enum Caller: Hashable {
        /// Nothing is asked of it.
        case unchallenged
        case authenticated(username: String)
        /// To be challenged.
        case refused
    }

    func caller(of request: borrowing SIPMessage, at now: MonotonicInstant) -> Caller {
        guard let verifier else { return .unchallenged }
        if case .accepted(let username) = verdict(on: request, by: verifier, at: now) {
            return .authenticated(username: username)
        }
        return .refused
    }

    /// Values of Proxy-Authenticate for a request that is not authorised.
    func challenges(for request: borrowing SIPMessage, at now: MonotonicInstant) -> [String] {
        guard let verifier else { return [] }
        let isStale = verdict(on: request, by: verifier, at: now) == .stale
        return verifier.challenges(nonce: nonce(at: now), isStale: isStale).map(\.headerValue)
    }

    private func verdict(
        on request: borrowing SIPMessage, by verifier: DigestVerifier, at now: MonotonicInstant
    ) -> DigestVerifier.Verdict {
        var verdict = DigestVerifier.Verdict.refused
        for slot in request.slots where slot.id == .proxyAuthorization || slot.id == .authorization {
            guard let answer = DigestAuthorization.parse(request.string(slot.value)),
                answer.realm == verifier.realm
            else { continue }
            verdict = verifier.verify(
                answer, method: request.method, body: request.copy(request.body),
                nonceIsCurrent: isCurrent(answer.nonce, at: now))
            if case .accepted = verdict { return verdict }
        }
        return verdict
    }

    private func nonce(at time: MonotonicInstant) -> String {
        let stamp = UInt64(bitPattern: time.nanoseconds)
        return HexadecimalDigits.text(stamp) + HexadecimalDigits.text(keys.nonce(stamp: stamp))
    }

    private func isCurrent(_ nonce: String, at now: MonotonicInstant) -> Bool {
        guard nonce.utf8.count == 32, let stamp = UInt64(nonce.prefix(16), radix: 16) else { return false }
        let issued = MonotonicInstant(nanoseconds: Int64(bitPattern: stamp))
        guard self.nonce(at: issued) == nonce else { return false }
        return issued <= now && issued.duration(to: now) <= Self.nonceLifetime
    }
}
