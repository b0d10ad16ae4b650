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
        /// To be challenged; `isStale` when only its nonce was out of date.
        case refused(isStale: Bool)
    }

    /// Answers that one request may carry and have looked at: one for each algorithm of ours, and some of others' realms.
    private static var maximumAnswers: Int { 8 }

    mutating func caller(of request: borrowing SIPMessage, at now: MonotonicInstant) -> Caller {
        guard let verifier else { return .unchallenged }
        var isStale = false
        var lookedAt = 0
        var body: [UInt8]?
        for slot in request.slots where slot.id == .proxyAuthorization || slot.id == .authorization {
            guard lookedAt < Self.maximumAnswers else { break }
            lookedAt += 1
            // What is not about a nonce of ours needs no hashing: it cannot be right.
            guard let answer = DigestAuthorization.parse(request.string(slot.value)),
                answer.realm == verifier.realm, let stamp = stamp(of: answer.nonce)
            else { continue }
            if answer.protection == .integrity, body == nil { body = request.copy(request.body) }
            let isFresh = nonces.isFresh(stamp: stamp, count: answer.nonceCount, at: now)
            switch verifier.verify(
                answer, method: request.method, body: body ?? [], nonceIsCurrent: isFresh)
            {
            case .accepted(let username):
                nonces.use(stamp: stamp, count: answer.nonceCount)
                return .authenticated(username: username)
            case .stale: isStale = true
            case .refused: break
            }
        }
        return .refused(isStale: isStale)
    }

    /// Answers 407 with challenges of ours (RFC 3261 §22.3).
    mutating func challenge(
        _ request: borrowing SIPMessage, isStale: Bool, key: UInt64, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard let verifier else { return }
        let nonce = nonce(stamp: nonces.stamp(at: arrival.now))
        let challenges = verifier.challenges(nonce: nonce, isStale: isStale).map(\.headerValue)
        answerStatelessly(
            request, status: 407, challenges: challenges, key: key, arrival, into: &effects)
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
