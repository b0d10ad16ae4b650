import SansIO
import TestSupport

/// A clock that jumps from one sleeper to the next, and an executor that runs everything in one order on one thread.
final class VirtualDriver: SocketlessDriver, @unchecked Sendable {
    // @unchecked: confined to the thread that calls run(_:).
    private struct Job {
        var job: UnownedJob
        var isSerial: Bool
    }

    private struct Sleeper {
        var deadline: MonotonicInstant
        var id: UInt64
        var continuation: UnsafeContinuation<Void, Never>
    }

    final class SerialSide: SerialExecutor, @unchecked Sendable {
        unowned(unsafe) var world: VirtualDriver?
        func enqueue(_ job: consuming ExecutorJob) { world?.put(UnownedJob(job), isSerial: true) }
    }

    final class TaskSide: TaskExecutor, @unchecked Sendable {
        unowned(unsafe) var world: VirtualDriver?
        func enqueue(_ job: consuming ExecutorJob) { world?.put(UnownedJob(job), isSerial: false) }
    }

    private let serialSide = SerialSide()
    private let taskSide = TaskSide()
    private var jobs: [Job] = []
    private var nextJob = 0
    private var sleepers: [Sleeper] = []
    private var cancelled: Set<UInt64> = []
    private var nextID: UInt64 = 0
    private let seed: UInt64
    private let epoch: WallClockInstant
    private(set) var now = MonotonicInstant(nanoseconds: 0)

    /// - Parameter epoch: Wall clock at the start; Friday, 20 November 2026, 15:00 UTC unless told otherwise.
    init(seed: UInt64 = 1, epoch: WallClockInstant = WallClockInstant(secondsSinceEpoch: 1_795_186_800)) {
        self.seed = seed
        self.epoch = epoch
        serialSide.world = self
        taskSide.world = self
    }

    var serialExecutor: any SerialExecutor { serialSide }
    var taskExecutor: (any TaskExecutor)? { taskSide }
    var wallClock: WallClockInstant {
        epoch.advanced(by: MonotonicInstant(nanoseconds: 0).duration(to: now))
    }

    struct Stalled: Error {}

    /// Runs `body` and everything below it to the end, or throws ``Stalled`` when nothing can happen any more.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let box = Box<Value>()
        let task = Task(executorPreference: taskSide) {
            do { box.result = .success(try await body()) } catch { box.result = .failure(error) }
        }
        while box.result == nil {
            if nextJob < jobs.count {
                let entry = jobs[nextJob]
                nextJob += 1
                if nextJob == jobs.count {
                    jobs.removeAll(keepingCapacity: true)
                    nextJob = 0
                }
                if entry.isSerial {
                    entry.job.runSynchronously(
                        isolatedTo: serialSide.asUnownedSerialExecutor(),
                        taskExecutor: taskSide.asUnownedTaskExecutor())
                } else {
                    entry.job.runSynchronously(on: taskSide.asUnownedTaskExecutor())
                }
            } else {
                guard wakeNext() else {
                    task.cancel()
                    throw Stalled()
                }
            }
        }
        return try box.result!.get()
    }

    private final class Box<Value: Sendable>: @unchecked Sendable { var result: Result<Value, any Error>? }

    private func put(_ job: UnownedJob, isSerial: Bool) { jobs.append(Job(job: job, isSerial: isSerial)) }

    private func wakeNext() -> Bool {
        guard let first = sleepers.min(by: { ($0.deadline, $0.id) < ($1.deadline, $1.id) }) else {
            return false
        }
        sleepers.removeAll { $0.id == first.id }
        now = max(now, first.deadline)
        first.continuation.resume()
        return true
    }

    func sleep(until deadline: MonotonicInstant) async throws {
        nextID += 1
        let id = nextID
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if Task.isCancelled || deadline <= now {
                    continuation.resume()
                } else {
                    sleepers.append(Sleeper(deadline: deadline, id: id, continuation: continuation))
                }
            }
        } onCancel: {
            if let index = sleepers.firstIndex(where: { $0.id == id }) {
                sleepers.remove(at: index).continuation.resume()
            }
        }
        try Task.checkCancellation()
    }

    func makeGenerator(label: String) -> SeededGenerator { SeededGenerator(seed: seed, label: label) }
}
