/// Elements under small reused numbers: constant-time lookup, and a name that outlives its element finds nothing.
///
/// A name holds the slot in its low 16 bits and the slot's generation above, so that the slot also serves as the
/// key of a ``DeadlineHeap``. At most 65,536 elements at once. Iteration is in order of slots.
public struct SlotTable<Element> {
    @usableFromInline struct Slot {
        @usableFromInline var generation: Int32
        @usableFromInline var element: Element?

        @inlinable init() {
            generation = 0
            element = nil
        }
    }

    @usableFromInline var slots: [Slot] = []
    @usableFromInline var free: [Int32] = []
    /// Elements held.
    @inlinable public var count: Int { slots.count - free.count }

    @inlinable public init() {}

    /// The slot of a name.
    @inlinable public static func slot(of name: Int32) -> Int { Int(name & 0xFFFF) }

    @inlinable public subscript(name: Int32) -> Element? {
        let index = Self.slot(of: name)
        guard index < slots.count, slots[index].generation == name >> 16 else { return nil }
        return slots[index].element
    }

    /// The element in a slot, whatever its generation.
    @inlinable public subscript(slot index: Int) -> Element? {
        index < slots.count ? slots[index].element : nil
    }

    /// Elements in order of slots.
    public var elements: [Element] { slots.compactMap(\.element) }

    /// Names of the elements in order of slots.
    public var names: [Int32] {
        slots.indices.compactMap { index in
            slots[index].element == nil ? nil : slots[index].generation << 16 | Int32(index)
        }
    }

    /// Inserts what `make` returns for the name that it gets.
    ///
    /// - Returns: The name; `nil`, without calling `make`, when the table is full.
    @inlinable public mutating func insert<Failure: Error>(
        _ make: (_ name: Int32) throws(Failure) -> Element
    ) throws(Failure) -> Int32? {
        if free.isEmpty {
            guard slots.count < 0x1_0000 else { return nil }
            free.append(Int32(slots.count))
            slots.append(Slot())
        }
        guard let index = free.last else { return nil }
        let name = slots[Int(index)].generation << 16 | index
        slots[Int(index)].element = try make(name)
        free.removeLast()
        return name
    }

    /// Changes the element of `name` in place; nothing happens when there is none.
    @inlinable public mutating func update(_ name: Int32, _ body: (inout Element) -> Void) {
        let index = Self.slot(of: name)
        guard index < slots.count, slots[index].generation == name >> 16 else { return }
        if slots[index].element != nil { body(&slots[index].element!) }
    }

    /// Removes and returns the element of `name`; `nil` when there is none any more.
    @inlinable @discardableResult
    public mutating func remove(_ name: Int32) -> Element? {
        guard let element = self[name] else { return nil }
        let index = Self.slot(of: name)
        slots[index].element = nil
        slots[index].generation = (slots[index].generation + 1) & 0x7FFF
        free.append(Int32(index))
        return element
    }
}

extension SlotTable: Sendable where Element: Sendable {}
extension SlotTable.Slot: Sendable where Element: Sendable {}
