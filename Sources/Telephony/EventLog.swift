internal import SansIO

/// The last events of something, kept so that any number of readers can follow at their own pace.
///
/// Bounded: beyond `limit` the oldest are forgotten, and a reader that had not come so far skips them.
final class EventLog<Event: Sendable>: Sendable {
    private struct State {
        /// Up to twice the limit, so that forgetting moves the rest seldom.
        var events: [Event] = []
        /// Index of `events[0]` since the start.
        var base = 0
        var isFinished = false
        var waiters: [(id: UInt64, continuation: UnsafeContinuation<Void, Never>)] = []
        var nextWaiter: UInt64 = 0
    }

    // Guards all of `State`; continuations are resumed after it is released.
    private let state = Locked(State())
    private let limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    func append(_ event: Event) {
        let woken = state.withLock { state in
            guard !state.isFinished else { return [UnsafeContinuation<Void, Never>]() }
            state.events.append(event)
            if state.events.count >= 2 * limit {
                state.base += state.events.count - limit
                state.events.removeFirst(state.events.count - limit)
            }
            return Self.takeWaiters(&state)
        }
        for continuation in woken { continuation.resume() }
    }

    /// No more events will come; waiting readers get `nil`.
    func finish() {
        let woken = state.withLock { state in
            state.isFinished = true
            return Self.takeWaiters(&state)
        }
        for continuation in woken { continuation.resume() }
    }

    /// The event at `index` or, if it has been forgotten, the oldest kept; waits until there is one.
    ///
    /// A cancelled task waits for nothing, but what is there it gets: the closure of a call is cancelled when the call ends, and
    /// may still want to know what happened in it.
    ///
    /// - Returns: The event and the index to ask for next; `nil` at the end.
    func next(from index: Int) async -> (event: Event, nextIndex: Int)? {
        while true {
            let found = state.withLock { lookUp(index, in: $0) }
            switch found {
            case .event(let event, let next): return (event, next)
            case .finished: return nil
            case .later:
                if Task.isCancelled { return nil }
                await wait(for: index)
            }
        }
    }

    private enum Found {
        case event(Event, Int)
        case finished
        case later
    }

    private func lookUp(_ index: Int, in state: State) -> Found {
        let end = state.base + state.events.count
        let wanted = max(index, end - limit, state.base)
        if wanted < end {
            return .event(state.events[wanted - state.base], wanted + 1)
        }
        return state.isFinished ? .finished : .later
    }

    private func wait(for index: Int) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let resumesNow = state.withLock { state in
                    guard case .later = self.lookUp(index, in: state), !Task.isCancelled else { return true }
                    state.waiters.append((id, continuation))
                    return false
                }
                if resumesNow { continuation.resume() }
            }
        } onCancel: {
            let woken: UnsafeContinuation<Void, Never>? = state.withLock { state in
                guard let position = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: position).continuation
            }
            woken?.resume()
        }
    }

    private static func takeWaiters(_ state: inout State) -> [UnsafeContinuation<Void, Never>] {
        let continuations = state.waiters.map(\.continuation)
        state.waiters.removeAll()
        return continuations
    }
}

/// The events of one call from its start, followed at the reader's own pace.
public struct CallEvents: AsyncSequence, Sendable {
    let log: EventLog<CallEvent>

    public func makeAsyncIterator() -> Iterator { Iterator(log: log) }

    public struct Iterator: AsyncIteratorProtocol {
        let log: EventLog<CallEvent>
        var index = 0

        /// The next event; `nil` after ``CallEvent/Kind/ended(_:)``, and in a cancelled task after those that are there already.
        public mutating func next() async -> CallEvent? {
            guard let (event, nextIndex) = await log.next(from: index) else { return nil }
            index = nextIndex
            return event
        }
    }
}
