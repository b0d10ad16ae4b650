/// A bounded queue of samples that grows to its limit and then stays.
struct SampleRing {
    private var storage: [Int16] = []
    private var head = 0
    private(set) var count = 0
    let limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count >= limit }

    /// Appends as much as fits.
    ///
    /// - Returns: Samples taken.
    mutating func append(_ samples: ArraySlice<Int16>) -> Int {
        let accepted = min(samples.count, limit - count)
        reserve(count + accepted)
        samples.withUnsafeBufferPointer { put(UnsafeBufferPointer(rebasing: $0[..<accepted])) }
        return accepted
    }

    /// Appends all of `samples`, at most ``limit``, and drops the oldest to make room.
    ///
    /// - Returns: Samples dropped.
    mutating func appendDroppingOldest(_ samples: Span<Int16>) -> Int {
        let incoming = min(samples.count, limit)
        let surplus = max(0, count + incoming - limit)
        drop(surplus)
        reserve(count + incoming)
        samples.withUnsafeBufferPointer {
            put(UnsafeBufferPointer(rebasing: $0[($0.count - incoming)...]))
        }
        return surplus + samples.count - incoming
    }

    mutating func take(_ maximum: Int) -> [Int16] {
        let taken = min(maximum, count)
        guard taken > 0 else { return [] }
        let samples = [Int16](unsafeUninitializedCapacity: taken) { buffer, count in
            copyFirst(taken, into: buffer)
            count = taken
        }
        drop(taken)
        return samples
    }

    /// Fills the front of `target`.
    ///
    /// - Returns: Samples written.
    mutating func take(into target: inout MutableSpan<Int16>) -> Int {
        let taken = min(target.count, count)
        target.withUnsafeMutableBufferPointer { copyFirst(taken, into: $0) }
        drop(taken)
        return taken
    }

    mutating func removeAll() {
        head = 0
        count = 0
    }

    /// Appends samples for which there is room, in one piece or in two around the end.
    private mutating func put(_ samples: UnsafeBufferPointer<Int16>) {
        let tail = wrap(head + count)
        let first = min(samples.count, storage.count - tail)
        storage.withUnsafeMutableBufferPointer { storage in
            guard let target = storage.baseAddress, let source = samples.baseAddress else { return }
            (target + tail).update(from: source, count: first)
            target.update(from: source + first, count: samples.count - first)
        }
        count += samples.count
    }

    /// Copies the oldest samples, of which there are enough, in one piece or in two around the end.
    private func copyFirst(_ wanted: Int, into target: UnsafeMutableBufferPointer<Int16>) {
        let first = min(wanted, storage.count - head)
        storage.withUnsafeBufferPointer { storage in
            guard let source = storage.baseAddress, let target = target.baseAddress else { return }
            target.update(from: source + head, count: first)
            (target + first).update(from: source, count: wanted - first)
        }
    }

    private mutating func drop(_ amount: Int) {
        guard amount > 0 else { return }
        head = wrap(head + amount)
        count -= amount
        if count == 0 { head = 0 }
    }

    private func wrap(_ index: Int) -> Int { index >= storage.count ? index - storage.count : index }

    private mutating func reserve(_ wanted: Int) {
        guard wanted > storage.count else { return }
        let size = min(limit, max(wanted, storage.count * 2, 1_024))
        // Not by appending: in debug builds that takes longer than all that is done with the samples.
        var grown = [Int16](repeating: 0, count: size)
        for offset in 0..<count { grown[offset] = storage[wrap(head + offset)] }
        storage = grown
        head = 0
    }
}
