internal import SansIO

/// INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §7.2). Over a reliable transport timer A never runs and
/// timer D is zero.
///
///     calling ──1xx──► proceeding ──2xx──► accepted ──M──► terminated
///        │ └──2xx──────────┼──────────────────▲                ▲
///        ├──3xx-6xx──► completed ──D───────────────────────────┤
///        └──B, abandoned, transport failure────────────────────┘
struct InviteClientTransaction: Sendable {
    enum State: Hashable, Sendable, CaseIterable { case calling, proceeding, accepted, completed, terminated }
    enum Timer: Int, CaseIterable, Sendable { case a, b, d, m }
    /// The INVITE as first sent, or the ACK for the final response being handled.
    enum Send: Hashable, Sendable { case invite, ack }
    enum Event: Hashable, Sendable { case response(code: Int), timedOut, transportFailed }
    typealias Output = Effects<Send, Event>

    private(set) var state = State.calling
    private let times: TransactionTimers
    private var retransmissionInterval: Duration
    private var timers = TimerTable<Timer>()

    init(times: TransactionTimers) {
        self.times = times
        retransmissionInterval = times.t1
    }

    /// The earliest instant at which ``fire(at:into:)`` has work to do; `nil` when it only waits for responses,
    /// and once terminated.
    var nextDeadline: MonotonicInstant? { timers.next }

    /// Sends the INVITE; called once.
    mutating func start(at now: MonotonicInstant, into out: inout Output) {
        if !times.isReliable { timers.set(.a, to: now.advanced(by: retransmissionInterval)) }
        timers.set(.b, to: now.advanced(by: times.timeout))
        out.send(.invite)
    }

    mutating func receive(code: Int, at now: MonotonicInstant, into out: inout Output) {
        switch (state, code) {
        case (.calling, 100..<200):
            enter(.proceeding)
            out.emit(.response(code: code))
        case (.proceeding, 100..<200):
            out.emit(.response(code: code))  // A last wait that has begun goes on.
        case (.calling, 200..<300), (.proceeding, 200..<300):
            enter(.accepted, until: (.m, now.advanced(by: times.timeout)))
            out.emit(.response(code: code))
        case (.accepted, 200..<300):
            out.emit(.response(code: code))  // The TU owns the ACK for a 2xx, so it must see each copy.
        case (.calling, 300..<700), (.proceeding, 300..<700):
            if times.isReliable {
                enter(.terminated)
            } else {
                enter(.completed, until: (.d, now.advanced(by: times.d)))
            }
            out.send(.ack)
            out.emit(.response(code: code))
        case (.completed, 300..<700):
            out.send(.ack)
        default:
            break  // Late or nonsensical response: absorbed here, counted by the transaction layer.
        }
    }

    /// The TU gives up before a final response (RFC 3261 §9.1: 64*T1 after a CANCEL).
    mutating func abandon() {
        switch state {
        case .calling, .proceeding: enter(.terminated)
        case .accepted, .completed, .terminated: break
        }
    }

    /// The INVITE could not be sent, or its connection was lost before anything had come back (RFC 3261 §17.1.4).
    mutating func failTransport(into out: inout Output) {
        guard state == .calling else { return }
        enter(.terminated)
        out.emit(.transportFailed)
    }

    /// No more copies of the INVITE: its server was given up, but may still answer.
    mutating func hush() { timers.stop(.a) }

    /// The TU has no use for the answer any more, but would see to it: a last 64*T1, where a provisional response had
    /// ended the wait for a final one (RFC 3261 §17.1.1.2).
    mutating func limit(at now: MonotonicInstant) {
        if state == .proceeding { timers.set(.b, to: now.advanced(by: times.timeout)) }
    }

    mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .a:
                retransmissionInterval *= 2
                timers.set(.a, to: now.advanced(by: retransmissionInterval))
                out.send(.invite)
            case .b:
                enter(.terminated)
                out.emit(.timedOut)
            case .d, .m:
                enter(.terminated)
            }
        }
    }

    private mutating func enter(_ next: State, until timer: (Timer, MonotonicInstant)? = nil) {
        state = next
        timers.stopAll()
        if let (id, deadline) = timer { timers.set(id, to: deadline) }
    }
}
