public import RTPMedia
public import SIPCore
public import SansIO
public import Telephony

/// A host full of callees: a trunk and everybody behind it, over any driver.
///
/// It answers real SIP and RTP with the same machines as the library's own side, so it serves live on loopback for demos
/// and strangers' clients, and in a simulated world. Every number is looked up in its ``CalleeDirectory``. Any number of
/// calls at once.
public actor LoopbackPeer: DriverClient {
    /// How the host is reached and what it asks of callers.
    public struct Configuration: Sendable {
        /// Where it listens; port 0 lets the system choose. Loopback unless told otherwise, since it accepts calls from
        /// whoever sends them.
        public var address = SocketAddress.loopback(port: 0)
        /// Whether it also takes connections (TCP) on the same port.
        public var acceptsStreams = false
        /// Secures connections: TLS is then taken too, on the port above (any port when ``address`` leaves it open).
        public var streamSecurity: (any StreamSecurityProvider)?
        /// Times and limits of those.
        public var streams = StreamLimits()
        /// Who may call; empty: everybody, unasked.
        public var credentials: [SIPCredentials] = []
        /// Realm of its challenges.
        public var realm = "outdial"
        /// What its callees speak; with ``mediaSecurity`` also whether and how their audio is encrypted.
        public var capabilities = AudioCapabilities()
        /// Where codecs of ``capabilities`` come from that are not built in.
        public var codecProviders: [any AudioCodecProvider] = []
        /// Encrypts their audio as ``AudioCapabilities/security`` says, with this provider's suites.
        public var mediaSecurity: (any MediaProtectionProvider)?
        /// Without media the callees answer with an inactive stream, and what they would say takes its time in silence.
        public var media = MediaMode.full
        /// Whether reports hold every sample that the callees heard.
        public var keepsAudio = false
        /// Seconds that it asks for with 429 and 503 (`Retry-After`).
        public var retryAfterSeconds: Int?
        /// Registers whoever asks, for so long at most; `nil`: it is no registrar and answers 405.
        public var registrationLimit: Duration?
        /// `Service-Route` of its registrations (RFC 3608).
        public var serviceRoutes: [String] = []
        /// Ended calls that are remembered; the oldest is forgotten first.
        public var reportLimit = 100_000
        /// Timers and limits of its SIP.
        public var userAgent = UserAgent.Configuration()

        public init() {}
    }

    nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let configuration: Configuration
    private let directory: CalleeDirectory
    nonisolated let log: PeerLog

    var client: DriverClientID?
    var socket: BoundSocket?
    /// Where it takes TLS; `nil` without ``Configuration/streamSecurity``.
    public private(set) var secureAddress: SocketAddress?
    var userAgent: UserAgent
    var effects = UserAgentEffects()
    private var connections: SIPConnections
    var generator: SeededGenerator
    private var buffer = OwnedBytes(capacity: 65_536)
    var packet = OwnedBytes(capacity: 2_048)
    var frames = PeerFrames()
    var actions: [ScriptedCallee.Action] = []

    /// When each binding of its registrar ends, by Contact URI.
    var bindings: [String: MonotonicInstant] = [:]
    /// REGISTER requests that it has answered with 200.
    var registerCount = 0
    var calls: [PeerCall?] = []
    private var freeSlots: [Int] = []
    private var slotsBySession: [InviteSessionID: Int] = [:]
    /// Twice the slot, plus 1 for the RTCP port.
    var slotsBySocket: [SocketID: Int] = [:]
    private var attempts: [String: Int] = [:]
    /// Scripts of calls without media, by slot.
    var deadlines = DeadlineHeap()
    var grid = PeerGrid()
    /// Calls with media.
    var flowing = 0
    private var stopping: [CheckedContinuation<Void, Never>] = []

    public init(
        driver: any Driver, directory: CalleeDirectory, configuration: Configuration = Configuration()
    ) {
        self.driver = driver
        executor = driver.serialExecutor
        self.directory = directory
        self.configuration = configuration
        connections = SIPConnections(
            driver: driver, limits: configuration.streams, security: configuration.streamSecurity)
        log = PeerLog(limit: configuration.reportLimit)
        var agent = configuration.userAgent
        agent.requiredCredentials = configuration.credentials
        agent.realm = configuration.realm
        if configuration.registrationLimit != nil { agent.methods.append(.register) }
        userAgent = UserAgent(configuration: agent, generator: driver.makeGenerator(label: "peer user agent"))
        generator = driver.makeGenerator(label: "peer")
    }

    /// One host, one callee.
    public init(
        driver: any Driver, callee: CalleeScript, configuration: Configuration = Configuration()
    ) {
        self.init(driver: driver, directory: CalleeDirectory(default: callee), configuration: configuration)
    }

    // MARK: Life

    /// Starts to listen.
    ///
    /// - Returns: The address to send INVITEs to.
    /// - Throws: ``DriverError`` when the address cannot be had.
    @discardableResult
    public func start() throws(DriverError) -> SocketAddress {
        if let socket { return socket.localAddress }
        let client = self.client ?? driver.attach(self)
        self.client = client
        let bound = try driver.bind(configuration.address, for: client)
        socket = bound
        if configuration.acceptsStreams {
            connections.open(for: client, local: bound.localAddress)
            do {
                _ = try connections.listen(.tcp, on: bound.localAddress)
                if configuration.streamSecurity != nil {
                    let port = configuration.address.port
                    let address = bound.localAddress.with(port: port == 0 || port == .max ? 0 : port + 1)
                    secureAddress = try connections.listen(.tls, on: address).localAddress
                }
            } catch {
                driver.close(bound.id)
                socket = nil
                throw error
            }
        }
        return bound.localAddress
    }

    /// Hangs up every call by protocol, waits until all are over, and closes.
    public func stop() async {
        hangUpAll()
        if slotsBySession.isEmpty { return close() }
        await withCheckedContinuation { stopping.append($0) }
    }

    /// Hangs up every call by protocol and goes on serving.
    func hangUpAll() {
        for call in calls.compactMap({ $0 }) { hangUp(call, at: driver.now) }
        finishStep()
    }

    private func close() {
        connections.close()
        if let client { driver.detach(client) }
        client = nil
        socket = nil
        let waiting = stopping
        stopping.removeAll()
        for continuation in waiting { continuation.resume() }
    }

    /// Ended calls in order of their end. Any thread.
    public nonisolated var reports: [PeerCallReport] { log.reports }

    /// Calls that have not ended.
    public var liveCalls: Int { slotsBySession.count }

    /// Counters of its SIP side.
    public var statistics: UserAgent.Statistics { userAgent.statistics }

    /// Counters of its connections.
    public var streamStatistics: StreamStatistics { connections.statistics }

    public nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            if datagram.socket == socket?.id {
                userAgent.receive(
                    buffer.bytes, from: datagram.source, on: datagram.socket, at: now, into: &effects)
            } else {
                receiveMedia(buffer.bytes, datagram, at: now)
            }
        }
        connections.isBusy = !slotsBySession.isEmpty
        connections.receive(into: &buffer, at: now) { message, arrival in
            userAgent.receive(
                message, from: arrival.source, on: arrival.connection, transport: arrival.transport, at: now,
                into: &effects)
        }
        if let deadline = connections.nextDeadline, deadline <= now { connections.fire(at: now) }
        if let deadline = userAgent.nextDeadline, deadline <= now { userAgent.fire(at: now, into: &effects) }
        settle(at: now)
        while let slot = deadlines.popDue(at: now) {
            guard let call = calls[slot] else { continue }
            advance(call, at: now) { $0.fire(at: now, into: &$1) }
        }
        // An answer leaves before the first packet of its call.
        settle(at: now)
        while flowing > 0, let deadline = grid.popDue(at: now) { tick(at: deadline) }
        finishStep()
    }

    /// Sends what the step wants sent and arms the next deadline.
    func finishStep() {
        settle(at: driver.now)
        guard let client else { return }
        if slotsBySession.isEmpty, !stopping.isEmpty { return close() }
        var next = [userAgent.nextDeadline, deadlines.first?.deadline, connections.nextDeadline].compactMap {
            $0
        }.min()
        if flowing > 0 { next = min(next ?? grid.next, grid.next) }
        driver.schedule(client, at: next)
    }

    // MARK: Signalling

    private func settle(at now: MonotonicInstant) {
        while !effects.sends.isEmpty || !effects.events.isEmpty || connections.hasFailures {
            if connections.hasFailures { connections.report(to: &userAgent, at: now, into: &effects) }
            let bytes = effects.bytes
            for send in effects.sends {
                let message = bytes.span.bytes.extracting(send.range)
                if send.transport == .udp {
                    driver.transmit(message, from: send.socket, to: send.destination)
                } else {
                    connections.send(
                        message, over: send.transport, to: send.destination, hint: send.socket, at: now)
                }
            }
            let events = effects.events
            effects.removeAll()
            for event in events { handle(event, at: now) }
        }
    }

    private func handle(_ event: UserAgentEvent, at now: MonotonicInstant) {
        switch event {
        case .incoming(let session, let request): accept(request, as: session, at: now)
        case .acknowledged(let session, let body):
            guard let call = call(session) else { return }
            if call.offer == nil, let body, PeerCall.isSDP(body) {
                acceptLateAnswer(body.bytes, of: call, at: now)
            }
            advance(call, at: now) { $0.acknowledged(at: now, into: &$1) }
        case .reinvited(let session, let request): reanswer(request, of: session, at: now)
        case .cancelled(let session): conclude(session, .cancelled, status: 487, at: now)
        case .ended(let session, let end):
            guard let call = call(session) else { return }
            let reason: PeerCallReport.End =
                switch end {
                case .byRemote: .callerHungUp
                case .byUs: .calleeHungUp
                case .lost: call.hungUpByUs ? .calleeHungUp : .lost
                }
            conclude(session, reason, status: 200, at: now)
        case .failed(let session, _): conclude(session, .lost, status: 500, at: now)
        case .offered(let session, _):
            userAgent.answer(offerIn: session, status: 488, at: now, into: &effects)
        // It offers nothing by itself.
        case .redirected, .provisionalAcknowledged, .offerAnswered, .offerRefused, .refreshed: break
        case .provisional, .answered, .failedOver: break  // A callee calls nobody.
        case .requestReceived(let id, _, let request): register(request, id, at: now)
        case .strangerRefused, .requestAnswered, .requestFailed: break  // It asks for nothing by itself.
        }
    }

    private func call(_ session: InviteSessionID) -> PeerCall? {
        slotsBySession[session].flatMap { calls[$0] }
    }

    private func accept(_ request: ReceivedRequest, as session: InviteSessionID, at now: MonotonicInstant) {
        let number = Self.user(of: request.requestURI)
        guard stopping.isEmpty else { return respond(to: session, 503, at: now) }
        guard let script = directory.script(for: number) else { return respond(to: session, 404, at: now) }
        let attempt = attempts[number, default: 0] + 1
        attempts[number] = attempt
        let slot = freeSlots.popLast() ?? calls.count
        if slot == calls.count { calls.append(nil) }
        let callee = ScriptedCallee(
            steps: steps(of: script, attempt: attempt), sounds: script.sounds,
            keepsAudio: configuration.keepsAudio
        )
        let negotiator = AudioNegotiator.ofPeer(
            configuration.capabilities, configuration.mediaSecurity, on: driver,
            localRTP: localHost(toReach: request.source), sessionID: generator.next() >> 2)
        let call = PeerCall(
            slot: slot, session: session, request: request, number: number, attempt: attempt, callee: callee,
            negotiator: negotiator, at: now, wallClock: driver.wallClock)
        calls[slot] = call
        slotsBySession[session] = slot
        log.begin(call.number, slot: slot)
        advance(call, at: now) { $0.start(at: now, into: &$1) }
    }

    /// Moves a script and does what it wants done.
    func advance(
        _ call: PeerCall, at now: MonotonicInstant,
        _ step: (inout ScriptedCallee, inout [ScriptedCallee.Action]) -> Void
    ) {
        var actions: [ScriptedCallee.Action] = []
        step(&call.callee, &actions)
        for action in actions { perform(action, of: call, at: now) }
        if calls[call.slot] === call {
            deadlines.set(call.slot, to: call.leg == nil ? call.callee.nextDeadline : nil)
        }
    }

    func perform(_ action: ScriptedCallee.Action, of call: PeerCall, at now: MonotonicInstant) {
        guard calls[call.slot] === call else { return }
        switch action {
        case .ring: respond(to: call.session, 180, at: now)
        case .earlyMedia:
            guard openMedia(of: call, at: now) else { return refuse(call, at: now) }
            respond(to: call.session, 183, body: call.description, at: now)
        case .answer:
            guard openMedia(of: call, at: now) else { return refuse(call, at: now) }
            call.answeredAt = now
            respond(to: call.session, 200, body: call.description, at: now)
        case .reject(let status, let reason):
            respond(to: call.session, status, reason: reason, at: now)
            conclude(call.session, .rejected, status: status, at: now)
        case .press(let keys): _ = call.leg?.sendDigits(keys)
        case .hangUp: hangUp(call, at: now)
        }
    }

    private func refuse(_ call: PeerCall, at now: MonotonicInstant) {
        respond(to: call.session, 488, at: now)
        conclude(call.session, .rejected, status: 488, at: now)
    }

    private func hangUp(_ call: PeerCall, at now: MonotonicInstant) {
        if call.answeredAt == nil {
            respond(to: call.session, 480, at: now)
            return conclude(call.session, .rejected, status: 480, at: now)
        }
        call.hungUpByUs = true
        closeMedia(of: call, at: now)
        userAgent.end(call.session, at: now, into: &effects)
    }

    func respond(
        to session: InviteSessionID, _ status: Int, reason: String? = nil, body: [UInt8]? = nil,
        at now: MonotonicInstant
    ) {
        let address = socket?.localAddress ?? configuration.address
        var headers: [SIPHeaderField] = []
        if status == 429 || status == 503, let seconds = configuration.retryAfterSeconds {
            headers.append(SIPHeaderField(name: "Retry-After", value: "\(seconds)"))
        }
        userAgent.respond(
            to: session, status: status, reason: reason, headers: headers,
            body: body.map { SIPBody(contentType: "application/sdp", bytes: $0) },
            contact: "<sip:callee@\(address)>", at: now, into: &effects)
    }

    private func conclude(
        _ session: InviteSessionID, _ end: PeerCallReport.End, status: Int, at now: MonotonicInstant
    ) {
        guard let slot = slotsBySession[session], let call = calls[slot] else { return }
        closeMedia(of: call, at: now)
        log.end(call.report(end, status: status, at: now), slot: slot, words: call.callee.saidWords)
        deadlines.set(slot, to: nil)
        calls[slot] = nil
        slotsBySession[session] = nil
        freeSlots.append(slot)
    }

    /// The user part of a SIP URI; the whole text of another one.
    static func user(of uri: String) -> String {
        let rest = uri.split(separator: ":", maxSplits: 1).last ?? ""
        guard let at = rest.firstIndex(of: "@") else { return String(rest) }
        return String(rest[..<at].prefix { $0 != ";" && $0 != ":" })
    }
}
