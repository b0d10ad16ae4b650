/// Sole owner of a short queue of samples between packets of any length and frames of 20 ms.
package struct SampleQueue: ~Copyable {
    private let start: UnsafeMutablePointer<Int16>
    package let capacity: Int
    package private(set) var count = 0

    package init(capacity: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
        start.initialize(repeating: 0, count: capacity)
    }

    deinit { start.deallocate() }

    /// Lets `body` fill up to `count` further samples, or as many as there is room for; it returns how many it wrote.
    package mutating func append(upTo count: Int, _ body: (inout MutableSpan<Int16>) -> Int) {
        let room = min(count, capacity - self.count)
        guard room > 0 else { return }
        var span = MutableSpan(_unsafeStart: start + self.count, count: room)
        let written = body(&span)
        precondition((0...room).contains(written), "the count lies outside the queue")
        self.count += written
    }

    /// Moves the first samples out; what is missing in the queue becomes silence.
    package mutating func takeFirst(into frame: inout MutableSpan<Int16>) {
        let taken = min(frame.count, count)
        let start = start
        frame.withUnsafeMutableBufferPointer { frame in
            guard let base = frame.baseAddress else { return }
            base.update(from: start, count: taken)
            (base + taken).update(repeating: 0, count: frame.count - taken)
        }
        start.update(from: start + taken, count: count - taken)
        count -= taken
    }

    /// Copies samples from the front without moving them out.
    ///
    /// - Returns: How many were there to copy.
    func copyFirst(into samples: inout MutableSpan<Int16>) -> Int {
        let copied = min(samples.count, count)
        for index in 0..<copied { samples[index] = start[index] }
        return copied
    }

    /// Puts `samples` in the place of the first `removed` ones; does nothing when there are fewer or no room.
    mutating func replaceFirst(_ removed: Int, with samples: Span<Int16>) {
        let rest = count - removed
        guard rest >= 0, rest + samples.count <= capacity else { return }
        (start + samples.count).update(from: start + removed, count: rest)
        for index in samples.indices { start[index] = samples[index] }
        count = rest + samples.count
    }

    package mutating func removeAll() { count = 0 }
}
