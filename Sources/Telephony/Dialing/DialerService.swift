internal import RTPMedia
internal import SIPCore
internal import SansIO

/// A dialer while it runs: its engines, and the tasks that carry its calls.
final class DialerService: Sendable {
    private let trunk: Trunk
    private let configuration: DialerConfiguration
    private let registry: CallRegistry
    let driver: any Driver
    private let signalling: SignallingEngine
    private let media: MediaEngine
    private let jobs = Mailbox<CallJob>()
    // Guards the draw of ids, the turn of the trunk's numbers and the route once it is found.
    private let state: Locked<State>

    private struct State {
        var generator: SeededGenerator
        var turn = 0
        var route: TrunkRoute?
    }

    /// Time for BYE and CANCEL when the dialer is stopped.
    private static let drainTime = Duration.seconds(2)

    init(
        trunk: Trunk, configuration: DialerConfiguration, driver: any Driver, registry: CallRegistry,
        observers: [any CallObserver]
    ) {
        self.trunk = trunk
        self.configuration = configuration
        self.driver = driver
        self.registry = registry
        state = Locked(State(generator: driver.makeGenerator(label: "dialer")))
        media = MediaEngine(driver: driver, configuration: configuration, observers: observers)
        signalling = SignallingEngine(
            driver: driver, trunk: trunk, configuration: configuration, media: media, registry: registry,
            observers: observers)
    }

    // MARK: Serving

    /// Carries calls until the mailbox is finished and the last call is over.
    ///
    /// - Parameter onReady: Called once calls are taken.
    /// - Throws: ``CallError/Code/socket``. A trunk that cannot be reached now is tried again for each call.
    func serve(onReady: () -> Void) async throws {
        await media.ask { [signalling] in $0.open(reportingTo: signalling) }
        do {
            _ = try await findRoute()
        } catch {
            // No route yet: each call tries again, and says so in its outcome.
            if error.code == .socket {
                await close()
                throw error
            }
        }
        registry.open()
        onReady()
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                while let job = await jobs.next() {
                    group.addTask { await self.carry(job) }
                }
            }
        } onCancel: {
            registry.close()
            jobs.finish()
            let deadline = driver.now.advanced(by: Self.drainTime)
            signalling.post { $0.drain(by: deadline) }
        }
        registry.close()
        await registry.idle()
        await close()
    }

    private func close() async {
        await signalling.ask { $0.close() }
        await media.ask { $0.close() }
    }

    /// Takes no new calls and lets ``serve()`` end once the last is over.
    func finish() async {
        registry.close()
        await registry.idle()
        jobs.finish()
    }

    // MARK: Calls

    /// Takes a call over: from here on it has exactly one outcome.
    func place(
        _ request: CallRequest, handler: any CallHandler,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) throws(CallError) -> CallJob {
        let (drawnID, sipCallID, turn) = state.withLock { state in
            defer { state.turn += request.from == nil ? 1 : 0 }
            return (state.generator.token(digits: 24), state.generator.token(digits: 32), state.turn)
        }
        let plan = try CallPlan(
            request, trunk: trunk, configuration: configuration, handlerRate: handler.audioRateHertz,
            turn: turn)
        let id = request.id ?? CallID(drawnID)
        let call = Call(
            id: id, request: request, audio: CallAudio(rateHertz: plan.audioRateHertz),
            eventLimit: configuration.eventLimit, control: self, clock: driver)
        let job = CallJob(
            call: call, plan: plan, sipCallID: sipCallID, handler: handler,
            recording: RecordingTrack(plan.recording, id: id), onDialing: onDialing)
        try registry.register(job, limit: configuration.maximumCalls)
        signalling.post { $0.admit(job) }
        if !jobs.put(job) {
            // Serving ended in between: nobody would carry it.
            signalling.post {
                $0.hangUp(id, text: "the dialer was stopped")
                $0.agentFinished(id, nil)
            }
        }
        return job
    }

    /// One task for the agent, one for the recording, for as long as the call lives.
    private func carry(_ job: CallJob) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                let result = await self.perform(job)
                self.signalling.post { $0.agentFinished(job.id, result) }
                job.stop.open()
            }
            if let recording = job.recording {
                group.addTask { await self.record(recording, of: job.id) }
            }
            await job.stop.wait()
            group.cancelAll()
        }
    }

    /// Writes one recording. Cancellation does not stop it: the file shall be whole.
    private func record(_ track: RecordingTrack, of id: CallID) async {
        var fault: String?
        do {
            try await track.write(through: driver)
            if track.hasOverflowed { fault = "the disk is too slow" }
        } catch {
            track.finish()
            fault =
                (error as? FileError).map { "cannot \($0.operation.rawValue) the file: \($0.reason)" }
                ?? "no file"
        }
        if let fault { signalling.post { [fault] in $0.recordingFailed(id, text: fault) } }
    }

    private func perform(_ job: CallJob) async -> AgentResult? {
        let performance: CallPerformance
        do {
            performance = try await job.handler.prepare(for: job.plan.request, id: job.id)
            // Nobody waits for the call any more: then not even the attempt is noted.
            try Task.checkCancellation()
        } catch is CancellationError where Task.isCancelled {
            hangUp(job.id, text: "ended before it was dialed")
            return nil
        } catch {
            abort(job, .notPrepared, "the agent could not prepare: \(AgentResult.summary(of: error))")
            return nil
        }
        guard await dial(job) else { return nil }
        do {
            return try await performance(job.call)
        } catch {
            return AgentResult(throwing: error, wasAnswered: job.call.wasAnswered)
        }
    }

    /// - Returns: Whether an INVITE was started.
    private func dial(_ job: CallJob) async -> Bool {
        let route: TrunkRoute
        do {
            route = try await findRoute()
        } catch {
            if error.code == .noRoute {
                abort(job, .trunkFault, error.message)
            } else {
                job.fail(with: error)
                abort(job, .failed, error.message)
            }
            return false
        }
        switch await media.ask({ media in
            Result { () throws(CallError) in try media.openLeg(job, route: route) }
        }) {
        case .failure(let error):
            job.fail(with: error)
            abort(job, .failed, error.message)
            return false
        case .success(let offer):
            do {
                try await job.onDialing(job.sipCallID)
            } catch {
                job.fail(with: error)
                abort(job, .failed, "not dialed: \(AgentResult.summary(of: error))")
                media.post { $0.stop(job.id) }
                return false
            }
            let isDialing = await signalling.ask { $0.dial(job.id, offer: offer) }
            if !isDialing { media.post { $0.stop(job.id) } }
            return isDialing
        }
    }

    private func abort(_ job: CallJob, _ disposition: CallDisposition, _ text: String) {
        signalling.post { $0.abort(job.id, disposition, text: text) }
    }

    func hangUp(_ id: CallID, text: String) { signalling.post { $0.hangUp(id, text: text) } }

    // MARK: The trunk

    /// Resolves the trunk's name, chooses our address and binds the SIP socket, once.
    private func findRoute() async throws(CallError) -> TrunkRoute {
        if let route = state.withLock({ $0.route }) { return route }
        let route = try await resolveRoute()
        let bound = await signalling.ask { engine in Result { () throws(CallError) in try engine.open(route) }
        }
        try bound.get()
        state.withLock { $0.route = $0.route ?? route }
        return route
    }

    private func resolveRoute() async throws(CallError) -> TrunkRoute {
        var noRoute = "no route: the trunk's host name has no address"
        for trunkAddress in await resolve(trunk.host, port: trunk.port) {
            noRoute = "no route to the trunk's address"
            let local: SocketAddress?
            if let host = configuration.localHost {
                local = await resolve(host, port: 0).first { $0.family == trunkAddress.family }
            } else {
                local = driver.sourceAddress(toReach: trunkAddress)
            }
            guard let local else { continue }
            guard let host = trunk.advertisedHost else {
                return TrunkRoute(
                    trunk: trunkAddress, local: local, advertisedHost: local.uriHost, advertisedMedia: local)
            }
            // Of the family that we bind: a description must name where our sockets are.
            let candidates = await resolve(host, port: 0)
            guard let advertised = candidates.first(where: { $0.family == local.family }) else {
                noRoute = "no route: the advertised host has no address of the trunk's family"
                continue
            }
            let isLiteral = SocketAddress(host: host, port: 0) != nil
            return TrunkRoute(
                trunk: trunkAddress, local: local, advertisedHost: isLiteral ? advertised.uriHost : host,
                advertisedMedia: advertised)
        }
        throw CallError(.noRoute, noRoute)
    }

    private func resolve(_ host: String, port: UInt16) async -> [SocketAddress] {
        if let literal = SocketAddress(host: host, port: port) { return [literal] }
        return (try? await driver.resolve(host, port: port)) ?? []
    }

    // MARK: Figures

    func statistics() async -> DialerStatistics {
        let (userAgent, liveCalls) = await signalling.ask { $0.statistics }
        let (lateness, skipped, legs) = await media.ask { $0.statistics }
        return DialerStatistics(
            userAgent: userAgent, liveCalls: liveCalls, liveLegs: legs, frameLateness: lateness,
            skippedTicks: skipped)
    }
}

extension DialerService: CallControl {
    func hangUp(_ id: CallID) { hangUp(id, text: "hung up by the application") }

    func sendDigits(_ digits: String, on id: CallID) { media.post { $0.sendDigits(digits, on: id) } }

    func play(_ samples: [Int16], _ mode: PlayMode, on id: CallID) {
        media.post { $0.play(samples, isRepeating: mode == .repeated, on: id) }
    }
}
