public import SansIO

/// Offers of the far end in a dialog other than by INVITE: UPDATE (RFC 3311 §5.2), and the answers that we owe.
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
        session.owedAnswers.append(owed)
        effects.events.append(
            .offered(session.id, .init(carrier: .update, remoteTag: session.remoteTag(index), body: body)))
    }

    /// Starts the server transaction of a request that is answered here or by the application.
    mutating func accept(
        _ request: borrowing SIPMessage, _ carrier: OfferAnswer.Carrier, in tag: [UInt8],
        _ terms: SessionTimerTerms, of session: InviteSession, key: UInt64, _ arrival: Arrival
    ) -> OwedAnswer {
        var head: [UInt8] = []
        let localTag = session.identity.localTag
        _ = try? SIPSerializer.append(to: &head) { message in
            message.copyHead(of: request, localTag: localTag, from: arrival.source)
        }
        let transaction = transactions.acceptRequest(
            key: key, mergeKey: 0, route: Self.responseRoute(of: request, arrival))
        return OwedAnswer(
            remoteTag: tag,
            message: .response(
                .init(transaction: transaction, carrier: carrier, head: head, terms: terms)))
    }

    // MARK: Answers

    /// Answers the oldest offer that came as ``UserAgentEvent/offered(_:_:)``.
    ///
    /// A refusal leaves the session as it was. An offer in a response to our own INVITE cannot be refused (RFC 3261
    /// §13.2.2.4): there `status` is ignored and `body` answers; end the session if nothing fits. Ignored when no answer
    /// is owed. Line breaks in the texts become spaces.
    ///
    /// - Parameters:
    ///   - status: `200...699`; anything else is ignored. 488 says that no part of the offer fits.
    ///   - reason: Reason phrase; `nil` for the standard one.
    ///   - body: The answer; needed with a 2xx.
    public mutating func answer(
        offerIn session: InviteSessionID, status: Int = 200, reason: String? = nil,
        headers: [SIPHeaderField] = [], body: SIPBody? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard (200...699).contains(status), var answering = sessions.checkOut(session) else { return }
        let sendCount = effects.sends.count
        if let owed = answering.owedAnswers.first {
            answering.owedAnswers.removeFirst()
            let answer = Answer(status: status, reason: reason, headers: headers, body: body)
            switch owed.message {
            case .response: respond(to: &answering, owed, answer, at: now, into: &effects)
            case .acknowledgement: acknowledge(&answering, with: body, into: &effects)
            case .prack:
                acknowledgeProvisional(&answering, owed, with: body, at: now, into: &effects)
            }
            proceedWithResponses(&answering, at: now, into: &effects)
            proceedWithOffer(&answering, at: now, into: &effects)
        }
        sessions.checkIn(answering)
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Sends the final response to an UPDATE or PRACK.
    mutating func respond(
        to session: inout InviteSession, _ owed: OwedAnswer, _ answer: Answer, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard case .response(let response) = owed.message, let status = SIPStatus(answer.status),
            let index = session.dialogs.firstIndex(where: { $0.remoteTag == owed.remoteTag })
        else { return }
        let isUpdate = response.carrier == .update
        let timer =
            isUpdate && status.isSuccess && session.state == .established
            ? agreement(to: response.terms, in: session) : nil
        let (product, allowed) = (configuration.productName, allowedMethods)
        let supported = supportedOptions()
        let contact = session.identity.contact
        let message = try? SIPSerializer.append(to: &effects.bytes) { message in
            message.statusLine(status, reason: answer.reason.map(Self.oneLine))
            message.append(raw: response.head)
            if status.isSuccess, isUpdate {
                message.header(.contact, contact)
                message.header(.allow, allowed)
                message.header(.supported, supported)
            }
            if let timer { message.agree(to: timer) }
            for field in answer.headers where SIPMethod(field.name) != nil {
                message.header(named: field.name, Self.oneLine(field.value))
            }
            if !product.isEmpty { message.header(.server, product) }
            message.end(answer.body)
        }
        guard let message else { return }
        transactions.respond(
            toRequest: response.transaction, code: answer.status, message: message, at: now, into: &effects)
        if status.isSuccess, let body = answer.body {
            session.dialogs[index].exchange.apply(
                .description(isUpdate ? .updateSuccess : .prackSuccess, by: .us))
            session.localDescription = body
        }
        if session.dialogs[index].exchange.state == .received {
            session.dialogs[index].exchange.apply(.withdrawal)
        }
        if isUpdate, status.isSuccess, session.state == .established {
            settleTimer(of: &session, timer, asClient: false, at: now)
        }
    }

    /// The ACK that was held back for the answer to the offer in a 2xx.
    private mutating func acknowledge(
        _ session: inout InviteSession, with body: SIPBody?, into effects: inout UserAgentEffects
    ) {
        guard let index = session.confirmed else { return }
        if session.reinviteAcknowledgement != nil {
            session.reinviteAcknowledgement?.body = body
            sendReinviteAcknowledgement(of: session, into: &effects)
        } else {
            session.dialogs[index].acknowledgementBody = body
            sendAcknowledgement(in: index, of: session, into: &effects)
        }
        if let body {
            session.dialogs[index].exchange.apply(.description(.acknowledgement, by: .us))
            session.localDescription = body
        } else {
            session.dialogs[index].exchange.apply(.withdrawal)
        }
    }

    /// Sends an ACK that still waits for an answer, so that a BYE may follow.
    mutating func acknowledgeOwed(_ session: inout InviteSession, into effects: inout UserAgentEffects) {
        guard let owed = session.owedAnswers.firstIndex(where: \.isAcknowledgement) else { return }
        session.owedAnswers.remove(at: owed)
        acknowledge(&session, with: nil, into: &effects)
    }

    /// Whether a message carries a session description, alone or among other parts.
    static func hasDescription(_ message: borrowing SIPMessage) -> Bool {
        guard !message.body.isEmpty, let type = message.contentType else { return false }
        return type.isEqual("application/sdp", in: message.bytes)
            || message.bytes.matches(type.type, lowercase: "multipart")
    }
}
