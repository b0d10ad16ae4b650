public import SansIO
public import Telephony

/// One conversation, as its agent holds it: ears, mouth, keys, tools and the report.
///
/// Usable from any task. Everything that waits ends with `CancellationError` when its task is cancelled and with
/// ``CallError/Code/ended`` when the call is over.
public final class AgentSession: Sendable {
    /// Utterances that can be open or waiting at once.
    public static let utteranceLimit = 256
    /// Audio that can be waiting to be sent, beyond which an agent floods.
    public static let speechLimit = Duration.seconds(300)
    /// Keys that an agent can send, and unread keys that are kept.
    public static let digitLimit = 256

    public let call: Call
    /// When the callee answered, on the call's clock.
    public let answeredAt: MonotonicInstant
    /// What the agent can call with ``callTool(_:_:)``.
    public let tools: [AgentTool]

    // Guards the state and everything in it. The call's audio is entered under it, whose own lock is a leaf; waiting
    // tasks are resumed after it is released.
    private let state: Locked<SessionState>

    init(call: Call, answeredAt: MonotonicInstant, options: AgentOptions) {
        self.call = call
        self.answeredAt = answeredAt
        tools = options.tools
        answering = options.answering
        state = Locked(SessionState(call: call, answeredAt: answeredAt, options: options))
    }

    /// What is done about who answers: the request's policy, or else the agent's own.
    public let answering: AnsweringPolicy

    /// The turn of the conversation that a task belongs to; `nil` outside of them.
    @TaskLocal static var turn: Int?

    /// What the agent may use of the request: the columns of its row, for example.
    public var context: [String: String] { call.request.context }
    /// Rate of the audio both ways.
    public var rateHertz: Int { call.audio.rateHertz }
    public var now: MonotonicInstant { call.now }
    /// Milliseconds since the answer, on the call's clock.
    public var elapsedMilliseconds: Int {
        Int(answeredAt.duration(to: call.now).nanoseconds / 1_000_000)
    }

    /// Suspends for `duration` on the call's clock.
    public func sleep(for duration: Duration) async throws { try await call.sleep(for: duration) }

    /// Everything that happens, from the answer on.
    public var events: AgentEvents { AgentEvents(session: self) }

    // MARK: Report

    /// What was said so far, in order of its start. The bridge puts it into the result.
    public var transcript: [TranscriptEntry] { read { $0.transcript.entries } }

    /// Keeps something the agent found out or decided for the report, also if the call breaks off later.
    public func set(_ key: String, to value: String) { update { $0.data[key] = value } }
    /// What was kept so far.
    public var data: [String: String] { read { $0.data } }

    /// Hangs up at once with this result; the conversation's task is cancelled. What has not been sent is cut:
    /// ``finishSpeaking()`` first.
    public func hangUp(_ status: AgentResult.Status = .done, note: String = "") {
        let mayHangUp = update { state in
            guard state.mayAct else { return false }
            if state.conclusion == nil { state.conclusion = AgentResult(status: status, note: note) }
            return true
        }
        if mayHangUp { call.hangUp() }
    }

    // MARK: State and waiting, for the extensions

    func read<Value: Sendable>(_ body: (SessionState) -> Value) -> Value { state.withLock { body($0) } }

    /// Changes the state and wakes those who wait for what changed.
    @discardableResult
    func update<Value: Sendable>(_ body: (inout SessionState) -> Value) -> Value {
        let (value, woken, steps) = state.withLock { state in
            let before = (state.boards.state.version, state.boards.audio.version)
            let value = body(&state)
            var woken: [UnsafeContinuation<Void, Never>] = []
            if state.boards.state.version != before.0 { Self.takeWaiters(&state.boards.state, into: &woken) }
            if state.boards.audio.version != before.1 { Self.takeWaiters(&state.boards.audio, into: &woken) }
            let steps = state.untoldSteps
            if !steps.isEmpty { state.untoldSteps.removeAll() }
            return (value, woken, steps)
        }
        for step in steps { call.note(step) }
        for continuation in woken { continuation.resume() }
        return value
    }

    /// Waits until `find` finds something, asking again after each change; it may take what it finds.
    ///
    /// - Throws: `CancellationError`, ``CallError/Code/ended``.
    func wait<Value: Sendable>(
        on channel: SessionState.Channel, until find: (inout SessionState) -> Value?
    ) async throws -> Value {
        while true {
            try Task.checkCancellation()
            let (found, isOver, version) = state.withLock { state in
                let found = find(&state)
                return (found, state.isOver, state[channel].version)
            }
            if let found { return found }
            if isOver { throw CallError(.ended, "the call is over") }
            await change(on: channel, since: version)
        }
    }

    private func change(on channel: SessionState.Channel, since version: Int) async {
        let id = state.withLock { state in
            state.nextWaiterID += 1
            return state.nextWaiterID
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                let resumesNow = state.withLock { state in
                    guard state[channel].version == version, !Task.isCancelled else { return true }
                    state[channel].waiters.append((id, continuation))
                    return false
                }
                if resumesNow { continuation.resume() }
            }
        } onCancel: {
            let woken: UnsafeContinuation<Void, Never>? = state.withLock { state in
                guard let index = state[channel].waiters.firstIndex(where: { $0.id == id }) else {
                    return nil
                }
                return state[channel].waiters.remove(at: index).continuation
            }
            woken?.resume()
        }
    }

    private static func takeWaiters(
        _ board: inout SessionState.Board, into woken: inout [UnsafeContinuation<Void, Never>]
    ) {
        woken += board.waiters.map(\.continuation)
        board.waiters.removeAll(keepingCapacity: true)
    }
}
