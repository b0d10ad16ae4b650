internal import SIPCore
internal import SansIO

/// Calls that are placed to us: from the INVITE to the call in the table.
extension SignallingEngine {
    /// What the engine keeps for being called.
    struct Incoming {
        var policy: InboundPolicy
        var desk = IncomingDesk()
        var gate: InboundGuard
        var generator: SeededGenerator
        var statistics = InboundStatistics()
        /// Accepted calls in the table.
        var liveCalls = 0
        /// Ids of calls whose INVITE was shown to observers and is about to be handled, by Call-ID.
        var named: [String: CallID] = [:]
        /// Takes calls to the tasks that decide on them.
        private let undecided: Mailbox<UndecidedCall>
        /// The trunks of this engine, and from where each calls.
        private(set) var lines: [(line: TrunkLine, sources: [AddressRange])] = []

        init(_ policy: InboundPolicy, generator: SeededGenerator, to undecided: Mailbox<UndecidedCall>) {
            self.policy = policy
            self.generator = generator
            gate = InboundGuard(rate: policy.maximumRatePerSource, salt: self.generator.next())
            self.undecided = undecided
        }

        mutating func set(_ sources: [AddressRange], of line: TrunkLine) {
            lines.removeAll { $0.line.index == line.index }
            lines.append((line, sources))
            lines.sort { $0.line.index < $1.line.index }
        }

        /// The trunk that a request comes from: known by its address, and by nothing less secure than what it is
        /// reached by.
        func line(of request: ReceivedRequest) -> TrunkLine? {
            lines.first { line, sources in
                request.transport.rawValue >= line.trunk.transport.rawValue
                    && sources.contains { $0.contains(request.source) }
            }?.line
        }

        var sources: [SourceAdmission.Source] {
            lines.flatMap { line, sources in
                sources.map { SourceAdmission.Source($0, leastTransport: line.trunk.transport) }
            }
        }

        func attend(_ attempt: IncomingAttempt, _ decide: @escaping IncomingCallRouting.Decide) -> Bool {
            undecided.put(UndecidedCall(attempt: attempt, decide: decide))
        }

        /// The id that observers know already, or a new one.
        mutating func takeID(of sipCallID: String) -> CallID {
            named.removeValue(forKey: sipCallID) ?? CallID(generator.token(digits: 24))
        }
    }

    /// Sets from where a trunk calls.
    func admit(_ sources: [AddressRange], of line: TrunkLine) {
        incoming?.set(sources, of: line)
        userAgent.admission.sources = incoming?.sources ?? []
        setTrusted(sources, of: line.index)
    }

    /// The dialer takes no more calls.
    func stopTakingCalls() {
        refuseUndecided()
        finishStep()
    }

    // MARK: From the user agent

    /// An INVITE that was let in.
    func receive(incoming request: ReceivedRequest, as session: InviteSessionID, at now: MonotonicInstant) {
        guard var incoming, let home = incoming.lines.first?.line else {
            // Nobody is here to be called; the trunk may try elsewhere.
            if let id = self.incoming?.named.removeValue(forKey: request.callID) {
                observed.remove(id, sipCallID: request.callID)
            }
            return userAgent.respond(to: session, status: 480, at: now, into: &effects)
        }
        incoming.statistics.received += 1
        let keepsRate = incoming.gate.admits(request.source, at: now)
        self.incoming = incoming
        // Before anything is made of it: a flood is answered and counted, no more.
        guard keepsRate else { return turnAway(request, of: session, at: now) }
        let line = request.username == nil ? incoming.line(of: request) : nil
        var call = IncomingCall(request, id: incoming.takeID(of: request.callID), trunk: line?.trunk)
        call.replaces = request.replaces.flatMap { self.call($0)?.job.id }
        var attempt = IncomingAttempt(
            call: call, session: session, offer: request.body?.sessionDescription,
            line: line ?? home,
            received: CallCore.Now(monotonic: now, wall: driver.wallClock))
        attempt.offersEarly = attempt.offer == nil && request.isAnsweredReliably
        self.incoming = incoming
        note(.incoming(sipCallID: call.sipCallID), of: call.id)
        guard registry.hasRoom(limit: configuration.maximumCalls, waiting: incoming.desk.count) else {
            return refuse(attempt, status: 503, "no room for a further call", retryAfter: 10)
        }
        // Not before the limits: a signature costs more than all the rest.
        attempt.call.identity = incoming.policy.identity?.verify(request, now: driver.wallClock)
        guard let route = incoming.policy.routing.route(for: attempt.call) else {
            return refuse(attempt, status: 404, "the called number is not served")
        }
        guard incoming.liveCalls + incoming.desk.count < incoming.policy.maximumCalls else {
            return refuse(attempt, status: 486, "the limit of inbound calls is reached")
        }
        self.incoming?.desk.add(attempt, until: now.advanced(by: incoming.policy.decisionTimeout))
        if !incoming.attend(attempt, route.decide) { refuseUndecided() }
    }

    /// CANCEL before our final response.
    func cancelled(_ session: InviteSessionID) {
        if let attempt = incoming?.desk.take(session) {
            attempt.withdrawn.open()
            conclude(
                attempt,
                CallConclusion(
                    .cancelled, CallCause(sipStatus: 487, text: "the caller gave up"), endedBy: .caller))
        } else {
            tell(session) { core, now, out in core.callerGaveUp(at: now, into: &out) }
        }
    }

    /// An INVITE above the rate of its source.
    private func turnAway(
        _ request: ReceivedRequest, of session: InviteSessionID, at now: MonotonicInstant
    ) {
        incoming?.statistics.rateLimited += 1
        incoming?.statistics.notAccepted += 1
        if let id = incoming?.named.removeValue(forKey: request.callID) {
            observed.remove(id, sipCallID: request.callID)
        }
        turnAway(request.source, .rate, at: now)
        userAgent.respond(
            to: session, status: 503, headers: [SIPHeaderField(name: "Retry-After", value: "1")], at: now,
            into: &effects)
    }

    func turnAway(_ source: SocketAddress, _ reason: RefusedCallers.Reason, at now: MonotonicInstant) {
        if reason == .stranger { incoming?.statistics.strangersRefused += 1 }
        guard let refused = incoming?.gate.refuse(source, reason, at: now) else { return }
        for observer in observers { observer.callersRefused(refused) }
    }

    // MARK: From whoever decides

    func reject(_ id: CallID, status: Int, reason: String?) {
        guard let attempt = incoming?.desk.take(id) else { return }
        let status = (400...699).contains(status) ? status : 480
        refuse(attempt, status: status, reason ?? "rejected", phrase: reason)
        finishStep()
    }

    func redirect(_ id: CallID, to contacts: [String]) {
        guard let attempt = incoming?.desk.take(id) else { return }
        let usable = contacts.prefix(10).filter { uri in
            SIPURI.isValid(uri) && uri.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"<>\",".utf8.contains($0) }
        }
        if usable.isEmpty {
            refuse(attempt, status: 480, "no usable contact to redirect to")
        } else {
            // Falling q values keep the order (RFC 3261 §20.10).
            let value = usable.enumerated()
                .map { $0 == 0 ? "<\($1)>;q=1.0" : "<\($1)>;q=0.\(10 - $0)" }.joined(separator: ", ")
            refuse(
                attempt, status: 302, "redirected",
                headers: [SIPHeaderField(name: "Contact", value: value)])
        }
        finishStep()
    }

    /// Makes a call of an attempt that still waits.
    ///
    /// - Returns: Whether there is one now; the caller carries it then.
    func accept(_ job: CallJob, _ acceptance: IncomingAcceptance) -> Bool {
        guard let attempt = incoming?.desk.take(job.id), let policy = incoming?.policy else { return false }
        defer { finishStep() }
        do throws(CallError) {
            try registry.register(job, limit: configuration.maximumCalls)
        } catch {
            refuse(attempt, status: 503, error.message, retryAfter: 10)
            return false
        }
        incoming?.statistics.accepted += 1
        incoming?.liveCalls += 1
        let core = CallCore(
            id: job.id,
            configuration: CallCore.Configuration(
                ringTimeout: policy.ringTimeout, maximumDuration: job.plan.maximumDuration,
                classifiesAnswers: false, prepareTimeout: configuration.prepareTimeout,
                inbound: CallCore.Inbound(
                    alerting: acceptance.alerting, answersAfter: acceptance.answersAfter,
                    received: attempt.received, offersEarly: attempt.offersEarly)))
        let call = insert(job, core: core)
        call.session = attempt.session
        call.replaces = attempt.call.replaces
        call.attempt = DialAttempt(
            line: attempt.line, plan: DialPlan(attempt.call), sipCallID: attempt.call.sipCallID, offer: [])
        call.remoteOffer = attempt.offer
        slotsBySession[attempt.session] = call.slot
        job.call.record(
            CallEvent(
                instant: attempt.received.monotonic, kind: .incoming(sipCallID: attempt.call.sipCallID)))
        advance(call) { core, now, out in core.accepted(at: now, into: &out) }
        return true
    }

    /// What the media of a call that waits for us has to answer.
    func offer(of id: CallID) -> (offer: [UInt8]?, route: TrunkRoute, isEarly: Bool)? {
        guard let call = call(id), call.core.owesFinalResponse, let route = call.attempt?.line.route else {
            return nil
        }
        return (call.remoteOffer, route, call.core.configuration.inbound?.alerting == .earlyMedia)
    }

    /// The agent is ready.
    ///
    /// - Parameter description: Our answer, or our offer when the INVITE had none.
    /// - Returns: Whether the caller still waits; media is the engine's to close from then on.
    func prepared(_ id: CallID, description: [UInt8]) -> Bool {
        guard let call = call(id) else { return false }
        call.attempt?.offer = description
        var waits = false
        advance(call) { core, now, out in waits = core.prepared(at: now, into: &out) }
        finishStep()
        return waits
    }

    func answer(_ id: CallID) {
        tell(id) { core, now, out in core.answer(at: now, into: &out) }
    }

    // MARK: Responses and ends

    func respond(to call: SignallingCall, status: Int, at now: MonotonicInstant) {
        guard let session = call.session, let attempt = call.attempt else { return }
        // With an offer that went out before, one in the 200 would be another.
        let carries =
            status == 183 || (call.core.offersEarly ? status == 180 : status == 200)
        if status == 200, let replaced = call.replaces.flatMap({ self.call($0) }) {
            replaced.isReplaced = true
        }
        userAgent.respond(
            to: session, status: status,
            body: carries ? SIPBody(contentType: "application/sdp", bytes: attempt.offer) : nil,
            contact: contact(of: call), at: now, into: &effects)
        // The call may be over with it, and observers are to see it before.
        if status >= 300 { transmitNow() }
    }

    /// Nobody has decided in time.
    func fireIncoming(at now: MonotonicInstant) {
        while let attempt = incoming?.desk.popDue(at: now) {
            refuse(attempt, status: 480, "nobody decided on the call in time")
        }
    }

    /// Refuses what is not decided yet: the dialer stops.
    func refuseUndecided() {
        while let attempt = incoming?.desk.takeAny() {
            refuse(attempt, status: 503, "the dialer was stopped", retryAfter: 10)
        }
    }

    private func refuse(
        _ attempt: IncomingAttempt, status: Int, _ text: String, phrase: String? = nil,
        headers: [SIPHeaderField] = [], retryAfter: Int? = nil
    ) {
        attempt.withdrawn.open()
        let hint = retryAfter.map { [SIPHeaderField(name: "Retry-After", value: "\($0)")] } ?? []
        userAgent.respond(
            to: attempt.session, status: status, reason: phrase, headers: headers + hint, at: driver.now,
            into: &effects)
        // Observers see the response before the end of its call.
        transmitNow()
        conclude(
            attempt, CallConclusion(.declined, CallCause(sipStatus: status, text: text), endedBy: .us))
    }

    /// The one outcome of a call that was never accepted.
    private func conclude(_ attempt: IncomingAttempt, _ conclusion: CallConclusion) {
        incoming?.statistics.notAccepted += 1
        let call = attempt.call
        let outcome = CallOutcome(
            id: call.id, disposition: conclusion.disposition, cause: conclusion.cause,
            endedBy: conclusion.endedBy,
            timings: CallTimings(dialed: attempt.received.wall, ended: driver.wallClock))
        note(.ended(outcome), of: call.id)
        let record = CallRecord(
            id: call.id, sipCallID: call.sipCallID, to: call.called.isEmpty ? call.calledURI : call.called,
            from: call.caller.number, outcome: outcome, direction: .inbound)
        for observer in observers { observer.callEnded(record) }
        observed.remove(call.id, sipCallID: call.sipCallID)
    }

    private func note(_ kind: CallEvent.Kind, of id: CallID) {
        let event = CallEvent(instant: driver.now, kind: kind)
        for observer in observers { observer.call(id, did: event) }
    }

    // MARK: Observers

    /// Names the calls among the events of a datagram just read, so that observers see it with the call it begins.
    func nameIncoming(since eventCount: Int) {
        guard incoming != nil else { return }
        for event in effects.events.dropFirst(eventCount) {
            guard case .incoming(_, let request) = event, let id = incoming?.takeID(of: request.callID)
            else { continue }
            incoming?.named[request.callID] = id
            observed.add(id, sipCallID: request.callID)
        }
    }
}
