internal import SansIO

/// Buffers of datagrams under way or waiting, used again and again.
///
/// A buffer grows to the largest datagram that it ever held; after warm-up nothing is allocated.
final class DatagramPool {
    /// One datagram.
    struct Cell {
        var start: UnsafeMutableRawPointer
        var capacity: Int
        var count = 0
        /// Position in the order of sending, from 1.
        var number = 0
        var source = SocketAddress(ipv4: 0, port: 0)
        var destination = SocketAddress(ipv4: 0, port: 0)
        var arrival = MonotonicInstant(nanoseconds: 0)
        /// Host that it goes to, and the socket once it is there.
        var host: Int32 = 0
        var socket = SocketID(rawValue: -1)
    }

    // Unchecked at run time: see VirtualLoop.
    @exclusivity(unchecked) private var cells: [Cell] = []
    @exclusivity(unchecked) private var free: [Int32] = []

    deinit {
        for cell in cells { cell.start.deallocate() }
    }

    /// Cells in use.
    var count: Int { cells.count - free.count }

    subscript(index: Int32) -> Cell {
        _read { yield cells[Int(index)] }
        _modify { yield &cells[Int(index)] }
    }

    func make(_ bytes: RawSpan) -> Int32 {
        let index: Int32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = Int32(cells.count)
            let capacity = 256
            cells.append(Cell(start: .allocate(byteCount: capacity, alignment: 16), capacity: capacity))
        }
        bytes.withUnsafeBytes { bytes in
            if cells[Int(index)].capacity < bytes.count {
                cells[Int(index)].start.deallocate()
                let capacity = max(2_048, bytes.count)
                cells[Int(index)].start = .allocate(byteCount: capacity, alignment: 16)
                cells[Int(index)].capacity = capacity
            }
            if let base = bytes.baseAddress {
                cells[Int(index)].start.copyMemory(from: base, byteCount: bytes.count)
            }
            cells[Int(index)].count = bytes.count
        }
        return index
    }

    /// Copies a datagram out.
    ///
    /// - Returns: False when it does not fit.
    func copy(_ index: Int32, into buffer: inout OwnedBytes) -> Bool {
        let cell = cells[Int(index)]
        return buffer.replace(with: UnsafeRawBufferPointer(start: cell.start, count: cell.count).bytes)
    }

    func release(_ index: Int32) { free.append(index) }
}
