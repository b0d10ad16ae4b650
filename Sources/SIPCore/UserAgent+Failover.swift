internal import SansIO

/// The next server when one fails (RFC 3263 §4.3).
///
/// The INVITE goes out again, the same but for its branch, its transport and our Contact's word about that. A server that
/// was given up may still have taken the first one: its provisional response is answered by a CANCEL, its 2xx by ACK and
/// BYE. The same Call-ID, From tag and CSeq let a callee that both servers lead to see that it is one call (RFC 3261
/// §8.2.2.2).
extension UserAgent {
    /// Sends the INVITE to its next alternative.
    ///
    /// - Returns: False when there is none, the callee may be ringing already, or the session is being ended.
    mutating func failOver(
        _ session: inout InviteSession, after failure: InviteFailure, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) -> Bool {
        guard let client = session.client, client.cancellation == .none, !client.hasProgressed else {
            return false
        }
        while session.client?.request.alternatives.isEmpty == false {
            guard let target = session.client?.request.alternatives.removeFirst() else { break }
            session.client?.request.destination = target.address
            session.client?.request.transport = target.transport
            session.client?.route.destination = target.address
            session.client?.isStreamRefused = false
            session.identity.contact = Self.contact(session.identity.contact, over: target.transport)
            forgetDialogs(of: &session, at: now, into: &effects)
            session.authentication.beginRequest()  // The next server may challenge anew, in the same realm.
            let eventIndex = effects.events.count
            effects.events.append(.failedOver(session.id, to: target, failure))
            if (try? sendInvite(&session, at: now, into: &effects)) != nil { return true }
            effects.events.remove(at: eventIndex)
        }
        return false
    }

    /// Gives the server of the moment some time, if there is another.
    func armTargetTimer(_ session: inout InviteSession, at now: MonotonicInstant) {
        guard let client = session.client, client.canFailOver else { return session.timers.stop(.target) }
        session.timers.set(.target, to: now.advanced(by: client.request.targetTimeout))
    }

    /// A provisional response has come: more patience, or no way back.
    func noteProgress(_ session: inout InviteSession, _ status: Int, at now: MonotonicInstant) {
        guard let client = session.client else { return }
        if status > 100 {
            session.client?.hasProgressed = true
            session.timers.stop(.target)
        } else if !client.hasProvisional, client.canFailOver {
            session.timers.set(.target, to: now.advanced(by: client.request.progressTimeout))
        }
    }

    /// The server has said nothing, or no more than 100 Trying, for too long.
    mutating func targetTimedOut(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard session.state == .inviting, let client = session.client, client.canFailOver,
            let transaction = client.transaction
        else { return }
        let given = InviteSession.SupersededInvite(
            transaction: transaction, line: client.line, route: client.route,
            isCancelled: client.hasProvisional)
        guard failOver(&session, after: .timedOut, at: now, into: &effects) else { return }
        transactions.supersede(transaction, by: .superseded(session.id))
        session.client?.superseded.append(given)
        if given.isCancelled { sendCancel(for: given, of: session, at: now, into: &effects) }
    }

    /// Whether this is a copy of a 2xx from a server that was given up.
    func isSuperseded(_ response: borrowing SIPMessage, of session: InviteSession) -> Bool {
        session.client?.superseded.isEmpty == false && supersededIndex(of: response, in: session) != nil
    }

    private func supersededIndex(of response: borrowing SIPMessage, in session: InviteSession) -> Int? {
        guard let key = keys.client(of: response) else { return nil }
        return session.client?.superseded.firstIndex {
            keys.client(branch: $0.line.branch, method: .invite) == key
        }
    }

    /// A server that was given up has answered after all.
    mutating func supersededAnswered(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard let index = supersededIndex(of: response, in: session),
            let given = session.client?.superseded[index]
        else { return }
        switch status {
        case ..<200:
            guard !given.isCancelled else { return }
            session.client?.superseded[index].isCancelled = true
            sendCancel(for: given, of: session, at: arrival.now, into: &effects)
        case ..<300:
            endSuperseded(&session, response, given, arrival, into: &effects)
        default:
            break  // As it should be: its ACK is among the sends.
        }
    }

    /// A 2xx that nobody waits for: acknowledged, and ended with BYE the first time.
    private mutating func endSuperseded(
        _ session: inout InviteSession, _ response: borrowing SIPMessage,
        _ given: InviteSession.SupersededInvite,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        if let dialog = given.dialog {
            return sendAcknowledgement(in: dialog, of: session, cSeq: given.line.cSeq, into: &effects)
        }
        var dialog = dialog(of: session, from: response, arrival)
        dialog.acknowledgementBranch = generator.next()
        sendAcknowledgement(in: dialog, of: session, cSeq: given.line.cSeq, into: &effects)
        // BYE is written for one of the session's dialogs; this one is among them only for that.
        session.dialogs.append(dialog)
        sendBye(
            in: session.dialogs.count - 1, of: &session, user: .fork(session.id), at: arrival.now,
            into: &effects)
        session.dialogs.removeLast()
        let index = session.client?.superseded.firstIndex { $0.line.branch == given.line.branch }
        if let index { session.client?.superseded[index].dialog = dialog }
    }

    private func sendAcknowledgement(
        in dialog: Dialog, of session: InviteSession, cSeq: UInt32, into effects: inout UserAgentEffects
    ) {
        guard let branch = dialog.acknowledgementBranch else { return }
        send(
            SuccessAcknowledgement(
                cSeq: cSeq, branch: branch, authorization: session.authentication.inviteFields),
            in: dialog, of: session.identity, into: &effects)
    }

    /// Cancels an INVITE that was given up, and waits no longer than 64*T1 for its final response (RFC 3261 §9.1).
    private mutating func sendCancel(
        for given: InviteSession.SupersededInvite, of session: InviteSession, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        sendCancel(
            of: given.line, along: given.route, of: session.identity, user: .cancel(session.id), at: now,
            into: &effects)
        transactions.limit(given.transaction, at: now)
    }

    /// Our Contact with the word that `transport` needs in its URI (RFC 3261 §19.1.1).
    static func contact(_ contact: String, over transport: SIPTransport) -> String {
        var text = contact
        for other in SIPTransport.allCases where !other.contactParameter.isEmpty {
            while let found = text.firstRange(of: other.contactParameter) { text.removeSubrange(found) }
        }
        guard let end = text.lastIndex(of: ">") else { return text + transport.contactParameter }
        text.insert(contentsOf: transport.contactParameter, at: end)
        return text
    }
}

extension InviteSession {
    /// An INVITE at a server that was given up for the next.
    struct SupersededInvite: Sendable {
        let transaction: TransactionID
        let line: UserAgent.RequestLine
        let route: MessageRoute
        var isCancelled: Bool
        /// The dialog of its 2xx, so that copies get the very same ACK.
        var dialog: Dialog?
    }
}

extension InviteSession.ClientInvite {
    fileprivate var canFailOver: Bool {
        !request.alternatives.isEmpty && cancellation == .none && !hasProgressed
    }
}
