/// A set of deadlines, one per small integer key: an indexed 4-ary heap with exact order.
///
/// Setting, moving and removing a deadline is O(log n) and allocates nothing once the capacity is reached; there
/// is no lazy deletion, since SIP cancels nearly every timer that it arms for 32 s. Equal deadlines fire in the
/// order in which they were set, which is what makes a simulation replayable.
public struct DeadlineHeap: Sendable {
    @usableFromInline struct Entry: Sendable {
        @usableFromInline var deadline: Int64
        @usableFromInline var order: UInt64
        @usableFromInline var key: Int32

        @inlinable init(deadline: Int64, order: UInt64, key: Int32) {
            self.deadline = deadline
            self.order = order
            self.key = key
        }

        @inlinable func precedes(_ other: Entry) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : order < other.order
        }
    }

    @usableFromInline var entries: [Entry] = []
    /// For each key its index in `entries`, or -1.
    @usableFromInline var positions: [Int32] = []
    @usableFromInline var nextOrder: UInt64 = 0

    @inlinable public init() {}

    /// Makes room for keys `0..<capacity`.
    @inlinable public mutating func reserveCapacity(_ capacity: Int) {
        entries.reserveCapacity(capacity)
        positions.reserveCapacity(capacity)
    }

    @inlinable public var count: Int { entries.count }
    @inlinable public var isEmpty: Bool { entries.isEmpty }

    /// The least deadline and its key; `nil` when no deadline is set.
    @inlinable public var first: (deadline: MonotonicInstant, key: Int)? {
        guard let top = entries.first else { return nil }
        return (MonotonicInstant(nanoseconds: top.deadline), Int(top.key))
    }

    /// The deadline of `key`; `nil` when none is set.
    @inlinable public func deadline(of key: Int) -> MonotonicInstant? {
        guard key < positions.count, positions[key] >= 0 else { return nil }
        return MonotonicInstant(nanoseconds: entries[Int(positions[key])].deadline)
    }

    /// Sets, moves or (with `nil`) removes the deadline of `key`.
    ///
    /// A deadline set to the value it already has keeps its place in the order.
    ///
    /// - Parameter key: A small number that the caller reuses, such as a slot index; `0..<Int32.max`.
    @inlinable public mutating func set(_ key: Int, to deadline: MonotonicInstant?) {
        while key >= positions.count { positions.append(-1) }
        let position = Int(positions[key])
        guard let deadline else {
            if position >= 0 { remove(at: position) }
            return
        }
        if position >= 0 {
            guard entries[position].deadline != deadline.nanoseconds else { return }
            entries[position].deadline = deadline.nanoseconds
            entries[position].order = nextOrder
            nextOrder += 1
            if !siftUp(from: position) { siftDown(from: position) }
        } else {
            entries.append(Entry(deadline: deadline.nanoseconds, order: nextOrder, key: Int32(key)))
            nextOrder += 1
            positions[key] = Int32(entries.count - 1)
            siftUp(from: entries.count - 1)
        }
    }

    /// Removes and returns the first key whose deadline is at or before `now`; `nil` when none is due.
    @inlinable public mutating func popDue(at now: MonotonicInstant) -> Int? {
        guard let top = entries.first, top.deadline <= now.nanoseconds else { return nil }
        remove(at: 0)
        return Int(top.key)
    }

    @inlinable mutating func remove(at index: Int) {
        positions[Int(entries[index].key)] = -1
        let last = entries.removeLast()
        guard index < entries.count else { return }
        entries[index] = last
        positions[Int(last.key)] = Int32(index)
        if !siftUp(from: index) { siftDown(from: index) }
    }

    @inlinable @discardableResult mutating func siftUp(from start: Int) -> Bool {
        var index = start
        let moving = entries[index]
        while index > 0 {
            let parent = (index - 1) >> 2
            guard moving.precedes(entries[parent]) else { break }
            entries[index] = entries[parent]
            positions[Int(entries[index].key)] = Int32(index)
            index = parent
        }
        entries[index] = moving
        positions[Int(moving.key)] = Int32(index)
        return index != start
    }

    @inlinable mutating func siftDown(from start: Int) {
        var index = start
        let moving = entries[index]
        while true {
            let firstChild = index << 2 + 1
            guard firstChild < entries.count else { break }
            var least = firstChild
            for child in firstChild + 1..<max(firstChild + 1, min(firstChild + 4, entries.count))
            where entries[child].precedes(entries[least]) {
                least = child
            }
            guard entries[least].precedes(moving) else { break }
            entries[index] = entries[least]
            positions[Int(entries[index].key)] = Int32(index)
            index = least
        }
        entries[index] = moving
        positions[Int(moving.key)] = Int32(index)
    }
}
