/// Who may offer, and who owes an answer, in one dialog (RFC 3264, RFC 3261 §13.2.1 and §14, RFC 3262 §5, RFC 3311 §5,
/// RFC 6337 §2).
///
///     none ──INVITE──► offered ──answer──► stable ──any offer of ours──► offered
///       │                 └─unreliable 1xx─► previewed ──answer──► stable
///       ├──INVITE from them──► received ──our answer──► stable ──any offer of theirs──► received
///       └──INVITE without description──► solicited ──its response offers──► offered or received
///
/// It looks at no description: it knows which messages carried one. A session description in a message that may not
/// offer or answer at that point is a repetition or is not looked at, and an offer too many has its refusal.
struct OfferAnswer: Hashable, Sendable {
    enum State: Hashable, Sendable, CaseIterable {
        /// No INVITE yet.
        case none
        /// We sent an INVITE without offer.
        case solicitedByUs
        /// They sent an INVITE without offer.
        case solicitedByThem
        /// We offered and wait for the answer.
        case offered
        /// An unreliable provisional response showed the answer, which a reliable one has to repeat.
        case previewed
        /// They offered and wait for our answer.
        case received
        /// Nothing is open; either side may offer.
        case stable
    }

    enum Party: Hashable, Sendable, CaseIterable { case us, them }

    /// The messages that may carry a description.
    enum Carrier: Hashable, Sendable, CaseIterable {
        case invite, provisional, reliableProvisional, success, acknowledgement
        case prack, prackSuccess, update, updateSuccess
    }

    enum Input: Hashable, Sendable, CaseIterable {
        /// A message with a description; `by` sent it.
        case description(Carrier, by: Party)
        /// An INVITE without description.
        case solicitation(by: Party)
        /// The request that offered was refused, or its success carried no answer.
        case withdrawal

        static let allCases: [Input] =
            Carrier.allCases.flatMap { carrier in Party.allCases.map { .description(carrier, by: $0) } }
            + Party.allCases.map { .solicitation(by: $0) } + [.withdrawal]
    }

    enum Action: Hashable, Sendable, CaseIterable {
        case offer, answer
        /// The answer to come, seen early; media may follow it.
        case preview
        /// The description known already, once more.
        case repetition
        /// An offer is asked for.
        case solicitation
        /// The exchange is closed without a change.
        case withdrawal
        /// Not to be sent at this point; when it was received, not to be looked at.
        case ignored
        /// Their offer crosses ours: 491.
        case requestPending
        /// Their second offer before our answer: 500 with Retry-After.
        case serverError
    }

    typealias Transition = MachineTransition<State, Action>

    private(set) var state = State.none

    /// Takes one message's description in.
    @discardableResult
    mutating func apply(_ input: Input) -> Action {
        let transition = Self.transition(state, input)
        state = transition.next
        return transition.action
    }

    /// What `input` would do, without doing it.
    func action(on input: Input) -> Action { Self.transition(state, input).action }

    static func transition(_ state: State, _ input: Input) -> Transition {
        switch input {
        case .description(.invite, by: .us): sendingInvite(state, .offered, .offer)
        case .solicitation(by: .us): sendingInvite(state, .solicitedByUs, .solicitation)
        case .description(.invite, by: .them): receivingInvite(state, .received, .offer)
        case .solicitation(by: .them): receivingInvite(state, .solicitedByThem, .solicitation)
        case .description(.provisional, by: let party): provisional(state, party)
        case .description(.reliableProvisional, by: let party): response(state, party, "RFC 3262 §5")
        case .description(.success, by: let party): response(state, party, "RFC 3261 §13.2.1")
        case .description(.acknowledgement, by: let party): answerOnly(state, party, "RFC 3261 §13.2.2.4")
        case .description(.prack, by: let party): prack(state, party)
        case .description(.prackSuccess, by: let party): answerOnly(state, party, "RFC 3262 §5")
        case .description(.update, by: let party): update(state, party)
        case .description(.updateSuccess, by: let party): answerOnly(state, party, "RFC 3311 §5.2")
        case .withdrawal: withdrawal(state)
        }
    }

    private static func sendingInvite(_ state: State, _ next: State, _ action: Action) -> Transition {
        switch state {
        case .none: Transition(next, action, "RFC 3261 §13.2.1")
        case .stable: Transition(next, action, "RFC 3261 §14.1")
        case .solicitedByUs, .solicitedByThem, .offered, .previewed, .received:
            Transition(state, .ignored, "RFC 3261 §14.1")
        }
    }

    private static func receivingInvite(_ state: State, _ next: State, _ action: Action) -> Transition {
        switch state {
        case .none: Transition(next, action, "RFC 3261 §13.3.1")
        case .stable: Transition(next, action, "RFC 3261 §14.2")
        case .solicitedByUs, .offered, .previewed: Transition(state, .requestPending, "RFC 3261 §14.2")
        case .solicitedByThem, .received: Transition(state, .serverError, "RFC 3261 §14.2")
        }
    }

    /// What is in an unreliable provisional response binds nobody.
    private static func provisional(_ state: State, _ party: Party) -> Transition {
        switch (state, party) {
        case (.offered, .them): Transition(.previewed, .preview, "RFC 3261 §13.2.1")
        case (.received, .us): Transition(.received, .preview, "RFC 3261 §13.2.1")
        case (.previewed, .them), (.stable, _): Transition(state, .repetition, "RFC 3261 §13.2.1")
        case (.none, _), (.solicitedByUs, _), (.solicitedByThem, _), (.offered, .us), (.previewed, .us),
            (.received, .them):
            Transition(state, .ignored, "RFC 6337 §2.2")
        }
    }

    /// A reliable response to the INVITE answers its offer, or offers if it had none.
    private static func response(_ state: State, _ party: Party, _ rule: String) -> Transition {
        switch (state, party) {
        case (.received, .us), (.offered, .them), (.previewed, .them): Transition(.stable, .answer, rule)
        case (.solicitedByThem, .us): Transition(.offered, .offer, rule)
        case (.solicitedByUs, .them): Transition(.received, .offer, rule)
        case (.stable, _): Transition(.stable, .repetition, "RFC 6337 §3.1.1")
        case (.none, _), (.solicitedByUs, .us), (.solicitedByThem, .them), (.offered, .us), (.previewed, .us),
            (.received, .them):
            Transition(state, .ignored, "RFC 6337 §2.2")
        }
    }

    private static func answerOnly(_ state: State, _ party: Party, _ rule: String) -> Transition {
        switch (state, party) {
        case (.received, .us), (.offered, .them): Transition(.stable, .answer, rule)
        case (.none, _), (.solicitedByUs, _), (.solicitedByThem, _), (.offered, .us), (.previewed, _),
            (.received, .them), (.stable, _):
            Transition(state, .ignored, "RFC 6337 §2.2")
        }
    }

    /// PRACK answers the offer of the response that it acknowledges, or offers once that was the answer.
    private static func prack(_ state: State, _ party: Party) -> Transition {
        switch (state, party) {
        case (.received, .us), (.offered, .them): Transition(.stable, .answer, "RFC 3262 §5")
        case (.stable, .us): Transition(.offered, .offer, "RFC 3262 §5")
        case (.stable, .them): Transition(.received, .offer, "RFC 3262 §5")
        case (.none, _), (.solicitedByUs, _), (.solicitedByThem, _), (.offered, .us), (.previewed, _),
            (.received, .them):
            Transition(state, .ignored, "RFC 6337 §2.2")
        }
    }

    private static func update(_ state: State, _ party: Party) -> Transition {
        switch (state, party) {
        case (.stable, .us): Transition(.offered, .offer, "RFC 3311 §5.1")
        case (.stable, .them): Transition(.received, .offer, "RFC 3311 §5.2")
        case (.solicitedByUs, .them), (.offered, .them), (.previewed, .them):
            Transition(state, .requestPending, "RFC 3311 §5.2")
        case (.none, .them), (.solicitedByThem, .them), (.received, .them):
            Transition(state, .serverError, "RFC 3311 §5.2")
        case (.none, .us), (.solicitedByUs, .us), (.solicitedByThem, .us), (.offered, .us), (.previewed, .us),
            (.received, .us):
            Transition(state, .ignored, "RFC 3311 §5.1")
        }
    }

    private static func withdrawal(_ state: State) -> Transition {
        switch state {
        case .none, .stable: Transition(state, .ignored, "RFC 3264 §4")
        case .solicitedByUs, .solicitedByThem, .offered, .previewed, .received:
            Transition(.stable, .withdrawal, "RFC 3264 §4")
        }
    }
}
