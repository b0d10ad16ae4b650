internal import SansIO

/// Incoming INVITEs: taken up, answered, acknowledged, cancelled (RFC 3261 §13.3, §14.2).
extension UserAgent {
    /// What the application answers.
    struct Answer {
        var status: Int
        var reason: String?
        var headers: [SIPHeaderField] = []
        var body: SIPBody?
    }

    mutating func acceptInvite(
        _ request: borrowing SIPMessage, of caller: Caller, replacing replacement: Replacement, key: UInt64,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let uri = request.requestURI
        let tag = HexadecimalDigits.text(generator.next())
        let identity = InviteSession.Identity(
            callID: request.string(request.callID), localTag: tag,
            localParty: "\(request.text(of: .to) ?? "");tag=\(tag)", contact: "<\(request.string(uri.text))>",
            sentBy: Self.hostAndPort(of: uri, in: request),
            dialogKey: withUTF8(tag) { (tag: RawSpan) in
                keys.dialog(callID: request.bytes(of: request.callID), localTag: tag)
            })
        var session = InviteSession(id: sessions.nextID(), identity: identity, state: .incoming)
        session.dialogs = [
            Dialog(
                remoteTag: request.copy(request.from.tag ?? .empty),
                remoteParty: request.text(of: .from) ?? "",
                remoteTarget: request.string(request.contact?.uri.text ?? request.from.uri.text),
                routeSet: request.routeSet(),
                peer: arrival.route, localCSeq: 0,
                remoteCSeq: request.cSeq.number)
        ]
        session.dialogs[0].exchange.apply(
            Self.hasDescription(request) ? .description(.invite, by: .them) : .solicitation(by: .them))
        session.learnAbilities(from: request)
        if case .session(let replaced) = replacement { session.replaced = replaced }
        sessions.insert(session)
        guard var taken = sessions.checkOut(session.id) else { return }
        take(request, into: &taken, key: key, mergeKey: keys.merge(of: request), arrival, into: &effects)
        let expiry = request.expires.map { Duration.seconds(Int64($0)) }
        let limit = configuration.incomingAnswerLimit
        taken.server?.expires = expiry.map { $0 < limit } ?? false
        taken.timers.set(.unanswered, to: arrival.now.advanced(by: min(expiry ?? limit, limit)))
        let isAnsweredReliably = taken.server?.sendsReliably(configuration.reliableProvisionals) ?? false
        sessions.checkIn(taken)
        var received = Self.receivedRequest(request, arrival)
        received.replaces = session.replaced
        received.isAnsweredReliably = isAnsweredReliably
        if case .authenticated(let username) = caller { received.username = username }
        effects.events.append(.incoming(session.id, received))
    }

    mutating func reinvite(
        _ request: borrowing SIPMessage, in session: inout InviteSession, dialog index: Int, key: UInt64,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        guard session.state == .established, index == session.confirmed else {
            let status = session.state == .ending ? 481 : 500
            return answer(request, status: status, key: key, arrival, into: &effects)
        }
        if let open = session.server {
            // Undecided: 500 (RFC 3261 §14.2). Decided but not acknowledged: 491, so that it is tried again.
            return answer(request, status: open.isDecided ? 491 : 500, key: key, arrival, into: &effects)
        }
        if session.outgoing?.isOpen == true, session.outgoing?.method == .reinvite {
            return answer(request, status: 491, key: key, arrival, into: &effects)
        }
        if SessionTimerTerms(of: request).isTooSmall(for: leastInterval) {
            return answer(request, status: 422, key: key, arrival, into: &effects)
        }
        let input: OfferAnswer.Input =
            Self.hasDescription(request) ? .description(.invite, by: .them) : .solicitation(by: .them)
        switch session.dialogs[index].exchange.apply(input) {
        case .requestPending: return answer(request, status: 491, key: key, arrival, into: &effects)
        case .serverError: return answer(request, status: 500, key: key, arrival, into: &effects)
        default: break
        }
        session.learnAbilities(from: request)
        if let contact = request.contact {
            session.dialogs[index].refresh(remoteTarget: request.string(contact.uri.text))
        }
        take(request, into: &session, key: key, mergeKey: 0, arrival, into: &effects)
        effects.events.append(.reinvited(session.id, Self.receivedRequest(request, arrival)))
    }

    /// Starts the server transaction and says 100.
    private mutating func take(
        _ request: borrowing SIPMessage, into session: inout InviteSession, key: UInt64, mergeKey: UInt64,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let route = Self.responseRoute(of: request, arrival)
        var head: [UInt8] = []
        let localTag = session.identity.localTag
        _ = try? SIPSerializer.append(to: &head) { message in
            message.copyHead(of: request, localTag: localTag, from: arrival.source)
        }
        let transaction = transactions.acceptInvite(
            key: key, mergeKey: mergeKey, route: route, session: session.id)
        session.server = InviteSession.ServerInvite(
            transaction: transaction, cSeq: request.cSeq.number, head: head, route: route,
            terms: SessionTimerTerms(of: request), reliability: InviteOptions.Reliability(of: request))
        send(Answer(status: 100), of: session, at: arrival.now, into: &effects)
    }

    // MARK: Answers

    mutating func respond(
        to session: inout InviteSession, _ answer: Answer, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard let open = session.server, !open.isDecided, open.reliable?.held == nil else { return }
        switch answer.status {
        case 100: send(answer, of: session, at: now, into: &effects)
        case ..<200: respondProvisionally(to: &session, answer, at: now, into: &effects)
        default: if mayDecide(&session, answer) { decide(&session, answer, at: now, into: &effects) }
        }
    }

    /// Sends a final response to the INVITE that is open.
    mutating func decide(
        _ session: inout InviteSession, _ answer: Answer, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard let open = session.server, !open.isDecided else { return }
        let timer = (200..<300).contains(answer.status) ? agreement(to: open.terms, in: session) : nil
        guard let message = send(answer, of: session, timer, at: now, into: &effects) else { return }
        session.timers.stop(.provisional)
        session.timers.stop(.keepAlive)
        session.timers.stop(.unanswered)
        switch answer.status {
        case ..<300:
            session.describe(answer.body, by: .success)
            settleTimer(of: &session, timer, asClient: false, at: now)
            session.server?.isDecided = true
            session.server?.answer = Array(effects.bytes[message])
            session.server?.repeatInterval = transactions.times.t1
            session.timers.set(.answer, to: now.advanced(by: transactions.times.t1))
            session.timers.set(.acknowledgement, to: now.advanced(by: transactions.times.timeout))
            session.confirmed = 0
            session.enter(.established)
            if let replaced = session.replaced.take() { endReplaced(replaced, at: now, into: &effects) }
        default:
            inviteDeclined(&session, at: now, into: &effects)
            if session.state == .incoming {
                dismissOwedAnswers(of: &session, at: now, into: &effects)
                session.enter(.over)
            }
        }
    }

    /// A refusal of our own making to the INVITE that is open.
    mutating func refuse(
        _ session: inout InviteSession, status: Int, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard session.server?.isDecided == false else { return }
        _ = session.server?.reliable?.step(.fail)
        send(Answer(status: status), of: session, at: now, into: &effects)
        inviteDeclined(&session, at: now, into: &effects)
    }

    /// A final response of 300 or more has closed the INVITE.
    private mutating func inviteDeclined(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        session.server = nil
        session.timers.stop(.provisional)
        session.timers.stop(.keepAlive)
        guard session.state == .established, let index = session.confirmed else { return }
        session.dialogs[index].exchange.apply(.withdrawal)
        proceedWithOffer(&session, at: now, into: &effects)
    }

    /// The INVITE has run out: 487 (RFC 3261 §13.3.1), or 480 where it says nothing and our patience has.
    mutating func unansweredForTooLong(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard session.state == .incoming, let server = session.server, !server.isDecided else { return }
        refuse(&session, status: server.expires ? 487 : 480, at: now, into: &effects)
        fail(&session, .timedOut, at: now, into: &effects)
    }

    /// - Returns: Where the response lies in the bytes of `effects`; `nil` when it is too large to be sent.
    @discardableResult
    mutating func send(
        _ answer: Answer, of session: InviteSession, _ timer: SIPSessionExpires? = nil,
        rSeq: UInt32? = nil, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> Range<Int>? {
        guard let server = session.server, let status = SIPStatus(answer.status) else { return nil }
        let product = configuration.productName
        let (allowed, supported) = (allowedMethods, supportedOptions)
        let contact = session.identity.contact
        let endReason = session.endReason
        let message = try? SIPSerializer.append(to: &effects.bytes) { message in
            message.statusLine(status, reason: answer.reason.map(Self.oneLine))
            message.append(raw: server.head)
            if (101..<300).contains(status.code) {
                message.header(.contact, contact)
                message.header(.allow, allowed)
            }
            if status.isSuccess {
                message.header(.accept, "application/sdp")
                message.header(.supported, supported)
            }
            if let rSeq {
                message.header(.require, "100rel")
                message.header(.rSeq, Int(rSeq))
            }
            if let timer { message.agree(to: timer) }
            if status == .requestTerminated { message.reason(endReason) }
            for field in answer.headers where SIPMethod(field.name) != nil {  // A token, as a name must be.
                message.header(named: field.name, Self.oneLine(field.value))
            }
            if !product.isEmpty { message.header(.server, product) }
            message.end(answer.body)
        }
        guard let message else { return nil }
        transactions.respond(
            to: server.transaction, code: answer.status, message: message, at: now, into: &effects)
        return message
    }

    /// The 2xx once more: T1 doubling to T2 until the ACK comes (RFC 3261 §13.3.1.4).
    mutating func repeatAnswer(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard var server = session.server, !server.answer.isEmpty else { return }
        let start = effects.bytes.count
        effects.bytes.append(contentsOf: server.answer)
        effects.send(start..<effects.bytes.count, along: server.route)
        counters.retransmissionsSent += 1
        server.repeatInterval = transactions.times.doubled(server.repeatInterval)
        session.timers.set(.answer, to: now.advanced(by: server.repeatInterval))
        session.server = server
    }

    // MARK: ACK and CANCEL

    mutating func acknowledged(
        _ session: inout InviteSession, by request: borrowing SIPMessage, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard let server = session.server, server.isDecided, server.cSeq == request.cSeq.number else {
            counters.retransmissionsAbsorbed += 1
            return
        }
        session.timers.stop(.answer)
        session.timers.stop(.acknowledgement)
        session.server = nil
        if session.isByeOwed {
            endDialog(&session, .byUs, at: arrival.now, into: &effects)
        } else if session.state == .established {
            let body = Self.body(of: request)
            if let index = session.confirmed {
                let input: OfferAnswer.Input =
                    Self.hasDescription(request) ? .description(.acknowledgement, by: .them) : .withdrawal
                session.dialogs[index].exchange.apply(input)
            }
            effects.events.append(.acknowledged(session.id, body: body))
            proceedWithOffer(&session, at: arrival.now, into: &effects)
        }
    }

    /// CANCEL of an INVITE that is undecided: the first one ends the session, a re-INVITE only itself.
    mutating func cancelled(
        _ session: inout InviteSession, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        refuse(&session, status: 487, at: arrival.now, into: &effects)
        guard session.state == .incoming else { return }
        dismissOwedAnswers(of: &session, at: arrival.now, into: &effects)
        if session.report() { effects.events.append(.cancelled(session.id)) }
        session.enter(.over)
    }

    /// Sent-by of the requests that we shall send in the dialog: where the far end reached us.
    private static func hostAndPort(of uri: SIPURI, in request: borrowing SIPMessage) -> String {
        guard uri.isSIP, !uri.host.isEmpty else { return "0.0.0.0" }
        let host = request.string(uri.host)
        return (uri.hostIsIPv6 ? "[\(host)]" : host) + (uri.port.map { ":\($0)" } ?? "")
    }
}
