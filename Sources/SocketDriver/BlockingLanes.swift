#if os(Linux)
    internal import SansIO

    /// Threads for work that may block: one job per lane at a time, in order; at most ``mostThreads`` lanes at once.
    ///
    /// A thread lives as long as there is work. Callers wait for their job, so the queues are as long as there are callers.
    final class BlockingLanes: Sendable {
        static let mostThreads = 8

        private typealias Job = @Sendable () -> Void

        private struct State: Sendable {
            /// Jobs that wait, per lane that has a job waiting or running.
            var waiting: [String: [Job]] = [:]
            /// Lanes that have a job and no thread, in order.
            var ready: [String] = []
            var threads = 0
        }

        private let state = Locked(State())

        func run<Value: Sendable>(
            lane: String, _ work: @escaping @Sendable () throws -> Value
        ) async throws -> Value {
            let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<_, Never>) in
                submit(lane: lane) {
                    continuation.resume(returning: Result { try work() })
                }
            }
            return try result.get()
        }

        /// Runs `job` once those before it in its lane are done.
        func submit(lane: String, _ job: @escaping @Sendable () -> Void) {
            let needsThread = state.withLock { state in
                if state.waiting[lane] == nil { state.ready.append(lane) }
                state.waiting[lane, default: []].append(job)
                guard !state.ready.isEmpty, state.threads < Self.mostThreads else { return false }
                state.threads += 1
                return true
            }
            guard needsThread else { return }
            if !System.startThread(named: "outdial-lane", { self.work() }) {
                work()  // No thread to be had: late and in the way, but done.
            }
        }

        private func work() {
            while let (lane, job) = takeJob() {
                job()
                finish(lane)
            }
        }

        private func takeJob() -> (lane: String, job: Job)? {
            state.withLock { state in
                guard !state.ready.isEmpty else {
                    state.threads -= 1
                    return nil
                }
                let lane = state.ready.removeFirst()
                guard let job = state.waiting[lane]?.removeFirst() else {
                    preconditionFailure("a ready lane has a job")
                }
                return (lane, job)
            }
        }

        private func finish(_ lane: String) {
            state.withLock { state in
                if state.waiting[lane]?.isEmpty == false {
                    state.ready.append(lane)
                } else {
                    state.waiting[lane] = nil
                }
            }
        }
    }
#endif
