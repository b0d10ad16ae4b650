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
    }

    /// Writes each call's ladder to `directory/<id>.ladder.txt`.
    ///
    /// - Parameters:
    ///   - directory: Must exist.
    ///   - onFailure: Called at most once, on the dialer's loop; later ladders are still tried.
    public convenience init(
        directory: String, onFailure: @escaping @Sendable (FileError) -> Void = { _ in }
    ) {
        let hasFailed = Locked(false)
        self.init { id, ladder in
            do throws(FileError) {
                let file = try OwnedFile(creating: "\(directory)/\(id.fileName).ladder.txt")
                try file.append(Array(ladder.text.utf8).span)
            } catch {
                let isFirst = hasFailed.withLock { failed in
                    defer { failed = true }
                    return !failed
                }
                if isFirst { onFailure(error) }
            }
        }
    }

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
