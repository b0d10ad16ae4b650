@_spi(ExperimentalScheduling) internal import _Concurrency
internal import SansIO

/// Executor of the actors of a world.
///
/// Serial side and task side are two objects over one queue: one object for both runs every resumed task several times
/// as a job.
final class SerialSide: SerialExecutor {
    // Unowned: the loop owns both sides and lives as long as its world, which every driver keeps.
    private unowned let loop: VirtualLoop

    init(_ loop: VirtualLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(serial: UnownedJob(job)) }

    func checkIsolated() { precondition(loop.isOnLoop, "called outside the world's thread") }

    func isIsolatingCurrentContext() -> Bool? { loop.isOnLoop }
}

/// Executor of the tasks of a world; a `Task.sleep` in one of them takes virtual time.
final class TaskSide: TaskExecutor, SchedulingExecutor {
    private unowned let loop: VirtualLoop

    init(_ loop: VirtualLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(task: UnownedJob(job)) }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
    ) {
        schedule(UnownedJob(job), after: clock.now.duration(to: instant))
    }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
        schedule(UnownedJob(job), after: delay)
    }

    private func schedule(_ job: UnownedJob, after delay: some DurationProtocol) {
        // The clock of a user may count in anything; what is no time ends at once.
        var duration = delay as? Duration ?? .zero
        if !VirtualLoop.clocksAreVirtual() {
            // The deadline was made from the real clock some microseconds ago: round up what is left.
            let millisecond: Int64 = 1_000_000
            duration = .nanoseconds((duration.nanoseconds + millisecond - 1) / millisecond * millisecond)
        }
        loop.schedule(job, at: loop.now.advanced(by: duration))
    }
}
