internal import SansIO

/// The client side: INVITE and its responses (RFC 3261 §13.2).
extension UserAgent {
    /// Dialogs kept per session: more forks than any proxy makes. What is beyond is not taken up.
    static var maximumForks: Int { 16 }

    mutating func startSession(
        _ invite: OutgoingInvite, callID: String, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) throws(UserAgentError) -> InviteSessionID {
        let tag = HexadecimalDigits.text(generator.next())
        let identity = InviteSession.Identity(
            callID: callID, localTag: tag, localParty: "\(invite.from);tag=\(tag)", contact: invite.contact,
            sentBy: invite.sentBy, dialogKey: keys.dialog(callID: callID, localTag: tag))
        var session = InviteSession(id: sessions.nextID(), identity: identity, state: .inviting)
        session.client = InviteSession.ClientInvite(
            request: invite, cSeq: UInt32(truncatingIfNeeded: generator.next() % 10_000) + 1, branch: 0,
            route: MessageRoute(
                destination: invite.destination, socket: invite.socket, transport: invite.transport))
        do {
            try sendInvite(&session, at: now, into: &effects)
        } catch .messageTooLarge(let bytes) {
            throw .messageTooLarge(bytes: bytes)
        } catch {
            throw .invalidField("headers")
        }
        sessions.insert(session)
        return session.id
    }

    /// Sends the INVITE, again after a challenge: same Call-ID and From tag, next CSeq, new branch (RFC 3261 §22.2).
    mutating func sendInvite(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(SIPSerializeError) {
        guard var client = session.client else { return }
        client.branch = generator.next()
        client.hasProvisional = false
        client.route.transport = client.request.transport
        var line = client.line
        let contact = session.identity.contact
        let allowed = allowedMethods
        let minimum = session.minimumInterval
        let supported = Self.supported(client.supportedOptions, configuration)
        let required = client.requiredOptions
        let timer = client.request.options.sessionExpires(atLeast: minimum)
        let authorization = session.authentication.fields(
            for: .invite, uri: line.requestURI, body: client.request.body,
            clientNonce: HexadecimalDigits.text(generator.next()))
        let fields = { (message: inout SIPSerializer) in
            message.header(.contact, contact)
            message.header(.allow, allowed)
            message.header(.accept, "application/sdp")
            message.header(.supported, supported)
            if !required.isEmpty { message.header(.require, required) }
            if let replaces = client.request.replaces {
                message.header(.require, "replaces")
                message.header(.replaces, replaces.headerValue)
            }
            if let timer { message.sessionExpires(timer) }
            if minimum > SessionTimer.leastInterval { message.header(.minSE, Int(minimum)) }
            message.headers(authorization)
            message.headers(client.request.headers)
        }
        let body = client.request.body
        session.localDescription = body
        var message = try write(line, of: session.identity, body: body, into: &effects, fields: fields)
        if client.goesByStream(bytes: message.count) {
            effects.bytes.removeLast(message.count)
            line.transport = .tcp
            client.route.transport = .tcp
            message = try write(line, of: session.identity, body: body, into: &effects, fields: fields)
        }
        client.transaction = transactions.start(
            .invite, key: keys.client(branch: client.branch, method: .invite), message: message,
            route: client.route,
            user: .invite(session.id), at: now, into: &effects)
        session.client = client
        armTargetTimer(&session, at: now)
    }

    // MARK: Responses

    mutating func receiveResponse(
        _ response: borrowing SIPMessage, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        // More than one Via: it was meant for another host (RFC 3261 §8.1.3.3).
        guard let status = response.status?.code, response.viaCount == 1, let key = keys.client(of: response)
        else {
            counters.stray += 1
            return
        }
        switch transactions.receiveResponse(key: key, code: status, at: arrival.now) {
        case .stray:
            counters.stray += 1
        case .absorbed:
            counters.retransmissionsAbsorbed += 1
        case .acknowledge(let acknowledgement):
            counters.retransmissionsAbsorbed += 1
            sendAcknowledgement(for: response, acknowledgement, into: &effects)
        case .acknowledgeAndDeliver(let acknowledgement, let user):
            sendAcknowledgement(for: response, acknowledgement, into: &effects)
            deliver(response, status, to: user, arrival, into: &effects)
        case .deliver(let user):
            deliver(response, status, to: user, arrival, into: &effects)
        }
    }

    private mutating func deliver(
        _ response: borrowing SIPMessage, _ status: Int, to user: TransactionUser, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        if case .request(let id) = user {
            return requestAnswered(id, response, status, arrival, into: &effects)
        }
        guard var session = sessions.checkOut(user.session) else {
            if case .superseded = user, status < 200 {
                return strandedProgress(response, arrival, into: &effects)
            }
            return stranded(response, status, isReinvite: user.isOffer, arrival, into: &effects)
        }
        if status / 100 == 2, response.firstHeader(.authenticationInfo) != nil {
            count(session.authentication.conclude(with: response))
        }
        switch user {
        case .invite where isSuperseded(response, of: session):
            supersededAnswered(&session, response, status, arrival, into: &effects)
        case .invite:
            switch status {
            case ..<200: inviteProgressed(&session, response, status, arrival, into: &effects)
            case ..<300: inviteSucceeded(&session, response, arrival, into: &effects)
            default: inviteRefused(&session, response, status, arrival, into: &effects)
            }
        case .superseded:
            supersededAnswered(&session, response, status, arrival, into: &effects)
        case .bye:
            byeAnswered(&session, response, status, arrival, into: &effects)
        case .prack:
            prackAnswered(&session, response, status, arrival, into: &effects)
        case .offer where session.reinviteAcknowledgement?.cSeq == response.cSeq.number:
            if (200..<300).contains(status) { reinviteAnswerRepeated(session, into: &effects) }
        case .offer:
            offerResponse(&session, response, status, arrival, into: &effects)
        case .cancel, .fork, .request:
            break  // The INVITE's own final response ends the session; a fork's BYE concerns nobody.
        }
        sessions.checkIn(session)
    }

    private mutating func inviteProgressed(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard session.state == .inviting, session.client != nil else { return }
        noteProgress(&session, status, at: arrival.now)
        session.client?.hasProvisional = true
        if session.client?.cancellation == .wanted { sendCancel(&session, at: arrival.now, into: &effects) }
        guard status > 100 else { return }
        let index = earlyDialog(&session, of: response, arrival)
        guard let index else { return report(response, of: session, into: &effects) }
        session.learnAbilities(from: response)
        let rSeq = Self.rSeq(of: response, session.client?.request.options ?? InviteOptions())
        switch session.dialogs[index].order.receive(rSeq: rSeq) {
        case .report, .acknowledge: break
        case .absorb, .ignore:
            counters.retransmissionsAbsorbed += 1
            return
        }
        let body = Self.hasDescription(response) ? Self.body(of: response) : nil
        var isOffer = false
        if body != nil {
            let carrier: OfferAnswer.Carrier = rSeq == nil ? .provisional : .reliableProvisional
            isOffer = session.dialogs[index].exchange.apply(.description(carrier, by: .them)) == .offer
        }
        report(response, of: session, into: &effects)
        guard let rSeq else { return }
        let isWanted = session.client?.cancellation == InviteSession.ClientInvite.Cancellation.none
        let awaitsAnswer = acknowledgeProvisional(
            &session, rSeq: rSeq, isOffer: isOffer && isWanted, in: index, at: arrival.now, into: &effects)
        if awaitsAnswer, let body {
            let tag = session.remoteTag(index)
            effects.events.append(
                .offered(session.id, .init(carrier: .reliableProvisional, remoteTag: tag, body: body)))
        }
        proceedWithOffer(&session, at: arrival.now, into: &effects)
    }

    /// Reports a provisional response, unless the INVITE is being cancelled.
    private func report(
        _ response: borrowing SIPMessage, of session: InviteSession, into effects: inout UserAgentEffects
    ) {
        guard session.client?.cancellation == InviteSession.ClientInvite.Cancellation.none else { return }
        effects.events.append(.provisional(session.id, Self.receivedResponse(response)))
    }

    /// The early dialog that a provisional response belongs to, or makes; `nil` without a tag, and beyond
    /// ``maximumForks``.
    private func earlyDialog(
        _ session: inout InviteSession, of response: borrowing SIPMessage, _ arrival: Arrival
    ) -> Int? {
        guard let tag = response.to.tag, !tag.isEmpty else { return nil }
        if let index = session.dialog(withRemoteTag: response.bytes(of: tag)) {
            session.dialogs[index].peer = arrival.route
            return index
        }
        guard session.dialogs.count < Self.maximumForks else { return nil }
        session.dialogs.append(dialog(of: session, from: response, arrival))
        return session.dialogs.count - 1
    }

    /// A 2xx: the first makes the dialog, copies are acknowledged again, that of another fork is acknowledged and
    /// ended (RFC 3261 §13.2.2.4).
    private mutating func inviteSucceeded(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        let known = session.dialog(withRemoteTag: response.bytes(of: response.to.tag ?? .empty))
        if let known, session.dialogs[known].acknowledgementBranch != nil {
            counters.retransmissionsAbsorbed += 1
            session.dialogs[known].peer = arrival.route
            if session.owedAnswers.contains(where: \.isAcknowledgement) { return }
            return sendAcknowledgement(in: known, of: session, into: &effects)
        }
        // Route set and target of the 2xx replace those of the early dialog (RFC 3261 §13.2.2.4).
        var dialog = dialog(of: session, from: response, arrival)
        dialog.acknowledgementBranch = generator.next()
        if let known { dialog.continue(session.dialogs[known]) }
        let index: Int
        if let known {
            session.dialogs[known] = dialog
            index = known
        } else {
            guard session.dialogs.count < Self.maximumForks || session.confirmed == nil else {
                return stranded(response, 200, isReinvite: false, arrival, into: &effects)
            }
            session.dialogs.append(dialog)
            index = session.dialogs.count - 1
        }
        guard session.confirmed == nil else {
            sendAcknowledgement(in: index, of: session, into: &effects)
            return sendBye(in: index, of: &session, user: .fork(session.id), at: arrival.now, into: &effects)
        }
        session.dialogs = [session.dialogs[index]]
        session.confirmed = 0
        if let key = keys.client(of: response) {
            transactions.note(answeredBy: keys.tag(response.bytes(of: response.to.tag ?? .empty)), key: key)
        }
        session.timers.stop(.cancelled)
        session.timers.stop(.target)
        session.learnAbilities(from: response)
        let body = Self.hasDescription(response) ? Self.body(of: response) : nil
        var isOffered = false
        if body != nil {
            isOffered = session.dialogs[0].exchange.apply(.description(.success, by: .them)) == .offer
        }
        let isWanted = session.client?.cancellation == InviteSession.ClientInvite.Cancellation.none
        dismissOwedAnswers(
            of: &session, butIn: session.dialogs[0].remoteTag, at: arrival.now, into: &effects)
        dropStrandedOffer(&session, into: &effects)
        if !isOffered, session.owedAnswers.isEmpty, session.dialogs[0].exchange.state == .received {
            // The 2xx has overtaken our PRACK with the answer.
            session.dialogs[0].exchange.apply(.withdrawal)
        }
        if isOffered, isWanted {
            session.owedAnswers.append(
                OwedAnswer(remoteTag: session.dialogs[0].remoteTag, message: .acknowledgement))
        } else {
            sendAcknowledgement(in: 0, of: session, into: &effects)
        }
        if isWanted {
            session.enter(.established)
            settleTimer(of: &session, by: response, at: arrival.now)
            effects.events.append(.answered(session.id, Self.receivedResponse(response)))
            if isOffered, let body {
                effects.events.append(
                    .offered(
                        session.id, .init(carrier: .success, remoteTag: session.remoteTag(0), body: body)))
            }
            proceedWithOffer(&session, at: arrival.now, into: &effects)
        } else {
            endDialog(&session, .byUs, at: arrival.now, into: &effects)
        }
    }

    private mutating func inviteRefused(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard session.state == .inviting, let client = session.client else { return }
        var failure = InviteFailure.rejected(Self.receivedResponse(response))
        if status == 401 || status == 407, client.cancellation == .none, !client.request.credentials.isEmpty {
            let isAnswerable = session.authentication.learn(
                from: response, credentials: client.request.credentials,
                maximumChallenges: configuration.maximumChallenges)
            if isAnswerable {
                if resendInvite(&session, at: arrival.now, into: &effects) { return }
            }
            failure = .credentialsRefused(Self.receivedResponse(response))
        }
        if status == 503, failOver(&session, after: failure, at: arrival.now, into: &effects) { return }
        if retryInvite(&session, after: response, status, arrival, into: &effects) { return }
        if followRedirection(
            &session, response, status, after: failure, at: arrival.now, into: &effects)
        {
            return
        }
        fail(&session, failure, at: arrival.now, into: &effects)
    }

    mutating func fail(
        _ session: inout InviteSession, _ failure: InviteFailure, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        dismissOwedAnswers(of: &session, at: now, into: &effects)
        if session.report() { effects.events.append(.failed(session.id, failure)) }
        session.enter(.over)
    }

    /// The dialog that a response to our INVITE makes (RFC 3261 §12.1.2).
    func dialog(
        of session: InviteSession, from response: borrowing SIPMessage, _ arrival: Arrival
    ) -> Dialog {
        let target = response.contact.map { response.string($0.uri.text) }
        var dialog = Dialog(
            remoteTag: response.copy(response.to.tag ?? .empty), remoteParty: response.text(of: .to) ?? "",
            remoteTarget: target ?? session.client?.request.requestURI ?? "",
            routeSet: response.routeSet().reversed(),
            peer: arrival.route,
            localCSeq: session.client?.cSeq ?? 1)
        dialog.exchange.apply(
            session.client?.request.body == nil ? .solicitation(by: .us) : .description(.invite, by: .us))
        return dialog
    }

    /// The ACK for the 2xx that has made one of the session's dialogs.
    func sendAcknowledgement(
        in index: Int, of session: InviteSession, into effects: inout UserAgentEffects
    ) {
        let dialog = session.dialogs[index]
        guard let branch = dialog.acknowledgementBranch, let cSeq = session.client?.cSeq else { return }
        send(
            SuccessAcknowledgement(
                cSeq: cSeq, branch: branch, authorization: session.authentication.inviteFields,
                body: dialog.acknowledgementBody),
            in: dialog, of: session.identity, into: &effects)
    }
}
