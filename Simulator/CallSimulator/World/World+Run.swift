internal import SansIO

extension World {
    /// Runs `body` as the root task of the world and returns when it has ended.
    ///
    /// Tasks of a group, `async let`, actors, `Task { }`, `Task.sleep` and the standard clocks inside it all keep to the
    /// world. Work that other tasks still have to do stays in the world: ``drain(for:)`` goes on with it, and
    /// ``leaks`` says what is left.
    ///
    /// - Throws: ``WorldError``, or what `body` threw.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        precondition(!isRunning, "a world runs one root task at a time")
        isRunning = true
        defer { isRunning = false }
        let end = RootEnd<Value>()
        return try loop.withOwnership {
            let root = Task(executorPreference: loop.taskSide) {
                do {
                    end.result = .success(try await body())
                } catch {
                    end.result = .failure(error)
                }
            }
            do {
                try advance(until: { end.result != nil }, limit: nil)
            } catch {
                // Let the tasks unwind as far as they can, so that little is left behind.
                root.cancel()
                try? advance(until: { end.result != nil }, limit: loop.now)
                throw error
            }
            guard let result = end.result else { preconditionFailure("the root task has ended") }
            return try result.get()
        }
    }

    /// Goes on for at most `duration` of virtual time, or until nothing is left to do.
    ///
    /// - Throws: ``WorldError/endlessInstant(at:steps:)``.
    public func drain(for duration: Duration) throws {
        precondition(!isRunning, "a world runs one root task at a time")
        isRunning = true
        defer { isRunning = false }
        try loop.withOwnership {
            try advance(until: { false }, limit: loop.now.advanced(by: duration))
        }
    }

    /// Ends the world: sleepers are cancelled, what is ready runs, then clients, sockets, taps and events are forgotten.
    ///
    /// Clients and the world keep each other alive; a world whose run failed is freed only after this. It cannot run
    /// again.
    public func close() {
        precondition(!isRunning, "a world is closed after its run")
        loop.withOwnership {
            for _ in 0..<1_000 where sleepers.count > 0 || !loop.ready.isEmpty {
                for name in sleepers.names { cancelSleep(name) }
                try? advance(until: { false }, limit: loop.now)
            }
        }
        for client in network.clients.elements { network.detach(client.id) }
        network.taps.removeAll()
        loop.forgetEvents()
        isRunning = true
    }

    /// The world's engine: everything ready first, in order; then the next event.
    ///
    /// - Parameter limit: The last instant at which events happen; without one, running dry is a stall.
    private func advance(until isOver: () -> Bool, limit: MonotonicInstant?) throws(WorldError) {
        let end = limit ?? MonotonicInstant(nanoseconds: 0).advanced(by: configuration.timeLimit)
        var steps = 0
        while !isOver() {
            steps += 1
            if let item = loop.nextReady() {
                run(item)
            } else if loop.takeArrivals() > 0 {
                continue
            } else if let next = loop.agenda.next {
                guard next <= end else {
                    if limit != nil { return }
                    throw .timeLimit(configuration.timeLimit)
                }
                if next > loop.now {
                    loop.now = next
                    steps = 0
                }
                if let event = loop.agenda.pop(until: next) { happen(event) }
            } else {
                if limit != nil { return }
                let cause: WorldError.Cause = loop.waitForArrivals() > 0 ? .otherThread : .lostWakeUp
                throw .stalled(at: loop.now, cause, leaks: leaks)
            }
            if steps > configuration.stepsPerInstant {
                throw .endlessInstant(at: loop.now, steps: steps)
            }
        }
    }

    private func run(_ item: VirtualLoop.Ready) {
        switch item {
        case .serialJob(let job): loop.run(serial: job)
        case .taskJob(let job): loop.run(task: job)
        case .action(let index): loop.runAction(index)
        case .wake(let name):
            guard let client = network.clients[name] else { return }
            client.isDue = false
            client.client.wake()
        }
    }

    private func happen(_ event: Agenda.Event) {
        loop.eventCount += 1
        switch event {
        case .datagram(let cell):
            network.arrive(cell)
            // Those of the same instant come in one wake-up, as they do from a kernel.
            while let next = loop.agenda.popDatagram(at: loop.now) {
                loop.eventCount += 1
                network.arrive(next)
            }
        case .deadline(let name):
            guard let client = network.clients[name] else { return }
            network.trace.add(.deadline, at: loop.now, UInt64(UInt32(bitPattern: name)), loop.jobsRun)
            network.markDue(client)
        case .sleeper(let name):
            network.trace.add(.wokenUp, at: loop.now, UInt64(UInt32(bitPattern: name)), loop.jobsRun)
            wakeUp(name)
        case .job(let job):
            network.trace.add(.wokenUp, at: loop.now, 0, loop.jobsRun)
            loop.taskSleeps -= 1
            loop.ready.append(.taskJob(job))
        case .action(let index):
            network.trace.add(.action, at: loop.now, UInt64(index), loop.jobsRun)
            loop.runAction(index)
        }
    }
}

/// Where the root task leaves its result; touched on the world's thread alone.
private final class RootEnd<Value: Sendable>: @unchecked Sendable {
    var result: Result<Value, any Error>?
}

// MARK: - Sleepers

/// A task that sleeps on a driver of the world.
struct Sleeper {
    var continuation: UnsafeContinuation<Void, Never>?
    var agendaKey: Int32 = -1
    var isCancelled = false
}

extension World {
    /// A place for a task that is about to sleep.
    func makeSleeper() -> Int32 {
        guard let name = sleepers.insert({ _ in Sleeper() }) else {
            preconditionFailure("a world has at most 65,536 sleepers")
        }
        return name
    }

    func sleep(
        _ name: Int32, until deadline: MonotonicInstant, _ continuation: UnsafeContinuation<Void, Never>
    ) {
        guard let sleeper = sleepers[name], !sleeper.isCancelled else { return continuation.resume() }
        let key = loop.agenda.add(.sleeper(name), at: max(deadline, loop.now))
        sleepers.update(name) { sleeper in
            sleeper.continuation = continuation
            sleeper.agendaKey = key
        }
    }

    func cancelSleep(_ name: Int32) {
        var waiting: (continuation: UnsafeContinuation<Void, Never>, key: Int32)?
        sleepers.update(name) { sleeper in
            sleeper.isCancelled = true
            if let continuation = sleeper.continuation.take() { waiting = (continuation, sleeper.agendaKey) }
        }
        guard let waiting else { return }
        loop.agenda.remove(waiting.key)
        waiting.continuation.resume()
    }

    /// - Returns: True when the sleep was cancelled.
    func endSleep(_ name: Int32) -> Bool { sleepers.remove(name)?.isCancelled ?? false }

    private func wakeUp(_ name: Int32) {
        var continuation: UnsafeContinuation<Void, Never>?
        sleepers.update(name) { continuation = $0.continuation.take() }
        continuation?.resume()
    }
}
