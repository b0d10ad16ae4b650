internal import SansIO

/// The audio of one call on the agent's side: mono, 16-bit, at the agent's rate.
///
/// Between the media engine, which moves one 20 ms frame each way at every deadline, and the agent, which reads and
/// writes at its own pace on any thread.
public final class CallAudio: Sendable {
    /// Samples per second of both directions.
    public let rateHertz: Int
    /// Samples in one 20 ms frame.
    public var frameSamples: Int { rateHertz / 50 }

    private struct Waiter {
        var id: UInt64
        var continuation: UnsafeContinuation<Void, Never>
    }

    private struct State {
        var input: SampleRing
        var output: SampleRing
        /// Marks by the output position they wait for, ascending.
        var marks: [(position: Int64, name: String)] = []
        /// Marks reached since the engine last asked.
        var reached: [MarkEvent] = []
        var droppedInput = 0
        /// Output samples taken by the engine.
        var sent: Int64 = 0
        /// What is left of speech that was cut off: it fades within 5 ms. No part of what counts as sent.
        var fading: [Int16] = []
        var isOpen = true
        /// Who waits for callee audio: one as a rule.
        var reader: Waiter?
        var otherReaders: [Waiter] = []
        var writers: [Waiter] = []
        var nextWaiter: UInt64 = 0
    }

    // Guards both rings and the waiters; continuations are resumed after it is released.
    private let state: Locked<State>

    /// - Parameters:
    ///   - rateHertz: 8,000, 16,000, 24,000 or 48,000.
    ///   - inputCapacity: Callee audio kept for a slow agent; beyond it the oldest is lost and counted.
    ///   - outputCapacity: Agent audio that can wait to be sent; beyond it ``write(_:)`` suspends.
    package init(
        rateHertz: Int, inputCapacity: Duration = .seconds(10), outputCapacity: Duration = .seconds(60)
    ) {
        self.rateHertz = rateHertz
        func samples(_ duration: Duration) -> Int { Int(duration.inSeconds * Double(rateHertz)) }
        state = Locked(
            State(
                input: SampleRing(limit: samples(inputCapacity)),
                output: SampleRing(limit: samples(outputCapacity))))
    }

    // MARK: Agent's side

    /// Waits for callee audio and returns all that is there, at most `maximum` samples.
    ///
    /// Of several readers each sample reaches one.
    ///
    /// - Parameter maximum: At least 1; less counts as 1.
    /// - Returns: `nil` when the call is over and everything was read, or when the task is cancelled.
    public func read(maximum: Int = .max) async -> [Int16]? {
        while !Task.isCancelled {
            let (samples, isOpen) = state.withLock { state in
                (state.input.take(max(1, maximum)), state.isOpen)
            }
            if !samples.isEmpty { return samples }
            guard isOpen else { return nil }
            await wait(until: { !$0.input.isEmpty || !$0.isOpen }, as: Self.addReader)
        }
        return nil
    }

    /// Queues agent audio to be sent, waiting while the queue is full.
    ///
    /// - Returns: The position of its end, in samples since the answer.
    /// - Throws: ``CallError/Code/ended`` when the call is over, `CancellationError` when cancelled.
    @discardableResult
    public func write(_ samples: [Int16]) async throws -> Int64 {
        var rest = samples[...]
        while true {
            try Task.checkCancellation()
            let (isOpen, end) = state.withLock { state in
                if state.isOpen { rest = rest.dropFirst(state.output.append(rest)) }
                return (state.isOpen, state.sent + Int64(state.output.count))
            }
            guard isOpen else { throw CallError(.ended, "the call is over") }
            if rest.isEmpty { return end }
            await wait(until: { !$0.output.isFull || !$0.isOpen }, as: { $0.writers.append($1) })
        }
    }

    /// Queues as much agent audio as fits, without waiting.
    ///
    /// - Returns: Samples taken (0 when the queue is full or the call is over), and the position of their end.
    public func offer(_ samples: ArraySlice<Int16>) -> (accepted: Int, end: Int64) {
        state.withLock { state in
            let accepted = state.isOpen ? state.output.append(samples) : 0
            return (accepted, state.sent + Int64(state.output.count))
        }
    }

    /// Drops all agent audio that has not been sent; marks in it are reported as cleared.
    ///
    /// The cut makes no click: the next 5 ms of what is dropped are still sent, fading, and count for nothing.
    ///
    /// - Returns: Samples sent since the answer: what was said before the cut, to the sample.
    @discardableResult
    public func clear() -> Int64 {
        let fadeSamples = rateHertz / 200
        let (sent, writers) = state.withLock { state in
            if !state.output.isEmpty {
                state.fading = Self.faded(state.output.take(fadeSamples), over: fadeSamples)
            }
            state.output.removeAll()
            for mark in state.marks {
                state.reached.append(MarkEvent(name: mark.name, samplesSent: state.sent, wasCleared: true))
            }
            state.marks.removeAll()
            return (state.sent, Self.takeWriters(&state))
        }
        for writer in writers { writer.continuation.resume() }
        return sent
    }

    private static func faded(_ samples: [Int16], over length: Int) -> [Int16] {
        let count = min(samples.count, length)
        return (0..<count).map { Int16(Int(samples[$0]) * (count - $0) / (count + 1)) }
    }

    /// Asks for an event once everything queued so far has been sent.
    public func mark(_ name: String) {
        state.withLock { state in
            state.marks.append((state.sent + Int64(state.output.count), name))
        }
    }

    /// Samples sent since the answer.
    public var samplesSent: Int64 { state.withLock { $0.sent } }
    /// Samples queued and not yet sent.
    public var samplesQueued: Int { state.withLock { $0.output.count } }
    /// Callee samples lost because nobody read them in time.
    public var droppedInputSamples: Int { state.withLock { $0.droppedInput } }

    // MARK: Engine's side

    /// Hands one frame of callee audio to the agent; the oldest is lost when the agent is too slow.
    ///
    /// - Parameter wakes: Who wakes the readers; `nil`: at once.
    package func deliver(_ frame: Span<Int16>, waking wakes: AgentWakes? = nil) {
        let (reader, others) = state.withLock { state in
            state.droppedInput += state.input.appendDroppingOldest(frame)
            return Self.takeReaders(&state)
        }
        if let reader { Self.wake(reader, wakes) }
        for other in others { Self.wake(other, wakes) }
    }

    private static func wake(_ waiter: Waiter, _ wakes: AgentWakes?) {
        if let wakes { wakes.append(waiter.continuation) } else { waiter.continuation.resume() }
    }

    /// Fills one frame with agent audio, the rest with silence.
    ///
    /// - Parameter wakes: Who wakes the writers; `nil`: at once.
    /// - Returns: Samples of agent audio in it; 0 when nothing was queued.
    package func takeFrame(into frame: inout MutableSpan<Int16>, waking wakes: AgentWakes? = nil) -> Int {
        take(into: &frame, waking: wakes, andMarks: false).taken
    }

    /// The same, with ``takeReachedMarks()``: one lock for both.
    func takeFrameAndMarks(
        into frame: inout MutableSpan<Int16>, waking wakes: AgentWakes?
    ) -> (taken: Int, reached: [MarkEvent]) {
        take(into: &frame, waking: wakes, andMarks: true)
    }

    private func take(
        into frame: inout MutableSpan<Int16>, waking wakes: AgentWakes?, andMarks takesMarks: Bool
    ) -> (taken: Int, reached: [MarkEvent]) {
        let count = frame.count
        let (taken, writers, reached) = state.withLock { state in
            let taken = state.output.take(into: &frame)
            var index = taken
            while index < count {
                frame[index] = 0
                index += 1
            }
            if !state.fading.isEmpty { Self.mixFading(&state, into: &frame) }
            state.sent += Int64(taken)
            Self.reachMarks(&state)
            let reached = takesMarks ? Self.takeReached(&state) : []
            return (taken, taken > 0 ? Self.takeWriters(&state) : [], reached)
        }
        for writer in writers { Self.wake(writer, wakes) }
        return (taken, reached)
    }

    /// Lays the rest of what was cut off over the frame; it is shorter than one.
    private static func mixFading(_ state: inout State, into frame: inout MutableSpan<Int16>) {
        for index in 0..<min(state.fading.count, frame.count) {
            frame[index] = Int16(clamping: Int(frame[index]) + Int(state.fading[index]))
        }
        state.fading = []
    }

    private static func reachMarks(_ state: inout State) {
        guard let first = state.marks.first, first.position <= state.sent else { return }
        let (marks, sent) = (state.marks, state.sent)
        let count = marks.firstIndex { $0.position > sent } ?? marks.count
        for mark in marks[..<count] {
            state.reached.append(MarkEvent(name: mark.name, samplesSent: sent, wasCleared: false))
        }
        state.marks.removeFirst(count)
    }

    /// Marks reached since the last call, in order.
    package func takeReachedMarks() -> [MarkEvent] {
        state.withLock { Self.takeReached(&$0) }
    }

    private static func takeReached(_ state: inout State) -> [MarkEvent] {
        guard !state.reached.isEmpty else { return [] }
        defer { state.reached.removeAll() }
        return state.reached
    }

    /// The call is over: readers get what is left and then `nil`, writers an error.
    package func close() {
        let ((reader, others), writers) = state.withLock { state in
            state.isOpen = false
            return (Self.takeReaders(&state), Self.takeWriters(&state))
        }
        reader?.continuation.resume()
        for waiter in others + writers { waiter.continuation.resume() }
    }

    // MARK: Waiting

    private func wait(
        until isReady: @escaping @Sendable (State) -> Bool,
        as store: @escaping @Sendable (inout State, Waiter) -> Void
    ) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let resumesNow = state.withLock { state in
                    guard !isReady(state), !Task.isCancelled else { return true }
                    store(&state, Waiter(id: id, continuation: continuation))
                    return false
                }
                if resumesNow { continuation.resume() }
            }
        } onCancel: {
            let woken: Waiter? = state.withLock { state in
                if state.reader?.id == id { return state.reader.take() }
                if let position = state.otherReaders.firstIndex(where: { $0.id == id }) {
                    return state.otherReaders.remove(at: position)
                }
                guard let position = state.writers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.writers.remove(at: position)
            }
            woken?.continuation.resume()
        }
    }

    /// The only reader needs no list, so that a frame costs no allocation.
    private static func addReader(_ state: inout State, _ waiter: Waiter) {
        if state.reader == nil { state.reader = waiter } else { state.otherReaders.append(waiter) }
    }

    private static func takeReaders(_ state: inout State) -> (Waiter?, [Waiter]) {
        let others = state.otherReaders
        if !others.isEmpty { state.otherReaders.removeAll() }
        return (state.reader.take(), others)
    }

    private static func takeWriters(_ state: inout State) -> [Waiter] {
        guard !state.writers.isEmpty else { return [] }
        defer { state.writers.removeAll() }
        return state.writers
    }
}
