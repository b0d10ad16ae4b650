internal import SansIO

/// A 2xx to our INVITE that comes when the session is over: another fork has answered too late (RFC 3261 §13.2.2.4).
///
/// Nothing is kept for it but the transaction's tombstone, so the ACK and the BYE are made of the response itself, with
/// branches that are a function of it: each copy gets the same ACK, and only the first one a BYE.
extension UserAgent {
    mutating func stranded(
        _ response: borrowing SIPMessage, _ status: Int, isReinvite: Bool, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard (200..<300).contains(status), response.isMethod(.invite), let tag = response.to.tag,
            let inviteKey = keys.client(of: response)
        else { return }
        // A copy of the answer to the session itself was acknowledged while that lived.
        guard transactions.answeredBy(inviteKey) != keys.tag(response.bytes(of: tag)) else { return }
        guard let identity = identity(of: response) else { return }
        let dialog = Dialog(
            remoteTag: response.copy(tag), remoteParty: response.text(of: .to) ?? "",
            remoteTarget: response.contact.map { response.string($0.uri.text) } ?? "",
            routeSet: response.routeSet().reversed(), peer: arrival.route, localCSeq: response.cSeq.number)
        let branch = keys.branch(strandedBy: response)
        send(.ack, in: dialog, of: identity, branch: branch, cSeq: response.cSeq.number, into: &effects)
        let byeKey = keys.client(branch: ~branch, method: .bye)
        guard !isReinvite, !transactions.isFull, !transactions.contains(byeKey) else { return }
        let bye = send(
            .bye, in: dialog, of: identity, branch: ~branch, cSeq: CSeq.successor(of: response.cSeq.number),
            into: &effects)
        guard let bye else { return }
        _ = effects.sends.popLast()  // The transaction sends it.
        _ = transactions.start(
            .other, key: byeKey, message: bye, route: dialog.nextHop, user: .fork(.nobody), at: arrival.now,
            into: &effects)
    }

    /// What we wrote into the request that the response answers.
    private func identity(of response: borrowing SIPMessage) -> InviteSession.Identity? {
        guard let from = response.text(of: .from), let localTag = response.from.tag else { return nil }
        let via = response.topVia
        let host = response.string(via.host)
        let port = via.port.map { ":\($0)" } ?? ""
        return InviteSession.Identity(
            callID: response.string(response.callID), localTag: response.string(localTag), localParty: from,
            contact: "", sentBy: (host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host) + port,
            dialogKey: 0)
    }

    @discardableResult
    private func send(
        _ method: SIPMethod, in dialog: Dialog, of identity: InviteSession.Identity, branch: UInt64,
        cSeq: UInt32, into effects: inout UserAgentEffects
    ) -> Range<Int>? {
        let (path, route) = (dialog.path, dialog.nextHop)
        let line = RequestLine(
            method: method, requestURI: path.requestURI, routes: path.routes,
            remoteParty: dialog.remoteParty, cSeq: cSeq, branch: branch, transport: route.transport)
        guard let message = try? write(line, of: identity, into: &effects) else { return nil }
        effects.send(message, along: route)
        return message
    }
}
