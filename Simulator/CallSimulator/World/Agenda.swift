internal import SansIO

/// What will happen in a world and when, in the exact order of (instant, order of arming).
struct Agenda {
    enum Event {
        /// A datagram, by its cell in the pool, reaches its destination.
        case datagram(Int32)
        /// The deadline of the client in this slot.
        case deadline(client: Int32)
        /// The sleeper with this name wakes up.
        case sleeper(Int32)
        /// A task's `Task.sleep` is over.
        case job(UnownedJob)
        /// A closure, by its place in the loop's table.
        case action(Int32)
    }

    private var heap = DeadlineHeap()
    private var events: [Event] = []
    private var free: [Int32] = []

    /// The instant of the next event; `nil` when there is none.
    var next: MonotonicInstant? { heap.first?.deadline }
    var count: Int { heap.count }

    /// Adds an event that happens once.
    ///
    /// - Returns: A key for ``remove(_:)``, valid until the event happens.
    @discardableResult
    mutating func add(_ event: Event, at instant: MonotonicInstant) -> Int32 {
        let key = reserve(event)
        heap.set(Int(key), to: instant)
        return key
    }

    /// A key for an event that is armed again and again with ``arm(_:at:)``; it is not armed yet.
    mutating func reserve(_ event: Event) -> Int32 {
        if let key = free.popLast() {
            events[Int(key)] = event
            return key
        }
        events.append(event)
        return Int32(events.count - 1)
    }

    /// Moves, sets or (with `nil`) unsets the instant of a reserved key.
    mutating func arm(_ key: Int32, at instant: MonotonicInstant?) { heap.set(Int(key), to: instant) }

    /// Takes an event back and frees its key.
    mutating func remove(_ key: Int32) {
        heap.set(Int(key), to: nil)
        free.append(key)
    }

    /// Takes the next event if it happens at or before `limit`.
    mutating func pop(until limit: MonotonicInstant) -> Event? {
        guard let key = heap.popDue(at: limit) else { return nil }
        let event = events[key]
        // A client's deadline keeps its key for the next time.
        if case .deadline = event { return event }
        free.append(Int32(key))
        return event
    }

    /// Takes the next event if it is a datagram that arrives exactly at `instant`.
    mutating func popDatagram(at instant: MonotonicInstant) -> Int32? {
        guard let first = heap.first, first.deadline == instant, case .datagram(let cell) = events[first.key]
        else { return nil }
        _ = pop(until: instant)
        return cell
    }
}
