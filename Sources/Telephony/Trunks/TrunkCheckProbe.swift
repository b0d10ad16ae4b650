internal import SIPCore
internal import SansIO

/// One socket and one user agent for requests outside dialogs, for as long as a check takes.
actor TrunkCheckProbe: LoopEngine {
    /// What came of one request.
    enum Answer: Sendable {
        case answered(ReceivedResponse)
        case failed(RequestFailure)
        /// The connection failed; in words for people.
        case unreachable(String)
        case notSent(UserAgentError)
    }

    nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private var userAgent: UserAgent
    private var connections: SIPConnections
    private var effects = UserAgentEffects()
    private var buffer = OwnedBytes(capacity: 65_536)
    private var client: DriverClientID?
    private var failureText = "it cannot be reached"
    private var waiting: [SIPRequestID: UnsafeContinuation<Answer, Never>] = [:]

    init(driver: any Driver, configuration: DialerConfiguration) {
        self.driver = driver
        executor = driver.serialExecutor
        connections = SIPConnections(
            driver: driver, limits: configuration.streams, security: configuration.streamSecurity)
        userAgent = UserAgent(
            configuration: configuration.userAgent, generator: driver.makeGenerator(label: "trunk check"))
    }

    /// Binds the socket.
    func open(_ local: SocketAddress) throws(DriverError) -> BoundSocket {
        let client = self.client ?? driver.attach(self)
        self.client = client
        connections.open(for: client, local: local)
        return try driver.bind(local, for: client)
    }

    func close() {
        connections.close()
        if let client { driver.detach(client) }
        client = nil
        for id in waiting.keys.sorted(by: { $0.rawValue < $1.rawValue }) { answer(id, .failed(.timedOut)) }
    }

    /// Sends a request and waits for its end; the request's own time is the limit.
    nonisolated func send(_ request: OutgoingRequest, to target: SIPTarget) async -> Answer {
        await withUnsafeContinuation { continuation in
            post {
                $0.connections.learn(target)
                $0.send(request, resuming: continuation)
            }
        }
    }

    private func send(_ request: OutgoingRequest, resuming continuation: UnsafeContinuation<Answer, Never>) {
        guard client != nil else { return continuation.resume(returning: .failed(.timedOut)) }
        do {
            let id = try userAgent.request(request, at: driver.now, into: &effects)
            waiting[id] = continuation
        } catch {
            continuation.resume(returning: .notSent(error))
        }
        settle()
    }

    nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            userAgent.receive(
                buffer.bytes, from: datagram.source, on: datagram.socket, at: now, into: &effects)
        }
        connections.receive(into: &buffer, at: now) { message, arrival in
            userAgent.receive(
                message, from: arrival.source, on: arrival.connection, transport: arrival.transport, at: now,
                into: &effects)
        }
        if let deadline = connections.nextDeadline, deadline <= now { connections.fire(at: now) }
        if let deadline = userAgent.nextDeadline, deadline <= now { userAgent.fire(at: now, into: &effects) }
        settle()
    }

    /// Sends what is to be sent and hears what has come of it, until there is no more of either.
    private func settle() {
        let now = driver.now
        repeat {
            for failure in connections.takeFailures() {
                failureText = failure.text
                userAgent.transportFailed(
                    failure.transport, to: failure.address, connection: failure.connection, at: now,
                    into: &effects)
            }
            let (bytes, sends, events) = (effects.bytes, effects.sends, effects.events)
            effects.removeAll()
            for send in sends { transmit(bytes.span.bytes.extracting(send.range), send, at: now) }
            for event in events { handle(event) }
        } while !effects.sends.isEmpty || !effects.events.isEmpty || connections.hasFailures
        let deadlines = [userAgent.nextDeadline, connections.nextDeadline]
        if let client { driver.schedule(client, at: deadlines.compactMap(\.self).min()) }
    }

    private func transmit(_ message: RawSpan, _ send: UserAgentSend, at now: MonotonicInstant) {
        if send.transport == .udp {
            driver.transmit(message, from: send.socket, to: send.destination)
        } else {
            connections.send(
                message, over: send.transport, to: send.destination, hint: send.socket, at: now)
        }
    }

    private func handle(_ event: UserAgentEvent) {
        switch event {
        case .requestAnswered(let id, let response): answer(id, .answered(response))
        case .requestFailed(let id, .transportFailed): answer(id, .unreachable(failureText))
        case .requestFailed(let id, let failure): answer(id, .failed(failure))
        default: break  // It calls nobody and takes no calls.
        }
    }

    private func answer(_ id: SIPRequestID, _ answer: Answer) {
        waiting.removeValue(forKey: id)?.resume(returning: answer)
    }
}
