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
        _ request: borrowing SIPMessage, key: UInt64, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let uri = request.requestURI
        let tag = [UInt8](hexadecimal: generator.next())
        var localParty = request.rawValue(of: .to).map { request.copy($0) } ?? []
        localParty.append(";tag=")
        localParty += tag
        var contact: [UInt8] = [ASCII.less]
        contact += request.copy(uri.text)
        contact.append(ASCII.greater)
        let identity = InviteSession.Identity(
            callID: request.copy(request.callID), localTag: tag, localParty: localParty, contact: contact,
            sentBy: Self.hostAndPort(of: uri, in: request))
        var session = InviteSession(id: sessions.nextID(), identity: identity, state: .incoming)
        session.dialogs = [
            Dialog(
                remoteTag: request.copy(request.from.tag ?? .empty),
                remoteParty: request.rawValue(of: .from).map { request.copy($0) } ?? [],
                remoteTarget: request.copy(request.contact?.uri.text ?? request.from.uri.text),
                routeSet: Self.recordRoutes(of: request),
                peer: MessageRoute(destination: arrival.source, socket: arrival.socket), localCSeq: 0,
                remoteCSeq: request.cSeq.number)
        ]
        sessions.insert(session, dialogKey: dialogKey(of: identity))
        guard var taken = sessions.checkOut(session.id) else { return }
        take(request, into: &taken, key: key, mergeKey: keys.merge(of: request), arrival, into: &effects)
        checkIn(taken)
        effects.events.append(.incoming(session.id, Self.receivedRequest(request, arrival)))
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
        if let contact = request.contact {
            session.dialogs[index].refresh(remoteTarget: request.copy(contact.uri.text))
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
        Self.writeHead(of: request, localTag: session.identity.localTag, arrival, into: &head)
        let transaction = transactions.acceptInvite(
            key: key, mergeKey: mergeKey, route: route, session: session.id)
        session.server = InviteSession.ServerInvite(
            transaction: transaction, cSeq: request.cSeq.number, head: head, route: route)
        send(Answer(status: 100), of: session, at: arrival.now, into: &effects)
    }

    // MARK: Answers

    mutating func respond(
        to session: inout InviteSession, _ answer: Answer, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard let open = session.server, !open.isDecided else { return }
        let message = send(answer, of: session, at: now, into: &effects)
        switch answer.status {
        case ..<200:
            break
        case ..<300:
            session.server?.isDecided = true
            session.server?.answer = Array(effects.bytes[message])
            session.server?.repeatInterval = transactions.times.t1
            session.timers.set(.answer, to: now.advanced(by: transactions.times.t1))
            session.timers.set(.acknowledgement, to: now.advanced(by: transactions.times.timeout))
            session.confirmed = 0
            session.enter(.established)
        default:
            session.server = nil
            if session.state == .incoming { session.enter(.over) }
        }
    }

    /// A refusal of our own making to the INVITE that is open.
    mutating func refuse(
        _ session: inout InviteSession, status: Int, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard session.server?.isDecided == false else { return }
        send(Answer(status: status), of: session, at: now, into: &effects)
        session.server = nil
    }

    @discardableResult
    private mutating func send(
        _ answer: Answer, of session: InviteSession, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) -> Range<Int> {
        guard let server = session.server else { return 0..<0 }
        let start = effects.bytes.count
        Self.writeStatusLine(answer.status, reason: answer.reason, into: &effects.bytes)
        effects.bytes.append(contentsOf: server.head)
        if (101..<300).contains(answer.status) {
            effects.bytes.append("Contact: ")
            effects.bytes.append(contentsOf: session.identity.contact)
            effects.bytes.append("\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n")
            if answer.status >= 200 { effects.bytes.append("Accept: application/sdp\r\nSupported: \r\n") }
        }
        if answer.status == 487 { Self.writeReason(session.endReason, into: &effects.bytes) }
        Self.write(answer.headers, into: &effects.bytes)
        writeProduct("Server: ", into: &effects.bytes)
        Self.write(answer.body, into: &effects.bytes)
        let message = start..<effects.bytes.count
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
            effects.events.append(.acknowledged(session.id, body: Self.body(of: request)))
        }
    }

    /// CANCEL of an INVITE that is undecided: the first one ends the session, a re-INVITE only itself.
    mutating func cancelled(
        _ session: inout InviteSession, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        refuse(&session, status: 487, at: arrival.now, into: &effects)
        guard session.state == .incoming else { return }
        if session.report() { effects.events.append(.cancelled(session.id)) }
        session.enter(.over)
    }

    /// Sent-by of the requests that we shall send in the dialog: where the far end reached us.
    private static func hostAndPort(of uri: SIPURI, in request: borrowing SIPMessage) -> [UInt8] {
        var text: [UInt8] = []
        if uri.isSIP, !uri.host.isEmpty {
            if uri.hostIsIPv6 { text.append(ASCII.openBracket) }
            text.append(request.bytes(of: uri.host))
            if uri.hostIsIPv6 { text.append(ASCII.closeBracket) }
            if let port = uri.port {
                text.append(ASCII.colon)
                text.append(decimal: port)
            }
        } else {
            text.append("0.0.0.0")
        }
        return text
    }
}
