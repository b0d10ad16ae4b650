internal import SIPCore
internal import SansIO

/// The signalling of one local address: one socket, one user agent, one table of call cores. Trunks that are reached from
/// the same address share it.
///
/// An actor on the driver's loop. Each step (a wake-up, or a message) pulls what has come, moves the machines, sends
/// what they want sent and arms one deadline, without ever suspending.
actor SignallingEngine: LoopEngine {
    nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let configuration: DialerConfiguration
    let observers: [any CallObserver]
    let registry: CallRegistry
    let desk: TrunkDesk
    /// Where calls go that are to be dialed again, over another trunk.
    let redials: Mailbox<CallWork>
    private let wantsDatagrams: Bool

    private var client: DriverClientID?
    var listeners = Listeners()
    var connections: SIPConnections
    /// From where each trunk calls, by its index.
    var trustedSources: [Int: [AddressRange]] = [:]
    /// What was wrong with connections that have failed in this step, by the far end's address.
    var streamFaults: [SocketAddress: String] = [:]
    /// Registrations and health.
    var watches = Watches()
    var userAgent: UserAgent
    var effects = UserAgentEffects()
    private var spareEvents: [UserAgentEvent] = []
    private var spareOutput = CallCore.Output()
    var buffer = OwnedBytes(capacity: 65_536)

    var calls: [SignallingCall?] = []
    private var freeSlots: [Int] = []
    private var slotsByID: [CallID: Int] = [:]
    /// Whose datagrams are whose, for observers; empty when none looks at datagrams.
    var observed = ObservedMessages()
    var slotsBySession: [InviteSessionID: Int] = [:]
    /// Requests of ours in calls that wait for their answers.
    var inDialogRequests: [SIPRequestID: CallID] = [:]
    /// For being called; `nil` when nobody is to call us.
    var incoming: Incoming?
    private var deadlines = DeadlineHeap()
    /// Set while the dialer stops: when whatever is left is given up.
    private var drainDeadline: MonotonicInstant?
    private let hasSeveralTrunks: Bool

    init(
        driver: any Driver, configuration: DialerConfiguration, registry: CallRegistry, desk: TrunkDesk,
        redials: Mailbox<CallWork>, hasSeveralTrunks: Bool, observers: [any CallObserver],
        incoming: Mailbox<UndecidedCall>
    ) {
        self.hasSeveralTrunks = hasSeveralTrunks
        self.driver = driver
        executor = driver.serialExecutor
        self.configuration = configuration
        self.registry = registry
        self.desk = desk
        self.redials = redials
        self.observers = observers
        wantsDatagrams = observers.contains { $0.wantsDatagrams }
        connections = SIPConnections(
            driver: driver, limits: configuration.streams, security: configuration.streamSecurity)
        connections.known = []  // Until trunks are.
        userAgent = UserAgent(
            configuration: configuration.userAgent, generator: driver.makeGenerator(label: "user agent"))
        if let policy = configuration.inbound {
            self.incoming = Incoming(policy, generator: driver.makeGenerator(label: "incoming"), to: incoming)
            userAgent.admission.strangers = policy.admission
        }
    }

    // MARK: Life

    func attachedClient() -> DriverClientID {
        let client = self.client ?? driver.attach(self)
        self.client = client
        return client
    }

    /// Lets go of the socket and the loop. Every call must have been concluded.
    func close() {
        connections.close()
        if let client { driver.detach(client) }
        client = nil
        listeners = Listeners()
    }

    nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            let eventCount = effects.events.count
            userAgent.receive(
                buffer.bytes, from: datagram.source, on: datagram.socket, at: now, into: &effects)
            observeReceived(
                buffer.bytes, from: datagram.source, to: listeners.udp?.localAddress, over: .udp,
                since: eventCount)
        }
        receiveStreams(at: now)
        if let deadline = userAgent.nextDeadline, deadline <= now { userAgent.fire(at: now, into: &effects) }
        settle(at: now)
        fireCalls(at: now)
        fireIncoming(at: now)
        fireWatches(at: now)
        settle(at: now)
        schedule()
    }

    func observeReceived(
        _ bytes: RawSpan, from source: SocketAddress, to local: SocketAddress?, over transport: SIPTransport,
        since eventCount: Int
    ) {
        guard wantsDatagrams else { return }
        nameIncoming(since: eventCount)
        observe(.received, bytes, transport, local: local, remote: source)
    }

    private func fireCalls(at now: MonotonicInstant) {
        while let slot = deadlines.popDue(at: now) {
            guard let call = calls[slot] else { continue }
            fireTransfer(of: call, at: now)
            advance(call) { core, now, out in core.fire(at: now, into: &out) }
        }
    }

    private func schedule() {
        guard let client else { return }
        var next = MonotonicInstant.earlier(userAgent.nextDeadline, deadlines.first?.deadline)
        next = .earlier(next, connections.nextDeadline)
        next = .earlier(next, watches.nextDeadline)
        driver.schedule(client, at: .earlier(next, incoming?.desk.nextDeadline))
    }

    /// Where the engine is reached; `nil` while it is closed.
    var listeningAddress: SocketAddress? { listeners.udp?.localAddress }

    // MARK: Messages from the dialer

    /// Takes a call into the table, before its agent is prepared.
    func admit(_ job: CallJob) {
        let core = CallCore(
            id: job.id,
            configuration: CallCore.Configuration(
                ringTimeout: job.plan.ringTimeout, maximumDuration: job.plan.maximumDuration,
                classifiesAnswers: configuration.classifiesAnswers,
                prepareTimeout: configuration.prepareTimeout))
        let call = insert(job, core: core)
        advance(call) { core, now, _ in core.admitted(at: now) }
        if let drainDeadline { drain(call, by: drainDeadline) }
        finishStep()
    }

    func insert(_ job: CallJob, core: CallCore) -> SignallingCall {
        let call = SignallingCall(job: job, slot: takeSlot(), core: core)
        calls[call.slot] = call
        slotsByID[job.id] = call.slot
        return call
    }

    private func takeSlot() -> Int {
        if let slot = freeSlots.popLast() { return slot }
        calls.append(nil)
        return calls.count - 1
    }

    /// Takes a call over from the engine of another local address.
    func adopt(_ call: SignallingCall) {
        call.slot = takeSlot()
        calls[call.slot] = call
        slotsByID[call.job.id] = call.slot
        call.job.move(to: self)
        deadlines.set(call.slot, to: call.core.nextDeadline)
    }

    /// Lets go of a call that another engine takes over: no session of it may be left here.
    private func release(_ call: SignallingCall) {
        deadlines.set(call.slot, to: nil)
        calls[call.slot] = nil
        freeSlots.append(call.slot)
        slotsByID[call.job.id] = nil
        forgetSession(of: call)
        call.midCall.end()
    }

    /// What still comes for the session of a call is no longer the call's.
    func forgetSession(of call: SignallingCall) {
        if let attempt = call.attempt, wantsDatagrams {
            observed.remove(call.job.id, sipCallID: attempt.sipCallID)
        }
        if let session = call.session { slotsBySession[session] = nil }
        call.session = nil
    }

    /// Sends the INVITE, unless the call was ended while it was being prepared.
    ///
    /// - Returns: Whether dialing started; media is the engine's to close from then on.
    func dial(_ id: CallID, _ attempt: DialAttempt) -> Bool {
        guard let call = call(id) else { return false }
        let engine = attempt.line.engine
        guard engine === self else {
            release(call)
            schedule()
            return engine.assumeIsolated { engine in
                engine.adopt(call)
                return engine.dial(id, attempt)
            }
        }
        call.attempt = attempt
        call.hasHeardTrunk = false
        call.hasLeftTrunk = false
        if wantsDatagrams { observed.add(id, sipCallID: attempt.sipCallID) }
        var isDialing = false
        advance(call) { core, now, out in
            let caller = attempt.plan.callerNumber
            isDialing = core.dial(
                sipCallID: attempt.sipCallID, from: caller.isEmpty ? nil : caller,
                over: hasSeveralTrunks ? attempt.line.trunk.name : nil, at: now, into: &out)
        }
        finishStep()
        return isDialing
    }

    func abort(_ id: CallID, _ disposition: CallDisposition, _ cause: CallCause) {
        tell(id) { core, now, out in core.abort(disposition, cause, at: now, into: &out) }
    }

    func hangUp(_ id: CallID, text: String) {
        tell(id) { core, now, out in core.hangUp(text: text, at: now, into: &out) }
    }

    func agentFinished(_ id: CallID, _ result: AgentResult?) {
        tell(id) { core, now, out in core.agentFinished(result, at: now, into: &out) }
    }

    /// Hangs up every call; what has not ended by `deadline` is given up.
    func drain(by deadline: MonotonicInstant) {
        drainDeadline = deadline
        for call in calls { if let call { drain(call, by: deadline) } }
        refuseUndecided()
        finishStep()
    }

    private func drain(_ call: SignallingCall, by deadline: MonotonicInstant) {
        advance(call) { core, now, out in core.drain(by: deadline, at: now, into: &out) }
    }

    var statistics: (userAgent: UserAgent.Statistics, liveCalls: Int) {
        (userAgent.statistics, slotsByID.count)
    }

    // MARK: Moving a core

    var hasCalls: Bool { !slotsByID.isEmpty }

    func call(_ id: CallID) -> SignallingCall? { slotsByID[id].flatMap { calls[$0] } }

    func tell(
        _ id: CallID, _ body: (inout CallCore, CallCore.Now, inout CallCore.Output) -> Void
    ) {
        guard let call = call(id) else { return }
        advance(call, body)
        finishStep()
    }

    func finishStep() {
        settle(at: driver.now)
        schedule()
    }

    /// Moves one core and does all that it asks for.
    func advance(
        _ call: SignallingCall, _ body: (inout CallCore, CallCore.Now, inout CallCore.Output) -> Void
    ) {
        let now = CallCore.Now(monotonic: driver.now, wall: driver.wallClock)
        var output = CallCore.Output()
        swap(&output, &spareOutput)
        body(&call.core, now, &output)
        var eventsDone = 0
        var commandsDone = 0
        while eventsDone < output.events.count || commandsDone < output.sends.count {
            while eventsDone < output.events.count {
                record(CallEvent(instant: now.monotonic, kind: output.events[eventsDone]), of: call)
                eventsDone += 1
            }
            while commandsDone < output.sends.count {
                carryOut(output.sends[commandsDone], for: call, at: now, into: &output)
                commandsDone += 1
            }
        }
        output.removeAll()
        swap(&output, &spareOutput)
        rearm(call)
    }

    func rearm(_ call: SignallingCall) {
        if call.core.state != .concluded { deadlines.set(call.slot, to: call.nextDeadline) }
    }

    private func carryOut(
        _ command: CallCore.Command, for call: SignallingCall, at now: CallCore.Now,
        into output: inout CallCore.Output
    ) {
        let id = call.job.id
        switch command {
        case .invite:
            if let text = invite(call, at: now.monotonic) {
                call.core.inviteRefused(text: text, at: now, into: &output)
            }
        case .respond(let status):
            respond(to: call, status: status, at: now.monotonic)
        case .endSession(let reason):
            guard let session = call.session else { break }
            userAgent.end(session, reason: reason, at: now.monotonic, into: &effects)
        case .negotiate(let answer, let isFinal):
            call.job.media.post { $0.accept(id, answer: answer, isFinal: isFinal) }
        case .stopMedia:
            call.job.media.post { $0.stop(id) }
        case .cancelAgent:
            call.midCall.end()
            call.job.stop.open()
        case .conclude:
            conclude(call)
        }
    }

    /// - Returns: What was wrong with it, or `nil`.
    private func invite(_ call: SignallingCall, at now: MonotonicInstant) -> String? {
        guard let socket = listeners.udp, let attempt = call.attempt else {
            return "the SIP socket is closed"
        }
        let plan = attempt.plan
        let route = attempt.line.route
        guard let identity = identityFields(of: call, attempt) else { return "the call could not be signed" }
        var invite = OutgoingInvite(
            requestURI: plan.requestURI, from: plan.from, to: plan.to, contact: contact(of: call),
            sentBy: "\(route.advertisedHost):\(socket.localAddress.port)", callID: attempt.sipCallID,
            body: SIPBody(contentType: "application/sdp", bytes: attempt.offer),
            headers: plan.headers + identity,
            credentials: attempt.line.trunk.credentials.map { [$0] } ?? [], destination: route.trunk,
            socket: socket.id,
            options: InviteOptions(
                reliability: attempt.line.trunk.reliableProvisional,
                sessionInterval: attempt.line.trunk.sessionTimer,
                redirections: attempt.line.trunk.redirections))
        invite.alternatives = route.alternatives
        invite.targetTimeout = configuration.serverTimeout
        invite.progressTimeout = configuration.serverProgressTimeout
        setTransport(of: &invite, over: attempt.line, at: now)
        invite.routes = serviceRoutes(of: attempt.line.index)
        call.attempt?.offer = []
        do {
            let (session, _) = try userAgent.invite(invite, at: now, into: &effects)
            call.session = session
            slotsBySession[session] = call.slot
            return nil
        } catch {
            switch error {
            case .invalidField(let field):
                call.job.fail(with: CallError(.invalidTrunk, "the INVITE's \(field) is not usable"))
                return "the INVITE's \(field) is not usable"
            case .tooManySessions, .tooManyRequests, .noDialog, .offerPending:
                call.job.fail(with: CallError(.tooManyCalls, "the user agent's limit of sessions is reached"))
                return "too many sessions"
            case .messageTooLarge(let bytes):
                call.job.fail(with: CallError(.invalidRequest, "the INVITE would have \(bytes) bytes"))
                return "the INVITE would have \(bytes) bytes"
            }
        }
    }

    private func conclude(_ call: SignallingCall) {
        release(call)
        if call.core.direction == .inbound { incoming?.liveCalls -= 1 }
        call.job.stop.open()
        // A call without media has no leg that would do so.
        call.job.recording?.finish()
        let record = call.record
        for observer in observers { observer.callEnded(record) }
        registry.finish(call.job, outcome: call.core.outcome)
    }

    // MARK: The user agent

    /// Sends what the user agent wants sent and hears its events, until there is no more of either.
    private func settle(at now: MonotonicInstant) {
        while !effects.sends.isEmpty || !effects.events.isEmpty || connections.hasFailures {
            if connections.hasFailures { reportStreamFailures(at: now) }
            transmit(at: now)
            var events: [UserAgentEvent] = []
            swap(&events, &spareEvents)
            swap(&events, &effects.events)
            effects.removeAll()
            for event in events { handle(event, at: now) }
            events.removeAll(keepingCapacity: true)
            swap(&events, &spareEvents)
        }
        streamFaults.removeAll()
    }

    /// Sends what is to be sent before the step ends; its events stay for then.
    func transmitNow() {
        transmit(at: driver.now)
        effects.sends.removeAll(keepingCapacity: true)
        effects.bytes.removeAll(keepingCapacity: true)
    }

    private func transmit(at now: MonotonicInstant) {
        let bytes = effects.bytes
        for send in effects.sends {
            let message = bytes.span.bytes.extracting(send.range)
            let local = transmit(message, send, at: now)
            if wantsDatagrams {
                observe(.sent, message, send.transport, local: local, remote: send.destination)
            }
        }
    }
}
