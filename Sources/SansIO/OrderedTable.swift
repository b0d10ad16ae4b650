/// A dictionary whose iteration order is that of first insertion, so that it may reach output.
///
/// Removal is O(1) amortised: a hole is left and squeezed out once half of the slots are holes.
public struct OrderedTable<Key: Hashable, Value> {
    @usableFromInline var slots: [(key: Key, value: Value)?] = []
    @usableFromInline var indices: [Key: Int] = [:]

    @inlinable public init() {}

    @inlinable public var count: Int { indices.count }
    @inlinable public var isEmpty: Bool { indices.isEmpty }

    @inlinable public subscript(key: Key) -> Value? {
        get {
            guard let index = indices[key] else { return nil }
            return slots[index]?.value
        }
        set {
            switch (indices[key], newValue) {
            case (let index?, let value?): slots[index] = (key, value)
            case (let index?, nil):
                slots[index] = nil
                indices[key] = nil
                squeeze()
            case (nil, let value?):
                indices[key] = slots.count
                slots.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// Keys in order of insertion.
    @inlinable public var keys: [Key] { slots.compactMap { $0?.key } }
    /// Values in order of insertion.
    @inlinable public var values: [Value] { slots.compactMap { $0?.value } }
    /// Entries in order of insertion.
    @inlinable public var entries: [(key: Key, value: Value)] { slots.compactMap { $0 } }

    /// Changes the value of `key` in place.
    ///
    /// - Returns: What `body` returns; `nil` when there is no such key.
    @inlinable @discardableResult
    public mutating func update<Result>(_ key: Key, _ body: (inout Value) -> Result) -> Result? {
        guard let index = indices[key], var entry = slots[index].take() else { return nil }
        let result = body(&entry.value)
        slots[index] = entry
        return result
    }

    @inlinable mutating func squeeze() {
        guard slots.count > 16, slots.count > 2 * indices.count else { return }
        slots.removeAll { $0 == nil }
        for (index, slot) in slots.enumerated() {
            if let slot { indices[slot.key] = index }
        }
    }
}

extension OrderedTable: Sendable where Key: Sendable, Value: Sendable {}
