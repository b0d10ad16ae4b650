internal import SansIO

/// Failures of our INVITE that say how it may succeed (RFC 3261 §8.1.3.5, RFC 4028 §7.3).
extension UserAgent {
    /// Repetitions of one INVITE after failures of these kinds.
    static var maximumRetries: Int { 4 }

    /// Sends the INVITE again, changed as its failure asks for.
    ///
    /// - Returns: Whether it was sent.
    mutating func retryInvite(
        _ session: inout InviteSession, after response: borrowing SIPMessage, _ status: Int,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) -> Bool {
        guard let client = session.client, client.cancellation == .none,
            client.retries < Self.maximumRetries
        else { return false }
        switch status {
        case 422:
            let asked = client.request.options.sessionExpires(atLeast: session.minimumInterval)?.seconds ?? 0
            guard let minimum = response.minimumSessionExpires, minimum > asked else { return false }
            session.minimumInterval = minimum
        default:
            return false
        }
        session.client?.retries += 1
        return resendInvite(&session, at: arrival.now, into: &effects)
    }

    /// The INVITE once more: next CSeq, new branch, no early dialogs.
    mutating func resendInvite(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> Bool {
        guard let cSeq = session.client?.cSeq else { return false }
        session.client?.cSeq = CSeq.successor(of: cSeq)
        session.dialogs.removeAll()
        session.owedAnswers.removeAll()
        return (try? sendInvite(&session, at: now, into: &effects)) != nil
    }
}
