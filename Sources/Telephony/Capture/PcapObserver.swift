public import SansIO

/// Writes every datagram of a dialer to one pcap file.
///
/// Records are collected and written in pieces of 64 KiB, and after each call. The first failure to write is reported once and
/// ends the capture; calls go on.
public final class PcapObserver: CallObserver {
    private struct State {
        /// `nil` after a failure.
        var file: BufferedFile?
        var datagrams = 0
    }

    // Guards the file's buffer: the dialer writes on its loop, `flush()` may come from anywhere.
    private let state: Locked<State>
    private let writer: PcapWriter
    private let kinds: Set<DatagramKind>
    private let onFailure: @Sendable (FileError) -> Void
    public let path: String

    /// Creates the file, or empties it; only its owner may read it.
    ///
    /// - Parameters:
    ///   - kinds: What is captured.
    ///   - onFailure: Called at most once, on the dialer's loop.
    /// - Throws: ``FileError`` when the file cannot be made.
    public init(
        path: String, writer: PcapWriter = PcapWriter(), kinds: Set<DatagramKind> = [.sip, .rtp, .rtcp],
        onFailure: @escaping @Sendable (FileError) -> Void = { _ in }
    ) throws(FileError) {
        let file = try BufferedFile(creating: path, limit: 65_536)
        try file.append { $0 += writer.header }
        try file.flush()
        self.path = path
        self.writer = writer
        self.kinds = kinds
        self.onFailure = onFailure
        state = Locked(State(file: file))
    }

    deinit { flush() }

    public var wantsDatagrams: Bool { true }

    /// Datagrams captured so far.
    public var datagrams: Int { state.withLock { $0.datagrams } }

    public func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        guard kinds.contains(kind) else { return }
        let (source, destination) = direction == .sent ? (local, remote) : (remote, local)
        let writer = writer
        update { state throws(FileError) in
            try state.file?.append { buffer in
                if writer.append(bytes, from: source, to: destination, at: instant, into: &buffer) {
                    state.datagrams += 1
                }
            }
        }
    }

    public func callEnded(_ record: CallRecord) { flush() }

    /// Writes what has been collected.
    public func flush() {
        update { state throws(FileError) in try state.file?.flush() }
    }

    private func update(_ body: (inout State) throws(FileError) -> Void) {
        let failure = state.withLock { state -> FileError? in
            do throws(FileError) {
                try body(&state)
                return nil
            } catch {
                state.file = nil
                return error
            }
        }
        if let failure { onFailure(failure) }
    }
}
