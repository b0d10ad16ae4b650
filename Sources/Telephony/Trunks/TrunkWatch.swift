internal import SIPCore
internal import SansIO

/// What keeps one trunk registered and asks for its health. Belongs to the loop.
struct TrunkWatch {
    /// Of the dialer's trunks.
    let index: Int
    var registration: Registration?
    var probe: OptionsProbe?
    /// The open requests of each, by the user agent's names.
    var registering: SIPRequestID?
    var probing: SIPRequestID?
    /// The trunk has a host name, which may lead elsewhere some day.
    let isNamed: Bool
    /// The trunk's servers in order, and which of them we speak to.
    private var targets: [SIPTarget]
    private var current = 0
    /// Servers in a row that have failed.
    private var failures = 0

    /// Where the next request goes.
    var target: SIPTarget { targets[current] }

    /// The DNS has it anew. We stay with our server as long as it is among them: it knows us.
    mutating func retarget(_ line: TrunkLine) {
        let known = target
        targets = line.servers
        current = targets.firstIndex(of: known) ?? 0
    }

    mutating func answered() { failures = 0 }

    /// The server has failed: it is the next one's turn.
    ///
    /// - Returns: Whether that one has not failed since the last answer.
    mutating func failed() -> Bool {
        failures += 1
        current = (current + 1) % targets.count
        return failures < targets.count
    }

    var nextDeadline: MonotonicInstant? { .earlier(registration?.nextDeadline, probe?.nextDeadline) }

    /// Whether the registrar may still hold our binding, or is about to.
    var isBound: Bool {
        guard let registration else { return false }
        return registration.binding != nil || registering != nil
    }

    /// - Parameters:
    ///   - socket: The engine's.
    ///   - port: Where it is reached over the trunk's transport.
    init(_ line: TrunkLine, socket: SocketID, port: UInt16, generator: SeededGenerator) {
        index = line.index
        targets = line.servers
        isNamed = SocketAddress(host: line.trunk.host, port: 0) == nil
        let trunk = line.trunk
        let domain = DialPlan.uriDomain(of: trunk)
        let sentBy = "\(line.route.advertisedHost):\(port)"
        if let settings = trunk.registration {
            let user = DialPlan.escapedUser(settings.user ?? trunk.credentials?.username ?? "")
            var configuration = Registration.Configuration(
                registrar: "sip:\(domain)", addressOfRecord: "<sip:\(user)@\(domain)>",
                contact: "sip:\(user)@\(sentBy)\(trunk.transport.contactParameter)", sentBy: sentBy,
                credentials: trunk.credentials.map { [$0] } ?? [], destination: line.route.trunk,
                socket: socket)
            configuration.transport = trunk.transport
            configuration.expires = settings.expires
            // A refusal stops the trunk until a person acts.
            configuration.refusalRetry = nil
            registration = Registration(configuration: configuration, generator: generator)
        }
        if let check = trunk.healthCheck {
            let request = OutgoingRequest(
                method: .options, requestURI: "sip:\(domain)",
                from: "<sip:outdial@\(line.route.advertisedHost)>",
                to: "<sip:\(domain)>", sentBy: sentBy, destination: line.route.trunk, socket: socket,
                transport: trunk.transport, timeout: min(check.interval, .seconds(5)))
            probe = OptionsProbe(
                configuration: OptionsProbe.Configuration(
                    request: request, interval: check.interval,
                    intervalWhileDown: min(check.interval, .seconds(10)), failureLimit: check.failureLimit,
                    recoveryLimit: check.recoveryLimit), generator: generator)
        }
    }
}

extension Registration.Failure {
    /// For people; no credentials.
    var words: String {
        switch self {
        case .refused(let response): "\(response.status) \(response.reasonPhrase)"
        case .credentialsRefused(let response):
            "credentials refused: \(response.status) \(response.reasonPhrase)"
        case .redirected: "the registrar sends us elsewhere"
        case .notBound: "the registrar's answer does not hold our address"
        case .timedOut: "no response from the registrar"
        case .transportFailed: "the REGISTER could not be sent"
        case .notSent: "the REGISTER is not usable"
        }
    }
}
