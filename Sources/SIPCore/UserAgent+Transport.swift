public import SansIO

extension UserAgent {
    /// A message for `destination` could not be sent, or the connection there was lost.
    ///
    /// Requests over `transport` that went that way and have had no response at all end as after a 503 (RFC 3261
    /// §8.1.3.1, §17.1.4): an INVITE fails with ``InviteFailure/transportFailed``, or goes by UDP if only its size had
    /// made it go by TCP (§18.1.1); a BYE ends its session. What has had a response waits on: the next one may come
    /// through another connection (§18.2.2).
    ///
    /// - Parameter connection: The connection that was lost; `nil` when none could be opened.
    public mutating func transportFailed(
        _ transport: SIPTransport, to destination: SocketAddress, connection: SocketID? = nil,
        at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        let sendCount = effects.sends.count
        transactions.failTransport(
            transport, where: { $0.destination == destination || $0.socket == connection }, into: &timedOut)
        for user in timedOut { transactionFailed(user, at: now, into: &effects) }
        timedOut.removeAll(keepingCapacity: true)
        counters.datagramsSent += effects.sends.count - sendCount
    }

    private mutating func transactionFailed(
        _ user: TransactionUser, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        if case .request(let id) = user { return requestNotSent(id, into: &effects) }
        guard var session = sessions.checkOut(user.session) else { return }
        switch user {
        case .invite where session.state == .inviting:
            inviteNotSent(&session, at: now, into: &effects)
        case .bye:
            finish(&session, at: now, into: &effects)
        case .offer:
            if session.outgoing?.isOpen == true {
                offerFailed(&session, .transportFailed, at: now, into: &effects)
            }
        case .invite, .cancel, .fork, .superseded, .prack, .request:
            break  // The session's own timer ends a cancelled INVITE.
        }
        sessions.checkIn(session)
    }

    private mutating func inviteNotSent(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        if let client = session.client, client.cancellation == .none,
            client.route.transport != client.request.transport
        {
            session.client?.isStreamRefused = true
            if (try? sendInvite(&session, at: now, into: &effects)) != nil { return }
        }
        if failOver(&session, after: .transportFailed, at: now, into: &effects) { return }
        tryNextTarget(&session, after: .transportFailed, at: now, into: &effects)
    }
}

extension InviteSession.ClientInvite {
    /// Whether an INVITE of this size must not go by UDP (RFC 3261 §18.1.1).
    func goesByStream(bytes: Int) -> Bool {
        guard let threshold = request.streamThreshold, request.transport == .udp else { return false }
        return bytes > threshold && !isStreamRefused
    }
}
