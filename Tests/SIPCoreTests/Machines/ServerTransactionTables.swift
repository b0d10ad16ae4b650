import SansIO

@testable import SIPCore

struct InviteServerTable<Carrier: Carrying>: TabledMachine {
    enum State: CaseIterable {
        /// Proceeding, before any response.
        case received
        case proceeding, accepted, completed, confirmed, terminated
    }
    enum Input: CaseIterable {
        case invite, ack, provisional, success, failure, timerG, timerH, timerI, timerL
    }

    static var title: String { "INVITE server transaction, \(Carrier.words)" }
    static var about: String {
        Carrier.isReliable
            ? "A failure is sent once, and its ACK ends the transaction: timers G and I never run."
            : """
            Repeats a failure (timer G) until its ACK or timer H; a 2xx is repeated by the user agent, not here. Timers I and L \
            take in late copies. *Received* is RFC 3261's proceeding as long as nothing was answered, and the diagram \
            does not tell them apart.
            """
    }
    static var initial: State { .received }

    static func place(_ state: State) -> String { name(state == .received ? .proceeding : state) }

    static func name(_ input: Input) -> String {
        switch input {
        case .invite: "INVITE again"
        case .ack: "ACK"
        case .provisional: "answered 1xx"
        case .success: "answered 2xx"
        case .failure: "answered 3xx–6xx"
        case .timerG: "timer G"
        case .timerH: "timer H"
        case .timerI: "timer I"
        case .timerL: "timer L"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        typealias Cell = MachineCell<State>
        let base = "RFC 3261 §17.2.1"
        let accepted = "RFC 6026 §7.1"
        switch (state, input) {
        case (.received, .invite): return Cell(.received, base)
        case (.proceeding, .invite), (.completed, .invite): return Cell(state, "send the response", base)
        case (.accepted, .invite): return Cell(.accepted, accepted)
        case (.confirmed, .invite), (.terminated, .invite): return Cell(state, base)
        case (.completed, .ack): return Cell(Carrier.isReliable ? .terminated : .confirmed, base)
        case (.accepted, .ack): return Cell(.accepted, "hand up the ACK", accepted)
        case (_, .ack): return Cell(state, base)
        case (.received, .provisional), (.proceeding, .provisional):
            return Cell(.proceeding, "send the response", base)
        case (.received, .success), (.proceeding, .success):
            return Cell(.accepted, "send the response", accepted)
        case (.accepted, .success): return Cell(.accepted, "send the response", accepted)
        case (.received, .failure), (.proceeding, .failure):
            return Cell(.completed, "send the response", base)
        case (.accepted, .provisional), (.accepted, .failure): return Cell(.accepted, accepted)
        case (_, .provisional), (_, .success), (_, .failure): return Cell(state, base)
        case (.completed, .timerG):
            return Carrier.isReliable ? nil : Cell(.completed, "send the response", base)
        case (.completed, .timerH): return Cell(.terminated, "report that no ACK came", base)
        case (.confirmed, .timerI): return Cell(.terminated, base)
        case (.accepted, .timerL): return Cell(.terminated, accepted)
        case (_, .timerG), (_, .timerH), (_, .timerI), (_, .timerL): return nil
        }
    }

    private var machine = InviteServerTransaction(times: Carrier.times)
    private var now = MonotonicInstant(nanoseconds: 0)

    init() {}

    var state: State {
        switch machine.state {
        case .proceeding:
            // Only one that has answered repeats its answer.
            var (copy, out) = (machine, InviteServerTransaction.Output())
            copy.receiveInvite(into: &out)
            return out.sends.isEmpty ? .received : .proceeding
        case .accepted: return .accepted
        case .completed: return .completed
        case .confirmed: return .confirmed
        case .terminated: return .terminated
        }
    }

    mutating func take(_ input: Input) -> String? {
        var out = InviteServerTransaction.Output()
        switch input {
        case .invite: machine.receiveInvite(into: &out)
        case .ack: machine.receiveAck(at: now, into: &out)
        case .provisional: machine.respond(code: 180, at: now, into: &out)
        case .success: machine.respond(code: 200, at: now, into: &out)
        case .failure: machine.respond(code: 486, at: now, into: &out)
        case .timerG, .timerH, .timerI, .timerL: return expire(input)
        }
        return Self.words(out)
    }

    private mutating func expire(_ wanted: Input) -> String? {
        while let deadline = machine.nextDeadline {
            let before = machine.state
            var out = InviteServerTransaction.Output()
            now = deadline
            machine.fire(at: now, into: &out)
            let fired: Input =
                out.sends == [.response]
                ? .timerG : out.events == [.timedOut] ? .timerH : before == .accepted ? .timerL : .timerI
            if fired == wanted { return Self.words(out) }
            if machine.state != before { break }
        }
        return nil
    }

    private static func words(_ out: InviteServerTransaction.Output) -> String {
        Words.list(
            out.sends.map { _ in "send the response" }
                + out.events.map { $0 == .acknowledged ? "hand up the ACK" : "report that no ACK came" })
    }
}

struct NonInviteServerTable<Carrier: Carrying>: TabledMachine {
    typealias State = NonInviteServerTransaction.State
    enum Input: CaseIterable { case request, provisional, final, timerJ }

    static var title: String { "Server transaction of other requests, \(Carrier.words)" }
    static var about: String {
        Carrier.isReliable
            ? "The final response ends it."
            : "Answers copies of the request with the latest response, until timer J."
    }
    static var initial: State { .trying }

    static func name(_ input: Input) -> String {
        switch input {
        case .request: "request again"
        case .provisional: "answered 1xx"
        case .final: "answered 2xx–6xx"
        case .timerJ: "timer J"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        typealias Cell = MachineCell<State>
        let base = "RFC 3261 §17.2.2"
        switch (state, input) {
        case (.proceeding, .request), (.completed, .request): return Cell(state, "send the response", base)
        case (.trying, .request), (.terminated, .request): return Cell(state, base)
        case (.trying, .provisional), (.proceeding, .provisional):
            return Cell(.proceeding, "send the response", base)
        case (.trying, .final), (.proceeding, .final):
            return Cell(Carrier.isReliable ? .terminated : .completed, "send the response", base)
        case (.completed, .provisional), (.completed, .final), (.terminated, .provisional),
            (.terminated, .final):
            return Cell(state, base)
        case (.completed, .timerJ): return Cell(.terminated, base)
        case (.trying, .timerJ), (.proceeding, .timerJ), (.terminated, .timerJ): return nil
        }
    }

    private var machine = NonInviteServerTransaction(times: Carrier.times)
    private var now = MonotonicInstant(nanoseconds: 0)

    init() {}

    var state: State { machine.state }

    mutating func take(_ input: Input) -> String? {
        var out = NonInviteServerTransaction.Output()
        switch input {
        case .request: machine.receiveRequest(into: &out)
        case .provisional: machine.respond(code: 183, at: now, into: &out)
        case .final: machine.respond(code: 404, at: now, into: &out)
        case .timerJ:
            guard let deadline = machine.nextDeadline else { return nil }
            now = deadline
            machine.fire(at: now)
        }
        return Words.list(out.sends.map { _ in "send the response" })
    }
}
