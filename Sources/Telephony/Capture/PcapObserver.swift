public import SansIO

/// Writes every datagram of a dialer to one pcap file, in a blocking lane of the dialer's driver.
///
/// A SIP message that came or went by TCP or TLS is written as if it had been one UDP datagram between the two ends of its
/// connection, in the clear: whole and readable, but without the stream's segments and handshakes.
///
/// Records are collected and written in pieces of 64 KiB, and after each call. When the disk is slower than the calls, pieces beyond
/// the 128 that may wait are lost and counted. The first failure to write is reported once and ends the capture; calls go on.
public final class PcapObserver: CallObserver {
    private struct State {
        var piece = Piece()
        var datagrams = 0
        var lost = 0
    }

    /// Whole records.
    private struct Piece: Sendable {
        var bytes: [UInt8] = []
        var datagrams = 0
    }

    private static let pieceBytes = 65_536
    private static let mostPieces = 128

    // Guards the piece that is being filled.
    private let state = Locked(State())
    private let queue: BackgroundQueue<Piece>
    private let writer: PcapWriter
    private let kinds: Set<DatagramKind>
    public let path: String

    /// Creates the file, or empties it; only its owner may read it.
    ///
    /// - Parameters:
    ///   - kinds: What is captured.
    ///   - onFailure: Called at most once, on the thread that writes.
    /// - Throws: ``FileError`` when the file cannot be made.
    public init(
        path: String, writer: PcapWriter = PcapWriter(), kinds: Set<DatagramKind> = [.sip, .rtp, .rtcp],
        onFailure: @escaping @Sendable (FileError) -> Void = { _ in }
    ) throws(FileError) {
        let file = try OwnedFile(creating: path)
        try file.append(writer.header.span)
        self.path = path
        self.writer = writer
        self.kinds = kinds
        let sink = PieceSink(file)
        queue = BackgroundQueue(lane: "pcap \(path)", limit: Self.mostPieces) { pieces in
            if let failure = sink.write(pieces.map(\.bytes)) { onFailure(failure) }
        }
    }

    deinit { flush() }

    public var wantsDatagrams: Bool { true }

    /// Datagrams captured so far.
    public var datagrams: Int { state.withLock { $0.datagrams - $0.lost } }

    /// Datagrams that the disk was too slow for.
    public var lostDatagrams: Int { state.withLock { $0.lost } }

    public func dialerStarted(on driver: any Driver) { queue.start(on: driver) }

    public func dialerStopped() async { submit() }

    public func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        guard kinds.contains(kind) else { return }
        let (source, destination) = direction == .sent ? (local, remote) : (remote, local)
        let isFull = state.withLock { state in
            if state.piece.bytes.capacity == 0 { state.piece.bytes.reserveCapacity(Self.pieceBytes + 2_048) }
            if writer.append(bytes, from: source, to: destination, at: instant, into: &state.piece.bytes) {
                state.piece.datagrams += 1
                state.datagrams += 1
            }
            return state.piece.bytes.count >= Self.pieceBytes
        }
        if isFull { submit() }
    }

    public func callEnded(_ record: CallRecord) { submit() }

    /// Writes what has been collected, on the calling thread: not for the loop.
    public func flush() {
        submit()
        queue.drain()
    }

    /// Hands what has been collected over to be written.
    private func submit() {
        let piece = state.withLock { state in
            defer { state.piece = Piece() }
            return state.piece
        }
        guard piece.datagrams > 0, !queue.append(piece) else { return }
        state.withLock { $0.lost += piece.datagrams }
    }
}

/// The end of a queue of pieces: one file, until it fails.
private final class PieceSink: @unchecked Sendable {
    // @unchecked: used by one writer at a time, which the queue sees to.
    private let file: OwnedFile
    private var hasFailed = false

    init(_ file: consuming OwnedFile) { self.file = file }

    /// - Returns: The first failure; later pieces are passed over.
    func write(_ pieces: [[UInt8]]) -> FileError? {
        guard !hasFailed else { return nil }
        do throws(FileError) {
            for piece in pieces { try file.append(piece.span) }
            return nil
        } catch {
            hasFailed = true
            return error
        }
    }
}
