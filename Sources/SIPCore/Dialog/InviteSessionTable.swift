internal import SansIO

/// The sessions of one user agent: by id, by Call-ID and local tag, and by deadline.
struct InviteSessionTable: Sendable {
    private var slab = Slab<InviteSession>()
    private var slots: [InviteSessionID: Int32] = [:]
    /// Hash of Call-ID and local tag; forks share both.
    private var ids: [UInt64: InviteSessionID] = [:]
    private var deadlines = DeadlineHeap()
    private var nextNumber: UInt64 = 1

    var count: Int { slots.count }
    /// The earliest deadline of any session; `nil` when none runs.
    var nextDeadline: MonotonicInstant? { deadlines.first?.deadline }

    mutating func nextID() -> InviteSessionID {
        defer { nextNumber += 1 }
        return InviteSessionID(rawValue: nextNumber)
    }

    mutating func insert(_ session: InviteSession) {
        let index = slab.insert(session)
        slots[session.id] = Int32(index)
        ids[session.identity.dialogKey] = session.id
        deadlines.set(index, to: session.timers.next)
    }

    func id(dialogKey: UInt64) -> InviteSessionID? { ids[dialogKey] }

    /// Takes a session out for one step, in place of a copy; ``checkIn(_:)`` follows.
    mutating func checkOut(_ id: InviteSessionID) -> InviteSession? {
        guard let slot = slots[id] else { return nil }
        return slab.take(at: Int(slot))
    }

    /// Puts a session back after a step and rearms it, or forgets it once it is over.
    mutating func checkIn(_ session: consuming InviteSession) {
        guard let slot = slots[session.id] else { return }
        let index = Int(slot)
        if session.state == .over {
            slots[session.id] = nil
            if ids[session.identity.dialogKey] == session.id { ids[session.identity.dialogKey] = nil }
            deadlines.set(index, to: nil)
            slab.release(at: index)
        } else {
            deadlines.set(index, to: session.timers.next)
            slab.put(session, at: index)
        }
    }

    /// The next session with something due at `now`.
    mutating func popDue(at now: MonotonicInstant) -> InviteSessionID? {
        guard let index = deadlines.popDue(at: now) else { return nil }
        return slab[index]?.id
    }
}
