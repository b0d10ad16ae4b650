/// What is done with a call: the seam between Telephony and whatever talks.
///
/// AgentBridge makes one of every voice agent; an application can write its own.
public protocol CallHandler: Sendable {
    /// Gets ready before any INVITE leaves, so that there is no dead air after the answer.
    ///
    /// Called once per attempt on the driver's task executor (the global pool live). When it throws, or is
    /// not done within ``DialerConfiguration/prepareTimeout``, nothing is dialed and the outcome is
    /// ``CallDisposition/notPrepared``.
    ///
    /// - Returns: What to do with the call. It starts when dialing starts, waits for the answer with
    ///   ``Call/answered()``, and its return hangs up.
    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance

    /// Rate at which it hears and speaks, for requests that name none; `nil`: the dialer's. Read before `prepare`.
    var audioRateHertz: Int? { get }
}

extension CallHandler {
    public var audioRateHertz: Int? { nil }
}

/// What a prepared handler does with its call. Its return or throw ends the call.
public typealias CallPerformance = @Sendable (Call) async throws -> AgentResult

/// Something that places calls: the ``Dialer``, or a table of outcomes in campaign tests.
public protocol CallPlacing: Sendable {
    /// Places one call and returns when it is over. A busy callee is an outcome, not an error.
    ///
    /// Cancelling the task ends the call by protocol and still returns its outcome.
    ///
    /// - Parameter onDialing: Called with the attempt's SIP Call-ID before the INVITE leaves; when it throws, nothing is
    ///   sent and the error is rethrown. A campaign makes the attempt durable here. Called again, with another Call-ID,
    ///   when a trunk could not carry the call and another one is tried: the attempt is still the same.
    /// - Throws: ``CallError`` for our own side's faults. After one of the codes `noRoute`, `socket`, `notSigned`, `tooManyCalls`,
    ///   `invalidTrunk`, `invalidRequest` and `noCallerNumber` no INVITE is out that could still ring, whether `onDialing` was called or not.
    func placeCall(
        _ request: CallRequest, handler: any CallHandler,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) async throws -> CallOutcome
}
