/// Reads in network byte order. The caller has compared the offset with `byteCount` before.
extension RawSpan {
    @inline(__always) func uint8(at offset: Int) -> UInt8 {
        unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always) func uint16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always) func uint32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always) func uint64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// Appends numbers in network byte order to a block of our own; running out of room is a fault of ours.
struct NetworkOrderWriter {
    private let block: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ block: UnsafeMutableRawBufferPointer) { self.block = block }

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        let width = MemoryLayout<Number>.size
        precondition(count + width <= block.count, "the packet does not fit the block")
        block.storeBytes(of: number.bigEndian, toByteOffset: count, as: Number.self)
        count += width
    }

    mutating func append(_ bytes: RawSpan) {
        precondition(count + bytes.byteCount <= block.count, "the packet does not fit the block")
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: block[count...]).copyMemory(from: source)
        }
        count += bytes.byteCount
    }

    /// Puts a number over bytes already written.
    func overwrite(_ number: UInt16, at offset: Int) {
        precondition(offset >= 0 && offset + 2 <= count, "only written bytes can be replaced")
        block.storeBytes(of: number.bigEndian, toByteOffset: offset, as: UInt16.self)
    }
}
