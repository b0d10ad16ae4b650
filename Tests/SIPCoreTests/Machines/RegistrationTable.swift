import SansIO

@testable import SIPCore

struct RegistrationTable: TabledMachine {
    enum State: CaseIterable {
        case idle
        case registering
        /// Registering while an earlier binding holds.
        case refreshing
        case registered
        case waiting, waitingBound
        /// Registering although it is not wanted any more.
        case leaving, leavingBound
        case unregistering
        /// Unregistering although it is wanted again.
        case returning
        case refused, refusedBound
    }

    enum Input: CaseIterable {
        case start, stop, refresh, bound, unbound, tooBrief, passing, later, refused, silence, timer, expiry
    }

    static var title: String { "Registration" }
    static var about: String {
        """
        Keeps one address bound: registers, refreshes, tries again, unregisters. The table has a state of its own for what \
        differs by an earlier binding that still holds (*bound*), and for a change of mind while a REGISTER is open \
        (*leaving*, *returning*); the diagram leaves the latter out and makes no difference of the former. A refusal for good gives up here; with a \
        `refusalRetry` it waits like any other failure.
        """
    }
    static var initial: State { .idle }

    static func name(_ input: Input) -> String {
        switch input {
        case .start: "start"
        case .stop: "stop"
        case .refresh: "refresh"
        case .bound: "2xx with the binding"
        case .unbound: "2xx that binds nothing"
        case .tooBrief: "423"
        case .passing: "failure that may pass"
        case .later: "503 with Retry-After"
        case .refused: "refusal for good"
        case .silence: "no answer"
        case .timer: "time to register"
        case .expiry: "binding runs out"
        }
    }

    static func name(_ state: State) -> String {
        switch state {
        case .waitingBound: "waiting, bound"
        case .leavingBound: "leaving, bound"
        case .refusedBound: "refused, bound"
        default: Words.split("\(state)")
        }
    }

    static func place(_ state: State) -> String {
        switch state {
        case .refreshing: "registering"
        case .waitingBound: "waiting"
        case .refusedBound: "refused"
        case .leaving, .leavingBound, .returning: ""
        default: name(state)
        }
    }

    private static let register = "send REGISTER"
    private static let remove = "send REGISTER, Expires 0"
    private static let failed = "report the failure"
    private static let ended = "report the end"
    private static let endedByFailure = "report the end and the failure"

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        switch input {
        case .start: start(state)
        case .stop: stop(state)
        case .refresh:
            switch state {
            case .registered, .waitingBound: MachineCell(.refreshing, register, "RFC 3261 §10.2.4")
            case .waiting: MachineCell(.registering, register, "RFC 3261 §10.2.4")
            default: MachineCell(state, "RFC 3261 §10.2.4")
            }
        case .bound: bound(state)
        case .unbound: failure(state, "RFC 3261 §10.2.4")
        case .tooBrief:
            switch state {
            case .registering, .refreshing: MachineCell(state, register, "RFC 3261 §10.2.8")
            default: failure(state, "RFC 3261 §10.2.8")
            }
        case .passing: failure(state, "RFC 5626 §4.5")
        case .later: failure(state, "RFC 3261 §20.33")
        case .refused:
            switch state {
            case .registering: MachineCell(.refused, "report the failure, give up", "RFC 3261 §10.2.8")
            case .refreshing: MachineCell(.refusedBound, "report the failure, give up", "RFC 3261 §10.2.8")
            default: failure(state, "RFC 3261 §10.2.8")
            }
        case .silence: failure(state, "RFC 3261 §10.2.7")
        case .timer:
            switch state {
            case .registered, .waitingBound: MachineCell(.refreshing, register, "RFC 3261 §10.2.4")
            case .waiting: MachineCell(.registering, register, "RFC 5626 §4.5")
            default: nil
            }
        case .expiry: expiry(state)
        }
    }

    private static func start(_ state: State) -> MachineCell<State> {
        switch state {
        case .idle, .refused: MachineCell(.registering, register, "RFC 3261 §10.2.1")
        case .refusedBound: MachineCell(.refreshing, register, "RFC 3261 §10.2.1")
        case .leaving: MachineCell(.registering, "RFC 3261 §10.2")
        case .leavingBound: MachineCell(.refreshing, "RFC 3261 §10.2")
        case .unregistering: MachineCell(.returning, "RFC 3261 §10.2")
        default: MachineCell(state, "RFC 3261 §10.2.1")
        }
    }

    private static func stop(_ state: State) -> MachineCell<State> {
        switch state {
        case .registering: MachineCell(.leaving, "RFC 3261 §10.2")
        case .refreshing: MachineCell(.leavingBound, "RFC 3261 §10.2")
        case .returning: MachineCell(.unregistering, "RFC 3261 §10.2")
        case .registered, .waitingBound, .refusedBound:
            MachineCell(.unregistering, remove, "RFC 3261 §10.2.2")
        case .waiting, .refused: MachineCell(.idle, ended, "RFC 3261 §10.2.2")
        case .idle, .leaving, .leavingBound, .unregistering: MachineCell(state, "RFC 3261 §10.2.2")
        }
    }

    private static func bound(_ state: State) -> MachineCell<State> {
        switch state {
        case .registering: MachineCell(.registered, "report the binding", "RFC 3261 §10.2.1")
        case .refreshing: MachineCell(.registered, "report the refresh", "RFC 3261 §10.2.4")
        case .leaving, .leavingBound: MachineCell(.unregistering, remove, "RFC 3261 §10.2.2")
        case .unregistering: MachineCell(.idle, ended, "RFC 3261 §10.2.2")
        case .returning: MachineCell(.registering, "\(register), \(ended)", "RFC 3261 §10.2.2")
        default: MachineCell(state, "RFC 3261 §17.1.3")
        }
    }

    /// A final response or silence that leaves us without a new binding; `rule` says what then.
    private static func failure(_ state: State, _ rule: String) -> MachineCell<State> {
        switch state {
        case .registering: MachineCell(.waiting, failed, rule)
        case .refreshing: MachineCell(.waitingBound, failed, rule)
        case .leaving: MachineCell(.idle, endedByFailure, "RFC 3261 §10.2.2")
        case .leavingBound: MachineCell(.unregistering, remove, "RFC 3261 §10.2.2")
        // Any 2xx has taken the binding back.
        case .unregistering:
            MachineCell(.idle, rule == "RFC 3261 §10.2.4" ? ended : endedByFailure, "RFC 3261 §10.2.2")
        case .returning:
            MachineCell(
                .registering, "\(register), \(rule == "RFC 3261 §10.2.4" ? ended : endedByFailure)",
                "RFC 3261 §10.2.2")
        default: MachineCell(state, "RFC 3261 §17.1.3")
        }
    }

    private static func expiry(_ state: State) -> MachineCell<State>? {
        let (rule, lost) = ("RFC 3261 §10.2.1.1", "report the loss")
        switch state {
        case .refreshing: return MachineCell(.registering, lost, rule)
        case .waitingBound: return MachineCell(.waiting, lost, rule)
        case .leavingBound: return MachineCell(.leaving, lost, rule)
        case .refusedBound: return MachineCell(.refused, lost, rule)
        case .unregistering, .returning: return MachineCell(state, rule)
        // In registered the refresh comes first.
        case .idle, .registering, .registered, .waiting, .leaving, .refused: return nil
        }
    }

    private var machine: Registration
    private var now = MonotonicInstant(nanoseconds: 0)
    private var least = 3_600

    init() {
        var configuration = RegistrationTests.configuration()
        configuration.refusalRetry = nil
        machine = Registration(configuration: configuration, generator: SeededGenerator(seed: 1))
    }

    var state: State {
        let isBound = machine.binding != nil
        // Whether it is wanted shows in what an answer brings.
        var (copy, out) = (machine, Registration.Output())
        copy.receive(Self.ours, at: now, into: &out)
        switch machine.state {
        case .idle: return .idle
        case .registering where copy.state == .registered: return isBound ? .refreshing : .registering
        case .registering: return isBound ? .leavingBound : .leaving
        case .registered: return .registered
        case .waiting: return isBound ? .waitingBound : .waiting
        case .unregistering: return copy.state == .registering ? .returning : .unregistering
        case .refused: return isBound ? .refusedBound : .refused
        }
    }

    private static let ours = response(200, [("Contact", "<sip:alice@192.0.2.1:5060>;expires=600")])

    private static let nothing = response(200, [("Contact", "<sip:alice@192.0.2.1:5060>;expires=0")])

    private static func response(_ status: Int, _ headers: [(String, String)] = []) -> ReceivedResponse {
        ReceivedResponse(
            status: status, reasonPhrase: "",
            headers: headers.map { SIPHeaderField(name: $0.0, value: $0.1) })
    }

    mutating func take(_ input: Input) -> String? {
        var out = Registration.Output()
        switch input {
        case .start: machine.start(at: now, into: &out)
        case .stop: machine.stop(at: now, into: &out)
        case .refresh: machine.refresh(at: now, into: &out)
        case .bound: machine.receive(Self.ours, at: now, into: &out)
        case .unbound: machine.receive(Self.nothing, at: now, into: &out)
        case .tooBrief:
            least *= 2
            machine.receive(Self.response(423, [("Min-Expires", "\(least)")]), at: now, into: &out)
        case .passing: machine.receive(Self.response(500), at: now, into: &out)
        case .later: machine.receive(Self.response(503, [("Retry-After", "3600")]), at: now, into: &out)
        case .refused: machine.receive(Self.response(403), at: now, into: &out)
        case .silence: machine.receive(.timedOut, at: now, into: &out)
        case .timer, .expiry:
            guard let deadline = machine.nextDeadline else { return nil }
            now = deadline
            machine.fire(at: now, into: &out)
            guard out.sends.isEmpty == (input == .expiry) else { return nil }
        }
        return Words.list(
            out.sends.map { $0.contact?.hasSuffix(";expires=0") == true ? Self.remove : Self.register }
                + out.events.map { Self.words($0) })
    }

    private static func words(_ event: Registration.Event) -> String {
        switch event {
        case .registered: "report the binding"
        case .refreshed: "report the refresh"
        case .failed(_, nil): "report the failure, give up"
        case .failed: failed
        case .lost: "report the loss"
        case .unregistered(nil): ended
        case .unregistered: endedByFailure
        }
    }
}
