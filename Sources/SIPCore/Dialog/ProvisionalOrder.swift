/// The order of the far end's reliable provisional responses in one early dialog (RFC 3262 §4): each is acknowledged once,
/// in turn.
struct ProvisionalOrder: Hashable, Sendable {
    enum State: Hashable, Sendable, CaseIterable {
        /// No reliable response yet; the first may have any number.
        case unnumbered
        case numbered
    }

    enum Input: Hashable, Sendable, CaseIterable {
        /// An unreliable response.
        case unreliable
        /// The first, or the one after the last.
        case next
        /// The last one, or one before it.
        case repeated
        /// One that skips others, which are still to come.
        case ahead
    }

    enum Action: Hashable, Sendable, CaseIterable {
        case report
        /// PRACK, and report.
        case acknowledge
        /// Its PRACK is under way or was answered.
        case absorb
        /// It will be repeated, after those before it.
        case ignore
    }

    typealias Transition = MachineTransition<State, Action>

    private(set) var state = State.unnumbered
    private var last: UInt32 = 0

    /// - Parameter rSeq: `nil` for an unreliable response.
    mutating func receive(rSeq: UInt32?) -> Action {
        let transition = Self.transition(state, input(of: rSeq))
        state = transition.next
        if transition.action == .acknowledge, let rSeq { last = rSeq }
        return transition.action
    }

    private func input(of rSeq: UInt32?) -> Input {
        guard let rSeq else { return .unreliable }
        if state == .unnumbered || last < .max && rSeq == last + 1 { return .next }
        return rSeq <= last ? .repeated : .ahead
    }

    static func transition(_ state: State, _ input: Input) -> Transition {
        switch (state, input) {
        case (_, .unreliable): Transition(state, .report, "RFC 3261 §13.2.2.1")
        case (_, .next): Transition(.numbered, .acknowledge, "RFC 3262 §4")
        case (.numbered, .repeated): Transition(.numbered, .absorb, "RFC 3262 §4")
        case (.numbered, .ahead), (.unnumbered, .ahead), (.unnumbered, .repeated):
            Transition(state, .ignore, "RFC 3262 §4")
        }
    }
}

/// A PRACK of ours that has no final response.
struct PendingPrack: Sendable {
    let rSeq: UInt32
    let inviteCSeq: UInt32
    let remoteTag: [UInt8]
    /// The answer to an offer in the response.
    let body: SIPBody?
    var cSeq: UInt32 = 0
    /// The challenges that it has answered.
    var challenges = ClientAuthentication.Attempt()

    /// PRACKs remembered per session, for a challenge: what is beyond is not sent again.
    static let maximumKept = 32
}
