public import SansIO
internal import SocketDriver

/// Places calls over trunks: the front door of Outdial.
///
/// `run()` is the service; everything else is valid only while it runs. A call that comes just before `run()` has started
/// waits for it, one second at most. Cancelling `run()` hangs up every call by protocol; ``shutDown()`` takes no new calls
/// and lets the running ones finish.
public final class Dialer: CallPlacing, Sendable {
    private struct State {
        var isClaimed = false
        var service: DialerService?
        /// Times that calls were taken; the index of the next entry of `starts`.
        var startCount = 0
        /// The caller's, or the socket driver once it is needed.
        var driver: (any Driver)?
    }

    /// A call may overtake the `run()` that was started before it.
    private static let patience = Duration.seconds(1)

    private let trunkList: [Trunk]
    private let configuration: DialerConfiguration
    private let observers: [any CallObserver]
    private let registry = CallRegistry()
    private let starts = EventLog<DialerService>(limit: 1)
    // Guards the service, which `run()` makes and every other method looks for, and the driver.
    private let state: Locked<State>

    /// A dialer with one trunk; see ``init(trunks:configuration:driver:observers:)``.
    public convenience init(
        trunk: Trunk, configuration: DialerConfiguration = DialerConfiguration(), driver: (any Driver)? = nil,
        observers: [any CallObserver] = []
    ) {
        self.init(trunks: [trunk], configuration: configuration, driver: driver, observers: observers)
    }

    /// - Parameters:
    ///   - trunks: Carriers and PBXs to call through; ``run()`` refuses an empty list.
    ///   - driver: Time, sockets and randomness: `nil` for real ones, or a simulated world's driver. This is the only
    ///     difference between production and simulation.
    ///   - observers: Told of everything, in order.
    public init(
        trunks: [Trunk], configuration: DialerConfiguration = DialerConfiguration(),
        driver: (any Driver)? = nil,
        observers: [any CallObserver] = []
    ) {
        trunkList = trunks
        self.configuration = configuration
        self.observers = observers
        state = Locked(State(driver: driver))
    }

    /// Serves until it is cancelled or ``shutDown()`` has finished; then it returns and may be called again.
    ///
    /// Cancelled, it sends BYE or CANCEL for every call, waits two seconds at most for their ends, and delivers every
    /// outcome. It also waits for the closures of its calls, so one that ignores cancellation keeps it from returning.
    /// A trunk whose name does not resolve does not end it: each call tries again and says so in its outcome.
    ///
    /// - Throws: ``CallError/Code/socket`` when no SIP socket can be had, ``CallError/Code/alreadyRunning``,
    ///   ``CallError/Code/invalidTrunk``.
    public func run() async throws {
        guard !trunkList.isEmpty else { throw CallError(.invalidTrunk, "the dialer has no trunk") }
        try Trunk.validate(
            trunkList, canSign: configuration.identity != nil,
            canEncrypt: configuration.mediaSecurity != nil)
        try configuration.validateCodecs(of: trunkList)
        let isFree = state.withLock { state in
            defer { state.isClaimed = true }
            return !state.isClaimed
        }
        guard isFree else { throw CallError(.alreadyRunning, "the dialer runs already") }
        defer {
            state.withLock { state in
                state.isClaimed = false
                state.service = nil
            }
        }
        let driver = try driver()
        let service = try DialerService(
            trunks: trunkList, configuration: configuration, driver: driver, registry: registry,
            observers: observers)
        for observer in observers { observer.dialerStarted(on: driver) }
        try await withTaskExecutorPreference(driver.taskExecutor) {
            let end = await Result { () async throws in
                try await service.serve {
                    state.withLock { state in
                        state.service = service
                        state.startCount += 1
                    }
                    starts.append(service)
                }
            }
            for observer in observers { await observer.dialerStopped() }
            try end.get()
        }
    }

    private func driver() throws(CallError) -> any Driver {
        try state.withLock { state throws(CallError) in
            if let driver = state.driver { return driver }
            let driver = try Self.makeDriver()
            state.driver = driver
            return driver
        }
    }

    static func makeDriver() throws(CallError) -> any Driver {
        #if os(Linux)
            do {
                return try SocketDriver()
            } catch {
                throw CallError(.socket, error.message)
            }
        #else
            throw CallError(.socket, "there is no socket driver for this system; give the dialer one")
        #endif
    }

    /// The running service, waiting a little for a `run()` that is about to start.
    func service() async throws -> DialerService {
        while true {
            let (running, startCount) = state.withLock { ($0.service, $0.startCount) }
            if let running { return running }
            let driver = try driver()
            let hasStarted = await withTaskGroup(of: Bool.self) { group in
                group.addTask { await self.starts.next(from: startCount) != nil }
                group.addTask {
                    try? await driver.sleep(for: Self.patience)
                    return false
                }
                defer { group.cancelAll() }
                return await group.next() ?? false
            }
            try Task.checkCancellation()
            // Asked anew: on a crowded pool `run()` may have come to its turn only while this task waited for its own.
            guard hasStarted || state.withLock({ $0.isClaimed }) else {
                throw CallError(.notRunning, "Dialer.run() is not running")
            }
        }
    }

    /// Places one call and returns when it is over and `perform` has returned.
    ///
    /// `perform` starts when dialing starts. Its return hangs up: CANCEL before the answer, BYE after it. When the far end
    /// hangs up first, `perform` is cancelled and has two seconds to return; then the call returns without its value,
    /// and ``run()`` waits for it instead. Cancelling the caller's task does the same.
    ///
    /// - Returns: The outcome, and what `perform` returned; its value is `nil` when it threw because the call was not
    ///   answered or had ended (``CallError/Code/notAnswered``, ``CallError/Code/ended``, `CancellationError`).
    /// - Throws: ``CallError`` for our own side's faults, or whatever else `perform` threw, after hanging up.
    public func call<Value: Sendable>(
        _ request: CallRequest, perform: @escaping @Sendable (Call) async throws -> Value
    ) async throws -> CallResult<Value> {
        let handler = ClosureHandler(perform)
        let outcome = try await placeCall(request, handler: handler, onDialing: { _ in })
        return CallResult(outcome: outcome, value: try handler.value())
    }

    /// Prepares `handler`, places one call and returns its outcome with the handler's result in it.
    public func call(_ request: CallRequest, handler: any CallHandler) async throws -> CallOutcome {
        try await placeCall(request, handler: handler, onDialing: { _ in })
    }

    public func placeCall(
        _ request: CallRequest, handler: any CallHandler,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) async throws -> CallOutcome {
        let service = try await service()
        let job = try service.place(request, handler: handler, onDialing: onDialing)
        return try await withTaskCancellationHandler {
            try await job.outcome()
        } onCancel: {
            service.hangUp(job.id, text: "the caller's task was cancelled")
        }
    }

    /// Hands a call to ``run()`` and returns at once; follow it with ``outcome(of:)`` or an observer.
    @discardableResult
    public func submit(_ request: CallRequest, handler: any CallHandler) async throws -> CallID {
        try await service().place(request, handler: handler, onDialing: { _ in }).id
    }

    /// Waits for the outcome of a submitted or running call; the last 10,000 ended calls are remembered.
    ///
    /// - Throws: ``CallError/Code/invalidRequest`` when the id is not known, `CancellationError` when cancelled.
    public func outcome(of id: CallID) async throws -> CallOutcome {
        guard let outcome = try await registry.outcome(of: id) else {
            throw CallError(.invalidRequest, "no call with this id is known")
        }
        return outcome
    }

    /// Where a running or remembered call stands; `nil` when the id is not known.
    public func phase(of id: CallID) -> CallPhase? { registry.phase(of: id) }

    /// Ends a call by protocol; unknown and ended ones are ignored. Returns at once.
    public func hangUp(_ id: CallID) { state.withLock { $0.service }?.hangUp(id) }

    /// Takes no new calls, waits for the running ones, then lets ``run()`` return. Does nothing when it is not running.
    public func shutDown() async { await state.withLock { $0.service }?.finish() }

    /// Opens a room, in which calls, agents and sounds hear one another.
    ///
    /// - Parameters:
    ///   - name: 1...64 characters, for events and recordings.
    ///   - rateHertz: Samples per second at which it mixes: 8,000, 16,000, 24,000 or 48,000.
    /// - Throws: ``CallError/Code/notRunning``, ``CallError/Code/invalidRequest`` for a name or rate that is not usable,
    ///   ``CallError/Code/tooManyCalls`` above 2,000 rooms and bridges on one media loop.
    public func makeRoom(_ name: String, rateHertz: Int = 16_000) async throws -> Room {
        try await service().makeRoom(name, rateHertz: rateHertz)
    }

    /// Every trunk as it stands now, in the order given.
    ///
    /// - Throws: ``CallError/Code/notRunning``.
    public func trunks() async throws -> [TrunkStatus] { try await service().trunks() }

    /// Lets a trunk be used again that was stopped, or is left alone after faults: a person has looked after it.
    ///
    /// - Throws: ``CallError/Code/notRunning``, ``CallError/Code/invalidRequest`` when no trunk has this name.
    public func resume(trunk name: String) async throws { try await service().resume(trunk: name) }

    /// Counters of the running dialer.
    ///
    /// - Throws: ``CallError/Code/notRunning``.
    public func statistics() async throws -> DialerStatistics {
        try await service().statistics()
    }
}

/// A closure of ``Dialer/call(_:perform:)`` as a handler, and what it returned or threw.
private final class ClosureHandler<Value: Sendable>: CallHandler {
    private let perform: @Sendable (Call) async throws -> Value
    // Guards what the closure returned, for the caller's task to read.
    private let result = Locked<Result<Value, any Error>?>(nil)

    init(_ perform: @escaping @Sendable (Call) async throws -> Value) { self.perform = perform }

    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        { call in
            do {
                let value = try await self.perform(call)
                self.result.withLock { $0 = .success(value) }
                return value as? AgentResult ?? AgentResult(status: .done)
            } catch {
                self.result.withLock { $0 = .failure(error) }
                throw error
            }
        }
    }

    /// - Returns: `nil` when the closure did not return, or threw because there was no call any more.
    func value() throws -> Value? {
        switch result.withLock({ $0 }) {
        case .success(let value): return value
        case .failure(is CancellationError), nil: return nil
        case .failure(let error as CallError) where error.code == .notAnswered || error.code == .ended:
            return nil
        case .failure(let error): throw error
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
