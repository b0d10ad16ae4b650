internal import SIPCore
internal import SansIO

/// Inbound calls: the tasks that decide on them and carry them.
extension DialerService {
    /// How often the trunks' names are resolved anew, to know whose calls are a trunk's.
    private static let renewal = Duration.seconds(300)

    /// - Throws: ``CallError/Code/socket``.
    func openForIncoming() async throws(CallError) {
        if configuration.inbound != nil { try await lines.listen() }
    }

    /// Serves the engines' incoming calls until the mailbox is finished.
    func serveIncoming() async {
        guard let policy = configuration.inbound else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.renewSources() }
            while let undecided = await lines.incoming.next() {
                group.addTask { await self.attend(undecided, policy: policy) }
            }
            group.cancelAll()
        }
    }

    private func renewSources() async {
        while !Task.isCancelled {
            guard (try? await driver.sleep(for: Self.renewal)) != nil else { return }
            await lines.renewSources()
        }
    }

    private func attend(_ undecided: UndecidedCall, policy: InboundPolicy) async {
        let (call, engine) = (undecided.attempt.call, undecided.attempt.line.engine)
        switch await decision(on: undecided) {
        case nil: break  // Nobody waits for it any more.
        case .reject(let status, let reason):
            engine.post { $0.reject(call.id, status: status, reason: reason) }
        case .redirect(let contacts):
            engine.post { $0.redirect(call.id, to: contacts) }
        case .accept(let acceptance):
            guard let job = job(for: undecided.attempt, acceptance, policy: policy) else {
                return engine.post { $0.reject(call.id, status: 500, reason: nil) }
            }
            let isTaken = await engine.ask { $0.accept(job, acceptance) }
            if isTaken { await carry(job) }
        }
    }

    /// - Returns: `nil` when the caller gave up first, or time did.
    private func decision(on undecided: UndecidedCall) async -> IncomingDecision? {
        let attempt = undecided.attempt
        return await withTaskGroup(of: IncomingDecision?.self) { group in
            group.addTask {
                let decision = await undecided.decide(attempt.call)
                attempt.withdrawn.open()
                return decision
            }
            await attempt.withdrawn.wait()
            group.cancelAll()
            return await group.next() ?? nil
        }
    }

    /// - Returns: `nil` when the acceptance is not one that can be carried out.
    private func job(
        for attempt: IncomingAttempt, _ acceptance: IncomingAcceptance, policy: InboundPolicy
    ) -> CallJob? {
        let call = attempt.call
        guard let plan = try? CallPlan(call, acceptance, policy: policy, configuration: configuration) else {
            return nil
        }
        return CallJob(
            call: Call(
                id: call.id, request: plan.request, audio: CallAudio(rateHertz: plan.audioRateHertz),
                eventLimit: configuration.eventLimit, control: self, clock: driver, incoming: call),
            plan: plan, signalling: attempt.line.engine, media: nextMedia(), handler: acceptance.handler,
            recording: CallRecording(
                plan.recording, id: call.id, encoders: configuration.recordingEncoders), onDialing: { _ in })
    }

    /// Takes media ports for a call whose agent is ready, and answers it as its acceptance says.
    ///
    /// - Returns: Whether the caller still waits.
    func takeUp(_ job: CallJob) async -> Bool {
        let (id, media) = (job.id, job.media)
        guard let (offer, route, isEarly) = await job.ask({ $0.offer(of: id) }) else { return false }
        switch await media.ask({ media in
            Result { () throws(CallError) in
                try media.answerLeg(job, route: route, offer: offer, isEarly: isEarly)
            }
        }) {
        case .failure(let error):
            abort(job, error.code == .notAnswered ? .mediaRefused : .failed, error.message)
            return false
        case .success(let description):
            let waits = await job.ask { $0.prepared(id, description: description) }
            if !waits { media.post { $0.stop(id) } }
            return waits
        }
    }
}
