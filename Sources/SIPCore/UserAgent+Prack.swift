internal import SansIO

/// The client side of reliable provisional responses: PRACK (RFC 3262 §4).
extension UserAgent {
    /// RSeq of a provisional response that has to be acknowledged.
    static func rSeq(of response: borrowing SIPMessage, _ options: InviteOptions) -> UInt32? {
        guard options.reliability != .off, response.contains("100rel", in: .require) else { return nil }
        return response.rSeq
    }

    /// Acknowledges a reliable response, or notes that the application's answer to its offer has to come first.
    ///
    /// - Returns: Whether an answer is awaited.
    mutating func acknowledgeProvisional(
        _ session: inout InviteSession, rSeq: UInt32, isOffer: Bool, in index: Int,
        at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> Bool {
        let tag = session.dialogs[index].remoteTag
        if isOffer {
            session.owedAnswers.append(OwedAnswer(remoteTag: tag, message: .prack(rSeq: rSeq)))
            return true
        }
        let prack = PendingPrack(
            rSeq: rSeq, inviteCSeq: session.client?.cSeq ?? 0, remoteTag: tag, body: nil)
        send(prack, of: &session, at: now, into: &effects)
        return false
    }

    /// Sends the PRACK that waited for the answer of the application.
    mutating func acknowledgeProvisional(
        _ session: inout InviteSession, _ owed: OwedAnswer, with body: SIPBody?, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard case .prack(let rSeq) = owed.message,
            let index = session.dialogs.firstIndex(where: { $0.remoteTag == owed.remoteTag })
        else { return }
        let input: OfferAnswer.Input = body == nil ? .withdrawal : .description(.prack, by: .us)
        session.dialogs[index].exchange.apply(input)
        if let body { session.localDescription = body }
        let prack = PendingPrack(
            rSeq: rSeq, inviteCSeq: session.client?.cSeq ?? 0, remoteTag: owed.remoteTag, body: body)
        send(prack, of: &session, at: now, into: &effects)
    }

    private mutating func send(
        _ prack: PendingPrack, of session: inout InviteSession, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard let index = session.dialogs.firstIndex(where: { $0.remoteTag == prack.remoteTag }) else {
            return
        }
        var prack = prack
        prack.cSeq = session.dialogs[index].nextCSeq()
        let dialog = session.dialogs[index]
        let (path, route) = (dialog.path, dialog.nextHop)
        let line = RequestLine(
            method: .prack, requestURI: path.requestURI, routes: path.routes,
            remoteParty: dialog.remoteParty, cSeq: prack.cSeq, branch: generator.next(),
            transport: route.transport)
        let authorization = session.authentication.fields(
            for: .prack, uri: line.requestURI, body: prack.body,
            clientNonce: HexadecimalDigits.text(generator.next()))
        let acknowledged = prack
        let message = try? write(line, of: session.identity, body: prack.body, into: &effects) { message in
            message.beginHeader(.rAck)
            message.append(number: Int(acknowledged.rSeq))
            message.append(ASCII.space)
            message.append(number: Int(acknowledged.inviteCSeq))
            message.append(" INVITE")
            message.endHeader(.rAck)
            message.headers(authorization)
        }
        guard let message else { return }
        if session.pracks.count < PendingPrack.maximumKept { session.pracks.append(prack) }
        _ = transactions.start(
            .other, key: keys.client(branch: line.branch, method: .prack), message: message, route: route,
            user: .prack(session.id), at: now, into: &effects)
    }

    /// A challenge is answered; any other final response ends the matter, since the far end has heard the PRACK.
    mutating func prackAnswered(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        let tag = response.copy(response.to.tag ?? .empty)
        guard status >= 200,
            let index = session.pracks.firstIndex(where: {
                $0.cSeq == response.cSeq.number && $0.remoteTag == tag
            })
        else { return }
        var prack = session.pracks.remove(at: index)
        guard status == 401 || status == 407, let client = session.client,
            session.state == .inviting || session.state == .established,
            session.authentication.learn(
                from: response, credentials: client.request.credentials, attempt: &prack.challenges,
                maximumChallenges: configuration.maximumChallenges)
        else { return }
        send(prack, of: &session, at: arrival.now, into: &effects)
    }
}
