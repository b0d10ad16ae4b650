import SansIO

@testable import SIPCore

struct SentReferralTable: TabledMachine {
    typealias State = SentReferral.State
    enum Input: CaseIterable {
        case accepted, refused, failed, progress, final, terminated, unstated, due, sessionEnded
    }

    static var title: String { "A REFER of ours" }
    static var about: String {
        "From the REFER to the final status of the call that it asks for, as NOTIFYs tell it."
    }
    static var initial: State { .pending }

    static func name(_ input: Input) -> String {
        switch input {
        case .accepted: "2xx"
        case .refused: "3xx–6xx"
        case .failed: "no answer"
        case .progress: "NOTIFY of 1xx"
        case .final: "NOTIFY of 2xx–6xx"
        case .terminated: "last NOTIFY without status"
        case .unstated: "NOTIFY without Subscription-State"
        case .due: "wait over"
        case .sessionEnded: "session ended"
        }
    }

    static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
        typealias Cell = MachineCell<State>
        switch (state, input) {
        case (.pending, .accepted): return Cell(.accepted, "report acceptance", "RFC 3515 §2.4.2")
        case (.accepted, .accepted), (.over, .accepted), (.over, .refused):
            return Cell(state, "RFC 3515 §2.4.2")
        case (.pending, .refused), (.accepted, .refused):
            return Cell(.over, "report the refusal", "RFC 3515 §2.4.2")
        case (.pending, .failed), (.accepted, .failed):
            return Cell(.over, "report that nothing came", "RFC 3261 §8.1.3.1")
        case (.over, .failed): return Cell(.over, "RFC 3261 §8.1.3.1")
        // A NOTIFY may overtake the 2xx.
        case (.pending, .progress):
            return Cell(.accepted, "200, report acceptance, report progress", "RFC 3515 §2.4.4")
        case (.accepted, .progress): return Cell(.accepted, "200, report progress", "RFC 3515 §2.4.4")
        case (.pending, .final):
            return Cell(.over, "200, report acceptance, report the result", "RFC 3515 §2.4.5")
        case (.accepted, .final): return Cell(.over, "200, report the result", "RFC 3515 §2.4.5")
        case (.pending, .terminated):
            return Cell(.over, "200, report acceptance, report that no result will come", "RFC 3515 §2.4.7")
        case (.accepted, .terminated):
            return Cell(.over, "200, report that no result will come", "RFC 3515 §2.4.7")
        case (.pending, .unstated), (.accepted, .unstated): return Cell(state, "400", "RFC 6665 §4.1.3")
        case (.over, .progress), (.over, .final), (.over, .terminated), (.over, .unstated):
            return Cell(.over, "481", "RFC 6665 §4.1.3")
        case (.pending, .due), (.accepted, .due):
            return Cell(.over, "report that nothing came", "RFC 6665 §4.1.2.4")
        case (.over, .due): return nil
        case (.pending, .sessionEnded), (.accepted, .sessionEnded):
            return Cell(.over, "report the end of the session", "RFC 6665 §4.4.1")
        case (.over, .sessionEnded): return Cell(.over, "RFC 6665 §4.4.1")
        }
    }

    static func isLeftToTable(_ cell: MachineCell<State>) -> Bool { ["400", "481"].contains(cell.action) }

    private var machine: SentReferral
    private let now = MonotonicInstant(nanoseconds: 0)

    init() { machine = SentReferral(to: ReferTarget(uri: "sip:carol@192.0.2.3"), at: now) }

    var state: State { machine.state }

    mutating func take(_ input: Input) -> String? {
        var out = SentReferral.Output()
        var status: Int?
        switch input {
        case .accepted: machine.receive(Self.response(202), at: now, into: &out)
        case .refused: machine.receive(Self.response(603), at: now, into: &out)
        case .failed: machine.receive(.timedOut, into: &out)
        case .progress: status = notify("SIP/2.0 180 Ringing", "active;expires=60", into: &out)
        case .final: status = notify("SIP/2.0 486 Busy Here", "terminated;reason=noresource", into: &out)
        case .terminated: status = notify(nil, "terminated;reason=timeout", into: &out)
        case .unstated: status = notify("SIP/2.0 200 OK", nil, into: &out)
        case .due:
            guard let deadline = machine.nextDeadline else { return nil }
            machine.fire(at: deadline, into: &out)
        case .sessionEnded: machine.sessionEnded(into: &out)
        }
        return Words.list((status.map { ["\($0)"] } ?? []) + out.events.map { Self.words($0) })
    }

    private static func words(_ event: SentReferral.Event) -> String {
        switch event {
        case .accepted: "report acceptance"
        case .progressed: "report progress"
        case .ended(.finished): "report the result"
        case .ended(.refused): "report the refusal"
        case .ended(.abandoned): "report that no result will come"
        case .ended(.timedOut), .ended(.failed): "report that nothing came"
        case .ended(.sessionEnded): "report the end of the session"
        case .ended(.unobserved): "report that no result will be told"
        }
    }

    private static func response(_ status: Int) -> ReceivedResponse {
        ReceivedResponse(status: status, reasonPhrase: "", headers: [])
    }

    private mutating func notify(
        _ fragment: String?, _ subscription: String?, into out: inout SentReferral.Output
    ) -> Int {
        var headers = [SIPHeaderField(name: "Event", value: "refer")]
        if let subscription {
            headers.append(SIPHeaderField(name: "Subscription-State", value: subscription))
        }
        let body = fragment.map { SIPBody(contentType: "message/sipfrag", bytes: Array($0.utf8)) }
        let request = ReceivedRequest(
            method: "NOTIFY", requestURI: "", from: "", to: "", callID: "", headers: headers, body: body,
            source: Wire.Side.callee.address)
        return machine.receive(notify: request, at: now, into: &out)
    }
}
