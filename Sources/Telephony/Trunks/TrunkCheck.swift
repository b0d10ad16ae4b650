internal import SIPCore
public import SansIO

/// Looks at a trunk without calling anybody: are its servers found, do they answer, do they take our registration.
public struct TrunkCheck: Sendable {
    public var trunk: Trunk
    /// Local address and port, and the timers of SIP.
    public var configuration: DialerConfiguration
    /// How long each server may take to answer, 1...60 s.
    public var patience = Duration.seconds(5)
    /// Whether to register with the first server that answers, and to take that back at once; as ``Trunk/registration``
    /// says unless told otherwise. Needs ``Trunk/credentials``.
    public var registers: Bool
    /// Servers that are asked; further ones are only named.
    private static let maximumServers = 8

    public init(_ trunk: Trunk, configuration: DialerConfiguration = DialerConfiguration()) {
        self.trunk = trunk
        self.configuration = configuration
        registers = trunk.registration != nil
    }

    /// Takes all steps, or stops where there is no point in going on.
    ///
    /// - Parameters:
    ///   - driver: `nil` for real time and sockets.
    ///   - onStep: Told of each step as it ends.
    /// - Throws: `CancellationError`; ``CallError/Code/socket`` when there is no driver to be had.
    public func run(
        driver: (any Driver)? = nil, onStep: (TrunkCheckReport.Step) -> Void = { _ in }
    ) async throws -> TrunkCheckReport {
        let driver = try driver ?? Dialer.makeDriver()
        var report = TrunkCheckReport(trunk: trunk.name)
        func add(_ step: TrunkCheckReport.Step) {
            report.steps.append(step)
            onStep(step)
        }
        let targets = try await resolve(with: driver, onStep: add)
        let probe = TrunkCheckProbe(driver: driver, configuration: configuration)
        do {
            try await ask(targets, with: probe, into: &report, onStep: onStep)
        } catch {
            await probe.ask { $0.close() }
            throw error
        }
        await probe.ask { $0.close() }
        return report
    }

    /// Asks the servers, and registers with the first that answers.
    private func ask(
        _ targets: [SIPTarget], with probe: TrunkCheckProbe, into report: inout TrunkCheckReport,
        onStep: (TrunkCheckReport.Step) -> Void
    ) async throws {
        func add(_ step: TrunkCheckReport.Step) {
            report.steps.append(step)
            onStep(step)
        }
        var reached: (target: SIPTarget, local: BoundSocket)?
        for target in targets.prefix(Self.maximumServers) {
            try Task.checkCancellation()
            let (step, socket) = await askOptions(of: target, probe)
            add(step)
            if step.fault == nil, let socket, reached == nil { reached = (target, socket) }
        }
        report.isUsable = reached != nil
        if registers, let reached {
            let step = await register(at: reached.target, from: reached.local, probe)
            report.isUsable = step.fault == nil
            add(step)
        }
    }

    private func milliseconds(since start: MonotonicInstant, _ driver: any Driver) -> Double {
        Double(start.duration(to: driver.now).nanoseconds / 1_000) / 1_000
    }

    // MARK: The DNS

    private func resolve(
        with driver: any Driver, onStep: (TrunkCheckReport.Step) -> Void
    ) async throws -> [SIPTarget] {
        let begin = driver.now
        var locator = ServerLocator(trunk.serverQuery)
        while let question = locator.questions.first {
            let start = driver.now
            let answer = try await driver.queryDNS(question.name, type: question.type)
            locator.receive(answer, to: question)
            var step = TrunkCheckReport.Step(
                kind: .resolve, subject: question.description,
                milliseconds: milliseconds(since: start, driver))
            switch answer {
            case .records(let records, _): step.findings = records.map(\.description)
            // That a domain has no such records is how most are.
            case .failed(let failure, _) where failure.isAuthoritative: step.findings = ["\(failure)"]
            case .failed(let failure, _): step.fault = "\(failure)"
            }
            onStep(step)
        }
        var generator = driver.makeGenerator(label: "trunk check servers")
        var step = TrunkCheckReport.Step(
            kind: .resolve, subject: trunk.host, milliseconds: milliseconds(since: begin, driver))
        do throws(LocatingFailure) {
            let targets = try locator.result(using: &generator)
            step.findings = targets.map(Self.name)
            onStep(step)
            return targets
        } catch {
            step.fault = "\(error)"
            onStep(step)
            return []
        }
    }

    private static func name(of target: SIPTarget) -> String {
        "\(target.transport.uriParameter) \(target.address)"
    }

    // MARK: OPTIONS

    private func askOptions(
        of target: SIPTarget, _ probe: TrunkCheckProbe
    ) async -> (TrunkCheckReport.Step, BoundSocket?) {
        let start = probe.driver.now
        var step = TrunkCheckReport.Step(kind: .options, subject: Self.name(of: target), milliseconds: 0)
        let socket: BoundSocket
        do throws(CallError) {
            socket = try await open(toReach: target.address, probe)
        } catch {
            step.fault = error.message
            return (step, nil)
        }
        let answer = await probe.send(options(to: target, from: socket), to: target)
        step.milliseconds = milliseconds(since: start, probe.driver)
        switch answer {
        case .answered(let response), .failed(.credentialsRefused(let response)):
            step.findings = Self.describe(response)
            if [408, 500, 502, 503, 504].contains(response.status) { step.fault = "it is out of service" }
        case .failed(.timedOut): step.fault = "no answer"
        case .unreachable(let text): step.fault = text
        case .failed: step.fault = "it cannot be reached"
        case .notSent: step.fault = "the trunk's settings make no usable request"
        }
        return (step, socket)
    }

    private func open(
        toReach address: SocketAddress, _ probe: TrunkCheckProbe
    ) async throws(CallError) -> BoundSocket {
        let host = trunk.localHost ?? configuration.localHost
        let own =
            host.flatMap { SocketAddress(host: $0, port: 0) } ?? probe.driver.sourceAddress(toReach: address)
        guard let own, own.family == address.family else {
            throw CallError(.noRoute, "no route to it from here")
        }
        // A port of its own: a dialer may be running on the trunk's.
        let bound = await probe.ask { probe in
            Result { () throws(DriverError) in try probe.open(own.with(port: 0)) }
        }
        switch bound {
        case .success(let socket): return socket
        case .failure(let error): throw CallError(.socket, "no socket: \(error.message)")
        }
    }

    private var domain: String {
        let name = trunk.domain ?? trunk.host
        return SocketAddress(host: name, port: 0)?.uriHost ?? name
    }

    private func advertisedHost(of socket: BoundSocket) -> String {
        let host = trunk.advertisedHost ?? socket.localAddress.uriHost
        return SocketAddress(host: host, port: 0)?.uriHost ?? host
    }

    private func options(to target: SIPTarget, from socket: BoundSocket) -> OutgoingRequest {
        let own = "\(advertisedHost(of: socket)):\(socket.localAddress.port)"
        return OutgoingRequest(
            method: .options, requestURI: "sip:\(domain)", from: "<sip:outdial@\(domain)>",
            to: "<sip:\(domain)>",
            contact: "<sip:outdial@\(own)\(target.transport.contactParameter)>", sentBy: own,
            credentials: trunk.credentials.map { [$0] } ?? [],
            destination: target.address, socket: socket.id, transport: target.transport, timeout: patience)
    }

    private static func describe(_ response: ReceivedResponse) -> [String] {
        let told = response.headers.filter {
            ["allow", "server", "user-agent", "supported"].contains($0.name.lowercased())
        }
        return ["\(response.status) \(response.reasonPhrase)"]
            + told.prefix(8).map { "\($0.name): \($0.value)" }
    }

    // MARK: REGISTER

    private func register(
        at target: SIPTarget, from socket: BoundSocket, _ probe: TrunkCheckProbe
    ) async -> TrunkCheckReport.Step {
        let start = probe.driver.now
        var step = TrunkCheckReport.Step(kind: .register, subject: Self.name(of: target), milliseconds: 0)
        guard let credentials = trunk.credentials else {
            step.fault = "registering needs credentials"
            return step
        }
        let own = "\(advertisedHost(of: socket)):\(socket.localAddress.port)"
        let user = trunk.registration?.user ?? credentials.username
        var settings = Registration.Configuration(
            registrar: "sip:\(domain)", addressOfRecord: "<sip:\(user)@\(domain)>",
            contact: "sip:\(user)@\(own)\(target.transport.contactParameter)", sentBy: own,
            credentials: [credentials],
            destination: target.address, socket: socket.id)
        settings.transport = target.transport
        settings.expires = .seconds(120)
        settings.timeout = patience
        settings.refusalRetry = nil
        var registration = Registration(
            configuration: settings, generator: probe.driver.makeGenerator(label: "trunk check registration"))
        var output = Registration.Output()
        registration.start(at: probe.driver.now, into: &output)
        var isStopping = false
        while true {
            let (requests, events) = (output.sends, output.events)
            output.removeAll()
            for event in events {
                switch event {
                case .registered(let binding):
                    step.findings.append("registered for \(binding.expires.components.seconds) s")
                case .failed(let failure, _): step.fault = Self.describe(failure)
                case .unregistered(nil) where step.fault == nil: step.findings.append("and unregistered")
                default: break
                }
            }
            if let request = requests.first {
                let answer = await probe.send(request, to: target)
                let now = probe.driver.now
                switch answer {
                case .answered(let response): registration.receive(response, at: now, into: &output)
                case .failed(let failure): registration.receive(failure, at: now, into: &output)
                case .unreachable: registration.receive(.transportFailed, at: now, into: &output)
                case .notSent(let error): registration.receive(error, at: now, into: &output)
                }
            } else if !isStopping {
                isStopping = true
                registration.stop(at: probe.driver.now, into: &output)
                if output.sends.isEmpty, output.events.isEmpty { break }
            } else {
                break
            }
        }
        step.milliseconds = milliseconds(since: start, probe.driver)
        return step
    }

    private static func describe(_ failure: Registration.Failure) -> String {
        switch failure {
        case .refused(let response): "refused: \(response.status) \(response.reasonPhrase)"
        case .credentialsRefused(let response): "the credentials are refused: \(response.status)"
        case .redirected(let response, _): "redirected: \(response.status)"
        case .notBound: "accepted, but without our binding"
        case .timedOut: "no answer"
        case .transportFailed: "it cannot be reached"
        case .notSent: "the trunk's settings make no usable request"
        }
    }
}
