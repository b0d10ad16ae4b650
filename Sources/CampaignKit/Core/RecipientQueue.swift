internal import SansIO

/// Who is to be called, in order: those whose time has come by that time and then by row, then those never called, by row.
struct RecipientQueue {
    private struct Entry {
        var dueAt: WallClockInstant
        var slot: Int

        func precedes(_ other: Entry) -> Bool {
            dueAt != other.dueAt ? dueAt < other.dueAt : slot < other.slot
        }
    }

    /// Slots never called, ascending, from `nextFresh` on.
    private var fresh: [Int] = []
    private var nextFresh = 0
    /// A binary heap of those with a time.
    private var heap: [Entry] = []

    var isEmpty: Bool { nextFresh == fresh.count && heap.isEmpty }

    /// - Parameter slot: Above all slots added this way before.
    mutating func addFresh(_ slot: Int) { fresh.append(slot) }

    mutating func add(_ slot: Int, dueAt: WallClockInstant) {
        var index = heap.count
        let entry = Entry(dueAt: dueAt, slot: slot)
        heap.append(entry)
        while index > 0, entry.precedes(heap[(index - 1) / 2]) {
            heap[index] = heap[(index - 1) / 2]
            index = (index - 1) / 2
        }
        heap[index] = entry
    }

    /// When the next one is due; `now` when that is at once, `nil` when there is none.
    func nextDue(at now: WallClockInstant) -> WallClockInstant? {
        if nextFresh < fresh.count { return now }
        return heap.first.map { max($0.dueAt, now) }
    }

    /// Takes the first that is due; `nil` when none is.
    mutating func takeDue(at now: WallClockInstant) -> Int? {
        if let first = heap.first, first.dueAt <= now {
            removeFirst()
            return first.slot
        }
        guard nextFresh < fresh.count else { return nil }
        nextFresh += 1
        return fresh[nextFresh - 1]
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(last) else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
    }
}
