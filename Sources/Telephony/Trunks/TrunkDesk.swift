internal import SansIO

/// Gives places on trunks to the calls of a dialer: the pool's rules, on the loop of the signalling engines.
actor TrunkDesk: LoopEngine {
    nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let trunks: [Trunk]
    private let observers: [any CallObserver]
    private var client: DriverClientID?
    private var pool: TrunkPool
    private var output = TrunkPool.Output()
    private var asking: [TrunkPool.Ticket: Asking] = [:]
    private var starting: [TrunkPool.Ticket: UnsafeContinuation<Bool, Never>] = [:]
    /// Where trunks go that are to be reached.
    private let work: Mailbox<CallWork>
    /// Trunks to register with or to ask that have no route yet, and when they are tried again.
    private var unreached: [Int] = []
    private var reachDeadline: MonotonicInstant?
    /// What engines have told of the trunks, by index.
    private var told: [TrunkTold]

    /// A call's task that waits for a place.
    private struct Asking {
        let job: CallJob
        let continuation: UnsafeContinuation<Result<Int, TrunkRefusal>, Never>
        var hasQueued = false
    }

    init(
        trunks: [Trunk], configuration: DialerConfiguration, driver: any Driver, work: Mailbox<CallWork>,
        observers: [any CallObserver]
    ) {
        self.trunks = trunks
        self.work = work
        self.driver = driver
        self.observers = observers
        executor = driver.serialExecutor
        told = trunks.map { _ in TrunkTold() }
        pool = TrunkPool(
            trunks: trunks, queueLimit: configuration.queueLimit,
            generator: driver.makeGenerator(label: "trunks"))
    }

    func open() { if client == nil { client = driver.attach(self) } }

    /// Lets go of the loop. No call may be left.
    func close() {
        if let client { driver.detach(client) }
        client = nil
    }

    nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        if let due = reachDeadline, due <= driver.now {
            for trunk in unreached { work.put(.reach(trunk: trunk)) }
            (unreached, reachDeadline) = ([], nil)
        }
        move { pool, now, out in pool.fire(at: now, into: &out) }
    }

    /// There is no route to a trunk that is to be registered with or asked: it is tried again.
    func couldNotReach(_ trunk: Int, _ words: String) {
        guard trunks[trunk].registration != nil || trunks[trunk].healthCheck != nil else { return }
        unreached.append(trunk)
        reachDeadline = reachDeadline ?? driver.now.advanced(by: .seconds(10))
        if trunks[trunk].registration != nil {
            hear(.registrationFailed(words), of: trunk)
        } else {
            hear(.probed(TrunkProbe(sipStatus: nil, roundTrip: nil)), of: trunk)
        }
    }

    // MARK: Calls

    /// A place on a trunk for `job`, among those that it has not tried. Deaf to cancellation: ``end(_:_:)`` ends the wait.
    nonisolated func place(for job: CallJob) async -> Result<Int, TrunkRefusal> {
        await withUnsafeContinuation { continuation in
            post { $0.request(job, continuation) }
        }
    }

    private func request(
        _ job: CallJob, _ continuation: UnsafeContinuation<Result<Int, TrunkRefusal>, Never>
    ) {
        guard job.call.phase != .ended else { return continuation.resume(returning: .failure(.callEnded)) }
        let suitable = job.trunksLeft
        guard !suitable.isEmpty else { return continuation.resume(returning: .failure(.noneLeft)) }
        asking[job.ticket] = Asking(job: job, continuation: continuation)
        let deadline = driver.now.advanced(by: job.plan.queueTimeout)
        move { pool, now, out in
            pool.request(job.ticket, suitable: suitable, deadline: deadline, at: now, into: &out)
        }
    }

    /// Waits until the INVITE of a call may leave.
    ///
    /// - Returns: False when the call is over.
    nonisolated func mayStart(_ job: CallJob) async -> Bool {
        await withUnsafeContinuation { continuation in
            post { desk in
                guard job.call.phase != .ended else { return continuation.resume(returning: false) }
                desk.starting[job.ticket] = continuation
                desk.move { pool, now, out in pool.ready(job.ticket, at: now, into: &out) }
            }
        }
    }

    /// The far end of a call has had its word.
    func hear(_ verdict: TrunkVerdict, of ticket: TrunkPool.Ticket) {
        move { pool, now, out in pool.hear(verdict, of: ticket, at: now, into: &out) }
    }

    /// A call, or its attempt over one trunk, is over; wherever it stood.
    func end(_ ticket: TrunkPool.Ticket, _ verdict: TrunkVerdict) {
        starting.removeValue(forKey: ticket)?.resume(returning: false)
        move { pool, now, out in pool.end(ticket, verdict, at: now, into: &out) }
    }

    // MARK: Trunks

    func resume(_ trunk: Int) { move { pool, now, out in pool.resume(trunk, at: now, into: &out) } }

    /// A trunk's registrar refuses us.
    func refuse(_ trunk: Int, _ words: String) {
        move { pool, now, out in pool.refuse(trunk, words, at: now, into: &out) }
    }

    /// News of a trunk's registration or health.
    func hear(
        _ event: TrunkEvent?, of trunk: Int, isRegistered: Bool? = nil, isReachable: Bool? = nil
    ) {
        if let event {
            told[trunk].note(event)
            for observer in observers { observer.trunk(trunks[trunk].name, did: event) }
        }
        move { pool, now, out in
            if let isRegistered { pool.setRegistered(isRegistered, trunk, at: now, into: &out) }
            if let isReachable { pool.setReachable(isReachable, trunk, at: now, into: &out) }
        }
    }

    var statuses: [TrunkStatus] {
        let now = driver.now
        let wall = driver.wallClock
        return trunks.indices.map { trunk in
            let line = pool.lines[trunk]
            var status = TrunkStatus(name: trunks[trunk].name, state: line.state(at: now))
            if case .at(let instant) = line.prospect(at: now), instant > now {
                status.usableAt = wall.advanced(by: now.duration(to: instant))
            }
            status.registeredUntil = told[trunk].registeredUntil
            status.roundTrip = told[trunk].roundTrip
            status.calls = line.calls
            status.waiting = pool.waiting(for: trunk)
            status.callsPerSecond = line.startsInLastSecond(at: now)
            status.attempts = line.attempts
            status.consecutiveFaults = line.breaker.faults
            status.faults = line.faults
            status.lastFault = line.lastFault
            return status
        }
    }

    // MARK: Moving the pool

    private func move(_ body: (inout TrunkPool, MonotonicInstant, inout TrunkPool.Output) -> Void) {
        body(&pool, driver.now, &output)
        for event in output.events {
            for observer in observers { observer.trunk(trunks[event.trunk].name, did: event.kind) }
        }
        for command in output.sends { carryOut(command) }
        output.removeAll()
        guard let client else { return }
        let next = [pool.nextDeadline, reachDeadline].compactMap { $0 }.min()
        driver.schedule(client, at: next)
    }

    private func carryOut(_ command: TrunkPool.Command) {
        switch command {
        case .queued(let ticket):
            guard let job = asking[ticket]?.job else { break }
            asking[ticket]?.hasQueued = true
            job.post { $0.queued(job.id) }
        case .grant(let ticket, let trunk):
            guard let ask = asking.removeValue(forKey: ticket) else { break }
            if ask.hasQueued { ask.job.post { $0.dequeued(ask.job.id) } }
            ask.continuation.resume(returning: .success(trunk))
        case .refuse(let ticket, let refusal):
            asking.removeValue(forKey: ticket)?.continuation.resume(returning: .failure(refusal))
        case .start(let ticket):
            starting.removeValue(forKey: ticket)?.resume(returning: true)
        }
    }
}

/// What was last told of a trunk's registration and health.
struct TrunkTold: Hashable, Sendable {
    var registeredUntil: WallClockInstant?
    var roundTrip: Duration?

    mutating func note(_ event: TrunkEvent) {
        switch event {
        case .registered(let until): registeredUntil = until
        case .registrationFailed, .unregistered: registeredUntil = nil
        case .probed(let probe): roundTrip = probe.roundTrip
        default: break
        }
    }
}
