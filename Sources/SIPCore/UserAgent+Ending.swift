internal import SansIO

/// How sessions end: CANCEL, BYE and silence (RFC 3261 §9, §15).
extension UserAgent {
    mutating func end(
        _ session: inout InviteSession, reason: String?, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        switch session.state {
        case .inviting:
            guard session.client?.cancellation == InviteSession.ClientInvite.Cancellation.none else { return }
            session.endReason = reason
            if session.client?.awaitsAddress != nil {
                return fail(&session, .abandoned, at: now, into: &effects)
            }
            session.client?.cancellation = .wanted
            session.timers.stop(.target)
            if session.client?.hasProvisional == true {
                sendCancel(&session, at: now, into: &effects)
            } else if session.report() {
                effects.events.append(.failed(session.id, .abandoned))
            }
        case .incoming:
            session.endReason = reason
            refuse(&session, status: 487, at: now, into: &effects)
            fail(&session, .abandoned, at: now, into: &effects)
        case .established:
            session.endReason = reason
            hangUp(&session, at: now, into: &effects)
        case .ending, .over:
            break
        }
    }

    mutating func sendCancel(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard let client = session.client else { return }
        let isSent = sendCancel(
            of: client.line, along: client.route, of: session.identity, reason: session.endReason,
            user: .cancel(session.id), at: now, into: &effects)
        guard isSent else { return }
        session.client?.cancellation = .sent
        session.timers.set(.cancelled, to: now.advanced(by: transactions.times.timeout))
    }

    /// BYE of an established session, once nothing has to come before it.
    private mutating func hangUp(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        acknowledgeOwed(&session, into: &effects)
        dismissOwedAnswers(of: &session, at: now, into: &effects)
        if session.server?.answer.isEmpty == false {
            // The callee's BYE waits for the ACK, or for the end of the wait for it (RFC 3261 §15).
            session.isByeOwed = true
            session.timers.stop(.session)
            session.timers.stop(.backOff)
            session.enter(.ending)
        } else {
            refuse(&session, status: 487, at: now, into: &effects)  // A re-INVITE that is still open.
            endDialog(&session, .byUs, at: now, into: &effects)
        }
    }

    /// The far end has lost the dialog, or is lost itself: reported at once, and ended with BYE all the same.
    mutating func lose(
        _ session: inout InviteSession, status: Int?, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard session.state == .established else { return }
        reportLoss(&session, status: status, into: &effects)
        hangUp(&session, at: now, into: &effects)
    }

    /// Reports an end that is not our doing at once; the BYE that follows is silent.
    func reportLoss(_ session: inout InviteSession, status: Int?, into effects: inout UserAgentEffects) {
        if session.report() { effects.events.append(.ended(session.id, .lost(status: status))) }
    }

    /// Sends the BYE of a session that was answered; `end` is reported once that is answered or has timed out.
    mutating func endDialog(
        _ session: inout InviteSession, _ end: SessionEnd, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard let confirmed = session.confirmed else {
            session.enter(.over)
            return
        }
        dismissOwedAnswers(of: &session, at: now, into: &effects)
        session.endToReport = end
        session.authentication.beginRequest()
        sendBye(in: confirmed, of: &session, user: .bye(session.id), at: now, into: &effects)
    }

    mutating func sendBye(
        in index: Int, of session: inout InviteSession, user: TransactionUser, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        let cSeq = session.dialogs[index].nextCSeq()
        let dialog = session.dialogs[index]
        let branch = generator.next()
        let path = dialog.path
        let route = dialog.nextHop
        let line = RequestLine(
            method: .bye, requestURI: path.requestURI, routes: path.routes, remoteParty: dialog.remoteParty,
            cSeq: cSeq, branch: branch, transport: route.transport)
        let authorization = session.authentication.fields(
            for: .bye, uri: line.requestURI, body: nil, clientNonce: HexadecimalDigits.text(generator.next()))
        let reason = session.endReason
        let message = try? write(line, of: session.identity, into: &effects) { message in
            message.headers(authorization)
            message.reason(reason)
        }
        guard let message else {
            // The far end's own words cannot be sent back to it, so there is nobody to say goodbye to.
            if case .bye = user { finish(&session, at: now, into: &effects) }
            return
        }
        _ = transactions.start(
            .other, key: keys.client(branch: branch, method: .bye), message: message, route: route,
            user: user, at: now, into: &effects)
        if case .bye = user {
            if let open = session.outgoing?.transaction { transactions.limit(open, at: now) }
            session.enter(.ending)
            session.timers.stopAll()
            session.isByeOwed = false
        }
    }

    mutating func byeAnswered(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard status >= 200, session.state == .ending, let confirmed = session.confirmed else { return }
        if status == 401 || status == 407, let client = session.client,
            session.authentication.learn(
                from: response, credentials: client.request.credentials,
                maximumChallenges: configuration.maximumChallenges)
        {
            return sendBye(
                in: confirmed, of: &session, user: .bye(session.id), at: arrival.now, into: &effects)
        }
        finish(&session, at: arrival.now, into: &effects)
    }

    /// The last step of a session that had been answered.
    mutating func finish(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        dismissOwedAnswers(of: &session, at: now, into: &effects)
        if session.report() { effects.events.append(.ended(session.id, session.endToReport ?? .byUs)) }
        session.enter(.over)
    }

    // MARK: Time

    /// A client transaction ended without a final response.
    mutating func transactionTimedOut(
        _ user: TransactionUser, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        if case .request(let id) = user { return requestTimedOut(id, at: now, into: &effects) }
        guard var session = sessions.checkOut(user.session) else { return }
        switch user {
        case .invite:
            guard session.state == .inviting else { break }
            if failOver(&session, after: .timedOut, at: now, into: &effects) { break }
            tryNextTarget(&session, after: .timedOut, at: now, into: &effects)
        case .bye: finish(&session, at: now, into: &effects)
        case .offer: offerTimedOut(&session, at: now, into: &effects)
        // The session's own timer ends a cancelled INVITE.
        case .cancel, .fork, .superseded, .prack, .request: break
        }
        sessions.checkIn(session)
    }

    mutating func timerFired(
        _ timer: InviteSession.Timer, _ session: inout InviteSession, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        switch timer {
        case .cancelled where session.state == .established:
            offerTimedOut(&session, at: now, into: &effects)
        case .cancelled:
            if let transaction = session.client?.transaction { transactions.abandon(transaction) }
            fail(&session, .timedOut, at: now, into: &effects)
        case .target:
            if let failure = session.client?.awaitsAddress {
                session.client?.awaitsAddress = nil
                tryNextTarget(&session, after: failure, at: now, into: &effects)
            }
            targetTimedOut(&session, at: now, into: &effects)
        case .answer:
            repeatAnswer(&session, at: now, into: &effects)
        case .acknowledgement:
            // RFC 3261 §13.3.1.4: the dialog is confirmed all the same, and ended with a BYE.
            if !session.isByeOwed { reportLoss(&session, status: nil, into: &effects) }
            session.server = nil
            endDialog(&session, .byUs, at: now, into: &effects)
        case .session:
            sessionTimerFired(&session, at: now, into: &effects)
        case .provisional:
            provisionalTimerFired(&session, at: now, into: &effects)
        case .unanswered:
            unansweredForTooLong(&session, at: now, into: &effects)
        case .owedAnswer:
            owedAnswersDue(&session, at: now, into: &effects)
        case .keepAlive:
            keepInviteAlive(&session, at: now, into: &effects)
        case .backOff:
            step(&session, .due, at: now, into: &effects)
            proceedWithOffer(&session, at: now, into: &effects)
        }
    }
}
