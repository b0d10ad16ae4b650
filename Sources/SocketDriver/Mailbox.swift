#if os(Linux)
    internal import SansIO

    /// What any thread may hand to the loop, and who runs the loop. Guarded by a lock.
    struct Mailbox: Sendable {
        enum Item: Sendable {
            case job(UnownedJob)
            case post(@Sendable () -> Void)
            case sleep(Sleeper, until: MonotonicInstant)
            case forget(Sleeper)
        }

        /// The loop's thread: it must be started when absent and signalled when waiting.
        enum Thread: Sendable { case absent, running, waiting }

        /// In order of arrival. Its length is bounded by the tasks and callers that wait for the loop.
        var items: [Item] = []
        var thread = Thread.absent
        var isStopping = false
        /// Every attached client; here because attaching is allowed on any thread.
        var clients = SlotTable<any DriverClient>()
        /// As of the end of the last turn.
        var statistics = SocketDriverStatistics()
    }

    /// One task that sleeps. It is resumed exactly once, by the loop or by cancellation, whichever comes first.
    final class Sleeper: Sendable {
        private struct State {
            var continuation: UnsafeContinuation<Void, Never>?
            var isCancelled = false
            var isOver = false
            /// Name in the loop's table of sleepers.
            var name: Int32?
        }

        private let state = Locked(State())

        var isCancelled: Bool { state.withLock { $0.isCancelled } }
        var isOver: Bool { state.withLock { $0.isOver } }

        var name: Int32? {
            get { state.withLock { $0.name } }
            set { state.withLock { $0.name = newValue } }
        }

        /// - Returns: False when the task was cancelled before; then the caller resumes the continuation.
        func begin(_ continuation: UnsafeContinuation<Void, Never>) -> Bool {
            state.withLock { state in
                guard !state.isCancelled else { return false }
                state.continuation = continuation
                return true
            }
        }

        func wakeUp() { finish(byCancellation: false)?.resume() }

        /// - Returns: True when it ended a sleep that the loop knows or will learn of.
        func cancel() -> Bool {
            guard let continuation = finish(byCancellation: true) else { return false }
            continuation.resume()
            return true
        }

        private func finish(byCancellation isCancelled: Bool) -> UnsafeContinuation<Void, Never>? {
            state.withLock { state in
                guard !state.isOver else { return nil }
                state.isOver = true
                state.isCancelled = isCancelled
                return state.continuation.take()
            }
        }
    }
#endif
