internal import SIPCore
internal import SansIO

/// Redirections to host names, which a task looks up.
extension SignallingEngine {
    /// An INVITE goes to another address now; where that is a name, it waits for ``located(_:for:)``.
    func locate(_ redirection: SIPRedirection, of session: InviteSessionID, at now: MonotonicInstant) {
        guard redirection.target == nil else { return }
        guard let call = call(session), let line = call.attempt?.line,
            let query = ServerQuery(
                uri: redirection.uri, supported: transports(of: line.trunk),
                families: [line.route.local.family]),
            redials.put(.locate(query, session, self))
        else { return userAgent.redirect(session, to: [], at: now, into: &effects) }
    }

    /// Where a redirection leads.
    ///
    /// - Parameter targets: Empty when nowhere.
    func located(_ targets: [SIPTarget], for session: InviteSessionID) {
        for target in targets { connections.learn(target) }
        userAgent.redirect(session, to: targets, at: driver.now, into: &effects)
        finishStep()
    }

    /// What may carry a redirected call: nothing less secure than its trunk.
    private func transports(of trunk: Trunk) -> [SIPTransport] {
        switch trunk.transport {
        case .tls: [.tls]
        case .udp, .tcp: configuration.streamSecurity == nil ? [.udp, .tcp] : [.udp, .tcp, .tls]
        }
    }
}
