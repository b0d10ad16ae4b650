public import SansIO

/// 3xx to our INVITE, followed where ``InviteOptions/redirections`` says so (RFC 3261 §8.1.3.4).
extension UserAgent {
    /// Says where the host of a redirection is found: answers ``UserAgentEvent/redirected(_:_:)`` without a target.
    ///
    /// - Parameter targets: In the order of preference (RFC 3263 §4); empty when the name leads nowhere, and the next
    ///   address is tried.
    public mutating func redirect(
        _ session: InviteSessionID, to targets: [SIPTarget], at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard var redirected = sessions.checkOut(session) else { return }
        let sendCount = effects.sends.count
        if let failure = redirected.client?.awaitsAddress {
            redirected.client?.awaitsAddress = nil
            redirected.timers.stop(.target)
            if let first = targets.first {
                redirected.client?.request.alternatives = Array(targets.dropFirst())
                send(&redirected, to: first, after: failure, at: now, into: &effects)
            } else {
                tryNextTarget(&redirected, after: failure, at: now, into: &effects)
            }
        }
        sessions.checkIn(redirected)
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Goes to the next address of the redirections, after a 3xx that names more or the failure of the one before.
    ///
    /// - Returns: Whether the INVITE lives on.
    mutating func followRedirection(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, _ status: Int,
        after failure: InviteFailure, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> Bool {
        guard let client = session.client, client.cancellation == .none,
            let policy = client.request.options.redirections
        else { return false }
        switch status {
        case 300, 301, 302:
            var redirection =
                client.redirection ?? Redirection(policy: policy, first: client.request.requestURI)
            // What was to be reached securely is not sent elsewhere in the clear.
            let isSecure = client.request.requestURI.lowercased().hasPrefix("sips:")
            redirection.add(
                Redirection.contacts(of: response).filter {
                    Self.isURI($0.uri) && (!isSecure || $0.uri.lowercased().hasPrefix("sips:"))
                })
            session.client?.redirection = redirection
        case 600...: return false  // Meant for every address (RFC 3261 §21.6).
        default: guard client.redirection != nil else { return false }
        }
        return tryNextTarget(&session, after: failure, at: now, into: &effects)
    }

    /// - Returns: Whether there was one; if not, the session has failed.
    @discardableResult
    mutating func tryNextTarget(
        _ session: inout InviteSession, after failure: InviteFailure, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) -> Bool {
        guard session.client?.cancellation == InviteSession.ClientInvite.Cancellation.none,
            let uri = session.client?.redirection?.next(), let client = session.client
        else {
            fail(&session, failure, at: now, into: &effects)
            return false
        }
        session.client?.request.requestURI = uri
        session.client?.request.alternatives = []
        session.client?.hasProgressed = false
        session.client?.hasProvisional = false
        forgetDialogs(of: &session, at: now, into: &effects)
        session.authentication.beginRequest()
        // Through an outbound proxy every address is reached the same way (RFC 3261 §8.1.2).
        let known =
            client.request.routes.isEmpty
            ? Self.target(of: uri)
            : SIPTarget(transport: client.request.transport, address: client.request.destination, host: "")
        effects.events.append(.redirected(session.id, SIPRedirection(uri: uri, target: known)))
        if let known {
            send(&session, to: known, after: failure, at: now, into: &effects)
        } else {
            session.client?.awaitsAddress = failure
            session.timers.set(.target, to: now.advanced(by: transactions.times.timeout))
        }
        return true
    }

    private mutating func send(
        _ session: inout InviteSession, to target: SIPTarget, after failure: InviteFailure,
        at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        if let client = session.client, client.request.routes.isEmpty,
            !target.address.isSameHost(as: client.request.destination)
        {
            // A stranger gets neither what the server before was told nor credentials that are for anybody who asks.
            session.authentication = ClientAuthentication()
            session.client?.request.credentials.removeAll { $0.realm == nil }
        }
        session.client?.request.destination = target.address
        session.client?.request.transport = target.transport
        session.client?.route.destination = target.address
        session.client?.isStreamRefused = false
        session.identity.contact = Self.contact(session.identity.contact, over: target.transport)
        if !resendInvite(&session, at: now, into: &effects) {
            tryNextTarget(&session, after: failure, at: now, into: &effects)
        }
    }

    /// Where a URI with an address for its host leads.
    private static func target(of text: String) -> SIPTarget? {
        guard let uri = try? SIPURI.parse(text) else { return nil }
        return withUTF8(text) { (bytes: RawSpan) in
            let host = bytes.rawString(uri.host)
            guard let address = SocketAddress(host: host, port: 0), !address.isUnspecified else { return nil }
            let name = uri.parameter("transport", in: bytes).map { bytes.rawString($0) }
            let transport = uri.scheme == .sips ? .tls : name.flatMap { SIPTransport(name: $0) } ?? .udp
            return SIPTarget(
                transport: transport, address: address.with(port: uri.port ?? transport.defaultPort),
                host: host)
        }
    }
}
