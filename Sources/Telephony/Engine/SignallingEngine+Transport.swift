internal import SIPCore
internal import SansIO

/// Sockets and connections of the engine: UDP always, TCP and TLS where a trunk asks for them.
extension SignallingEngine {
    /// What the engine listens on.
    struct Listeners {
        var udp: BoundSocket?
        var tcp: BoundSocket?
        var tls: BoundSocket?

        /// The port to be named in Via and Contact for messages over `transport`.
        func port(for transport: SIPTransport) -> UInt16 {
            let bound =
                switch transport {
                case .udp: udp
                case .tcp: tcp ?? udp
                case .tls: tls ?? tcp ?? udp
                }
            return bound?.localAddress.port ?? 0
        }
    }

    /// Octets from which an INVITE is too large for UDP where the path is unknown (RFC 3261 §18.1.1).
    private static var streamThreshold: Int { 1_300 }
    private static var mostTries: Int { 16 }

    /// Binds what a trunk needs, each once: the UDP socket, and for streams a listener on the same port, so that the far
    /// end can open a connection to us when ours is gone.
    ///
    /// - Parameters:
    ///   - local: The address from which the trunk is reached; port 0 lets the system choose.
    ///   - trunk: `nil` when it is only about being called.
    func open(_ local: SocketAddress, for trunk: Trunk? = nil) throws(CallError) {
        let client = attachedClient()
        let usesStreams = trunk.map { $0.transport != .udp || $0.switchesToTCP } ?? false
        do throws(DriverError) {
            connections.open(for: client, local: local)
            if listeners.udp == nil { try bind(local, for: client, withStreams: usesStreams) }
            guard usesStreams, let udp = listeners.udp else { return }
            if listeners.tcp == nil {
                // Another program may have the port for streams alone: then ours has another number.
                if let tcp = try? connections.listen(.tcp, on: udp.localAddress) {
                    listeners.tcp = tcp
                } else {
                    listeners.tcp = try connections.listen(.tcp, on: udp.localAddress.with(port: 0))
                }
            }
            if trunk?.transport == .tls, listeners.tls == nil, connections.canServeTLS {
                let port = local.port == 0 || local.port == .max ? 0 : local.port + 1
                listeners.tls = try connections.listen(.tls, on: udp.localAddress.with(port: port))
            }
        } catch {
            throw CallError(.socket, "no SIP socket: \(error.message)")
        }
    }

    private func bind(
        _ local: SocketAddress, for client: DriverClientID, withStreams: Bool
    ) throws(DriverError) {
        for _ in 0..<Self.mostTries {
            let udp = try driver.bind(local, for: client)
            guard withStreams, local.port == 0 else { return listeners.udp = udp }
            // One number for both, if the system's choice for the one is free for the other.
            if let tcp = try? connections.listen(.tcp, on: udp.localAddress) {
                listeners.udp = udp
                return listeners.tcp = tcp
            }
            driver.close(udp.id)
        }
        listeners.udp = try driver.bind(local, for: client)
    }

    /// Host and port of Via, and whether a large INVITE may leave UDP, for a call over `line`.
    func setTransport(of invite: inout OutgoingInvite, over line: TrunkLine, at now: MonotonicInstant) {
        let trunk = line.trunk
        connections.learn(
            SIPTarget(transport: trunk.transport, address: line.route.trunk, host: trunk.host))
        for target in invite.alternatives { connections.learn(target) }
        trust([line.route.trunk] + invite.alternatives.map(\.address), of: line.index)
        invite.transport = trunk.transport
        invite.sentBy = "\(line.route.advertisedHost):\(port(of: trunk))"
        if trunk.switchesToTCP, !connections.isRefusing(.tcp, line.route.trunk, at: now) {
            invite.streamThreshold = Self.streamThreshold
        }
    }

    /// The port that Via and Contact tell a trunk.
    func port(of trunk: Trunk) -> UInt16 { trunk.advertisedPort ?? listeners.port(for: trunk.transport) }

    /// Takes in where a trunk's servers are, after its name has led elsewhere.
    private func trust(_ addresses: [SocketAddress], of trunk: Int) {
        let new = addresses.filter { !connections.knows($0) }
        guard !new.isEmpty else { return }
        setTrusted((trustedSources[trunk] ?? []).suffix(1_000) + new.map { AddressRange($0) }, of: trunk)
    }

    func setTrusted(_ sources: [AddressRange], of trunk: Int) {
        trustedSources[trunk] = sources
        connections.known = trustedSources.keys.sorted().flatMap { trustedSources[$0] ?? [] }
    }

    func contact(of call: SignallingCall) -> String {
        guard let line = call.attempt?.line else { return "<sip:outdial@invalid>" }
        let host = "\(line.route.advertisedHost):\(port(of: line.trunk))"
        if call.attempt?.plan.isSecure == true { return "<sips:outdial@\(host)>" }
        return "<sip:outdial@\(host)\(line.trunk.transport.contactParameter)>"
    }

    /// Takes what has come over connections.
    func receiveStreams(at now: MonotonicInstant) {
        connections.isBusy = hasCalls
        let takesCalls = incoming != nil
        var admitted: [SocketID] = []
        connections.receive(into: &buffer, at: now) { message, arrival in
            let connection = arrival.connection
            let eventCount = effects.events.count
            userAgent.receive(
                message, from: arrival.source, on: connection, transport: arrival.transport, at: now,
                into: &effects)
            observeReceived(
                message, from: arrival.source, to: arrival.local, over: arrival.transport, since: eventCount)
            if takesCalls, effects.hasTaken(since: eventCount), admitted.last != connection {
                admitted.append(connection)
            }
        }
        for connection in admitted { connections.admit(connection, at: now) }
        if let deadline = connections.nextDeadline, deadline <= now { connections.fire(at: now) }
    }

    /// Moves the core of a session's call, if it has one.
    func tell(
        _ session: InviteSessionID, _ body: (inout CallCore, CallCore.Now, inout CallCore.Output) -> Void
    ) {
        if let call = call(session) { advance(call, body) }
    }

    /// Tells the user agent of connections that have failed, and keeps why.
    func reportStreamFailures(at now: MonotonicInstant) {
        connections.report(to: &userAgent, at: now, into: &effects) { streamFaults[$0] = $1 }
    }

    /// Why no connection carried a call's INVITE, for people: a certificate's fault, a port that is closed.
    func streamFault(of session: InviteSessionID, _ failure: InviteFailure) -> String? {
        guard failure == .transportFailed, let call = call(session) else { return nil }
        let known = call.attempt.flatMap { streamFaults[$0.line.route.trunk] }
        // After a failover the address is not the trunk's first.
        return known ?? (streamFaults.count == 1 ? streamFaults.values.first : nil)
    }

    /// Sends one message of the user agent's.
    ///
    /// - Returns: From where it goes; `nil` when it goes nowhere.
    func transmit(_ message: RawSpan, _ send: UserAgentSend, at now: MonotonicInstant) -> SocketAddress? {
        if send.transport == .udp {
            // A dialog that came by a connection may go on by UDP: its way then names no socket of UDP.
            driver.transmit(message, from: listeners.udp?.id ?? send.socket, to: send.destination)
            return listeners.udp?.localAddress
        }
        return connections.send(
            message, over: send.transport, to: send.destination, hint: send.socket, at: now)
    }
}

extension UserAgentEffects {
    /// Whether one of the events from `eventCount` on is a call or a request of somebody's that was let in.
    fileprivate func hasTaken(since eventCount: Int) -> Bool {
        events.dropFirst(eventCount).contains { event in
            switch event {
            case .incoming, .requestReceived, .ended, .reinvited: true
            default: false
            }
        }
    }
}
