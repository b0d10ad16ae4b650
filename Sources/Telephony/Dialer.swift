public import SansIO

/// Places calls over one trunk: the front door of Outdial.
///
/// `run()` is the service; everything else is valid only while it runs. Cancelling it hangs up every call by protocol;
/// ``shutDown()`` takes no new calls and lets the running ones finish.
public final class Dialer: CallPlacing, Sendable {
    /// - Parameters:
    ///   - driver: Time, sockets and randomness: `nil` for real ones, or a simulated world's driver. This is the only
    ///     difference between production and simulation.
    ///   - observers: Told of everything, in order.
    public init(
        trunk: Trunk, configuration: DialerConfiguration = DialerConfiguration(), driver: (any Driver)? = nil,
        observers: [any CallObserver] = []
    ) {
        fatalError("contract only")
    }

    /// Serves until it is cancelled or ``shutDown()`` has finished.
    ///
    /// - Throws: ``CallError/Code/noRoute`` or ``CallError/Code/socket`` when the trunk or a socket cannot be had.
    public func run() async throws { fatalError("contract only") }

    /// Places one call and returns when it is over and `perform` has returned.
    ///
    /// `perform` starts when dialing starts. Its return hangs up: CANCEL before the answer, BYE after it. When the far end
    /// hangs up first, `perform` is cancelled and has two seconds to return. Cancelling the caller's task does the same.
    ///
    /// - Returns: The outcome, and what `perform` returned; its value is `nil` when it threw because the call was not
    ///   answered or had ended (``CallError/Code/notAnswered``, ``CallError/Code/ended``, `CancellationError`).
    /// - Throws: ``CallError`` for our own side's faults, or whatever else `perform` threw, after hanging up.
    public func call<Value: Sendable>(
        _ request: CallRequest, perform: @escaping @Sendable (Call) async throws -> Value
    ) async throws -> CallResult<Value> { fatalError("contract only") }

    /// Prepares `handler`, places one call and returns its outcome with the handler's result in it.
    public func call(_ request: CallRequest, handler: any CallHandler) async throws -> CallOutcome {
        try await placeCall(request, handler: handler, onDialing: { _ in })
    }

    public func placeCall(
        _ request: CallRequest, handler: any CallHandler,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) async throws -> CallOutcome { fatalError("contract only") }

    /// Hands a call to ``run()`` and returns at once; follow it with ``outcome(of:)`` or an observer.
    @discardableResult
    public func submit(_ request: CallRequest, handler: any CallHandler) async throws -> CallID {
        fatalError("contract only")
    }

    /// Waits for the outcome of a submitted or running call; the last 10,000 ended calls are remembered.
    ///
    /// - Throws: ``CallError/Code/invalidRequest`` when the id is not known.
    public func outcome(of id: CallID) async throws -> CallOutcome { fatalError("contract only") }

    /// Where a running or remembered call stands; `nil` when the id is not known.
    public func phase(of id: CallID) -> CallPhase? { fatalError("contract only") }

    /// Ends a call by protocol; unknown and ended ones are ignored. Returns at once.
    public func hangUp(_ id: CallID) { fatalError("contract only") }

    /// Takes no new calls, waits for the running ones, then lets ``run()`` return.
    public func shutDown() async { fatalError("contract only") }
}
