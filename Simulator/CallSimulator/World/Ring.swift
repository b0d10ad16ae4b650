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

    /// The element at `offset` from the front, which must be below ``count``.
    subscript(offset: Int) -> Element? { slots[(head + offset) & (slots.count - 1)] }

    /// Puts the element at `offset` in front; all others keep their order.
    mutating func moveToFront(_ offset: Int) {
        for index in stride(from: offset, to: 0, by: -1) {
            slots.swapAt((head + index) & (slots.count - 1), (head + index - 1) & (slots.count - 1))
        }
    }

    private mutating func grow() {
        let old = slots.count
        slots = (0..<2 * old).map { $0 < old ? slots[(head + $0) & (old - 1)] : nil }
        head = 0
    }
}
