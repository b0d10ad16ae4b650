internal import SansIO

/// Responses to our re-INVITEs and UPDATEs (RFC 3261 §14.1, RFC 3311 §5.1, RFC 4028 §7.3).
extension UserAgent {
    mutating func offerResponse(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        // Early dialogs count their requests apart: the number alone would take the answer of one fork for another's.
        guard let offer = session.outgoing, offer.isOpen, let line = offer.line,
            keys.client(of: response) == keys.client(branch: line.branch, method: line.method)
        else { return }
        guard let index = session.dialog(of: offer) else {
            // The session is ending; a 2xx to its re-INVITE has to be acknowledged all the same.
            if (200..<300).contains(status), offer.method == .reinvite {
                acknowledgeReinvite(&session, offer, into: &effects)
                session.outgoing = nil
            }
            return
        }
        session.dialogs[index].peer = arrival.route
        switch status {
        case ..<200:
            step(&session, .provisional, at: arrival.now, into: &effects)
        case ..<300:
            offerAccepted(&session, response, offer, in: index, arrival, into: &effects)
        default:
            offerRefused(&session, response, status, offer, arrival, into: &effects)
        }
    }

    private mutating func offerAccepted(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ offer: OutgoingOffer,
        in index: Int, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        step(&session, .success, at: arrival.now, into: &effects)
        session.learnAbilities(from: response)
        if let contact = response.contact {
            session.dialogs[index].refresh(remoteTarget: response.string(contact.uri.text))
        }
        let carrier: OfferAnswer.Carrier = offer.method == .reinvite ? .success : .updateSuccess
        var offered = false
        if Self.hasDescription(response) {
            offered = session.dialogs[index].exchange.apply(.description(carrier, by: .them)) == .offer
        }
        session.closeExchange()
        session.dropOffer()
        settleTimer(of: &session, by: response, at: arrival.now)
        if offer.purpose == .refresh {
            effects.events.append(.refreshed(session.id, body: Self.body(of: response)))
        } else {
            effects.events.append(.offerAnswered(session.id, Self.receivedResponse(response)))
        }
        if offered, let body = Self.body(of: response) {
            session.owedAnswers.append(
                OwedAnswer(remoteTag: session.dialogs[index].remoteTag, message: .acknowledgement))
            session.reinviteAcknowledgement = acknowledgement(of: offer, in: session)
            effects.events.append(
                .offered(
                    session.id, .init(carrier: .success, remoteTag: session.remoteTag(index), body: body)))
        } else if offer.method == .reinvite {
            acknowledgeReinvite(&session, offer, into: &effects)
        }
        proceedWithOffer(&session, at: arrival.now, into: &effects)
    }

    private mutating func offerRefused(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int,
        _ offer: OutgoingOffer, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let now = arrival.now
        if retryOffer(&session, after: response, status, at: now, into: &effects) { return }
        let isPending = status == 491 || status == 500 && (response.retryAfter ?? .max) <= 10
        let input: OutgoingOffer.Input =
            switch status {
            case 408, 481: .gone
            case _ where isPending && offer.attempts < OutgoingOffer.maximumAttempts: .pending
            default: .refused
            }
        switch step(&session, input, at: now, into: &effects) {
        case .wait where status == 500:
            let seconds = Int64(response.retryAfter ?? 0)
            session.timers.set(.backOff, to: now.advanced(by: .seconds(seconds)))
        case .refused:
            offerFailed(&session, .refused(Self.receivedResponse(response)), at: now, into: &effects)
        case .dialogLost where session.state == .established:
            lose(&session, status: status, at: now, into: &effects)
        case .dialogLost:  // An early dialog: the INVITE's final response decides.
            offerFailed(&session, .refused(Self.receivedResponse(response)), at: now, into: &effects)
        case .none, .send, .cancel, .wait, .answered, .withdrawn: break
        }
    }

    /// Sends the request again where its failure says how: with credentials, with a longer interval, or as a
    /// re-INVITE where UPDATE is not known.
    private mutating func retryOffer(
        _ session: inout InviteSession, after response: borrowing SIPMessage, _ status: Int,
        at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> Bool {
        guard var offer = session.outgoing, offer.state == .trying || offer.state == .proceeding else {
            return false
        }
        switch status {
        case 401, 407:
            guard let client = session.client,
                session.authentication.learn(
                    from: response, credentials: client.request.credentials, attempt: &offer.challenges,
                    maximumChallenges: configuration.maximumChallenges)
            else { return false }
        case 422:
            let minimum = response.minimumSessionExpires ?? 0
            guard offer.intervalsRaised < 3, minimum > session.sessionTimer.interval else { return false }
            offer.intervalsRaised += 1
            session.minimumInterval = minimum
        case 405, 501:
            guard offer.method == .update, offer.purpose == .refresh, session.state == .established else {
                return false
            }
            session.allowsUpdate = false
            offer = OutgoingOffer(method: .reinvite, purpose: .refresh, body: session.localDescription)
        default:
            return false
        }
        session.closeExchange()
        offer.restart()
        session.outgoing = offer
        proceedWithOffer(&session, at: now, into: &effects)
        return true
    }

    /// No final response, or none that could come.
    mutating func offerTimedOut(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        if let transaction = session.outgoing?.transaction { transactions.abandon(transaction) }
        guard step(&session, .silence, at: now, into: &effects) == .dialogLost else { return }
        if session.state == .established {
            lose(&session, status: nil, at: now, into: &effects)
        } else {
            offerFailed(&session, .timedOut, at: now, into: &effects)
        }
    }

    /// The session's dialogs have changed: an offer in one that is gone concerns nobody any more.
    mutating func dropStrandedOffer(_ session: inout InviteSession, into effects: inout UserAgentEffects) {
        guard let offer = session.outgoing, let tag = offer.remoteTag,
            !session.dialogs.contains(where: { $0.remoteTag == tag })
        else { return }
        if let transaction = offer.transaction { transactions.abandon(transaction) }
        session.dropOffer()
        if offer.purpose == .application, !session.isReported {
            effects.events.append(.offerRefused(session.id, .withdrawn))
        }
    }

    // MARK: ACK

    private func acknowledgement(
        of offer: OutgoingOffer, in session: InviteSession
    ) -> SuccessAcknowledgement {
        // The branch only has to differ from others: that of the re-INVITE, turned around.
        SuccessAcknowledgement(
            cSeq: offer.cSeq, branch: ~(offer.line?.branch ?? 0),
            authorization: session.authentication.inviteFields)
    }

    private func acknowledgeReinvite(
        _ session: inout InviteSession, _ offer: OutgoingOffer, into effects: inout UserAgentEffects
    ) {
        session.reinviteAcknowledgement = acknowledgement(of: offer, in: session)
        sendReinviteAcknowledgement(of: session, into: &effects)
    }

    /// The ACK for the 2xx to our re-INVITE: the same for every copy.
    func sendReinviteAcknowledgement(of session: InviteSession, into effects: inout UserAgentEffects) {
        guard let acknowledgement = session.reinviteAcknowledgement, let index = session.confirmed else {
            return
        }
        send(acknowledgement, in: session.dialogs[index], of: session.identity, into: &effects)
    }

    /// A copy of the 2xx to our re-INVITE. One whose offer waits for our answer is acknowledged later.
    mutating func reinviteAnswerRepeated(
        _ session: InviteSession, into effects: inout UserAgentEffects
    ) {
        counters.retransmissionsAbsorbed += 1
        if session.owedAnswers.contains(where: \.isAcknowledgement) { return }
        sendReinviteAcknowledgement(of: session, into: &effects)
    }
}
