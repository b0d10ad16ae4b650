internal import SansIO

/// One call on its way: what the task that carries it, the engines that speak it and whoever waits for it share.
final class CallJob: Sendable {
    let call: Call
    let plan: CallPlan
    let sipCallID: String
    let handler: any CallHandler
    let onDialing: @Sendable (_ sipCallID: String) async throws -> Void
    /// Opens when the agent has to return, or has returned.
    let stop = Gate()
    /// `nil` when nothing is recorded.
    let recording: RecordingTrack?

    private let over = Gate()
    // Guards how it ended: the carrying task writes the failure, the engine the outcome.
    private let end = Locked<(outcome: CallOutcome?, failure: (any Error)?)>((nil, nil))

    init(
        call: Call, plan: CallPlan, sipCallID: String, handler: any CallHandler,
        recording: RecordingTrack?,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) {
        self.call = call
        self.plan = plan
        self.sipCallID = sipCallID
        self.handler = handler
        self.recording = recording
        self.onDialing = onDialing
    }

    var id: CallID { call.id }

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
        case let error as CallError: error.description
        case let error as DriverError: error.code.rawValue
        default: "\(type(of: error))"
        }
    }
}
