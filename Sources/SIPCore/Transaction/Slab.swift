/// A table with stable small indices, a free list and a generation per slot.
struct Slab<Element>: Sendable where Element: Sendable {
    private(set) var slots: [Element?] = []
    private var generations: [UInt32] = []
    private var free: [Int32] = []

    var count: Int { slots.count - free.count }

    mutating func insert(_ element: Element) -> Int {
        if let index = free.popLast() {
            slots[Int(index)] = element
            return Int(index)
        }
        slots.append(element)
        generations.append(0)
        return slots.count - 1
    }

    mutating func remove(at index: Int) -> Element? {
        guard let element = slots[index].take() else { return nil }
        generations[index] &+= 1
        free.append(Int32(index))
        return element
    }

    /// Takes the element out for one step; the slot stays its own until ``put(_:at:)`` or ``release(at:)``.
    mutating func take(at index: Int) -> Element? { slots[index].take() }

    mutating func put(_ element: consuming Element, at index: Int) { slots[index] = element }

    /// Gives up the slot of an element that was taken out.
    mutating func release(at index: Int) {
        slots[index] = nil
        generations[index] &+= 1
        free.append(Int32(index))
    }

    func generation(at index: Int) -> UInt32 { generations[index] }

    func isLive(_ id: TransactionID) -> Bool {
        slots.indices.contains(Int(id.index)) && generations[Int(id.index)] == id.generation
            && slots[Int(id.index)] != nil
    }

    subscript(index: Int) -> Element? {
        get { slots[index] }
        _modify { yield &slots[index] }
    }
}
