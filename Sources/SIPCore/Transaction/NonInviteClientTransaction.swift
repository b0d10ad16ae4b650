internal import SansIO

/// Client transaction of any request but INVITE and ACK (RFC 3261 §17.1.2). Over a reliable transport timer E never
/// runs and timer K is zero.
///
///     trying ──1xx──► proceeding ──2xx-6xx──► completed ──K──► terminated
///        │ └──2xx-6xx──────┼─────────────────────▲                 ▲
///        └──F, transport failure────────────────────────────────────┘
struct NonInviteClientTransaction: Sendable {
    enum State: Hashable, Sendable, CaseIterable { case trying, proceeding, completed, terminated }
    enum Timer: Int, CaseIterable, Sendable { case e, f, k }
    enum Send: Hashable, Sendable { case request }
    enum Event: Hashable, Sendable { case response(code: Int), timedOut, transportFailed }
    typealias Output = Effects<Send, Event>

    private(set) var state = State.trying
    private let times: TransactionTimers
    private var retransmissionInterval: Duration
    private var timers = TimerTable<Timer>()

    init(times: TransactionTimers) {
        self.times = times
        retransmissionInterval = times.t1
    }

    /// The earliest instant at which ``fire(at:into:)`` has work to do; `nil` once terminated.
    var nextDeadline: MonotonicInstant? { timers.next }

    /// Sends the request; called once.
    mutating func start(at now: MonotonicInstant, into out: inout Output) {
        if !times.isReliable { timers.set(.e, to: now.advanced(by: retransmissionInterval)) }
        timers.set(.f, to: now.advanced(by: times.timeout))
        out.send(.request)
    }

    mutating func receive(code: Int, at now: MonotonicInstant, into out: inout Output) {
        switch (state, code) {
        case (.trying, 100..<200), (.proceeding, 100..<200):
            enter(.proceeding)
            out.emit(.response(code: code))
        case (.trying, 200..<700), (.proceeding, 200..<700):
            if times.isReliable {
                enter(.terminated)
            } else {
                enter(.completed, until: (.k, now.advanced(by: times.t4)))
            }
            out.emit(.response(code: code))
        default:
            break  // A copy of the final response, or nonsense: absorbed.
        }
    }

    /// The request could not be sent, or its connection was lost before anything had come back (RFC 3261 §17.1.4).
    mutating func failTransport(into out: inout Output) {
        guard state == .trying else { return }
        enter(.terminated)
        out.emit(.transportFailed)
    }

    /// Nobody waits any more: no retransmission, no event.
    mutating func abandon() {
        if state == .trying || state == .proceeding { enter(.terminated) }
    }

    mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .e:
                retransmissionInterval =
                    state == .proceeding ? times.t2 : times.doubled(retransmissionInterval)
                timers.set(.e, to: now.advanced(by: retransmissionInterval))
                out.send(.request)
            case .f:
                enter(.terminated)
                out.emit(.timedOut)
            case .k:
                enter(.terminated)
            }
        }
    }

    private mutating func enter(_ next: State, until timer: (Timer, MonotonicInstant)? = nil) {
        state = next
        // Timers E and F run on through a 1xx, which only slows the retransmissions down.
        if next != .proceeding { timers.stopAll() }
        if let (id, deadline) = timer { timers.set(id, to: deadline) }
    }
}
