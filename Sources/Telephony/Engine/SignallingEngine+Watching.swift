internal import SIPCore
internal import SansIO

/// Registration with trunks, and their health.
extension SignallingEngine {
    /// The trunks that this engine registers with and asks, and what is open with them.
    struct Watches {
        var list: [TrunkWatch] = []
        /// Whoever waits until the registrars have forgotten us, and until when.
        var leaving: UnsafeContinuation<Void, Never>?
        var leaveDeadline: MonotonicInstant?

        var nextDeadline: MonotonicInstant? {
            list.reduce(leaveDeadline) { .earlier($0, $1.nextDeadline) }
        }
    }

    /// Starts to keep a trunk registered and to ask for its health, as its settings say. Once per trunk.
    func watch(_ line: TrunkLine) {
        guard line.trunk.isWatched, let socket = listeners.udp,
            !watches.list.contains(where: { $0.index == line.index })
        else { return }
        watches.list.append(
            TrunkWatch(
                line, socket: socket.id, port: port(of: line.trunk),
                generator: driver.makeGenerator(label: "trunk \(line.index)")))
        let place = watches.list.count - 1
        move(registrationAt: place) { machine, now, out in machine.start(at: now, into: &out) }
        move(probeAt: place) { machine, now, out in machine.start(at: now, into: &out) }
        finishStep()
    }

    /// The DNS names the trunk's servers anew.
    func retarget(_ line: TrunkLine) {
        guard let place = watches.list.firstIndex(where: { $0.index == line.index }) else { return }
        watches.list[place].retarget(line)
    }

    /// A person has looked after a trunk: its registrar is asked again.
    func rewatch(_ trunk: Int) {
        guard let place = watches.list.firstIndex(where: { $0.index == trunk }) else { return }
        move(registrationAt: place) { machine, now, out in
            machine.start(at: now, into: &out)
            machine.refresh(at: now, into: &out)
        }
        finishStep()
    }

    /// The Route set that a trunk's registrar has given (RFC 3608).
    func serviceRoutes(of trunk: Int) -> [String] {
        watches.list.first { $0.index == trunk }?.registration?.binding?.serviceRoutes ?? []
    }

    /// Takes our bindings back and asks no more; waits for the registrars, until `deadline` at most.
    func leaveTrunks(by deadline: MonotonicInstant, _ continuation: UnsafeContinuation<Void, Never>) {
        for place in watches.list.indices {
            watches.list[place].probe?.stop()
            if let request = watches.list[place].probing.take() { userAgent.cancelRequest(request) }
            move(registrationAt: place) { machine, now, out in machine.stop(at: now, into: &out) }
        }
        (watches.leaving, watches.leaveDeadline) = (continuation, deadline)
        endLeaving(at: driver.now)
        finishStep()
    }

    private func endLeaving(at now: MonotonicInstant) {
        guard let deadline = watches.leaveDeadline else { return }
        guard deadline <= now || !watches.list.contains(where: \.isBound) else { return }
        let leaving = watches.leaving
        watches = Watches()
        leaving?.resume()
    }

    /// Does what is due.
    func fireWatches(at now: MonotonicInstant) {
        guard let due = watches.nextDeadline, due <= now else { return }
        for place in watches.list.indices {
            move(registrationAt: place) { machine, now, out in machine.fire(at: now, into: &out) }
            move(probeAt: place) { machine, now, out in machine.fire(at: now, into: &out) }
        }
        endLeaving(at: now)
    }

    // MARK: Answers

    func requestEnded(
        _ id: SIPRequestID, _ end: Result<ReceivedResponse, RequestError>, at now: MonotonicInstant
    ) {
        guard let place = watches.list.firstIndex(where: { $0.registering == id || $0.probing == id }) else {
            return
        }
        let hasNext = note(end, at: place)
        if watches.list[place].registering == id {
            watches.list[place].registering = nil
            move(registrationAt: place) { machine, now, out in
                switch end {
                case .success(let response): machine.receive(response, at: now, into: &out)
                case .failure(let error): machine.receive(error.failure, at: now, into: &out)
                }
                // Another server is asked at once; only after the last comes the pause.
                if hasNext { machine.refresh(at: now, into: &out) }
            }
        } else {
            watches.list[place].probing = nil
            move(probeAt: place) { machine, now, out in
                switch end {
                case .success(let response): machine.receive(response, at: now, into: &out)
                case .failure(let error): machine.receive(error.failure, at: now, into: &out)
                }
            }
        }
        endLeaving(at: now)
    }

    /// Keeps which server answers, and has the DNS looked at again for the next request.
    ///
    /// - Returns: Whether this one has failed and there is another to be asked.
    private func note(_ end: Result<ReceivedResponse, RequestError>, at place: Int) -> Bool {
        if watches.list[place].isNamed { redials.put(.reach(trunk: watches.list[place].index)) }
        switch end {
        case .success(let response) where response.status != 503:
            watches.list[place].answered()
            return false
        case .failure(let error) where error.failure != .timedOut && error.failure != .transportFailed:
            watches.list[place].answered()
            return false
        case .success, .failure: return watches.list[place].failed()
        }
    }

    /// A request's failure as an error.
    struct RequestError: Error { var failure: RequestFailure }

    // MARK: Moving the machines

    private func move(
        registrationAt place: Int,
        _ body: (inout Registration, MonotonicInstant, inout Registration.Output) -> Void
    ) {
        guard var machine = watches.list[place].registration else { return }
        let now = driver.now
        var out = Registration.Output()
        body(&machine, now, &out)
        let request = send(&out, at: place, now) { machine.receive($0, at: now, into: &$1) }
        if let request { watches.list[place].registering = request }
        watches.list[place].registration = machine
        for event in out.events {
            tell(event, of: watches.list[place].index, isBound: machine.binding != nil)
        }
    }

    private func move(
        probeAt place: Int, _ body: (inout OptionsProbe, MonotonicInstant, inout OptionsProbe.Output) -> Void
    ) {
        guard var machine = watches.list[place].probe else { return }
        let now = driver.now
        var out = OptionsProbe.Output()
        body(&machine, now, &out)
        let request = send(&out, at: place, now) { machine.receive($0, at: now, into: &$1) }
        if let request { watches.list[place].probing = request }
        watches.list[place].probe = machine
        for event in out.events { tell(event, of: watches.list[place].index) }
    }

    /// Sends what a machine asks for.
    ///
    /// - Parameter fail: Tells the machine what could not be sent; it may ask for more.
    /// - Returns: The last request that left; `nil` when none did.
    private func send<Event>(
        _ out: inout Effects<OutgoingRequest, Event>, at place: Int, _ now: MonotonicInstant,
        orElse fail: (UserAgentError, inout Effects<OutgoingRequest, Event>) -> Void
    ) -> SIPRequestID? {
        var last: SIPRequestID?
        var sent = 0
        while sent < out.sends.count {
            do {
                last = try userAgent.request(aimed(out.sends[sent], at: place), at: now, into: &effects)
            } catch {
                fail(error, &out)
            }
            sent += 1
        }
        return last
    }

    /// A request to the server that we speak to by now.
    private func aimed(_ request: OutgoingRequest, at place: Int) -> OutgoingRequest {
        let target = watches.list[place].target
        connections.learn(target)
        var request = request
        request.destination = target.address
        request.transport = target.transport
        return request
    }

    private func tell(_ event: Registration.Event, of trunk: Int, isBound: Bool) {
        switch event {
        case .registered(let binding), .refreshed(let binding):
            let until = driver.wallClock.advanced(by: binding.expires)
            desk.post { $0.hear(.registered(until: until), of: trunk, isRegistered: true) }
        case .failed(let failure, let retryAfter):
            let words = failure.words
            desk.post {
                $0.hear(.registrationFailed(words), of: trunk, isRegistered: isBound)
                if retryAfter == nil { $0.refuse(trunk, words) }
            }
        case .lost:
            desk.post {
                $0.hear(.registrationFailed("the registration has run out"), of: trunk, isRegistered: false)
            }
        case .unregistered:
            desk.post { $0.hear(.unregistered, of: trunk, isRegistered: false) }
        }
    }

    private func tell(_ event: OptionsProbe.Event, of trunk: Int) {
        switch event {
        case .answered(let status, let roundTrip):
            let probe = TrunkProbe(sipStatus: status, roundTrip: roundTrip)
            desk.post { $0.hear(.probed(probe), of: trunk) }
        case .unanswered(let fault):
            var status: Int?
            if case .refused(let refusal) = fault { status = refusal }
            let probe = TrunkProbe(sipStatus: status, roundTrip: nil)
            desk.post { $0.hear(.probed(probe), of: trunk) }
        case .became(let health):
            desk.post { $0.hear(nil, of: trunk, isReachable: health != .down) }
        }
    }
}
