import SIPCore
import SansIO
import Testing

/// A call with everything in it: reliable ringing and early media, a late UPDATE, re-INVITE of either side, session
/// refresh, and a BYE.
@Suite("Full calls over a bad wire")
struct FullCallLossTests {
    private func fullCall(seed: UInt64 = 1, endedBy side: Wire.Side = .caller) -> Wire {
        var configuration = UserAgent.Configuration()
        configuration.reliableProvisionals = .whenSupported
        let wire = Wire(callee: configuration, seed: seed)
        wire.onCallee = { wire, event in
            switch event {
            case .incoming(let session, _):
                wire.respond(session, 180)
                wire.after(.milliseconds(200)) { $0.respond(session, 183, body: "answer") }
                wire.after(.seconds(2)) { $0.respond(session, 200, body: "answer") }
            case .reinvited(let session, _): wire.respond(session, 200, body: "answer")
            case .offered(let session, _): wire.answerOffer(.callee, session, "answer")
            case .acknowledged(let session, _):
                guard wire.calleeLabels.filter({ $0 == "acknowledged" }).count == 1 else { break }
                wire.after(.seconds(20)) { try? $0.offer(.callee, session, "callee's offer") }
                wire.after(.seconds(side == .callee ? 150 : 400)) { $0.end(.callee, session) }
            default: break
            }
        }
        wire.onCaller = { wire, event in
            switch event {
            case .answered(let session, _):
                wire.after(.seconds(5)) { try? $0.offer(.caller, session, "hold", by: .update) }
                wire.after(.seconds(12)) { try? $0.offer(.caller, session, "resume") }
                wire.after(.seconds(side == .caller ? 150 : 400)) { $0.end(.caller, session) }
            case .reinvited(let session, _): wire.respond(session, 200, body: "answer", on: .caller)
            case .offered(let session, _): wire.answerOffer(.caller, session, "answer")
            default: break
            }
        }
        return wire
    }

    private static func request() -> OutgoingInvite {
        var request = Wire.request()
        request.options = InviteOptions(reliability: .required, sessionInterval: .seconds(90))
        return request
    }

    private static let lastEvents: Set<String> = [
        "ended by us", "ended by remote", "timed out", "abandoned", "cancelled",
    ]

    private func isLast(_ label: String) -> Bool {
        Self.lastEvents.contains(label) || label.hasPrefix("rejected") || label.hasPrefix("lost")
    }

    /// One last event per session, numbers that grow, no two requests of one side with one number, nothing left.
    private func check(_ wire: Wire, _ comment: Comment) {
        for events in [wire.callerEvents, wire.calleeEvents] {
            let ids = Set(events.map(\.session))
            for id in ids {
                let labels = events.filter { $0.session == id }.map(\.label)
                #expect(labels.filter(isLast).count == 1, "\(labels), \(comment)")
                #expect(labels.last.map(isLast) == true, "\(labels), \(comment)")
            }
        }
        #expect(wire.isDrained, comment)
        for side in [Wire.Side.caller, .callee] {
            var latest: [String: Int] = [:]
            var seen: Set<String> = []
            for datagram in wire.datagrams where datagram.from == side && !datagram.name.contains(" ") {
                guard datagram.name != "ACK", datagram.name != "CANCEL" else { continue }
                let branch =
                    Scripted.parameter("branch", of: Scripted.header("Via", of: datagram.text)) ?? "?"
                guard seen.insert(branch).inserted else { continue }
                let cSeq = Scripted.header("CSeq", of: datagram.text)?.split(separator: " ").first
                let number = cSeq.flatMap { Int($0) } ?? -1
                let callID = Scripted.header("Call-ID", of: datagram.text) ?? "?"
                #expect(number > latest[callID] ?? 0, "\(datagram.name) \(number), \(comment)")
                latest[callID] = number
            }
        }
    }

    @Test("The call without loss, in full")
    func whole() throws {
        let wire = fullCall()
        try wire.call(Self.request())
        wire.run()
        #expect(
            wire.callerLabels.filter { $0 != "refreshed" } == [
                "provisional 180", "provisional 183", "answered 200", "offer answered 200",
                "offer answered 200",
                "reinvited", "acknowledged", "ended by us",
            ])
        #expect(
            wire.calleeLabels.filter { $0 != "refreshed" } == [
                "incoming", "provisional acknowledged", "provisional acknowledged", "acknowledged", "offered",
                "reinvited", "acknowledged", "offer answered 200", "ended by remote",
            ])
        #expect(wire.callerLabels.filter { $0 == "refreshed" }.count >= 2)
        #expect(
            Set(wire.sent(by: .caller)).isSuperset(of: ["INVITE", "ACK", "PRACK", "UPDATE", "BYE"]))
        check(wire, "whole")
    }

    @Test(
        "Whichever datagram is lost, the call is answered, its offers are, and it ends cleanly",
        arguments: [Wire.Side.caller, .callee])
    func dropOne(endedBy: Wire.Side) throws {
        let whole = fullCall(endedBy: endedBy)
        try whole.call(Self.request())
        whole.run()
        let count = whole.datagrams.count
        #expect(count > 25)
        for lost in 0..<count {
            let wire = fullCall(endedBy: endedBy)
            wire.fate = { number, _ in number == lost ? [] : [.milliseconds(10)] }
            try wire.call(Self.request())
            wire.run()
            let (caller, callee) = (wire.callerLabels, wire.calleeLabels)
            #expect(caller.contains("answered 200"), "without datagram \(lost)")
            #expect(caller.filter { $0 == "offer answered 200" }.count == 2, "without datagram \(lost)")
            #expect(callee.filter { $0 == "offer answered 200" }.count == 1, "without datagram \(lost)")
            #expect(caller.last == (endedBy == .caller ? "ended by us" : "ended by remote"), "\(lost)")
            check(wire, "without datagram \(lost)")
        }
    }

    @Test("Every Nth datagram is lost, for every N from 2 on", arguments: 2..<30)
    func dropEvery(nth: Int) throws {
        let wire = fullCall()
        wire.fate = { number, _ in number % nth == nth - 1 ? [] : [.milliseconds(10)] }
        try wire.call(Self.request())
        wire.run()
        for event in wire.calleeEvents { wire.end(.callee, event.session) }
        wire.run()
        check(wire, "every \(nth)th")
        if nth > 4 { #expect(wire.callerLabels.contains("answered 200")) }
    }

    @Test("Every datagram twice changes nothing that the applications see")
    func duplicates() throws {
        let whole = fullCall()
        try whole.call(Self.request())
        whole.run()
        let wire = fullCall()
        wire.fate = { _, _ in [.milliseconds(10), .milliseconds(14)] }
        try wire.call(Self.request())
        wire.run()
        #expect(wire.callerLabels == whole.callerLabels)
        #expect(wire.calleeLabels == whole.calleeLabels)
        check(wire, "duplicates")
    }

    @Test("From any point of the call on, the wire can be cut for good")
    func cutOff() throws {
        for cut in 0..<40 {
            let wire = fullCall()
            wire.fate = { number, _ in number >= cut ? [] : [.milliseconds(10)] }
            let session = try wire.call(Self.request())
            wire.after(.seconds(160)) { $0.end(.caller, session) }
            wire.run()
            for event in wire.calleeEvents { wire.end(.callee, event.session) }
            wire.run()
            check(wire, "cut at datagram \(cut)")
        }
    }

    @Test("Loss, duplication and reordering at random", arguments: UInt64(0)..<240)
    func simulation(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed, label: "wire")
        let loss = [0.0, 0.05, 0.15, 0.4][Int(seed % 4)]
        let wire = fullCall(seed: seed, endedBy: seed % 8 < 4 ? .caller : .callee)
        wire.fate = { _, _ in
            var copies: [Duration] = []
            for _ in 0..<(generator.chance(0.2) ? 3 : 1) where !generator.chance(loss) {
                copies.append(.milliseconds(Int64(generator.next() % 400)))
            }
            return copies
        }
        let session = try wire.call(Self.request())
        wire.after(.seconds(seed % 5 == 0 ? 1 : 200)) { $0.end(.caller, session) }
        wire.run()
        for event in wire.calleeEvents { wire.end(.callee, event.session) }
        wire.run()
        check(wire, "seed \(seed)")
    }
}
