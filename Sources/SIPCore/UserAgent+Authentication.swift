internal import SansIO

/// Our own challenges (RFC 3261 §22.3, RFC 7616): requests outside a dialog must carry the credentials that the
/// configuration names.
///
/// A nonce is the time of its issue and a keyed hash of it. One is good for five minutes, and each count of it for one
/// request (``NonceLedger``); beyond that the right password is answered by `stale=true`.
extension UserAgent {
    /// What a request outside a dialog proves about its sender.
    enum Caller: Hashable {
        /// Nothing is asked of it.
        case unchallenged
        case authenticated(username: String)
        /// To be challenged.
        case refused
    }

    mutating func caller(of request: borrowing SIPMessage, at now: MonotonicInstant) -> Caller {
        guard let verifier else { return .unchallenged }
        let (verdict, answer) = verdict(on: request, by: verifier, at: now)
        guard case .accepted(let username) = verdict else { return .refused }
        if let answer, let stamp = stamp(of: answer.nonce) {
            nonces.use(stamp: stamp, count: answer.nonceCount)
        }
        return .authenticated(username: username)
    }

    /// Values of Proxy-Authenticate for a request that is not authorised.
    mutating func challenges(for request: borrowing SIPMessage, at now: MonotonicInstant) -> [String] {
        guard let verifier else { return [] }
        let isStale = verdict(on: request, by: verifier, at: now).verdict == .stale
        let nonce = nonce(stamp: nonces.stamp(at: now))
        return verifier.challenges(nonce: nonce, isStale: isStale).map(\.headerValue)
    }

    /// The best verdict on the answers that a request carries, and the answer that it is about.
    private func verdict(
        on request: borrowing SIPMessage, by verifier: DigestVerifier, at now: MonotonicInstant
    ) -> (verdict: DigestVerifier.Verdict, answer: DigestAuthorization?) {
        var best = DigestVerifier.Verdict.refused
        for slot in request.slots where slot.id == .proxyAuthorization || slot.id == .authorization {
            guard let answer = DigestAuthorization.parse(request.string(slot.value)),
                answer.realm == verifier.realm
            else { continue }
            let isFresh =
                stamp(of: answer.nonce).map {
                    nonces.isFresh(stamp: $0, count: answer.nonceCount, at: now)
                } ?? false
            let verdict = verifier.verify(
                answer, method: request.method, body: request.copy(request.body), nonceIsCurrent: isFresh)
            if case .accepted = verdict { return (verdict, answer) }
            if verdict == .stale { best = .stale }
        }
        return (best, nil)
    }

    private func nonce(stamp: UInt64) -> String {
        HexadecimalDigits.text(stamp) + HexadecimalDigits.text(keys.nonce(stamp: stamp))
    }

    /// The time of issue of a nonce that is ours; `nil` for others.
    private func stamp(of nonce: String) -> UInt64? {
        guard nonce.utf8.count == 32, let stamp = UInt64(nonce.prefix(16), radix: 16),
            self.nonce(stamp: stamp) == nonce
        else { return nil }
        return stamp
    }
}
