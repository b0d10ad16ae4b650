internal import SansIO

/// The two requests that belong to an INVITE: the ACK for its 2xx and its CANCEL.
extension UserAgent {
    /// What the ACK for a 2xx takes from its INVITE and from the answer to an offer in that 2xx.
    struct SuccessAcknowledgement {
        var cSeq: UInt32
        var branch: UInt64
        /// The INVITE's credentials.
        var authorization: [SIPHeaderField] = []
        var body: SIPBody?
    }

    /// Sends the ACK for a 2xx (RFC 3261 §13.2.2.4): a request of its own in the dialog, with the INVITE's credentials.
    func send(
        _ acknowledgement: SuccessAcknowledgement, in dialog: Dialog, of identity: InviteSession.Identity,
        into effects: inout UserAgentEffects
    ) {
        let (path, route) = (dialog.path, dialog.nextHop)
        let line = RequestLine(
            method: .ack, requestURI: path.requestURI, routes: path.routes, remoteParty: dialog.remoteParty,
            cSeq: acknowledgement.cSeq, branch: acknowledgement.branch, transport: route.transport)
        let message = try? write(line, of: identity, body: acknowledgement.body, into: &effects) {
            $0.headers(acknowledgement.authorization)
        }
        if let message { effects.send(message, along: route) }
    }

    /// Sends the CANCEL of an INVITE: its Request-URI, Route, Via, From, To, Call-ID and CSeq number (RFC 3261 §9.1).
    ///
    /// - Parameter invite: The line of the INVITE as it was sent along `route`.
    /// - Returns: Whether it could be written.
    @discardableResult
    mutating func sendCancel(
        of invite: RequestLine, along route: MessageRoute, of identity: InviteSession.Identity,
        reason: String? = nil, user: TransactionUser, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) -> Bool {
        var line = invite
        line.method = .cancel
        line.transport = route.transport
        guard let message = try? write(line, of: identity, into: &effects, fields: { $0.reason(reason) })
        else {
            return false
        }
        _ = transactions.start(
            .other, key: keys.client(branch: line.branch, method: .cancel), message: message, route: route,
            user: user, at: now, into: &effects)
        return true
    }
}
