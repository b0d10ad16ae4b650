internal import SansIO

/// Sole owner of a ring of octets in which a jitter buffer keeps payloads, each after the tag it was put with.
///
/// Nothing is ever freed: the newest payloads overwrite the oldest, and ``holds(_:)`` tells whether one still stands.
struct PayloadRing: ~Copyable {
    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    /// Octets ever written, modulo 2^32; the index is the remainder.
    private var written: UInt32 = 0

    /// - Parameter capacity: Octets; a power of two, and more than the longest payload.
    init(capacity: Int) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0, "the capacity is a power of two")
        self.capacity = capacity
        start = .allocate(byteCount: capacity, alignment: 16)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    }

    deinit { start.deallocate() }

    /// Copies tag and payload to the next free place that does not cross the ring's end.
    ///
    /// - Parameter payload: Shorter than the ring.
    /// - Returns: Where it lies, for the other functions.
    mutating func store(_ payload: RawSpan, tag: UInt8) -> UInt32 {
        let byteCount = payload.byteCount + 1
        precondition(byteCount <= capacity, "the payload is longer than the ring")
        var index = Int(written) & (capacity - 1)
        if index + byteCount > capacity {
            written &+= UInt32(capacity - index)
            index = 0
        }
        let position = written
        start.storeBytes(of: tag, toByteOffset: index, as: UInt8.self)
        payload.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (start + index + 1).copyMemory(from: base, byteCount: bytes.count)
        }
        written &+= UInt32(byteCount)
        return position
    }

    /// Whether nothing newer lies over what was stored at `position`.
    func holds(_ position: UInt32) -> Bool { written &- position <= UInt32(capacity) }

    /// The tag's address; the payload follows it.
    func address(of position: UInt32) -> UnsafeMutableRawPointer {
        start + (Int(position) & (capacity - 1))
    }

    /// Copies a payload out.
    ///
    /// - Parameter byteCount: As stored.
    /// - Returns: Its tag, or `nil` when it has been overwritten.
    func copy(_ position: UInt32, byteCount: Int, into payload: inout OwnedBytes) -> UInt8? {
        guard holds(position) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: address(of: position), count: byteCount + 1)
        payload.replace(with: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[1...])))
        return bytes[0]
    }
}
