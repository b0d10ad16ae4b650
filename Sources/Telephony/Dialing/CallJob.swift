internal import SansIO

/// One call on its way: what the task that carries it, the engines that speak it and whoever waits for it share.
final class CallJob: Sendable {
    let call: Call
    let plan: CallPlan
    /// Where its media is, for as long as it lives.
    let media: MediaEngine
    let handler: any CallHandler
    let onDialing: @Sendable (_ sipCallID: String) async throws -> Void
    /// Opens when the agent has to return, or has returned.
    let stop = Gate()
    /// `nil` when nothing is recorded.
    let recording: CallRecording?

    /// Its name at the trunk desk; 0 for a call to us, which needs no place.
    let ticket: TrunkPool.Ticket

    private let over = Gate()
    // Guards the trunks that could not carry it: its tasks and its engine write, the desk and the record read.
    private let failed = Locked<[(trunk: Int, attempt: TrunkAttempt)]>([])
    // Guards the engine that speaks its signalling. The engines move it from one to another on their common loop;
    // other threads look it up there.
    private let home: Locked<SignallingEngine>
    // Guards how it ended: the carrying task writes the failure, the engine the outcome.
    private let end = Locked<(outcome: CallOutcome?, failure: (any Error)?)>((nil, nil))

    init(
        call: Call, plan: CallPlan, ticket: TrunkPool.Ticket = 0, signalling: SignallingEngine,
        media: MediaEngine,
        handler: any CallHandler, recording: CallRecording?,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) {
        self.call = call
        self.plan = plan
        self.ticket = ticket
        self.media = media
        home = Locked(signalling)
        self.handler = handler
        self.recording = recording
        self.onDialing = onDialing
    }

    var id: CallID { call.id }

    // MARK: Trunks

    /// Those that it has not tried.
    var trunksLeft: [Int] {
        let failed = failed.withLock { $0 }
        return plan.trunks.filter { trunk in !failed.contains { $0.trunk == trunk } }
    }

    var failedTrunks: [TrunkAttempt] { failed.withLock { $0.map(\.attempt) } }

    /// A trunk could not carry it.
    func note(_ attempt: TrunkAttempt, over trunk: Int) { failed.withLock { $0.append((trunk, attempt)) } }

    /// The trunk noted last is the one on which the call ends.
    func forgetLastTrunk() { failed.withLock { _ = $0.popLast() } }

    // MARK: Engines

    /// The engine in which it lives.
    var signalling: SignallingEngine { home.withLock { $0 } }

    /// On the loop of the engines.
    func move(to engine: SignallingEngine) { home.withLock { $0 = engine } }

    /// Runs `step` in the engine in which the call lives by then: it may move before its turn comes. Any thread.
    func post(_ step: @escaping @Sendable (isolated SignallingEngine) -> Void) {
        signalling.driver.post { self.signalling.assumeIsolated { step($0) } }
    }

    /// Like ``post(_:)``, waiting for what `step` returns. Deaf to cancellation.
    func ask<Answer: Sendable>(
        _ step: @escaping @Sendable (isolated SignallingEngine) -> Answer
    ) async -> Answer {
        await withUnsafeContinuation { continuation in
            post { continuation.resume(returning: step($0)) }
        }
    }

    /// Notes our own side's fault, or what `onDialing` threw: thrown to the caller instead of the outcome.
    func fail(with error: any Error) { end.withLock { $0.failure = $0.failure ?? error } }

    /// The call is over, for whoever waits in ``outcome()``.
    func finish(_ outcome: CallOutcome) {
        end.withLock { $0.outcome = outcome }
        over.open()
    }

    /// Waits for the end, deaf to cancellation. For one task.
    func outcome() async throws -> CallOutcome {
        await over.wait()
        let (outcome, failure) = end.withLock { $0 }
        if let failure { throw failure }
        guard let outcome else { preconditionFailure("the gate opens after the outcome is known") }
        return outcome
    }
}

extension AgentResult {
    /// What a performance that threw made of its call.
    ///
    /// - Returns: `nil` when it threw because there was no call: then the agent never had its turn.
    init?(throwing error: any Error, wasAnswered: Bool) {
        let isEnd: Bool
        switch error {
        case is CancellationError: isEnd = true
        case let error as CallError: isEnd = error.code == .ended || error.code == .notAnswered
        default: isEnd = false
        }
        if isEnd {
            guard wasAnswered else { return nil }
            self.init(status: .interrupted, note: "the call ended before the agent was done")
        } else {
            self.init(status: .failed, note: Self.summary(of: error))
        }
    }

    /// An error without what it may carry: numbers, names, words of the conversation.
    static func summary(of error: any Error) -> String {
        switch error {
        case let error as any ReportableError: error.description
        case let error as DriverError: error.code.rawValue
        default: "\(type(of: error))"
        }
    }
}
