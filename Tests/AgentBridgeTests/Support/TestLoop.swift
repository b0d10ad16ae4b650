internal import Foundation
internal import SansIO
internal import Synchronization
internal import TestSupport

/// A loop in virtual time on the test's own thread: jobs first, then the earliest sleeper or step.
final class TestLoop: SerialExecutor, SocketlessDriver, @unchecked Sendable {
    private final class Side: TaskExecutor, @unchecked Sendable {
        unowned let loop: TestLoop
        init(_ loop: TestLoop) { self.loop = loop }
        func enqueue(_ job: consuming ExecutorJob) { loop.put(UnownedJob(job), isSerial: false) }
    }

    private struct Sleeper {
        let deadline: Int64
        let order: Int
        let continuation: UnsafeContinuation<Void, Never>
    }

    // Everything is touched by the test's thread alone; a job from elsewhere is a leak and traps.
    private let owner = pthread_self()
    private lazy var side = Side(self)
    private var jobs: [(job: UnownedJob, isSerial: Bool)] = []
    private var sleepers: [Sleeper] = []
    private var order = 0
    private(set) var now = MonotonicInstant(nanoseconds: 0)

    var serialExecutor: any SerialExecutor { self }
    var taskExecutor: (any TaskExecutor)? { side }
    var wallClock: WallClockInstant { WallClockInstant(nanosecondsSinceEpoch: now.nanoseconds) }

    func enqueue(_ job: consuming ExecutorJob) { put(UnownedJob(job), isSerial: true) }

    private func put(_ job: UnownedJob, isSerial: Bool) {
        precondition(pthread_equal(owner, pthread_self()) != 0, "a job came from a foreign thread")
        jobs.append((job, isSerial))
    }

    /// Runs everything that can run at this instant.
    func settle() {
        var index = 0
        while index < jobs.count {
            let (job, isSerial) = jobs[index]
            index += 1
            if isSerial {
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: side.asUnownedTaskExecutor())
            } else {
                job.runSynchronously(on: side.asUnownedTaskExecutor())
            }
        }
        jobs.removeAll()
    }

    /// Moves to `instant`, waking sleepers on the way.
    func advance(to instant: MonotonicInstant) {
        settle()
        while let next = sleepers.min(by: { ($0.deadline, $0.order) < ($1.deadline, $1.order) }),
            next.deadline <= instant.nanoseconds
        {
            now = MonotonicInstant(nanoseconds: max(now.nanoseconds, next.deadline))
            sleepers.removeAll { $0.order == next.order }
            next.continuation.resume()
            settle()
        }
        now = instant
    }

    func sleep(until deadline: MonotonicInstant) async throws {
        try Task.checkCancellation()
        order += 1
        let id = order
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if Task.isCancelled || deadline <= now { return continuation.resume() }
                sleepers.append(
                    Sleeper(deadline: deadline.nanoseconds, order: id, continuation: continuation))
            }
        } onCancel: {
            guard let index = sleepers.firstIndex(where: { $0.order == id }) else { return }
            sleepers.remove(at: index).continuation.resume()
        }
        try Task.checkCancellation()
    }

    func makeGenerator(label: String) -> SeededGenerator { SeededGenerator(seed: 1, label: label) }
}
