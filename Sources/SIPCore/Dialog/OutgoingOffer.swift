internal import SansIO

/// A re-INVITE or UPDATE of ours in a dialog, from the wish to its end (RFC 3261 §14.1, RFC 3311 §5).
///
///     blocked ──clear──► trying ──1xx──► proceeding ──2xx, ≥300──► over
///        ▲                 └──491──► waiting ──back-off──┐   └─withdraw─► cancelled ──487──► over
///        └───────────────────────────────────────────────┘
struct OutgoingOffer: Sendable {
    enum State: Hashable, Sendable, CaseIterable {
        /// Waits until no other offer and no other INVITE is open in the dialog.
        case blocked
        case trying
        case proceeding
        /// To be cancelled, once a provisional response has come (RFC 3261 §9.1).
        case withdrawing
        /// CANCEL was sent.
        case cancelled
        /// Its 491 is being waited out.
        case waiting
        case over
    }

    enum Input: Hashable, Sendable, CaseIterable {
        /// Nothing stands in the way.
        case clear
        case provisional
        case success
        /// 491, or 500 with a short Retry-After.
        case pending
        /// 408 or 481.
        case gone
        /// Any other failure.
        case refused
        /// No final response.
        case silence
        case withdraw
        /// The back-off has passed.
        case due
    }

    enum Action: Hashable, Sendable, CaseIterable {
        case none, send, cancel, wait, answered, refused, withdrawn
        /// The dialog is gone with it.
        case dialogLost
    }

    typealias Transition = MachineTransition<State, Action>

    /// Whose wish it is.
    enum Purpose: Hashable, Sendable {
        case application
        /// The session timer's.
        case refresh
    }

    /// Times one offer is sent again after 491 before that counts as a refusal.
    static let maximumAttempts = 6

    var method: OfferMethod
    let purpose: Purpose
    let body: SIPBody?
    let headers: [SIPHeaderField]
    private(set) var state = State.blocked
    var cSeq: UInt32 = 0
    var transaction: TransactionID?
    /// The dialog that it was sent in; `nil` before.
    var remoteTag: [UInt8]?
    /// The request line as sent, and its way: CANCEL repeats both.
    var line: UserAgent.RequestLine?
    var route: MessageRoute?
    var attempts = 0
    /// The challenges that it has answered.
    var challenges = ClientAuthentication.Attempt()
    /// Retries after 422.
    var intervalsRaised = 0

    init(method: OfferMethod, purpose: Purpose, body: SIPBody?, headers: [SIPHeaderField] = []) {
        self.method = method
        self.purpose = purpose
        self.body = body
        self.headers = headers
    }

    /// Whether the request is on its way and has no final response.
    var isOpen: Bool {
        switch state {
        case .trying, .proceeding, .withdrawing, .cancelled: true
        case .blocked, .waiting, .over: false
        }
    }

    /// How long a 491 is waited out (RFC 3261 §14.1), in units of 10 ms: 2.1...4 s for the owner of the Call-ID,
    /// 0...2 s for the other side.
    static func backOff(ownsCallID: Bool, _ generator: inout SeededGenerator) -> Duration {
        ownsCallID
            ? .milliseconds(2100 + 10 * Int64(generator.next() % 191))
            : .milliseconds(10 * Int64(generator.next() % 201))
    }

    mutating func step(_ input: Input) -> Action {
        let transition = Self.transition(state, input)
        state = transition.next
        return transition.action
    }

    /// Back to the start with the same wish: after a challenge, or where another request has to be tried.
    mutating func restart() { state = .blocked }

    static func transition(_ state: State, _ input: Input) -> Transition {
        switch (state, input) {
        case (.blocked, .clear): Transition(.trying, .send, "RFC 3261 §14.1")
        case (.blocked, .withdraw), (.waiting, .withdraw): Transition(.over, .withdrawn, "RFC 3261 §14.1")
        case (.waiting, .due): Transition(.blocked, .none, "RFC 3261 §14.1")
        case (.blocked, _), (.waiting, _), (.over, _): Transition(state, .none, "RFC 3261 §14.1")
        case (.trying, .provisional): Transition(.proceeding, .none, "RFC 3261 §17.1.1.2")
        case (.withdrawing, .provisional): Transition(.cancelled, .cancel, "RFC 3261 §9.1")
        case (.proceeding, .provisional), (.cancelled, .provisional):
            Transition(state, .none, "RFC 3261 §17.1.1.2")
        // A 2xx that crosses the CANCEL has changed the session all the same.
        case (_, .success): Transition(.over, .answered, "RFC 3261 §13.2.2.4")
        case (.trying, .pending), (.proceeding, .pending): Transition(.waiting, .wait, "RFC 3261 §14.1")
        case (.withdrawing, .pending), (.cancelled, .pending), (.withdrawing, .refused),
            (.cancelled, .refused):
            Transition(.over, .withdrawn, "RFC 3261 §9.1")
        case (.trying, .refused), (.proceeding, .refused): Transition(.over, .refused, "RFC 3261 §14.1")
        case (_, .gone): Transition(.over, .dialogLost, "RFC 3261 §12.2.1.2")
        case (.cancelled, .silence): Transition(.over, .withdrawn, "RFC 3261 §9.1")
        case (.trying, .silence), (.proceeding, .silence), (.withdrawing, .silence):
            Transition(.over, .dialogLost, "RFC 3261 §14.1")
        case (.trying, .withdraw): Transition(.withdrawing, .none, "RFC 3261 §9.1")
        case (.proceeding, .withdraw): Transition(.cancelled, .cancel, "RFC 3261 §9.1")
        case (.withdrawing, .withdraw), (.cancelled, .withdraw): Transition(state, .none, "RFC 3261 §9.1")
        case (_, .clear), (_, .due): Transition(state, .none, "RFC 3261 §14.1")
        }
    }
}
