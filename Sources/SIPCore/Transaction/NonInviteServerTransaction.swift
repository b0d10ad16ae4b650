internal import SansIO

/// Server transaction of any request but INVITE and ACK (RFC 3261 §17.2.2). Over a reliable transport timer J is zero.
///
///     trying ──1xx──► proceeding ──2xx-6xx──► completed ──J──► terminated
///        ├──2xx-6xx────────────────────────────▲          ▲
///        └──64*T1 without an answer─────────────────────────┘
struct NonInviteServerTransaction: Sendable {
    enum State: Hashable, Sendable, CaseIterable { case trying, proceeding, completed, terminated }
    enum Timer: Int, CaseIterable, Sendable { case j }
    /// The latest response that the TU gave.
    enum Send: Hashable, Sendable { case response }
    /// Nothing happens here that the TU has not done itself.
    enum Event: Hashable, Sendable {}
    typealias Output = Effects<Send, Event>

    private(set) var state = State.trying
    private let times: TransactionTimers
    private var timers = TimerTable<Timer>()

    init(times: TransactionTimers) { self.times = times }

    /// The earliest instant at which ``fire(at:)`` has work to do; `nil` before ``start(at:)``, and once terminated.
    var nextDeadline: MonotonicInstant? { timers.next }

    /// The request has come. Its client has stopped waiting after 64*T1 (timer F), so no answer is of use after that.
    mutating func start(at now: MonotonicInstant) { timers.set(.j, to: now.advanced(by: times.timeout)) }

    /// The request again.
    func receiveRequest(into out: inout Output) {
        switch state {
        case .proceeding, .completed: out.send(.response)
        case .trying, .terminated: break
        }
    }

    /// The TU answers. Ignored once a final response was given.
    mutating func respond(code: Int, at now: MonotonicInstant, into out: inout Output) {
        switch (state, code) {
        case (.trying, 100..<200), (.proceeding, 100..<200):
            state = .proceeding
            out.send(.response)
        case (.trying, 200..<700), (.proceeding, 200..<700):
            if times.isReliable {
                enter(.terminated)
            } else {
                enter(.completed, until: (.j, now.advanced(by: times.timeout)))
            }
            out.send(.response)
        default:
            break
        }
    }

    mutating func fire(at now: MonotonicInstant) {
        while timers.popDue(at: now) != nil { enter(.terminated) }
    }

    private mutating func enter(_ next: State, until timer: (Timer, MonotonicInstant)? = nil) {
        state = next
        timers.stopAll()
        if let (id, deadline) = timer { timers.set(id, to: deadline) }
    }
}
