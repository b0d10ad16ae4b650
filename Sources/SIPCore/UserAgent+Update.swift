internal import SansIO

/// Offers of the far end in a dialog other than by INVITE: UPDATE (RFC 3311 §5.2).
extension UserAgent {
    mutating func receiveUpdate(
        _ request: borrowing SIPMessage, in session: inout InviteSession, dialog index: Int, key: UInt64,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let isLive =
            switch session.state {
            case .incoming, .inviting: true
            case .established: index == session.confirmed
            case .ending, .over: false
            }
        guard isLive else { return answer(request, status: 481, key: key, arrival, into: &effects) }
        let terms = SessionTimerTerms(of: request)
        if terms.isTooSmall(for: leastInterval) {
            return answer(request, status: 422, key: key, arrival, into: &effects)
        }
        let tag = session.dialogs[index].remoteTag
        if session.owedAnswers.contains(where: { $0.isResponse(to: .update, in: tag) }) {
            return answer(request, status: 500, key: key, arrival, into: &effects)
        }
        let body = Self.hasDescription(request) ? Self.body(of: request) : nil
        if body != nil {
            switch session.dialogs[index].exchange.apply(.description(.update, by: .them)) {
            case .offer: break
            case .requestPending: return answer(request, status: 491, key: key, arrival, into: &effects)
            default: return answer(request, status: 500, key: key, arrival, into: &effects)
            }
        }
        session.learnAbilities(from: request)
        if let contact = request.contact {
            session.dialogs[index].refresh(remoteTarget: request.string(contact.uri.text))
        }
        let owed = accept(request, .update, in: tag, terms, of: session, key: key, arrival)
        guard let body else {
            respond(to: &session, owed, Answer(status: 200), at: arrival.now, into: &effects)
            if terms.interval != nil { effects.events.append(.refreshed(session.id, body: nil)) }
            return
        }
        owe(owed, &session)
        effects.events.append(
            .offered(session.id, .init(carrier: .update, remoteTag: session.remoteTag(index), body: body)))
    }

    /// Whether a message carries a session description, alone or as one of several parts.
    static func hasDescription(_ message: borrowing SIPMessage) -> Bool { message.sessionDescription != nil }
}
