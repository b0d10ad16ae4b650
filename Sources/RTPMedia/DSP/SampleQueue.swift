/// Sole owner of a short queue of samples between packets of any length and frames of 20 ms.
struct SampleQueue: ~Copyable {
    private let start: UnsafeMutablePointer<Int16>
    let capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
        start.initialize(repeating: 0, count: capacity)
    }

    deinit { start.deallocate() }

    /// Lets `body` fill up to `count` further samples, or as many as there is room for; it returns how many it wrote.
    mutating func append(upTo count: Int, _ body: (inout MutableSpan<Int16>) -> Int) {
        let room = min(count, capacity - self.count)
        guard room > 0 else { return }
        var span = MutableSpan(_unsafeStart: start + self.count, count: room)
        let written = body(&span)
        precondition((0...room).contains(written), "the count lies outside the queue")
        self.count += written
    }

    /// Moves the first samples out; what is missing in the queue becomes silence.
    mutating func takeFirst(into frame: inout MutableSpan<Int16>) {
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

    mutating func removeAll() { count = 0 }
}
