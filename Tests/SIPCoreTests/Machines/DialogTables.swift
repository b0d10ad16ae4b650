import SansIO

@testable import SIPCore

struct OfferAnswerTable: TabledMachine {
    typealias State = OfferAnswer.State
    typealias Input = OfferAnswer.Input

    static var title: String { "Offer and answer" }
    static var about: String {
        """
        Who may offer and who owes an answer in one dialog. Inputs are messages with a session description, unless they say otherwise. The diagram leaves refusals (491, 500) and repetitions to the table.
        """
    }
    static var initial: State { .none }

    static func name(_ input: Input) -> String {
        switch input {
        case .description(let carrier, by: let party):
            "\(party == .us ? "our" : "their") \(name(carrier))"
        case .solicitation(by: let party): "\(party == .us ? "our" : "their") INVITE without description"
        case .withdrawal: "offer refused or unanswered"
        }
    }

    private static func name(_ carrier: OfferAnswer.Carrier) -> String {
        switch carrier {
        case .invite: "INVITE"
        case .provisional: "1xx"
        case .reliableProvisional: "reliable 1xx"
        case .success: "2xx"
        case .acknowledgement: "ACK"
        case .prack: "PRACK"
        case .prackSuccess: "2xx to PRACK"
        case .update: "UPDATE"
        case .updateSuccess: "2xx to UPDATE"
        }
    }

    static func words(_ action: OfferAnswer.Action) -> String {
        switch action {
        case .offer: "an offer"
        case .answer: "the answer"
        case .preview: "the answer, seen early"
        case .repetition: "known already"
        case .solicitation: "an offer is asked for"
        case .withdrawal: "closed without a change"
        case .ignored: ""
        case .requestPending: "491"
        case .serverError: "500 with Retry-After"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        let transition = OfferAnswer.transition(state, input)
        return MachineCell(transition.next, words(transition.action), transition.rule)
    }

    static func isLeftToTable(_ cell: MachineCell<State>) -> Bool {
        ["491", "500 with Retry-After", "known already"].contains(cell.action)
    }

    private var machine = OfferAnswer()

    init() {}

    var state: State { machine.state }

    mutating func take(_ input: Input) -> String? { Self.words(machine.apply(input)) }
}

struct OutgoingOfferTable: TabledMachine {
    typealias State = OutgoingOffer.State
    typealias Input = OutgoingOffer.Input

    static var title: String { "A re-INVITE or UPDATE of ours" }
    static var about: String {
        "From the wish to change the session to its end: waiting for its turn, 491 with its back-off, CANCEL."
    }
    static var initial: State { .blocked }

    static func name(_ input: Input) -> String {
        switch input {
        case .clear: "nothing else open"
        case .provisional: "1xx"
        case .success: "2xx"
        case .pending: "491 or 500 with Retry-After"
        case .gone: "408 or 481"
        case .refused: "other failure"
        case .silence: "no final response"
        case .withdraw: "withdrawn by its user"
        case .due: "back-off over"
        }
    }

    static func words(_ action: OutgoingOffer.Action) -> String {
        switch action {
        case .none: ""
        case .send: "send it"
        case .cancel: "send CANCEL"
        case .wait: "back off"
        case .answered: "report the answer"
        case .refused: "report the refusal"
        case .withdrawn: "report it withdrawn"
        case .dialogLost: "give the dialog up"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        let transition = OutgoingOffer.transition(state, input)
        return MachineCell(transition.next, words(transition.action), transition.rule)
    }

    private var machine = OutgoingOffer(method: .reinvite, purpose: .application, body: nil)

    init() {}

    var state: State { machine.state }

    mutating func take(_ input: Input) -> String? { Self.words(machine.step(input)) }
}

struct ReliableProvisionalTable: TabledMachine {
    typealias State = ReliableProvisional.State
    typealias Input = ReliableProvisional.Input

    static var title: String { "Reliable provisional responses of ours" }
    static var about: String {
        "One at a time, each repeated until its PRACK; a 2xx waits behind a response with a session description."
    }
    static var initial: State { .idle }

    static func name(_ input: Input) -> String {
        switch input {
        case .respond: "1xx without description"
        case .describe: "1xx with description"
        case .acknowledged: "PRACK for the latest"
        case .unmatched: "PRACK for another"
        case .repeatDue: "time to repeat"
        case .expired: "64×T1 without PRACK"
        case .succeed: "2xx"
        case .fail: "3xx–6xx"
        }
    }

    static func words(_ action: ReliableProvisional.Action) -> String {
        switch action {
        case .none: ""
        case .send: "send it"
        case .queue: "queue it"
        case .accept: "200 to PRACK"
        case .release: "200 to PRACK, then the 2xx"
        case .reject: "481 to PRACK"
        case .sendAgain: "send it again"
        case .refuse: "5xx to INVITE"
        case .sendFinal: "send the final response"
        case .hold: "hold the 2xx"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        let transition = ReliableProvisional.transition(state, input)
        return MachineCell(transition.next, words(transition.action), transition.rule)
    }

    static func isLeftToTable(_ cell: MachineCell<State>) -> Bool { cell.action == "481 to PRACK" }

    private var machine = ReliableProvisional(start: 1)
    private var now = MonotonicInstant(nanoseconds: 0)

    init() {}

    var state: State { machine.state }

    mutating func take(_ input: Input) -> String? {
        let action: ReliableProvisional.Action
        switch input {
        case .repeatDue:
            now = machine.nextDeadline ?? now
            action = machine.fire(at: now)
        case .expired:
            now = now.advanced(by: .seconds(32))
            action = machine.fire(at: now)
        default:
            action = machine.step(input)
        }
        if action == .send { machine.sent([1], times: TransactionTimers(), at: now) }
        return Self.words(action)
    }
}

struct ProvisionalOrderTable: TabledMachine {
    typealias State = ProvisionalOrder.State
    typealias Input = ProvisionalOrder.Input

    static var title: String { "Reliable provisional responses of theirs" }
    static var about: String { "In one early dialog each is acknowledged once, in turn." }
    static var initial: State { .unnumbered }

    static func name(_ input: Input) -> String {
        switch input {
        case .unreliable: "unreliable 1xx"
        case .next: "first or next RSeq"
        case .repeated: "old RSeq"
        case .ahead: "RSeq that skips others"
        }
    }

    static func words(_ action: ProvisionalOrder.Action) -> String {
        switch action {
        case .report: "report it"
        case .acknowledge: "send PRACK, report it"
        case .absorb: "absorb the copy"
        case .ignore: ""
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        // As long as there is no number, any is the first.
        if state == .unnumbered, input == .repeated || input == .ahead { return nil }
        let transition = ProvisionalOrder.transition(state, input)
        return MachineCell(transition.next, words(transition.action), transition.rule)
    }

    private var machine = ProvisionalOrder()
    private var last: UInt32 = 41

    init() {}

    var state: State { machine.state }

    mutating func take(_ input: Input) -> String? {
        switch input {
        case .unreliable: return Self.words(machine.receive(rSeq: nil))
        case .next:
            last += 1
            return Self.words(machine.receive(rSeq: last))
        case .repeated, .ahead:
            guard machine.state == .numbered else { return nil }
            return Self.words(machine.receive(rSeq: input == .repeated ? last : last + 2))
        }
    }
}

struct SessionTimerTable: TabledMachine {
    typealias State = SessionTimer.State
    typealias Input = SessionTimer.Input

    static var title: String { "Session timer" }
    static var about: String {
        """
        Who refreshes a confirmed dialog, when, and when it is taken for dead. Each 2xx to INVITE or UPDATE settles it anew \
        and may name the refresher.
        """
    }
    static var initial: State { .off }

    static func name(_ input: Input) -> String {
        switch input {
        case .agreedOurs: "2xx that names us"
        case .agreedTheirs: "2xx that names them"
        case .agreedNone: "2xx without Session-Expires"
        case .refreshDue: "half the interval over"
        case .expired: "interval nearly over"
        case .refused: "refresh refused"
        }
    }

    static func words(_ action: SessionTimer.Action) -> String {
        switch action {
        case .none: ""
        case .start: "interval starts anew"
        case .stop: "stop"
        case .refresh: "UPDATE or re-INVITE"
        case .tryAgain: "again in half the time left"
        case .hangUp: "BYE"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        let transition = SessionTimer.transition(state, input)
        return MachineCell(transition.next, words(transition.action), transition.rule)
    }

    private var machine = SessionTimer()
    private var now = MonotonicInstant(nanoseconds: 0)

    init() {}

    var state: State { machine.state }

    /// Says what has become of the deadlines, since commands return nothing.
    mutating func take(_ input: Input) -> String? {
        let before = machine
        // Time passes, so that an interval that starts anew shows.
        if input != .refreshDue { now = now.advanced(by: .milliseconds(1)) }
        switch input {
        case .agreedOurs: machine.settle(interval: 1800, refresher: .us, at: now)
        case .agreedTheirs: machine.settle(interval: 1800, refresher: .them, at: now)
        case .agreedNone: machine.settle(interval: 0, refresher: nil, at: now)
        case .refreshDue:
            if machine.state == .ours { now = machine.nextDeadline ?? now }
            return Self.words(machine.fire(at: now))
        case .expired:
            now = now.advanced(by: .seconds(1_800))
            return Self.words(machine.fire(at: now))
        case .refused: machine.refreshRefused(at: now)
        }
        if before.state == .over
            || machine.nextDeadline == before.nextDeadline && machine.state == before.state
        {
            return ""
        }
        if machine.nextDeadline == nil { return Self.words(.stop) }
        return Self.words(input == .refused ? .tryAgain : .start)
    }
}
