import SansIO

@testable import SIPCore

/// Over what a transaction runs.
protocol Carrying: Sendable { static var isReliable: Bool { get } }
enum Datagrams: Carrying { static let isReliable = false }
enum Streams: Carrying { static let isReliable = true }

extension Carrying {
    static var times: TransactionTimers {
        var times = TransactionTimers()
        times.isReliable = isReliable
        return times
    }

    static var words: String { isReliable ? "over a stream" : "over datagrams" }
}

struct InviteClientTable<Carrier: Carrying>: TabledMachine {
    enum State: CaseIterable {
        case calling
        /// Calling, but the INVITE is not repeated any more.
        case hushed
        case proceeding
        /// Proceeding, but not for ever.
        case lastWait
        case accepted, completed, terminated
    }
    enum Input: CaseIterable {
        case provisional, success, failure, timerA, timerB, timerD, timerM, abandon, transportFailure, hush,
            limit
    }

    static var title: String { "INVITE client transaction, \(Carrier.words)" }
    static var about: String {
        Carrier.isReliable
            ? "The connection repeats what it loses: timer A never runs, and nothing lingers for copies of a failure."
            : """
            From the INVITE to the end of the wait for copies of its final response. Timer A repeats the INVITE, timer B ends \
            the wait for an answer; timers D and M keep what is over for late copies. *Hushed* is calling \
            without timer A, once the server was given up; *last wait* is proceeding with timer B \
            once more, after the user of the transaction has gone. The diagram shows them as what they are part of.
            """
    }
    static var initial: State { .calling }

    static func place(_ state: State) -> String {
        switch state {
        case .hushed: "calling"
        case .lastWait: "proceeding"
        default: name(state)
        }
    }

    static func name(_ input: Input) -> String {
        switch input {
        case .provisional: "1xx"
        case .success: "2xx"
        case .failure: "3xx–6xx"
        case .timerA: "timer A"
        case .timerB: "timer B"
        case .timerD: "timer D"
        case .timerM: "timer M"
        case .abandon: "given up by its user"
        case .transportFailure: "transport failure"
        case .hush: "no more copies wanted"
        case .limit: "its user has left"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        typealias Cell = MachineCell<State>
        let base = "RFC 3261 §17.1.1.2"
        switch (state, input) {
        case (.calling, .provisional), (.hushed, .provisional), (.proceeding, .provisional):
            return Cell(.proceeding, "hand up the response", base)
        case (.lastWait, .provisional): return Cell(.lastWait, "hand up the response", base)
        case (.calling, .success), (.hushed, .success), (.proceeding, .success), (.lastWait, .success):
            return Cell(.accepted, "hand up the response", "RFC 6026 §7.2")
        case (.calling, .failure), (.hushed, .failure), (.proceeding, .failure), (.lastWait, .failure):
            let next: State = Carrier.isReliable ? .terminated : .completed
            return Cell(next, "send ACK, hand up the response", base)
        case (.accepted, .success): return Cell(.accepted, "hand up the response", "RFC 6026 §7.2")
        case (.accepted, .provisional), (.accepted, .failure):
            return Cell(.accepted, "RFC 6026 §7.2")
        case (.completed, .failure): return Cell(.completed, "send ACK", base)
        case (.completed, .provisional), (.completed, .success), (.terminated, .provisional),
            (.terminated, .success), (.terminated, .failure):
            return Cell(state, base)
        case (.calling, .timerA): return Carrier.isReliable ? nil : Cell(.calling, "repeat the INVITE", base)
        case (.calling, .timerB), (.hushed, .timerB): return Cell(.terminated, "report the time-out", base)
        case (.lastWait, .timerB): return Cell(.terminated, "report the time-out", "RFC 3261 §9.1")
        case (.completed, .timerD): return Cell(.terminated, base)
        case (.accepted, .timerM): return Cell(.terminated, "RFC 6026 §7.2")
        case (_, .timerA), (_, .timerB), (_, .timerD), (_, .timerM): return nil
        case (.calling, .abandon), (.hushed, .abandon), (.proceeding, .abandon), (.lastWait, .abandon):
            return Cell(.terminated, "RFC 3261 §9.1")
        case (_, .abandon): return Cell(state, "RFC 3261 §9.1")
        case (.calling, .transportFailure), (.hushed, .transportFailure):
            return Cell(.terminated, "report the transport failure", "RFC 3261 §17.1.4")
        case (_, .transportFailure): return Cell(state, "RFC 3261 §17.1.4")
        case (.calling, .hush) where !Carrier.isReliable:
            return Cell(.hushed, base)
        case (_, .hush): return Cell(state, base)
        case (.proceeding, .limit): return Cell(.lastWait, "RFC 3261 §9.1")
        case (_, .limit): return Cell(state, "RFC 3261 §9.1")
        }
    }

    private var machine: InviteClientTransaction
    private var now = MonotonicInstant(nanoseconds: 0)
    /// When timer B fires in calling.
    private let end = MonotonicInstant(nanoseconds: 32_000_000_000)

    init() {
        machine = InviteClientTransaction(times: Carrier.times)
        var out = InviteClientTransaction.Output()
        machine.start(at: now, into: &out)
    }

    var state: State {
        switch machine.state {
        case .calling: machine.nextDeadline == end && !Carrier.isReliable ? .hushed : .calling
        case .proceeding: machine.nextDeadline == nil ? .proceeding : .lastWait
        case .accepted: .accepted
        case .completed: .completed
        case .terminated: .terminated
        }
    }

    mutating func take(_ input: Input) -> String? {
        var out = InviteClientTransaction.Output()
        switch input {
        case .provisional: machine.receive(code: 180, at: now, into: &out)
        case .success: machine.receive(code: 200, at: now, into: &out)
        case .failure: machine.receive(code: 486, at: now, into: &out)
        case .timerA, .timerB, .timerD, .timerM: return expire(input)
        case .abandon: machine.abandon()
        case .transportFailure: machine.failTransport(into: &out)
        case .hush: machine.hush()
        case .limit: machine.limit(at: now)
        }
        return Self.words(out)
    }

    /// Lets time pass until the timer fires, or another one has ended the state.
    private mutating func expire(_ wanted: Input) -> String? {
        while let deadline = machine.nextDeadline {
            let before = machine.state
            var out = InviteClientTransaction.Output()
            now = deadline
            machine.fire(at: now, into: &out)
            let fired: Input =
                out.sends == [.invite]
                ? .timerA
                : out.events == [.timedOut] ? .timerB : before == .accepted ? .timerM : .timerD
            if fired == wanted { return Self.words(out) }
            if machine.state != before { break }
        }
        return nil
    }

    private static func words(_ out: InviteClientTransaction.Output) -> String {
        Words.list(
            out.sends.map { $0 == .ack ? "send ACK" : "repeat the INVITE" }
                + out.events.map { event in
                    switch event {
                    case .response: "hand up the response"
                    case .timedOut: "report the time-out"
                    case .transportFailed: "report the transport failure"
                    }
                })
    }
}

struct NonInviteClientTable<Carrier: Carrying>: TabledMachine {
    typealias State = NonInviteClientTransaction.State
    enum Input: CaseIterable {
        case provisional, final, timerE, timerF, timerK, abandon, transportFailure
    }

    static var title: String { "Client transaction of other requests, \(Carrier.words)" }
    static var about: String {
        Carrier.isReliable
            ? "As above without timers E and K: the first final response ends it."
            : "Timer E repeats the request, timer F ends the wait for its final response, timer K takes in late copies of that."
    }
    static var initial: State { .trying }

    static func name(_ input: Input) -> String {
        switch input {
        case .provisional: "1xx"
        case .final: "2xx–6xx"
        case .timerE: "timer E"
        case .timerF: "timer F"
        case .timerK: "timer K"
        case .abandon: "given up by its user"
        case .transportFailure: "transport failure"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        typealias Cell = MachineCell<State>
        let base = "RFC 3261 §17.1.2.2"
        switch (state, input) {
        case (.trying, .provisional), (.proceeding, .provisional):
            return Cell(.proceeding, "hand up the response", base)
        case (.trying, .final), (.proceeding, .final):
            return Cell(Carrier.isReliable ? .terminated : .completed, "hand up the response", base)
        case (.completed, .provisional), (.completed, .final), (.terminated, .provisional),
            (.terminated, .final):
            return Cell(state, base)
        case (.trying, .timerE), (.proceeding, .timerE):
            return Carrier.isReliable ? nil : Cell(state, "repeat the request", base)
        case (.trying, .timerF), (.proceeding, .timerF):
            return Cell(.terminated, "report the time-out", base)
        case (.completed, .timerK): return Cell(.terminated, base)
        case (_, .timerE), (_, .timerF), (_, .timerK): return nil
        case (.trying, .abandon), (.proceeding, .abandon): return Cell(.terminated, base)
        case (_, .abandon): return Cell(state, base)
        case (.trying, .transportFailure):
            return Cell(.terminated, "report the transport failure", "RFC 3261 §17.1.4")
        case (_, .transportFailure): return Cell(state, "RFC 3261 §17.1.4")
        }
    }

    private var machine: NonInviteClientTransaction
    private var now = MonotonicInstant(nanoseconds: 0)

    init() {
        machine = NonInviteClientTransaction(times: Carrier.times)
        var out = NonInviteClientTransaction.Output()
        machine.start(at: now, into: &out)
    }

    var state: State { machine.state }

    mutating func take(_ input: Input) -> String? {
        var out = NonInviteClientTransaction.Output()
        switch input {
        case .provisional: machine.receive(code: 100, at: now, into: &out)
        case .final: machine.receive(code: 200, at: now, into: &out)
        case .timerE, .timerF, .timerK: return expire(input)
        case .abandon: machine.abandon()
        case .transportFailure: machine.failTransport(into: &out)
        }
        return Self.words(out)
    }

    private mutating func expire(_ wanted: Input) -> String? {
        while let deadline = machine.nextDeadline {
            let before = machine.state
            var out = NonInviteClientTransaction.Output()
            now = deadline
            machine.fire(at: now, into: &out)
            let fired: Input =
                out.sends == [.request] ? .timerE : out.events == [.timedOut] ? .timerF : .timerK
            if fired == wanted { return Self.words(out) }
            if machine.state != before { break }
        }
        return nil
    }

    private static func words(_ out: NonInviteClientTransaction.Output) -> String {
        Words.list(
            out.sends.map { _ in "repeat the request" }
                + out.events.map { event in
                    switch event {
                    case .response: "hand up the response"
                    case .timedOut: "report the time-out"
                    case .transportFailed: "report the transport failure"
                    }
                })
    }
}
