internal import SansIO

/// The server side of reliable provisional responses (RFC 3262 §3), and provisional responses that keep an INVITE alive
/// (RFC 3261 §13.3.1.1).
extension UserAgent {
    /// After these the latest provisional response is given again, so that no proxy takes the INVITE for dead.
    static var keepAlive: Duration { .seconds(60) }
    /// The same where it is sent reliably.
    static var reliableKeepAlive: Duration { .seconds(150) }

    /// Gives a provisional response of 101 or more.
    mutating func respondProvisionally(
        to session: inout InviteSession, _ answer: Answer, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard let server = session.server else { return }
        let isReliable = server.sendsReliably(configuration.reliableProvisionals)
        if isReliable {
            respondReliably(to: &session, answer, at: now, into: &effects)
        } else if send(answer, of: session, at: now, into: &effects) != nil {
            session.describe(answer.body, by: .provisional)
        }
        session.server?.lastProvisional = answer
        session.timers.set(
            .keepAlive, to: now.advanced(by: isReliable ? Self.reliableKeepAlive : Self.keepAlive))
    }

    /// Says the latest provisional response once more.
    mutating func keepInviteAlive(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard let server = session.server, !server.isDecided, var answer = server.lastProvisional else {
            return
        }
        // A description was acknowledged already where it was sent reliably.
        if server.sendsReliably(configuration.reliableProvisionals) { answer.body = nil }
        respondProvisionally(to: &session, answer, at: now, into: &effects)
    }

    private mutating func respondReliably(
        to session: inout InviteSession, _ answer: Answer, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard var server = session.server else { return }
        var reliable =
            server.reliable ?? ReliableProvisional(start: UInt32(generator.next() % 0x7FFF_FFFF))
        switch reliable.step(answer.body == nil ? .respond : .describe) {
        case .send:
            server.reliable = reliable
            session.server = server
            sendReliably(answer, to: &session, at: now, into: &effects)
        case .queue:
            if reliable.queued.count < ReliableProvisional.maximumQueued { reliable.queued.append(answer) }
            session.server?.reliable = reliable
        default: break
        }
    }

    private mutating func sendReliably(
        _ answer: Answer, to session: inout InviteSession, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        let number = session.server?.reliable?.nextRSeq
        guard let message = send(answer, of: session, rSeq: number, at: now, into: &effects) else { return }
        session.describe(answer.body, by: .reliableProvisional)
        session.server?.reliable?.sent(Array(effects.bytes[message]), times: transactions.times, at: now)
        armProvisionalTimer(&session)
    }

    private func armProvisionalTimer(_ session: inout InviteSession) {
        if let deadline = session.server?.reliable?.nextDeadline {
            session.timers.set(.provisional, to: deadline)
        } else {
            session.timers.stop(.provisional)
        }
    }

    /// Whether a final response may go out now. A 2xx behind a description that is not acknowledged waits (RFC 3262 §5).
    mutating func mayDecide(_ session: inout InviteSession, _ answer: Answer) -> Bool {
        guard session.server?.reliable != nil else { return true }
        let action = session.server?.reliable?.step(answer.status < 300 ? .succeed : .fail)
        armProvisionalTimer(&session)
        switch action {
        case .hold?:
            session.server?.reliable?.held = answer
            return false
        case .sendFinal?: return true
        default: return false
        }
    }

    mutating func provisionalTimerFired(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        switch session.server?.reliable?.fire(at: now) {
        case .sendAgain?:
            guard let server = session.server, let reliable = server.reliable else { return }
            let start = effects.bytes.count
            effects.bytes.append(contentsOf: reliable.response)
            effects.send(start..<effects.bytes.count, along: server.route)
            counters.retransmissionsSent += 1
            armProvisionalTimer(&session)
        case .refuse?:
            refuse(&session, status: 504, at: now, into: &effects)
            if session.state == .incoming { fail(&session, .timedOut, at: now, into: &effects) }
        default: break
        }
    }

    // MARK: PRACK

    mutating func receivePrack(
        _ request: borrowing SIPMessage, in session: inout InviteSession, dialog index: Int, key: UInt64,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        guard let rAck = request.rAck else {
            return answer(request, status: 400, key: key, arrival, into: &effects)
        }
        guard let server = session.server, let reliable = server.reliable else {
            return answer(request, status: 481, key: key, arrival, into: &effects)
        }
        let isMatch =
            reliable.isUnacknowledged && rAck.responseNumber == reliable.rSeq
            && rAck.cSeqNumber == server.cSeq && rAck.method == .invite
        let action = session.server?.reliable?.step(isMatch ? .acknowledged : .unmatched)
        guard action == .accept || action == .release else {
            return answer(request, status: 481, key: key, arrival, into: &effects)
        }
        armProvisionalTimer(&session)
        var isOffer = false
        let body = Self.body(of: request)
        if Self.hasDescription(request) {
            isOffer = session.dialogs[index].exchange.apply(.description(.prack, by: .them)) == .offer
        }
        if isOffer, let body {
            let tag = session.dialogs[index].remoteTag
            let owed = accept(
                request, .prack, in: tag, SessionTimerTerms(), of: session, key: key, arrival)
            owe(owed, &session)
            effects.events.append(
                .offered(session.id, .init(carrier: .prack, remoteTag: session.remoteTag(index), body: body)))
        } else {
            answer(request, status: 200, key: key, arrival, into: &effects)
            effects.events.append(.provisionalAcknowledged(session.id, body: body))
        }
        proceedWithResponses(&session, at: arrival.now, into: &effects)
    }

    /// Sends what waited for a PRACK: the next reliable response, or the 2xx.
    mutating func proceedWithResponses(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        // The offer in a PRACK is answered first.
        guard var reliable = session.server?.reliable, !session.owesPrackAnswer else { return }
        if let held = reliable.held, reliable.state == .over {
            reliable.held = nil
            session.server?.reliable = reliable
            decide(&session, held, at: now, into: &effects)
        } else if reliable.state == .idle, !reliable.queued.isEmpty {
            let next = reliable.queued.removeFirst()
            session.server?.reliable = reliable
            respondReliably(to: &session, next, at: now, into: &effects)
        }
    }
}

extension InviteSession {
    var owesPrackAnswer: Bool {
        owedAnswers.contains {
            if case .response(let response) = $0.message { response.carrier == .prack } else { false }
        }
    }
}

extension InviteSession.ServerInvite {
    func sendsReliably(_ policy: ProvisionalReliability) -> Bool {
        switch reliability {
        case .off: false
        case .supported: policy == .whenSupported
        case .required: true
        }
    }
}
