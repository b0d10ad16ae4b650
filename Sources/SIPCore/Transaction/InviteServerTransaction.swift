internal import SansIO

/// INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §7.1). Over a reliable transport timer G never runs and
/// timer I is zero.
///
///     proceeding ──2xx──► accepted ──L──────────────────► terminated
///        └──3xx-6xx──► completed ──ACK──► confirmed ──I──────▲
///                          └──H──────────────────────────────┘
struct InviteServerTransaction: Sendable {
    enum State: Hashable, Sendable, CaseIterable {
        case proceeding, accepted, completed, confirmed, terminated
    }
    enum Timer: Int, CaseIterable, Sendable { case g, h, i, l }
    /// The latest response that the TU gave.
    enum Send: Hashable, Sendable { case response }
    enum Event: Hashable, Sendable {
        /// An ACK for a 2xx, which is the TU's.
        case acknowledged
        /// A final response of 300 or more was never acknowledged.
        case timedOut
    }
    typealias Output = Effects<Send, Event>

    private(set) var state = State.proceeding
    private let times: TransactionTimers
    private var hasResponse = false
    private var retransmissionInterval: Duration
    private var timers = TimerTable<Timer>()

    init(times: TransactionTimers) {
        self.times = times
        retransmissionInterval = times.t1
    }

    /// The earliest instant at which ``fire(at:into:)`` has work to do; `nil` while the TU has not decided, and
    /// once terminated.
    var nextDeadline: MonotonicInstant? { timers.next }

    /// The INVITE again.
    mutating func receiveInvite(into out: inout Output) {
        switch state {
        case .proceeding: if hasResponse { out.send(.response) }
        case .completed: out.send(.response)
        case .accepted, .confirmed, .terminated: break  // In accepted the TU repeats the 2xx by itself.
        }
    }

    mutating func receiveAck(at now: MonotonicInstant, into out: inout Output) {
        switch state {
        case .completed where times.isReliable: enter(.terminated)
        case .completed: enter(.confirmed, until: (.i, now.advanced(by: times.t4)))
        case .accepted: out.emit(.acknowledged)
        case .proceeding, .confirmed, .terminated: break
        }
    }

    /// The TU answers. Ignored once a final response was given, but for the TU's own repetition of a 2xx.
    mutating func respond(code: Int, at now: MonotonicInstant, into out: inout Output) {
        switch (state, code) {
        case (.proceeding, 100..<200):
            hasResponse = true
            out.send(.response)
        case (.proceeding, 200..<300):
            enter(.accepted, until: (.l, now.advanced(by: times.timeout)))
            out.send(.response)
        case (.accepted, 200..<300):
            out.send(.response)
        case (.proceeding, 300..<700):
            enter(.completed, until: (.h, now.advanced(by: times.timeout)))
            if !times.isReliable { timers.set(.g, to: now.advanced(by: retransmissionInterval)) }
            out.send(.response)
        default:
            break
        }
    }

    mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .g:
                retransmissionInterval = times.doubled(retransmissionInterval)
                timers.set(.g, to: now.advanced(by: retransmissionInterval))
                out.send(.response)
            case .h:
                enter(.terminated)
                out.emit(.timedOut)
            case .i, .l:
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
