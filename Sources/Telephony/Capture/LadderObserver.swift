public import SansIO

/// Keeps the SIP messages of each call and hands them over as a ``SIPLadder`` when the call ends.
///
/// Memory is bounded: so many messages a call, so many calls at once; beyond that the calls that began first lose theirs.
public final class LadderObserver: CallObserver {
    private struct State {
        var ladders: [CallID: SIPLadder] = [:]
        /// Ids in order of their first message.
        var order: [CallID] = []
    }

    // Guards the ladders of the calls that go on; the handler runs outside of it.
    private let state = Locked(State())
    private let messageLimit: Int
    private let callLimit: Int
    private let onLadder: @Sendable (CallID, SIPLadder) -> Void
    /// Ladders that wait to be written; `nil` when a closure takes them.
    private let files: BackgroundQueue<FinishedLadder>?

    private struct FinishedLadder: Sendable {
        var id: CallID
        var ladder: SIPLadder
    }

    /// - Parameters:
    ///   - messageLimit: Messages kept per call.
    ///   - callLimit: Calls whose messages are kept.
    ///   - onLadder: Called on the dialer's loop at the end of each call: return at once.
    public init(
        messageLimit: Int = 500, callLimit: Int = 4_096,
        onLadder: @escaping @Sendable (CallID, SIPLadder) -> Void
    ) {
        self.messageLimit = messageLimit
        self.callLimit = max(1, callLimit)
        self.onLadder = onLadder
        files = nil
    }

    /// Writes each call's ladder to `directory/<id>.ladder.txt`, in a blocking lane of the dialer's driver.
    ///
    /// - Parameters:
    ///   - directory: Must exist.
    ///   - onFailure: Called at most once, on the thread that writes, or on the dialer's loop when the disk is too slow for the
    ///     calls; later ladders are still tried.
    public init(
        directory: String, onFailure: @escaping @Sendable (FileError) -> Void = { _ in }
    ) {
        messageLimit = 500
        callLimit = 4_096
        let hasFailed = Locked(false)
        let complain: @Sendable (FileError) -> Void = { error in
            let isFirst = hasFailed.withLock { failed in
                defer { failed = true }
                return !failed
            }
            if isFirst { onFailure(error) }
        }
        let files = BackgroundQueue<FinishedLadder>(lane: "ladders \(directory)", limit: 4_096) { ladders in
            for finished in ladders {
                do throws(FileError) {
                    let file = try OwnedFile(creating: "\(directory)/\(finished.id.fileName).ladder.txt")
                    try file.append(Array(finished.ladder.text.utf8).span)
                } catch {
                    complain(error)
                }
            }
        }
        self.files = files
        onLadder = { id, ladder in
            if !files.append(FinishedLadder(id: id, ladder: ladder)) {
                complain(
                    FileError(operation: .write, path: directory, number: 0, reason: "the disk is too slow"))
            }
        }
    }

    deinit { flush() }

    public func dialerStarted(on driver: any Driver) { files?.start(on: driver) }

    /// Writes what waits to be written, on the calling thread: not for the loop.
    public func flush() { files?.drain() }

    public var wantsDatagrams: Bool { true }

    /// The ladder so far of a call that goes on; `nil` when it has none.
    public func ladder(of id: CallID) -> SIPLadder? { state.withLock { $0.ladders[id] } }

    public func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        guard kind == .sip, let call else { return }
        let (source, destination) = direction == .sent ? (local, remote) : (remote, local)
        state.withLock { state in
            if state.ladders[call] == nil {
                if state.order.count >= callLimit { state.ladders[state.order.removeFirst()] = nil }
                state.order.append(call)
                state.ladders[call] = SIPLadder(limit: messageLimit)
            }
            state.ladders[call]?.append(bytes, from: source, to: destination, at: instant)
        }
    }

    public func callEnded(_ record: CallRecord) {
        let ladder = state.withLock { state -> SIPLadder? in
            guard let ladder = state.ladders.removeValue(forKey: record.id) else { return nil }
            state.order.removeAll { $0 == record.id }
            return ladder
        }
        if let ladder { onLadder(record.id, ladder) }
    }
}
