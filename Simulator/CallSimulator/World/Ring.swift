/// A first-in first-out queue that allocates nothing once it has grown to its greatest length.
struct Ring<Element> {
    private var slots: [Element?]
    private var head = 0
    private(set) var count = 0

    /// - Parameter capacity: Room at the start; a power of two.
    init(capacity: Int = 64) {
        precondition(capacity.nonzeroBitCount == 1, "a power of two")
        slots = Array(repeating: nil, count: capacity)
    }

    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[(head + count) & (slots.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head].take()
        head = (head + 1) & (slots.count - 1)
        count -= 1
        return element
    }

    /// Puts the element at `offset` in front; those between keep their order except for the one displaced.
    mutating func moveToFront(_ offset: Int) {
        slots.swapAt(head, (head + offset) & (slots.count - 1))
    }

    private mutating func grow() {
        let old = slots.count
        slots = (0..<2 * old).map { $0 < old ? slots[(head + $0) & (old - 1)] : nil }
        head = 0
    }
}
