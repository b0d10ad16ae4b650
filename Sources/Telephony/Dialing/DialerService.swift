internal import RTPMedia
internal import SIPCore
internal import SansIO

/// A dialer while it runs: its engines, and the tasks that carry its calls.
final class DialerService: Sendable {
    let configuration: DialerConfiguration
    let registry: CallRegistry
    let driver: any Driver
    let lines: TrunkLines
    /// Each on a loop of its own, or one beside signalling.
    let media: [MediaEngine]
    private let desk: TrunkDesk
    let roomRecordingNames = RecordingNames()
    let work: Mailbox<CallWork>
    // Guards the draw of ids and the turns of the media engines and of each trunk's numbers.
    private let state: Locked<State>

    private struct State {
        var generator: SeededGenerator
        var mediaTurn = 0
        /// By trunk.
        var numberTurns: [Int]
        var lastTicket: TrunkPool.Ticket = 0
        var lastRoom = 0
        /// The dialer's music, by the rates at which it was asked for.
        var holdMusic: [Int: [Int16]] = [:]
    }

    /// Time for BYE and CANCEL when the dialer is stopped.
    private static let drainTime = Duration.seconds(2)

    /// - Throws: ``CallError/Code/socket`` when there can be no loops for media.
    init(
        trunks: [Trunk], configuration: DialerConfiguration, driver: any Driver, registry: CallRegistry,
        observers: [any CallObserver]
    ) throws(CallError) {
        var configuration = configuration
        if let inbound = configuration.inbound {
            configuration.userAgent.requiredCredentials = inbound.credentials
            configuration.userAgent.realm = inbound.realm
            configuration.userAgent.digestAlgorithms = inbound.challengeAlgorithms
            configuration.userAgent.servesReplaces = true
        }
        let served = SignallingEngine.servedMethods.filter { !configuration.userAgent.methods.contains($0) }
        configuration.userAgent.methods += served
        self.configuration = configuration
        self.driver = driver
        self.registry = registry
        state = Locked(
            State(generator: driver.makeGenerator(label: "dialer"), numberTurns: trunks.map { _ in 0 }))
        media = try Self.makeMediaEngines(configuration, driver: driver, observers: observers)
        let work = Mailbox<CallWork>()
        let desk = TrunkDesk(
            trunks: trunks, configuration: configuration, driver: driver, work: work, observers: observers)
        self.work = work
        self.desk = desk
        lines = TrunkLines(trunks: trunks, configuration: configuration, driver: driver) {
            [configuration] incoming in
            SignallingEngine(
                driver: driver, configuration: configuration, registry: registry, desk: desk, redials: work,
                hasSeveralTrunks: trunks.count > 1, observers: observers, incoming: incoming)
        }
    }

    private static func makeMediaEngines(
        _ configuration: DialerConfiguration, driver: any Driver, observers: [any CallObserver]
    ) throws(CallError) -> [MediaEngine] {
        let count = min(max(configuration.mediaLoops, 1), 64)
        var engines: [MediaEngine] = []
        for index in 0..<count {
            let loop: any Driver
            do {
                loop = count == 1 ? driver : try driver.makeLoop()
            } catch {
                throw CallError(.socket, "no loop for media: \(error.message)")
            }
            engines.append(
                MediaEngine(
                    driver: loop, configuration: configuration,
                    ports: PortAllocator.share(index, of: count, in: configuration.mediaPorts),
                    observers: observers))
        }
        return engines
    }

    // MARK: Serving

    /// Carries calls until the mailbox is finished and the last call is over.
    ///
    /// - Parameter onReady: Called once calls are taken.
    /// - Throws: ``CallError/Code/socket``. A trunk that cannot be reached now is tried again for each call.
    func serve(onReady: () -> Void) async throws {
        await desk.ask { $0.open() }
        for engine in media { await engine.ask { $0.open() } }
        let firstLine = FirstLine(of: lines.trunks.count)
        // Those with an address are reached at once. Names are looked up side by side: a DNS that is silent about one
        // trunk keeps no call from the others.
        let named = lines.trunks.indices.filter { SocketAddress(host: lines.trunks[$0].host, port: 0) == nil }
        for trunk in lines.trunks.indices where !named.contains(trunk) { await reach(trunk, for: firstLine) }
        let start: Result<Void, CallError> = await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for trunk in named { group.addTask { await self.reach(trunk, for: firstLine) } }
                do throws(CallError) {
                    try await firstLine.wait()
                    try await openForIncoming()
                } catch {
                    group.cancelAll()
                    return .failure(error)
                }
                if !Task.isCancelled {
                    registry.open()
                    onReady()
                }
                group.addTask { await self.serveIncoming() }
                while let work = await work.next() {
                    switch work {
                    case .carry(let job): group.addTask { await self.carry(job) }
                    case .redial(let job): group.addTask { await self.redial(job) }
                    case .locate(let query, let engine, let tell):
                        group.addTask {
                            let targets = (try? await self.lines.directory.targets(of: query)) ?? []
                            engine.post { tell($0, targets) }
                        }
                    case .refer(let job, let referral):
                        group.addTask { await self.follow(referral, in: job) }
                    case .record(let track, let report):
                        group.addTask {
                            if let fault = await track.write(through: self.driver) { report(fault) }
                        }
                    case .reach(let trunk): group.addTask { await self.reach(trunk) }
                    }
                }
                return .success(())
            }
        } onCancel: {
            firstLine.giveUp()
            registry.close()
            work.finish()
            lines.incoming.finish()
            let deadline = driver.now.advanced(by: Self.drainTime)
            lines.drain(by: deadline)
            for engine in media { engine.post { $0.closeRooms() } }
        }
        registry.close()
        if case .failure(let error) = start {
            await close()
            throw error
        }
        await registry.idle()
        await lines.leave(by: driver.now.advanced(by: Self.drainTime))
        await close()
    }

    private func close() async {
        await lines.close()
        for engine in media { await engine.ask { $0.close() } }
        await desk.ask { $0.close() }
    }

    /// Takes no new calls and lets ``serve()`` end once the last is over.
    func finish() async {
        registry.close()
        for engine in lines.engines { engine.post { $0.stopTakingCalls() } }
        await registry.idle()
        for engine in media { await engine.ask { $0.closeRooms() } }
        work.finish()
        lines.incoming.finish()
    }

    // MARK: Calls

    /// Takes a call over: from here on it has exactly one outcome.
    func place(
        _ request: CallRequest, handler: any CallHandler,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) throws(CallError) -> CallJob {
        let plan = try CallPlan(
            request, trunks: lines.trunks, configuration: configuration, handlerRate: handler.audioRateHertz)
        let (drawnID, ticket) = state.withLock { state in
            state.lastTicket += 1
            return (state.generator.token(digits: 24), state.lastTicket)
        }
        let id = request.id ?? CallID(drawnID)
        let call = Call(
            id: id, request: request, audio: CallAudio(rateHertz: plan.audioRateHertz),
            eventLimit: configuration.eventLimit, control: self, clock: driver)
        let job = CallJob(
            call: call, plan: plan, ticket: ticket, signalling: lines.lobby, media: nextMedia(),
            handler: handler,
            recording: CallRecording(plan.recording, id: id, encoders: configuration.recordingEncoders),
            onDialing: onDialing)
        try registry.register(job, limit: configuration.maximumCalls)
        job.post { $0.admit(job) }
        if !work.put(.carry(job)) {
            // Serving ended in between: nobody would carry it.
            job.post {
                $0.hangUp(id, text: "the dialer was stopped")
                $0.agentFinished(id, nil)
            }
        }
        return job
    }

    /// The media engines take calls in turn.
    func nextMedia() -> MediaEngine {
        state.withLock { state in
            state.mediaTurn = (state.mediaTurn + 1) % media.count
            return media[state.mediaTurn]
        }
    }

    func nextRoomID() -> Int {
        state.withLock { state in
            state.lastRoom += 1
            return state.lastRoom
        }
    }

    /// The configured music at a rate; resampled once.
    func holdMusic(rateHertz: Int) -> [Int16] {
        guard let clip = configuration.holdMusic else { return [] }
        if let known = state.withLock({ $0.holdMusic[rateHertz] }) { return known }
        let music = (try? clip.samples(rateHertz: rateHertz)) ?? []
        state.withLock { $0.holdMusic[rateHertz] = music }
        return music
    }

    /// One task for the agent, one for the recording, for as long as the call lives.
    func carry(_ job: CallJob) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                let result = await self.perform(job)
                job.post { $0.agentFinished(job.id, result) }
                job.stop.open()
            }
            for track in job.recording?.tracks ?? [] {
                group.addTask { await self.record(track, of: job) }
            }
            await job.stop.wait()
            group.cancelAll()
        }
    }

    /// Writes one recording. Cancellation does not stop it: the file shall be whole.
    private func record(_ track: RecordingTrack, of job: CallJob) async {
        let fault = await track.write(through: driver)
        if let fault { job.post { $0.recordingFailed(job.id, text: fault) } }
    }

    private func perform(_ job: CallJob) async -> AgentResult? {
        let performance: CallPerformance
        do {
            performance = try await job.handler.prepare(for: job.plan.request, id: job.id)
            // Nobody waits for the call any more: then not even the attempt is noted.
            try Task.checkCancellation()
        } catch is CancellationError where Task.isCancelled {
            job.post { $0.hangUp(job.id, text: "ended before it was dialed") }
            return nil
        } catch {
            abort(job, .notPrepared, "the agent could not prepare: \(AgentResult.summary(of: error))")
            return nil
        }
        guard await job.call.direction == .inbound ? takeUp(job) : dial(job) else { return nil }
        do {
            return try await performance(job.call)
        } catch {
            return AgentResult(throwing: error, wasAnswered: job.call.wasAnswered)
        }
    }

    /// Finds a trunk for a call and starts its INVITE.
    ///
    /// - Returns: Whether an INVITE was started; if not, the call has been ended.
    private func dial(_ job: CallJob) async -> Bool {
        while true {
            let trunk: Int
            switch await desk.place(for: job) {
            case .success(let place): trunk = place
            case .failure(let refusal):
                giveUp(job, refusal)
                return false
            }
            do {
                return await send(job, over: try await lines.line(trunk))
            } catch {
                guard error.code == .noRoute else {
                    return fail(job, with: error, "\(error.message)")
                }
                let name = lines.trunks[trunk].name
                job.note(TrunkAttempt(trunk: name, cause: CallCause(text: error.message)), over: trunk)
                desk.post { $0.end(job.ticket, .fault(error.message)) }
            }
        }
    }

    /// Looks for a trunk, at first or again, so that it can be registered with and asked. Without a route each call tries again,
    /// and says so in its outcome.
    private func reach(_ trunk: Int, for firstLine: FirstLine? = nil) async {
        do {
            _ = try await lines.line(trunk)
            firstLine?.note(.success(()))
        } catch {
            desk.post { [error] in $0.couldNotReach(trunk, error.message) }
            firstLine?.note(.failure(error))
        }
    }

    /// Dials a call again, over another trunk than those that could not carry it.
    private func redial(_ job: CallJob) async { _ = await dial(job) }

    /// Gets ready for the INVITE of a call that has its place on a trunk, and sends it.
    private func send(_ job: CallJob, over line: TrunkLine) async -> Bool {
        let (sipCallID, turn) = state.withLock { state in
            // The same number again where the trunk was reached only after others.
            let turn = state.numberTurns[line.index]
            if job.plan.request.from == nil { state.numberTurns[line.index] &+= 1 }
            return (state.generator.token(digits: 32), turn)
        }
        let plan: DialPlan
        let offer: [UInt8]
        do throws(CallError) {
            plan = try DialPlan(job.plan.request, trunk: line.trunk, turn: turn)
            offer = try await job.media.ask { media in
                Result { () throws(CallError) in try media.openLeg(job, route: line.route) }
            }.get()
        } catch {
            return fail(job, with: error, error.message)
        }
        do {
            try await job.onDialing(sipCallID)
        } catch {
            job.media.post { $0.stop(job.id) }
            return fail(job, with: error, "not dialed: \(AgentResult.summary(of: error))")
        }
        let attempt = DialAttempt(line: line, plan: plan, sipCallID: sipCallID, offer: offer)
        guard await desk.mayStart(job), await job.ask({ $0.dial(job.id, attempt) }) else {
            job.media.post { $0.stop(job.id) }
            desk.post { $0.end(job.ticket, .neutral) }
            return false
        }
        return true
    }

    /// Our own side failed.
    ///
    /// - Returns: False: nothing is dialed.
    private func fail(_ job: CallJob, with error: any Error, _ text: String) -> Bool {
        job.fail(with: error)
        abort(job, .failed, text)
        desk.post { $0.end(job.ticket, .neutral) }
        return false
    }

    /// Ends a call for which there is no trunk.
    private func giveUp(_ job: CallJob, _ refusal: TrunkRefusal) {
        if let last = job.failedTrunks.last, last.sipCallID != nil {
            job.post { $0.noTrunkLeft(job.id) }
            return
        }
        switch refusal {
        case .callEnded: break
        case .noneLeft:
            abort(job, .trunkFault, job.failedTrunks.last?.cause.text ?? "no route")
        case .queueFull:
            job.fail(with: CallError(.tooManyCalls, "the limit of calls that wait for a trunk is reached"))
            abort(job, .failed, "too many calls wait for a trunk")
        case .waitedTooLong(let state):
            abort(job, .noTrunk, "no trunk had a place in time: \(state.words)")
        case .unusable(let state, let wait):
            // Only where a person has to act is it a fault: the others can be used again by themselves.
            let seconds = wait.map { Int(max(1, $0.inSeconds.rounded(.up))) }
            abort(
                job, state == .stopped ? .trunkFault : .noTrunk, "no trunk can be used: \(state.words)",
                retryAfter: seconds)
        }
    }

    /// - Parameter retryAfter: Seconds after which it may go better.
    func abort(
        _ job: CallJob, _ disposition: CallDisposition, _ text: String, retryAfter: Int? = nil
    ) {
        let cause = CallCause(text: text, retryAfterSeconds: retryAfter)
        job.post { $0.abort(job.id, disposition, cause) }
    }

    func hangUp(_ id: CallID, text: String) { registry.job(id)?.post { $0.hangUp(id, text: text) } }

    // MARK: Trunks

    func trunks() async -> [TrunkStatus] { await desk.ask { $0.statuses } }

    /// - Throws: ``CallError/Code/invalidRequest``.
    func resume(trunk name: String) throws(CallError) {
        guard let index = lines.trunks.firstIndex(where: { $0.name == name }) else {
            throw CallError(.invalidRequest, "no trunk has this name")
        }
        desk.post { $0.resume(index) }
        lines.resume(index)
    }
}

/// What a dialer's tasks are to do.
enum CallWork: Sendable {
    /// A call from its preparation to its end.
    case carry(CallJob)
    /// A call whose trunk could not carry it, over another one.
    case redial(CallJob)
    /// A host that a call is to go to is looked for; the engine is told where it is, empty when nowhere.
    case locate(
        ServerQuery, SignallingEngine, @Sendable (isolated SignallingEngine, [SIPTarget]) -> Void)
    /// The far end of a call asks us to call somebody else.
    case refer(CallJob, ReferralPolicy.Referral)
    /// A file of a room is written; faults are told in words.
    case record(RecordingTrack, @Sendable (String) -> Void)
    /// A trunk that had no route is looked for again.
    case reach(trunk: Int)
}

extension DialerService: CallControl {
    func hangUp(_ id: CallID) { hangUp(id, text: "hung up by the application") }

    func answer(_ id: CallID) { registry.job(id)?.post { $0.answer(id) } }

    func sendDigits(_ digits: String, on id: CallID) {
        registry.job(id)?.media.post { $0.sendDigits(digits, on: id) }
    }

    func hear(_ transcript: PartialTranscript, on id: CallID) {
        registry.job(id)?.media.post { $0.hear(transcript, on: id) }
    }

    func mediaStatistics(of id: CallID) async -> MediaStatistics? {
        await registry.job(id)?.media.ask { $0.figures(of: id) }
    }

    func note(_ step: AnsweringStep, at now: MonotonicInstant, on id: CallID) {
        let event = CallEvent(instant: now, kind: .answering(step))
        registry.job(id)?.post { $0.mediaHeard(id, event) }
    }

    func play(_ samples: [Int16], _ mode: PlayMode, on id: CallID) {
        registry.job(id)?.media.post { $0.play(samples, isRepeating: mode == .repeated, on: id) }
    }
}
