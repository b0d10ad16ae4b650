internal import SansIO

/// Every call that runs, and the outcomes of the last that ran: where duplicates are found and waiters wait.
final class CallRegistry: Sendable {
    /// Ended calls that are remembered.
    static let memory = 10_000

    private struct Running {
        var job: CallJob
        var waiters: [(key: UInt64, continuation: UnsafeContinuation<CallOutcome?, Never>)] = []
    }

    private struct State {
        var running: [CallID: Running] = [:]
        var ended: [CallID: CallOutcome] = [:]
        /// Ids of `ended`, oldest at `oldest` once it is full.
        var order: [CallID] = []
        var oldest = 0
        var isClosed = true
        var idleWaiters: [UnsafeContinuation<Void, Never>] = []
        var nextKey: UInt64 = 0

        mutating func remember(_ outcome: CallOutcome) {
            if order.count < CallRegistry.memory {
                order.append(outcome.id)
            } else {
                ended[order[oldest]] = nil
                order[oldest] = outcome.id
                oldest = (oldest + 1) % CallRegistry.memory
            }
            ended[outcome.id] = outcome
        }
    }

    // Guards the table; continuations are resumed after it is released.
    private let state = Locked(State())

    /// Takes calls from now on.
    func open() { state.withLock { $0.isClosed = false } }

    /// Takes no more calls.
    func close() { state.withLock { $0.isClosed = true } }

    /// Whether a further call would be taken, with `waiting` that are not registered yet.
    func hasRoom(limit: Int, waiting: Int) -> Bool {
        state.withLock { !$0.isClosed && $0.running.count + waiting < limit }
    }

    /// - Throws: ``CallError/Code/shuttingDown``, ``CallError/Code/duplicateID``, ``CallError/Code/tooManyCalls``.
    func register(_ job: CallJob, limit: Int) throws(CallError) {
        try state.withLock { state throws(CallError) in
            guard !state.isClosed else { throw CallError(.shuttingDown, "the dialer takes no new calls") }
            guard state.running[job.id] == nil, state.ended[job.id] == nil else {
                throw CallError(.duplicateID, "a call with this id was placed before")
            }
            guard state.running.count < limit else {
                throw CallError(.tooManyCalls, "the dialer's limit of \(limit) calls at once is reached")
            }
            state.running[job.id] = Running(job: job)
        }
    }

    /// Ends `job` for everyone who waits for it.
    func finish(_ job: CallJob, outcome: CallOutcome) {
        let (waiters, idle) = state.withLock { state in
            let waiters = state.running.removeValue(forKey: job.id)?.waiters ?? []
            state.remember(outcome)
            var idle: [UnsafeContinuation<Void, Never>] = []
            if state.running.isEmpty { swap(&idle, &state.idleWaiters) }
            return (waiters, idle)
        }
        job.finish(outcome)
        for waiter in waiters { waiter.continuation.resume(returning: outcome) }
        for continuation in idle { continuation.resume() }
    }

    /// The job of a call that runs.
    func job(_ id: CallID) -> CallJob? { state.withLock { $0.running[id]?.job } }

    func phase(of id: CallID) -> CallPhase? {
        let (job, hasEnded) = state.withLock { ($0.running[id]?.job, $0.ended[id] != nil) }
        return job?.call.phase ?? (hasEnded ? .ended : nil)
    }

    /// The outcome of a running or remembered call.
    ///
    /// - Returns: `nil` when the id is not known.
    /// - Throws: `CancellationError`.
    func outcome(of id: CallID) async throws -> CallOutcome? {
        let key = state.withLock { state in
            state.nextKey += 1
            return state.nextKey
        }
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let answer = state.withLock { state in Self.wait(for: id, key: key, continuation, in: &state)
                }
                if case .now(let outcome) = answer { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            let waiter: UnsafeContinuation<CallOutcome?, Never>? = state.withLock { state in
                guard let index = state.running[id]?.waiters.firstIndex(where: { $0.key == key }) else {
                    return nil
                }
                return state.running[id]?.waiters.remove(at: index).continuation
            }
            waiter?.resume(returning: nil)
        }
        if outcome == nil { try Task.checkCancellation() }
        return outcome
    }

    private enum Answer {
        case now(CallOutcome?)
        case later
    }

    private static func wait(
        for id: CallID, key: UInt64, _ continuation: UnsafeContinuation<CallOutcome?, Never>,
        in state: inout State
    ) -> Answer {
        if let outcome = state.ended[id] { return .now(outcome) }
        guard state.running[id] != nil, !Task.isCancelled else { return .now(nil) }
        state.running[id]?.waiters.append((key, continuation))
        return .later
    }

    /// Waits until no call runs, deaf to cancellation.
    func idle() async {
        await withUnsafeContinuation { continuation in
            let isIdle = state.withLock { state in
                guard !state.running.isEmpty else { return true }
                state.idleWaiters.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }
}
