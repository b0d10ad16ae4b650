private import CSimulatorHooks
internal import SansIO
private import Synchronization

/// The heart of a world: its time, the work that is ready, and what will happen when.
///
/// It is confined to the thread that runs the world (before that: to the one that made it). What arrives from another
/// thread is a leak: it is taken, in no particular order, and counted.
final class VirtualLoop: @unchecked Sendable {
    // @unchecked: all but `owner`, `clock` and `inbox` is touched only by the thread in `owner`.

    /// One thing to do now.
    enum Ready {
        case serialJob(UnownedJob)
        case taskJob(UnownedJob)
        case wake(client: Int32)
        case action(Int32)
    }

    private enum Arrival: Sendable {
        case serialJob(UnownedJob)
        case taskJob(UnownedJob)
        case action(@Sendable () -> Void)
    }

    private let owner = Atomic<UInt64>(0)
    private let clock = Atomic<Int64>(0)
    private let inbox = Locked<[Arrival]>([])

    // The exclusivity of the hot ones is checked by the compiler alone: the run-time check would be a fifth of the world.
    @exclusivity(unchecked) var agenda = Agenda()
    @exclusivity(unchecked) var ready = Ring<Ready>(capacity: 256)
    @exclusivity(unchecked) private var actions: [(() -> Void)?] = []
    @exclusivity(unchecked) private var freeActions: [Int32] = []
    /// Draws which ready job runs next; `nil` for the order of arrival.
    @exclusivity(unchecked) var shuffler: SeededGenerator?

    /// Jobs run, events that happened, and things that came from other threads.
    @exclusivity(unchecked) private(set) var jobsRun: UInt64 = 0
    @exclusivity(unchecked) var eventCount: UInt64 = 0
    private(set) var foreignArrivals = 0
    /// Jobs of `Task.sleep` in the agenda.
    var taskSleeps = 0

    let wallClockStart: WallClockInstant
    private(set) lazy var serialSide = SerialSide(self)
    private(set) lazy var taskSide = TaskSide(self)

    init(wallClockStart: WallClockInstant) {
        self.wallClockStart = wallClockStart
        owner.store(Self.currentThread, ordering: .relaxed)
        _ = (serialSide, taskSide)
    }

    // MARK: Any thread

    private static var currentThread: UInt64 { csim_thread() }

    var isOnLoop: Bool { owner.load(ordering: .relaxed) == Self.currentThread }

    var now: MonotonicInstant {
        get { MonotonicInstant(nanoseconds: clock.load(ordering: .relaxed)) }
        set { clock.store(newValue.nanoseconds, ordering: .relaxed) }
    }

    func enqueue(serial job: UnownedJob) {
        if isOnLoop { ready.append(.serialJob(job)) } else { arrive(.serialJob(job)) }
    }

    func enqueue(task job: UnownedJob) {
        if isOnLoop { ready.append(.taskJob(job)) } else { arrive(.taskJob(job)) }
    }

    /// Runs `body` on the loop after the step that is running.
    func post(_ body: @escaping @Sendable () -> Void) {
        if isOnLoop { ready.append(.action(store(body))) } else { arrive(.action(body)) }
    }

    private func arrive(_ arrival: Arrival) { inbox.withLock { $0.append(arrival) } }

    // MARK: On the loop

    /// Runs `body` with this thread as the loop's thread and its runtime bound to the world's time and queue.
    func withOwnership<Result>(_ body: () throws -> Result) rethrows -> Result {
        _ = Self.installHooks
        owner.store(Self.currentThread, ordering: .relaxed)
        var world = csim_world(
            context: Unmanaged.passUnretained(self).toOpaque(),
            take: { context, job in
                guard let context, let job else { return }
                let loop = Unmanaged<VirtualLoop>.fromOpaque(context).takeUnretainedValue()
                loop.enqueue(task: unsafeBitCast(job, to: UnownedJob.self))
            },
            now: { context in
                guard let context else { return 0 }
                return Unmanaged<VirtualLoop>.fromOpaque(context).takeUnretainedValue().now.nanoseconds
            },
            wall: { context in
                guard let context else { return 0 }
                let loop = Unmanaged<VirtualLoop>.fromOpaque(context).takeUnretainedValue()
                return loop.wallClock.nanosecondsSinceEpoch
            })
        return try withUnsafePointer(to: &world) { world in
            csim_enter(world)
            defer { csim_enter(nil) }
            return try body()
        }
    }

    private static let installHooks: Void = csim_install()

    var wallClock: WallClockInstant {
        wallClockStart.advanced(by: .nanoseconds(now.nanoseconds))
    }

    /// Whether the standard library's clocks show virtual time on this thread.
    static func clocksAreVirtual() -> Bool {
        let before = csim_clock_reads()
        _ = ContinuousClock.now
        return csim_clock_reads() > before
    }

    /// Arms a closure for `instant`, or for now if that has passed.
    func schedule(at instant: MonotonicInstant, _ body: @escaping () -> Void) {
        agenda.add(.action(store(body)), at: max(instant, now))
    }

    /// Arms a job that a `Task.sleep` handed over.
    func schedule(_ job: UnownedJob, at instant: MonotonicInstant) {
        taskSleeps += 1
        agenda.add(.job(job), at: max(instant, now))
    }

    func store(_ body: @escaping () -> Void) -> Int32 {
        if let index = freeActions.popLast() {
            actions[Int(index)] = body
            return index
        }
        actions.append(body)
        return Int32(actions.count - 1)
    }

    func runAction(_ index: Int32) {
        let body = actions[Int(index)].take()
        freeActions.append(index)
        body?()
    }

    /// Drops every event and closure. Jobs of `Task.sleep` in the agenda are lost, and their tasks with them.
    func forgetEvents() {
        agenda = Agenda()
        actions.removeAll()
        freeActions.removeAll()
        taskSleeps = 0
    }

    /// Takes the next ready thing; which one of them, a shuffled world draws.
    func nextReady() -> Ready? {
        if shuffler != nil, ready.count > 1, let draw = shuffler?.next(upperBound: UInt64(ready.count)) {
            ready.moveToFront(firstInLine(at: Int(draw)))
        }
        return ready.popFirst()
    }

    /// Posted work keeps the order of posting, which a driver promises: the first one goes instead of the one drawn.
    private func firstInLine(at drawn: Int) -> Int {
        guard case .action? = ready[drawn] else { return drawn }
        for offset in 0..<drawn {
            if case .action? = ready[offset] { return offset }
        }
        return drawn
    }

    func run(serial job: UnownedJob) {
        jobsRun += 1
        job.runSynchronously(
            isolatedTo: serialSide.asUnownedSerialExecutor(), taskExecutor: taskSide.asUnownedTaskExecutor())
    }

    func run(task job: UnownedJob) {
        jobsRun += 1
        job.runSynchronously(on: taskSide.asUnownedTaskExecutor())
    }

    /// Moves what came from other threads to the ready work.
    ///
    /// - Returns: How much there was.
    func takeArrivals() -> Int {
        let arrivals = inbox.withLock { inbox in
            let arrivals = inbox
            inbox.removeAll()
            return arrivals
        }
        for arrival in arrivals {
            switch arrival {
            case .serialJob(let job): ready.append(.serialJob(job))
            case .taskJob(let job): ready.append(.taskJob(job))
            case .action(let body): ready.append(.action(store(body)))
            }
        }
        foreignArrivals += arrivals.count
        return arrivals.count
    }

    /// Waits in real time, at most 50 ms, for something from another thread: only to name the cause of a stall.
    func waitForArrivals() -> Int {
        for _ in 0..<50 {
            let count = takeArrivals()
            if count > 0 { return count }
            csim_pause()
        }
        return 0
    }
}
