public import SansIO

/// Offers of ours in a dialog: re-INVITE (RFC 3261 §14.1) and UPDATE (RFC 3311 §5.1).
extension UserAgent {
    /// Offers a new session description, for example to hold or resume, or asks the far end for one.
    ///
    /// It is sent once no other offer and no other INVITE is open in the dialog. 491 is waited out and tried again, a
    /// challenge answered. Ends with ``UserAgentEvent/offerAnswered(_:_:)`` or ``UserAgentEvent/offerRefused(_:_:)``, or
    /// with the session: 408, 481 and silence end it (RFC 3261 §12.2.1.2), unless it is not answered yet.
    ///
    /// - Parameters:
    ///   - body: The offer. Without one a re-INVITE asks for an offer, which comes as
    ///     ``UserAgentEvent/offered(_:_:)``, and an UPDATE only refreshes.
    ///   - method: UPDATE also works while ringing, once the first exchange is complete.
    ///   - headers: Further header fields, in order.
    /// - Throws: ``UserAgentError/noDialog``, ``UserAgentError/offerPending`` while the one before is not through,
    ///   ``UserAgentError/invalidField(_:)``.
    public mutating func offer(
        _ session: InviteSessionID, body: SIPBody?, method: OfferMethod = .reinvite,
        headers: [SIPHeaderField] = [], at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(UserAgentError) {
        try Self.check(headers: headers, body: body)
        guard var offering = sessions.checkOut(session) else { throw .noDialog }
        let sendCount = effects.sends.count
        let error = take(
            OutgoingOffer(method: method, purpose: .application, body: body, headers: headers), in: &offering,
            at: now, into: &effects)
        sessions.checkIn(offering)
        counters.datagramsSent += effects.sends.count - sendCount
        if let error { throw error }
    }

    private mutating func take(
        _ offer: OutgoingOffer, in session: inout InviteSession, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) -> UserAgentError? {
        guard session.dialogForOffer(offer.method) != nil else { return .noDialog }
        guard session.queuedOffer == nil else { return .offerPending }
        switch session.outgoing {
        case let open? where open.purpose == .application: return .offerPending
        case let open? where open.isOpen: session.queuedOffer = offer  // After the refresh under way.
        default:
            session.timers.stop(.backOff)
            session.outgoing = offer  // In place of a refresh that waits: it refreshes as well.
        }
        proceedWithOffer(&session, at: now, into: &effects)
        return nil
    }

    /// Takes back an offer that is not answered yet: CANCEL of a re-INVITE (RFC 3261 §9.1).
    ///
    /// Ends with ``UserAgentEvent/offerRefused(_:_:)`` and ``OfferFailure/withdrawn``, or with
    /// ``UserAgentEvent/offerAnswered(_:_:)`` if a 2xx crosses the CANCEL. An UPDATE that was sent cannot be taken back.
    public mutating func withdrawOffer(
        in session: InviteSessionID, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard var withdrawing = sessions.checkOut(session) else { return }
        let sendCount = effects.sends.count
        if withdrawing.queuedOffer != nil {
            withdrawing.queuedOffer = nil
            if !withdrawing.isReported { effects.events.append(.offerRefused(session, .withdrawn)) }
        } else if let offer = withdrawing.outgoing, offer.purpose == .application,
            offer.method == .reinvite || !offer.isOpen
        {
            step(&withdrawing, .withdraw, at: now, into: &effects)
        }
        sessions.checkIn(withdrawing)
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Sends the offer that waits, if nothing stands in its way any more.
    mutating func proceedWithOffer(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        if session.outgoing == nil { session.outgoing = session.queuedOffer.take() }
        guard let offer = session.outgoing, offer.state == .blocked,
            let index = session.dialog(of: offer), session.isClear(for: offer, in: index)
        else { return }
        step(&session, .clear, at: now, into: &effects)
    }

    /// Moves the offer and does what its machine says; what ends it is reported by the caller's `finish`.
    ///
    /// - Returns: The action, for those that need the response at hand.
    @discardableResult
    mutating func step(
        _ session: inout InviteSession, _ input: OutgoingOffer.Input, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) -> OutgoingOffer.Action {
        guard let action = session.outgoing?.step(input) else { return .none }
        switch action {
        case .none, .answered, .refused, .dialogLost: break
        case .send: sendOffer(&session, at: now, into: &effects)
        case .cancel: cancelOffer(&session, at: now, into: &effects)
        case .wait:
            let delay = OutgoingOffer.backOff(ownsCallID: session.client != nil, &generator)
            session.timers.set(.backOff, to: now.advanced(by: delay))
            session.closeExchange()
        case .withdrawn: offerFailed(&session, .withdrawn, at: now, into: &effects)
        }
        return action
    }

    private mutating func sendOffer(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard var offer = session.outgoing, let index = session.dialog(of: offer) else { return }
        let method: SIPMethod = offer.method == .reinvite ? .invite : .update
        let cSeq = session.dialogs[index].nextCSeq()
        let dialog = session.dialogs[index]
        let path = dialog.path
        let route = dialog.nextHop
        let line = RequestLine(
            method: method, requestURI: path.requestURI, routes: path.routes, remoteParty: dialog.remoteParty,
            cSeq: cSeq, branch: generator.next(), transport: route.transport)
        let authorization = session.authentication.fields(
            for: method, uri: line.requestURI, body: offer.body,
            clientNonce: HexadecimalDigits.text(generator.next()))
        let contact = session.identity.contact
        let timer = session.sessionExpiresOfRequest
        let minimum = session.minimumInterval
        let allowed = allowedMethods
        let message = try? write(line, of: session.identity, body: offer.body, into: &effects) { message in
            message.header(.contact, contact)
            message.header(.allow, allowed)
            if method == .invite { message.header(.accept, "application/sdp") }
            message.header(.supported, "timer")
            if let timer { message.sessionExpires(timer) }
            if minimum > SessionTimer.leastInterval { message.header(.minSE, Int(minimum)) }
            message.headers(authorization)
            message.headers(offer.headers)
        }
        guard let message else {
            return offerFailed(&session, .withdrawn, at: now, into: &effects)
        }
        offer.attempts += 1
        offer.cSeq = cSeq
        offer.remoteTag = dialog.remoteTag
        offer.line = line
        offer.route = route
        offer.transaction = transactions.start(
            method == .invite ? .invite : .other, key: keys.client(branch: line.branch, method: method),
            message: message, route: route, user: .offer(session.id), at: now, into: &effects)
        session.outgoing = offer
        if let body = offer.body {
            session.dialogs[index].exchange.apply(
                .description(method == .invite ? .invite : .update, by: .us))
            session.localDescription = body
        } else if method == .invite {
            session.dialogs[index].exchange.apply(.solicitation(by: .us))
        }
    }

    private mutating func cancelOffer(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard let line = session.outgoing?.line, let route = session.outgoing?.route,
            sendCancel(
                of: line, along: route, of: session.identity, user: .cancel(session.id), at: now,
                into: &effects)
        else { return }
        session.timers.set(.cancelled, to: now.advanced(by: transactions.times.timeout))
    }

    /// The end of an offer that was not accepted.
    mutating func offerFailed(
        _ session: inout InviteSession, _ failure: OfferFailure, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        let purpose = session.outgoing?.purpose
        session.closeExchange()
        session.dropOffer()
        if purpose == .application, !session.isReported {
            effects.events.append(.offerRefused(session.id, failure))
        }
        session.sessionTimer.refreshRefused(at: now)
        session.armSessionTimer()
        proceedWithOffer(&session, at: now, into: &effects)
    }
}

extension InviteSession {
    /// The dialog that an offer goes into; `nil` when there is none, or no telling which.
    func dialogForOffer(_ method: OfferMethod) -> Int? {
        switch (state, method) {
        case (.established, _): confirmed
        case (.incoming, .update): dialogs.isEmpty ? nil : 0
        case (.inviting, .update): dialogs.count == 1 ? 0 : nil
        case (.incoming, .reinvite), (.inviting, .reinvite), (.ending, _), (.over, _): nil
        }
    }

    /// The dialog that `offer` was sent in, or goes into.
    func dialog(of offer: OutgoingOffer) -> Int? {
        guard let tag = offer.remoteTag else { return dialogForOffer(offer.method) }
        switch state {
        case .established: return confirmed.flatMap { dialogs[$0].remoteTag == tag ? $0 : nil }
        case .incoming, .inviting: return dialogs.firstIndex { $0.remoteTag == tag }
        case .ending, .over: return nil
        }
    }

    /// Whether nothing stands in the way of `offer` (RFC 3261 §14.1, RFC 3311 §5.1).
    func isClear(for offer: OutgoingOffer, in index: Int) -> Bool {
        let exchange = dialogs[index].exchange
        switch offer.method {
        case .update:
            return offer.body == nil || exchange.action(on: .description(.update, by: .us)) == .offer
        case .reinvite:
            let input: OfferAnswer.Input =
                offer.body == nil ? .solicitation(by: .us) : .description(.invite, by: .us)
            return server == nil && !owedAnswers.contains(where: \.isAcknowledgement)
                && exchange.action(on: input) != .ignored
        }
    }

    /// An offer of ours, or our asking for one, came to nothing: the exchange is as before.
    mutating func closeExchange() {
        guard let outgoing, let index = dialog(of: outgoing),
            outgoing.body != nil || outgoing.method == .reinvite
        else { return }
        switch dialogs[index].exchange.state {
        case .offered, .solicitedByUs: dialogs[index].exchange.apply(.withdrawal)
        case .none, .solicitedByThem, .previewed, .received, .stable: break
        }
    }

    mutating func dropOffer() {
        outgoing = nil
        timers.stop(.backOff)
        timers.stop(.cancelled)
    }
}
