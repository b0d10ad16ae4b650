/// Sole owner of a fixed block of memory with a fill count: receive buffers and message workspaces.
///
/// It never grows; what does not fit is the caller's to refuse.
@safe @frozen public struct OwnedBytes: ~Copyable {
    @usableFromInline let start: UnsafeMutableRawPointer
    /// Bytes that can be held.
    public let capacity: Int
    /// Bytes held, `0...capacity`.
    public private(set) var count = 0

    /// - Parameter capacity: Size of the block in bytes; at least 1.
    public init(capacity: Int) {
        precondition(capacity > 0, "a block has at least one byte")
        self.capacity = capacity
        unsafe start = .allocate(byteCount: capacity, alignment: 16)
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    }

    deinit { unsafe start.deallocate() }

    /// The bytes held.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get {
            unsafe _overrideLifetime(RawSpan(_unsafeStart: start, byteCount: count), borrowing: self)
        }
    }

    /// Replaces what is held with a copy of `source`.
    ///
    /// - Returns: False, leaving the block empty, when `source` does not fit.
    @discardableResult
    public mutating func replace(with source: RawSpan) -> Bool {
        guard source.byteCount <= capacity else {
            count = 0
            return false
        }
        unsafe source.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { unsafe start.copyMemory(from: base, byteCount: bytes.count) }
        }
        count = source.byteCount
        return true
    }

    /// Lets `body` fill the block through a raw buffer; it returns the bytes it wrote, `0...capacity`.
    @unsafe public mutating func fill<Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        count = 0
        let written = try unsafe body(UnsafeMutableRawBufferPointer(start: start, count: capacity))
        precondition((0...capacity).contains(written), "the count lies outside the block")
        count = written
    }

    /// Lets `body` change what is held in place: it is given the whole block and the bytes held, and returns how many are
    /// held afterwards, `0...capacity`.
    @unsafe public mutating func edit(_ body: (UnsafeMutableRawBufferPointer, Int) -> Int) {
        let held = unsafe body(UnsafeMutableRawBufferPointer(start: start, count: capacity), count)
        precondition((0...capacity).contains(held), "the count lies outside the block")
        count = held
    }

    public mutating func removeAll() { count = 0 }
}
