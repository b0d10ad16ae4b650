public import SansIO

/// Finds the servers of a SIP domain (RFC 3263 §4): questions for the DNS come out, answers go in, and in the end an
/// ordered list of places to send to.
///
///     literal ─────────────────────────────────────────────────► done
///     port given ───────────────────────────► addresses ───────► done
///     transport given ───────► services ────► addresses ───────► done
///     otherwise: rewrites ───► services ────► addresses ───────► done
///
/// It never waits by itself and asks for nothing twice. A server that is silent does not stop it: after the first silence
/// everything that is left is asked for at once, since some drop questions of types that they do not know. Which of equal
/// servers come first is drawn in ``result(using:)``, so that one set of answers serves many requests.
public struct ServerLocator: Sendable {
    /// Servers taken up for one request; a zone with more is not read to its end.
    public static let maximumTargets = 32
    /// Host names whose addresses are asked for.
    static let maximumHosts = 16
    /// NAPTR records followed.
    static let maximumRewrites = 8

    private enum Stage: Sendable { case rewrites, services, addresses, done }

    /// A service name to ask for, and the transport that it stands for.
    struct Service: Hashable, Sendable {
        var transport: SIPTransport
        var name: String
    }

    public let query: ServerQuery
    /// What is asked and not yet answered, in order.
    public private(set) var questions: [DNSQuestion] = []
    /// Every question that was answered, with its answer, in order: for people who look for a fault.
    public private(set) var history: [(question: DNSQuestion, answer: DNSAnswer)] = []

    private var stage = Stage.rewrites
    private let literal: SocketAddress?
    private let host: String
    /// In the order in which they are preferred.
    private(set) var services: [Service] = []
    private var answers: [DNSQuestion: DNSAnswer] = [:]
    /// The end of an alias, for questions that were asked again there.
    private var aliases: [DNSQuestion: DNSQuestion] = [:]
    private var aliasCount = 0
    private var wasSilent = false

    public init(_ query: ServerQuery) {
        self.query = query
        literal = SocketAddress(host: query.host, port: query.port ?? 0)
        host = DNSQuestion(query.host, .a).name
        start()
    }

    /// Whether ``result(using:)`` has its final form.
    public var isDone: Bool { stage == .done }

    private mutating func start() {
        guard literal == nil, let transport = query.defaultTransport else { return stage = .done }
        if query.port != nil {
            askForAddresses(of: [host])
        } else if query.transport != nil {
            askForServices([Self.service(transport, of: host)])
        } else {
            ask([DNSQuestion(host, .naptr)])
        }
    }

    /// Takes the answer to one of ``questions``; answers to other questions are ignored.
    public mutating func receive(_ answer: DNSAnswer, to question: DNSQuestion) {
        guard let index = questions.firstIndex(of: question) else { return }
        questions.remove(at: index)
        answers[question] = answer
        history.append((question, answer))
        if answer.failure == .timedOut { wasSilent = true }
        followAlias(answer, of: question)
        if questions.isEmpty { advance() }
    }

    /// A server that stops at an alias leaves the rest of the way to us.
    private mutating func followAlias(_ answer: DNSAnswer, of question: DNSQuestion) {
        guard case .records(let records, _) = answer, !records.contains(where: { $0.type == question.type }),
            case .alias(let target)? = records.last?.value, aliasCount < DNSMessage.maximumAliases
        else { return }
        aliasCount += 1
        let next = DNSQuestion(target, question.type)
        guard next != question, aliases[next] == nil else { return }
        aliases[question] = next
        ask([next])
    }

    private mutating func ask(_ wanted: [DNSQuestion]) {
        for question in wanted where answers[question] == nil && !questions.contains(question) {
            questions.append(question)
        }
    }

    private mutating func advance() {
        while questions.isEmpty, stage != .done {
            switch stage {
            case .rewrites: rewritesAnswered()
            case .services: servicesAnswered()
            case .addresses: stage = .done
            case .done: return
            }
        }
    }

    // MARK: NAPTR

    private mutating func rewritesAnswered() {
        let rewrites = records(of: DNSQuestion(host, .naptr)).compactMap { record -> DNSRewrite? in
            if case .rewrite(let rewrite) = record.value { rewrite } else { nil }
        }
        var usable: [(rewrite: DNSRewrite, service: Service)] = []
        for rewrite in rewrites where rewrite.flags == "S" && !rewrite.replacement.isEmpty {
            guard let transport = Self.transport(ofService: rewrite.services),
                usableTransports.contains(transport)
            else { continue }
            usable.append((rewrite, Service(transport: transport, name: rewrite.replacement)))
        }
        usable.sort {
            ($0.rewrite.order, $0.rewrite.preference) < ($1.rewrite.order, $1.rewrite.preference)
        }
        // None, or none for us: each transport has a service name that needs no NAPTR (RFC 3263 §4.1).
        askForServices(
            usable.isEmpty
                ? usableTransports.map { Self.service($0, of: host) }
                : usable.prefix(Self.maximumRewrites).map(\.service))
    }

    private var usableTransports: [SIPTransport] {
        query.isSecure ? query.supported.filter { $0 == .tls } : query.supported
    }

    private static func transport(ofService name: String) -> SIPTransport? {
        switch name {
        case "SIP+D2U": .udp
        case "SIP+D2T": .tcp
        case "SIPS+D2T": .tls
        default: nil
        }
    }

    // MARK: SRV

    private static func service(_ transport: SIPTransport, of host: String) -> Service {
        let prefix =
            switch transport {
            case .udp: "_sip._udp."
            case .tcp: "_sip._tcp."
            case .tls: "_sips._tcp."
            }
        return Service(transport: transport, name: prefix + host)
    }

    private mutating func askForServices(_ wanted: [Service]) {
        stage = .services
        services = wanted
        ask(wanted.map { DNSQuestion($0.name, .srv) })
        if wasSilent { ask(addressQuestions(of: host)) }
    }

    /// The SRV records of a service, those that say "not here" included.
    func records(of service: Service) -> [DNSService] {
        records(of: DNSQuestion(service.name, .srv)).prefix(Self.maximumTargets).compactMap { record in
            if case .service(let service) = record.value { service } else { nil }
        }
    }

    private mutating func servicesAnswered() {
        let found = services.flatMap { records(of: $0) }
        guard !found.isEmpty else { return askForAddresses(of: [host]) }
        var wanted: [String] = []
        for service in found where !service.target.isEmpty && wanted.count < Self.maximumHosts {
            guard !wanted.contains(service.target), SocketAddress(host: service.target, port: 0) == nil else {
                continue
            }
            wanted.append(service.target)
        }
        askForAddresses(of: wanted.filter { volunteered(for: $0).isEmpty })
    }

    // MARK: Addresses

    private mutating func askForAddresses(of wanted: [String]) {
        stage = .addresses
        ask(wanted.flatMap { addressQuestions(of: $0) })
        if questions.isEmpty { stage = .done }
    }

    private func addressQuestions(of host: String) -> [DNSQuestion] {
        query.families.map { DNSQuestion(host, $0 == .ipv6 ? .aaaa : .a) }
    }

    /// The final answer to a question, over the aliases that we followed.
    private func records(of question: DNSQuestion) -> [DNSRecord] {
        var question = question
        var steps = 0
        while let next = aliases[question], steps <= DNSMessage.maximumAliases {
            question = next
            steps += 1
        }
        guard case .records(let records, _)? = answers[question] else { return [] }
        return records.filter { $0.type == question.type }
    }

    /// Addresses that came along with the SRV records (RFC 2782).
    private func volunteered(for host: String) -> [SocketAddress] {
        services.flatMap { service -> [SocketAddress] in
            guard case .records(_, let additional)? = answers[DNSQuestion(service.name, .srv)] else {
                return []
            }
            return inOrder(additional.filter { $0.name == host })
        }
    }

    /// The addresses of a host, families in our order.
    func addresses(of host: String) -> [SocketAddress] {
        if let literal = SocketAddress(host: host, port: 0) {
            return inOrder([DNSRecord(host, .address(literal))])
        }
        let volunteered = volunteered(for: host)
        guard volunteered.isEmpty else { return volunteered }
        return inOrder(addressQuestions(of: host).flatMap { records(of: $0) })
    }

    private func inOrder(_ records: [DNSRecord]) -> [SocketAddress] {
        let addresses = records.compactMap { record -> SocketAddress? in
            if case .address(let address) = record.value, !address.isUnspecified { address } else { nil }
        }
        return query.families.flatMap { family in addresses.filter { $0.family == family } }
    }

    // MARK: The result

    /// The servers in the order in which to try them; equal ones as `generator` draws (RFC 2782).
    ///
    /// - Throws: ``LocatingFailure`` when there is none; also while questions are open.
    public func result(using generator: inout SeededGenerator) throws(LocatingFailure) -> [SIPTarget] {
        guard let transport = query.defaultTransport else { throw .notSupported }
        if let literal {
            guard query.families.contains(literal.family) else { throw .notSupported }
            let port = query.port ?? transport.defaultPort
            return [SIPTarget(transport: transport, address: literal.with(port: port), host: query.host)]
        }
        var targets: [SIPTarget] = []
        var isRefused = false
        for service in services {
            for record in ServiceOrder.draw(records(of: service), using: &generator) {
                isRefused = isRefused || record.target.isEmpty
                guard !record.target.isEmpty, record.port != 0 else { continue }
                append(addresses(of: record.target), record.port, service.transport, to: &targets)
            }
        }
        if targets.isEmpty, !isRefused {
            append(addresses(of: host), query.port ?? transport.defaultPort, transport, to: &targets)
        }
        if !targets.isEmpty { return targets }
        throw isRefused ? .notOffered : failure
    }

    private func append(
        _ addresses: [SocketAddress], _ port: UInt16, _ transport: SIPTransport, to targets: inout [SIPTarget]
    ) {
        for address in addresses where targets.count < Self.maximumTargets {
            // A certificate is checked against the name that was asked for, never one that the DNS put there.
            let target = SIPTarget(transport: transport, address: address.with(port: port), host: host)
            if !targets.contains(target) { targets.append(target) }
        }
    }

    /// What the DNS said, the most telling first: an address that is not there says more than a service that is not.
    private var failure: LocatingFailure {
        let failures = history.reversed().compactMap(\.answer.failure)
        if let fault = failures.first(where: { !$0.isAuthoritative }) { return .noAddress(fault) }
        if let absence = failures.first { return .noAddress(absence) }
        return history.isEmpty ? .notSupported : .noAddress(.noData)
    }
}
