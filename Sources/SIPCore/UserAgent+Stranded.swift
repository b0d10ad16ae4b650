internal import SansIO

/// Answers to our INVITE that come when the session is over: another fork has answered too late (RFC 3261 §13.2.2.4),
/// or a server that was given up begins to ring.
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
        send(
            SuccessAcknowledgement(cSeq: response.cSeq.number, branch: branch), in: dialog, of: identity,
            into: &effects)
        let byeKey = keys.client(branch: ~branch, method: .bye)
        guard !isReinvite, !transactions.isFull, !transactions.contains(byeKey) else { return }
        let (path, route) = (dialog.path, dialog.nextHop)
        let line = RequestLine(
            method: .bye, requestURI: path.requestURI, routes: path.routes, remoteParty: dialog.remoteParty,
            cSeq: CSeq.successor(of: response.cSeq.number), branch: ~branch, transport: route.transport)
        guard let bye = try? write(line, of: identity, into: &effects) else { return }
        _ = transactions.start(
            .other, key: byeKey, message: bye, route: route, user: .fork(.nobody), at: arrival.now,
            into: &effects)
    }

    /// A provisional response from a server that was given up in silence, when the session is over: what it has begun
    /// is cancelled.
    mutating func strandedProgress(
        _ response: borrowing SIPMessage, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        guard let key = keys.client(of: response), let invite = transactions.openInvite(key: key),
            let branch = response.topVia.branch.flatMap({
                HexadecimalDigits.number(inBranch: response.string($0))
            }),
            let identity = identity(of: response), let remoteParty = Self.untaggedTo(of: response),
            !transactions.contains(keys.client(branch: branch, method: .cancel))
        else { return }
        let lines = String(decoding: invite.head, as: UTF8.self).split(separator: "\n").map(String.init)
        guard let requestURI = lines.first else { return }
        let line = RequestLine(
            method: .invite, requestURI: requestURI, routes: Array(lines.dropFirst()),
            remoteParty: remoteParty, cSeq: response.cSeq.number, branch: branch,
            transport: invite.route.transport)
        sendCancel(
            of: line, along: invite.route, of: identity, user: .cancel(.nobody), at: arrival.now,
            into: &effects)
        transactions.limit(invite.id, at: arrival.now)
    }

    /// To as the INVITE had it: without the far end's tag.
    private static func untaggedTo(of response: borrowing SIPMessage) -> String? {
        guard let text = response.text(of: .to) else { return nil }
        guard let tag = response.to.tag else { return text }
        let parameter = ";tag=\(response.string(tag))"
        guard text.hasSuffix(parameter) else { return nil }
        return String(text.dropLast(parameter.count))
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
}
