#if canImport(Darwin)
    private import Darwin
#else
    private import Glibc
#endif

/// A failure of a file of ours: disk full, no permission, no such folder.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Operation: String, Hashable, Sendable { case open, write, read }

    public var operation: Operation
    public var path: String
    /// The system's error number.
    public var number: Int32
    /// The system's word for it.
    public var reason: String

    public var description: String { "cannot \(operation.rawValue) \(path): \(reason)" }

    /// From `errno`, which the failed call has just set.
    static func last(_ operation: Operation, _ path: String) -> FileError {
        let number = errno
        return FileError(
            operation: operation, path: path, number: number, reason: String(cString: strerror(number)))
    }
}

/// Sole owner of a file that is being written; closes it in the end.
struct OwnedFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Creates the file or empties it; readable by its owner alone, since it holds what people said.
    init(creating path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError.last(.open, path) }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Whether anything has this path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Reads a whole file.
    ///
    /// - Throws: ``FileError``; number `EFBIG` when it has more than `limit` bytes.
    static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.last(.open, path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = piece.withUnsafeMutableBytes { readSome(descriptor, $0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError.last(.read, path) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                errno = EFBIG
                throw FileError.last(.read, path)
            }
            bytes += piece[..<count]
        }
    }

    /// Writes at the end.
    borrowing func append(_ bytes: Span<UInt8>) throws(FileError) {
        try writeAll(bytes) { pointer, count, _ in write(descriptor, pointer, count) }
    }

    /// Writes over what stands at `offset`; the end of the file stays where it is.
    borrowing func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(FileError) {
        try writeAll(bytes) { pointer, count, done in
            pwrite(descriptor, pointer, count, off_t(offset + done))
        }
    }

    private borrowing func writeAll(
        _ bytes: Span<UInt8>, _ put: (UnsafeRawPointer, Int, _ done: Int) -> Int
    ) throws(FileError) {
        var failure: FileError?
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var done = 0
            while done < buffer.count {
                let written = put(UnsafeRawPointer(base + done), buffer.count - done, done)
                if written > 0 {
                    done += written
                } else if written < 0, errno == EINTR {
                    continue
                } else {
                    failure = FileError.last(.write, path)
                    return
                }
            }
        }
        if let failure { throw failure }
    }
}

/// Collects bytes for a file and writes them in large pieces.
final class BufferedFile {
    private let file: OwnedFile
    private let limit: Int
    private var buffer: [UInt8] = []

    /// - Parameter limit: Bytes collected before they are written.
    init(creating path: String, limit: Int) throws(FileError) {
        file = try OwnedFile(creating: path)
        self.limit = limit
        buffer.reserveCapacity(limit + 2_048)
    }

    var path: String { file.path }

    /// Lets `body` append to the buffer, and writes it when it is full.
    ///
    /// - Returns: Whether everything is in the file now.
    @discardableResult
    func append(_ body: (inout [UInt8]) -> Void) throws(FileError) -> Bool {
        body(&buffer)
        guard buffer.count >= limit else { return false }
        try flush()
        return true
    }

    func flush() throws(FileError) {
        guard !buffer.isEmpty else { return }
        defer { buffer.removeAll(keepingCapacity: true) }
        try file.append(buffer.span)
    }

    func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        try file.overwrite(bytes.span, at: offset)
    }
}

/// Outside the type, whose own `read` hides the system's.
private func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
