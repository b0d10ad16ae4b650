internal import SIPCore
internal import SansIO

/// Host names in redirections, Contact and Record-Route, which a task looks up.
extension SignallingEngine {
    /// An INVITE goes to another address now; where that is a name, it waits for ``located(_:for:)``.
    func locate(_ redirection: SIPRedirection, of session: InviteSessionID, at now: MonotonicInstant) {
        guard redirection.target == nil else { return }
        guard let call = call(session), let line = call.attempt?.line,
            let query = ServerQuery(
                uri: redirection.uri, supported: transports(of: line.trunk),
                families: [line.route.local.family]),
            redials.put(.locate(query, self) { $0.located($1, for: session) })
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

    /// Has the host looked up by which the requests in a call go, if that is a name.
    func locateHop(of session: InviteSessionID) {
        guard let call = call(session), let line = call.attempt?.line,
            let hop = userAgent.unlocatedHop(of: session), call.hopAskedFor != hop
        else { return }
        call.hopAskedFor = hop
        let query = ServerQuery(
            uri: hop, supported: transports(of: line.trunk), families: [line.route.local.family])
        let isAsked =
            query.map { query in
                redials.put(
                    .locate(query, self) { engine, targets in
                        for target in targets { engine.connections.learn(target) }
                        engine.userAgent.locate(hop, of: session, at: targets)
                    })
            } ?? false
        if !isAsked { userAgent.locate(hop, of: session, at: []) }
    }

    /// What may carry a call that goes elsewhere: nothing less secure than its trunk, and what its trunk takes first.
    private func transports(of trunk: Trunk) -> [SIPTransport] {
        switch trunk.transport {
        case .tls: [.tls]
        case .tcp: configuration.streamSecurity == nil ? [.tcp, .udp] : [.tcp, .udp, .tls]
        case .udp: configuration.streamSecurity == nil ? [.udp, .tcp] : [.udp, .tcp, .tls]
        }
    }
}
