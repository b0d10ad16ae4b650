internal import SansIO

/// Session timers of our dialogs (RFC 4028).
extension UserAgent {
    /// The least Session-Expires that we accept, in seconds.
    var leastInterval: UInt32 {
        let seconds = configuration.minimumSessionInterval.components.seconds
        return max(SessionTimer.leastInterval, UInt32(clamping: seconds))
    }

    /// What our 2xx answers to the terms of a request; `nil` for no session timer.
    func agreement(to terms: SessionTimerTerms, in session: InviteSession) -> SIPSessionExpires? {
        let running = session.sessionTimer.state == .off ? nil : session.sessionTimer.interval
        let wanted = configuration.sessionInterval.map { UInt32(clamping: $0.components.seconds) }
        return terms.agreement(wanted: wanted ?? running, least: leastInterval)
    }

    /// Takes over what the 2xx to a request of ours says.
    mutating func settleTimer(
        of session: inout InviteSession, by response: borrowing SIPMessage, at now: MonotonicInstant
    ) {
        settleTimer(of: &session, response.sessionExpires, asClient: true, at: now)
    }

    /// - Parameter asClient: Whether the request was ours, so that its `uac` means us.
    func settleTimer(
        of session: inout InviteSession, _ agreed: SIPSessionExpires?, asClient: Bool,
        at now: MonotonicInstant
    ) {
        guard let agreed else {
            session.sessionTimer.settle(interval: 0, refresher: nil, at: now)
            return session.armSessionTimer()
        }
        // A far end that names nobody leaves it to the client.
        let client: OfferAnswer.Party = asClient ? .us : .them
        let server: OfferAnswer.Party = asClient ? .them : .us
        session.sessionTimer.settle(
            interval: agreed.seconds, refresher: agreed.refresher == .uas ? server : client, at: now)
        session.armSessionTimer()
    }

    mutating func sessionTimerFired(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        let action = session.sessionTimer.fire(at: now)
        session.armSessionTimer()
        switch action {
        case .none, .start, .stop, .tryAgain: break
        case .refresh: refresh(&session, at: now, into: &effects)
        case .hangUp: lose(&session, status: nil, at: now, into: &effects)
        }
    }

    /// A refresh of ours: UPDATE where the far end serves it, else re-INVITE with the description that holds
    /// (RFC 4028 §7.4). An offer of the application that waits or is under way refreshes as well.
    private mutating func refresh(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard session.outgoing == nil, session.queuedOffer == nil else { return }
        session.outgoing =
            session.allowsUpdate
            ? OutgoingOffer(method: .update, purpose: .refresh, body: nil)
            : OutgoingOffer(method: .reinvite, purpose: .refresh, body: session.localDescription)
        proceedWithOffer(&session, at: now, into: &effects)
    }
}

extension InviteSession {
    mutating func armSessionTimer() {
        if let deadline = sessionTimer.nextDeadline {
            timers.set(.session, to: deadline)
        } else {
            timers.stop(.session)
        }
    }

    /// Session-Expires of a request of ours in the dialog: the interval that holds, and the roles as they are.
    var sessionExpiresOfRequest: SIPSessionExpires? {
        let seconds = max(sessionTimer.interval, minimumInterval)
        return switch sessionTimer.state {
        case .off, .over: nil
        case .ours, .refreshing: SIPSessionExpires(seconds: seconds, refresher: .uac)
        case .theirs: SIPSessionExpires(seconds: seconds, refresher: .uas)
        }
    }

    /// Notes what the far end says that it serves.
    mutating func learnAbilities(from message: borrowing SIPMessage) {
        guard message.firstHeader(.allow) != nil else { return }
        allowsUpdate = message.contains("UPDATE", in: .allow)
    }

    func remoteTag(_ index: Int) -> String { String(decoding: dialogs[index].remoteTag, as: UTF8.self) }
}

extension SIPSerializer {
    /// Session-Expires of a 2xx, and the demand that a client which is to refresh does so (RFC 4028 §9).
    mutating func agree(to timer: SIPSessionExpires) {
        if timer.refresher == .uac { header(.require, "timer") }
        sessionExpires(timer)
    }
}
