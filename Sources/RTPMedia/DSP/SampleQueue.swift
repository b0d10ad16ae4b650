/// Sole owner of a short queue of samples between packets of any length and frames of 20 ms.
package struct SampleQueue: ~Copyable {
    private let start: UnsafeMutablePointer<Int16>
    package let capacity: Int
    package private(set) var count = 0
    /// The last sample that was taken.
    private var lastTaken: Int16 = 0

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
        if taken > 0 { lastTaken = start[taken - 1] }
        start.update(from: start + taken, count: count - taken)
        count -= taken
    }

    /// The last sample: in the queue, or taken from it when it is empty.
    var last: Int16 { count > 0 ? start[count - 1] : lastTaken }

    /// Lets `body` see the first samples, `count` at most, then drops them.
    mutating func consume<Result>(_ count: Int, _ body: (Span<Int16>) -> Result) -> Result {
        let taken = min(max(count, 0), self.count)
        let result = body(Span(_unsafeStart: UnsafePointer(start), count: taken))
        remove(taken, at: 0)
        return result
    }

    /// Removes samples that lie `offset` behind the front.
    mutating func remove(_ removed: Int, at offset: Int) {
        guard removed > 0, offset >= 0, offset + removed <= count else { return }
        if offset == 0 { lastTaken = start[removed - 1] }
        (start + offset).update(from: start + offset + removed, count: count - offset - removed)
        count -= removed
    }

    /// Lets `body` change the samples from `offset` on.
    mutating func change(from offset: Int, _ body: (inout MutableSpan<Int16>) -> Void) {
        guard (0..<count).contains(offset) else { return }
        var span = MutableSpan(_unsafeStart: start + offset, count: count - offset)
        body(&span)
    }

    /// The same sound at another rate, by straight lines between the samples: for the few that are left when a codec changes.
    func converted(from rate: Int, to next: Int, capacity: Int) -> SampleQueue {
        var converted = SampleQueue(capacity: capacity)
        let (start, count) = (start, count)
        converted.append(upTo: count * next / rate) { span in
            for index in span.indices {
                let (position, part) = (index * rate / next, index * rate % next)
                let here = Int(start[position])
                let there = Int(start[min(position + 1, count - 1)])
                span[index] = Int16(here + (there - here) * part / next)
            }
            return span.count
        }
        converted.lastTaken = lastTaken
        return converted
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
