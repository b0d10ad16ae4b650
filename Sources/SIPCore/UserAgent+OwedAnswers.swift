public import SansIO

/// The answers that we owe: to the offers in UPDATE, PRACK and in responses to our INVITE.
extension UserAgent {
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
            key: key, mergeKey: 0, route: Self.responseRoute(of: request, arrival), at: arrival.now)
        return OwedAnswer(
            remoteTag: tag,
            message: .response(
                .init(
                    transaction: transaction, carrier: carrier, head: head, terms: terms,
                    limit: arrival.now.advanced(by: transactions.times.t1 * 56))))
    }

    /// Notes an answer that the application has to give, for a while.
    func owe(_ owed: OwedAnswer, _ session: inout InviteSession) {
        session.owedAnswers.append(owed)
        session.armOwedAnswerTimer()
    }

    // MARK: Answers

    /// Answers the oldest offer that came as ``UserAgentEvent/offered(_:_:)``.
    ///
    /// A refusal leaves the session as it was. An offer in a response to our own INVITE cannot be refused (RFC 3261
    /// §13.2.2.4): there `status` is ignored and `body` answers; end the session if nothing fits. Ignored when no answer
    /// is owed; an UPDATE or PRACK is answered 500 after 56*T1, before its sender gives it up. Line breaks in the texts become spaces.
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
            answering.armOwedAnswerTimer()
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
        guard case .response(let response) = owed.message, let status = SIPStatus(answer.status) else {
            return
        }
        let isUpdate = response.carrier == .update
        let timer =
            isUpdate && status.isSuccess && session.state == .established
            ? agreement(to: response.terms, in: session) : nil
        let (product, allowed) = (configuration.productName, allowedMethods)
        let supported = supportedOptions
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
            to: response.transaction, code: answer.status, message: message, at: now, into: &effects)
        guard let index = session.dialogs.firstIndex(where: { $0.remoteTag == owed.remoteTag }) else {
            return
        }
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

    // MARK: Without the application

    /// Answers the UPDATEs and PRACKs that the application will not answer any more, since the call or their dialog has
    /// ended: 487 (RFC 3261 §15.1.2). PRACKs and ACKs of ours that wait for it are not sent.
    ///
    /// - Parameter tag: The dialog whose UPDATEs and PRACKs are left to the application; `nil` for none.
    mutating func dismissOwedAnswers(
        of session: inout InviteSession, butIn tag: [UInt8]? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard !session.owedAnswers.isEmpty else { return }
        var kept: [OwedAnswer] = []
        for owed in session.owedAnswers {
            guard case .response = owed.message else { continue }
            if let tag, owed.remoteTag == tag {
                kept.append(owed)
            } else {
                respond(to: &session, owed, Answer(status: 487), at: now, into: &effects)
            }
        }
        session.owedAnswers = kept
        session.armOwedAnswerTimer()
    }

    /// The application has taken too long: 500, to be tried again (RFC 3311 §5.2).
    mutating func owedAnswersDue(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        for owed in session.takeOwedAnswers(dueAt: now) {
            let retryAfter = SIPHeaderField(name: "Retry-After", value: "\(generator.next() % 10)")
            let answer = Answer(status: 500, headers: [retryAfter])
            respond(to: &session, owed, answer, at: now, into: &effects)
        }
        session.armOwedAnswerTimer()
        proceedWithResponses(&session, at: now, into: &effects)
        proceedWithOffer(&session, at: now, into: &effects)
    }
}

extension InviteSession {
    /// Takes out the answers whose time is over, oldest first.
    mutating func takeOwedAnswers(dueAt now: MonotonicInstant) -> [OwedAnswer] {
        var (due, kept): ([OwedAnswer], [OwedAnswer]) = ([], [])
        for owed in owedAnswers {
            if let limit = owed.limit, limit <= now { due.append(owed) } else { kept.append(owed) }
        }
        owedAnswers = kept
        return due
    }

    mutating func armOwedAnswerTimer() {
        if let limit = owedAnswers.compactMap(\.limit).min() {
            timers.set(.owedAnswer, to: limit)
        } else {
            timers.stop(.owedAnswer)
        }
    }
}
