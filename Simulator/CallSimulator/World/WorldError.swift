public import SansIO

/// Why a world could not be run to the end of its root task.
public enum WorldError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a stalled world most likely waits for.
    public enum Cause: Hashable, Sendable {
        /// Work left the world and came back from another thread: a real sleep, a thread, a callback.
        case otherThread
        /// A task waits for a continuation, stream, lock or actor that nothing in the world will resume.
        case lostWakeUp
    }

    /// Nothing is ready, nothing is scheduled, and the root task has not ended.
    case stalled(at: MonotonicInstant, Cause, leaks: LeakReport)
    /// The virtual time limit has passed.
    case timeLimit(Duration)
    /// The same instant goes on and on: two parties answer each other without any delay.
    case endlessInstant(at: MonotonicInstant, steps: Int)

    public var description: String {
        switch self {
        case .stalled(let instant, let cause, let leaks):
            let seconds = "\(Double(instant.nanoseconds / 1_000_000) / 1_000) s"
            let start =
                "the world stalled at \(seconds): the root task waits and nothing is ready or scheduled. "
            switch cause {
            case .otherThread:
                return start
                    + "Likely cause: work left the world and came back from another thread (a real sleep, a thread, a "
                    + "callback); use the driver's sleep and blocking work. \(leaks)"
            case .lostWakeUp:
                return start
                    + "Likely cause: a task waits for a continuation, stream or actor that nobody in the world resumes, "
                    + "or it blocks on something outside. \(leaks)"
            }
        case .timeLimit(let limit):
            return "the world ran for \(limit) of virtual time and its root task has not ended"
        case .endlessInstant(let instant, let steps):
            return "the world made \(steps) steps at \(instant.nanoseconds) ns without time passing: "
                + "some deadline or answer without delay repeats itself"
        }
    }
}

/// What is left in a world: at the end of a clean run, nothing.
public struct LeakReport: Hashable, Sendable, CustomStringConvertible {
    /// Addresses of sockets that are still open, in order of opening slots.
    public var openSockets: [SocketAddress] = []
    /// Clients that have not been detached.
    public var attachedClients = 0
    /// Tasks that sleep on a driver.
    public var sleepers = 0
    /// Datagrams under way or waiting in a socket.
    public var datagrams = 0
    /// Deadlines of clients and actions still scheduled.
    public var scheduledEvents = 0
    /// Ends of `Task.sleep` still scheduled. A cancelled one stays until its time comes, so this is no leak by itself.
    public var taskSleeps = 0
    /// Work that came back from other threads in the whole run; it is not replayable.
    public var foreignArrivals = 0

    public init() {}

    /// True when nothing that should have been given back is left. Datagrams under way are the network's.
    public var isEmpty: Bool {
        openSockets.isEmpty && attachedClients == 0 && sleepers == 0 && scheduledEvents == 0
            && foreignArrivals == 0
    }

    public var description: String {
        "Left: \(openSockets.count) sockets \(openSockets), \(attachedClients) clients, \(sleepers) sleepers, "
            + "\(datagrams) datagrams, \(scheduledEvents) events, \(taskSleeps) task sleeps; \(foreignArrivals) arrivals from other threads."
    }
}
