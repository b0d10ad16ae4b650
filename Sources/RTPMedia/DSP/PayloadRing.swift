internal import SansIO

/// Sole owner of the octets in which a jitter buffer keeps payloads, each after the tag it was put with.
///
/// The few short payloads that wait at a time lie in small blocks, and the block freed is the next one used: of thousands of calls
/// each then touches the same few cache lines again and again. What is longer, or more, goes to a ring in which the newest
/// overwrites the oldest; ``holds(_:)`` tells whether a payload still stands.
struct PayloadRing: ~Copyable {
    private static let blockCount = 16
    /// Octets of a block: 20 ms of G.711, tag included.
    private static let blockBytes = 192
    /// Payloads stored after which one that nobody asked for is given up: more than any jitter buffer holds.
    private static let lifetime: UInt32 = 1_024
    /// Marks the positions of blocks; the stamp stands above the block's number.
    private static let blockMark: UInt32 = 0x8000_0000

    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    /// Octets ever written to the ring, modulo 2^31; the index is the remainder.
    private var written: UInt32 = 0
    /// A bit for each free block.
    private var free = UInt16.max
    private var stamp: UInt32 = 0
    /// When each block was stored.
    private let stamps: UnsafeMutablePointer<UInt32>

    /// - Parameter capacity: Octets of the ring; a power of two, and more than the longest payload.
    init(capacity: Int) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0, "the capacity is a power of two")
        self.capacity = capacity
        let small = Self.blockCount * (Self.blockBytes + 4)
        start = .allocate(byteCount: capacity + small, alignment: 64)
        // What has not been stored is never read: the pages of the ring are not touched before.
        stamps = (start + Self.blockCount * Self.blockBytes).bindMemory(
            to: UInt32.self, capacity: Self.blockCount)
        stamps.initialize(repeating: 0, count: Self.blockCount)
    }

    deinit { start.deallocate() }

    private var ring: UnsafeMutableRawPointer { start + Self.blockCount * (Self.blockBytes + 4) }

    /// Copies tag and payload to a free place.
    ///
    /// - Parameter payload: Shorter than the ring.
    /// - Returns: Where it lies, for the other functions.
    mutating func store(_ payload: RawSpan, tag: UInt8) -> UInt32 {
        precondition(payload.byteCount + 1 <= capacity, "the payload is longer than the ring")
        stamp &+= 1
        let position = payload.byteCount + 1 <= Self.blockBytes ? takeBlock() : nil
        let place = position ?? takeRing(payload.byteCount + 1)
        let target = address(of: place)
        target.storeBytes(of: tag, as: UInt8.self)
        payload.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (target + 1).copyMemory(from: base, byteCount: bytes.count)
        }
        return place
    }

    private mutating func takeBlock() -> UInt32? {
        if free == 0 { reclaim() }
        guard free != 0 else { return nil }
        let block = free.trailingZeroBitCount
        free &= free &- 1
        stamps[block] = stamp
        return Self.blockMark | (stamp & 0x07FF_FFFF) << 4 | UInt32(block)
    }

    /// Frees blocks whose payloads have been forgotten.
    private mutating func reclaim() {
        for block in 0..<Self.blockCount where stamp &- stamps[block] > Self.lifetime {
            free |= 1 << UInt16(block)
        }
    }

    private mutating func takeRing(_ byteCount: Int) -> UInt32 {
        let index = Int(written) & (capacity - 1)
        if index + byteCount > capacity { written &+= UInt32(capacity - index) }
        let position = written & ~Self.blockMark
        written &+= UInt32(byteCount)
        return position
    }

    /// Whether nothing newer lies over what was stored at `position`.
    func holds(_ position: UInt32) -> Bool {
        guard position & Self.blockMark != 0 else {
            return (written &- position) & ~Self.blockMark <= UInt32(capacity)
        }
        return (stamps[Int(position & 15)] & 0x07FF_FFFF) << 4 == position & 0x7FFF_FFF0
    }

    /// The payload stored at `position` will not be asked for again after this step; until the next ``store(_:tag:)`` it
    /// still stands.
    mutating func release(_ position: UInt32) {
        guard position & Self.blockMark != 0, holds(position) else { return }
        free |= 1 << UInt16(position & 15)
    }

    /// Nothing that was stored will be asked for again.
    mutating func releaseAll() { free = .max }

    /// The tag's address; the payload follows it.
    func address(of position: UInt32) -> UnsafeMutableRawPointer {
        guard position & Self.blockMark != 0 else { return ring + (Int(position) & (capacity - 1)) }
        return start + Int(position & 15) * Self.blockBytes
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
