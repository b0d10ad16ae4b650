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
        for sample in samples.prefix(accepted) { put(sample) }
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
        for index in samples.count - incoming..<samples.count { put(samples[index]) }
        return surplus + samples.count - incoming
    }

    mutating func take(_ maximum: Int) -> [Int16] {
        let taken = min(maximum, count)
        guard taken > 0 else { return [] }
        var samples: [Int16] = []
        samples.reserveCapacity(taken)
        for offset in 0..<taken { samples.append(storage[wrap(head + offset)]) }
        drop(taken)
        return samples
    }

    /// Fills the front of `target`.
    ///
    /// - Returns: Samples written.
    mutating func take(into target: inout MutableSpan<Int16>) -> Int {
        let taken = min(target.count, count)
        for offset in 0..<taken { target[offset] = storage[wrap(head + offset)] }
        drop(taken)
        return taken
    }

    mutating func removeAll() {
        head = 0
        count = 0
    }

    private mutating func put(_ sample: Int16) {
        storage[wrap(head + count)] = sample
        count += 1
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
        var grown: [Int16] = []
        grown.reserveCapacity(size)
        for offset in 0..<count { grown.append(storage[wrap(head + offset)]) }
        grown.append(contentsOf: repeatElement(0, count: size - count))
        storage = grown
        head = 0
    }
}
