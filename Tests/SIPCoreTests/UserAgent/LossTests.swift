import SIPCore
import SansIO
import Testing

@Suite("Calls over a bad wire")
struct LossTests {
    private static let credentials = [SIPCredentials(username: "alice", password: "wonderland")]

    /// A full call with a challenge, hung up by `hangingUp` two seconds after the answer.
    private func challengedCall(hangingUp side: Wire.Side = .caller, seed: UInt64 = 1) -> Wire {
        var callee = UserAgent.Configuration()
        callee.requiredCredentials = Self.credentials
        let wire = Wire(callee: callee, seed: seed)
        wire.answers()
        let answer = wire.onCallee
        wire.onCallee = { wire, event in
            answer(wire, event)
            if side == .callee, case .acknowledged(let session, _) = event {
                wire.after(.seconds(2)) { $0.end(.callee, session) }
            }
        }
        wire.onCaller = { wire, event in
            guard case .answered(let session, _) = event else { return }
            // A caller whose peer is to hang up gives up by itself in the end.
            wire.after(side == .caller ? .seconds(2) : .seconds(90)) { $0.end(.caller, session) }
        }
        return wire
    }

    private static let lastEvents: Set<String> = [
        "ended by us", "ended by remote", "lost 0", "timed out", "abandoned", "cancelled",
    ]

    private func isLast(_ label: String) -> Bool {
        Self.lastEvents.contains(label) || label.hasPrefix("rejected")
            || label.hasPrefix("credentials refused")
    }

    /// Each session has exactly one last event, it is the last, and everything has drained.
    private func check(_ wire: Wire, _ comment: Comment) {
        for (events, name) in [(wire.callerEvents, "caller"), (wire.calleeEvents, "callee")] {
            let ids = events.map(\.session).reduce(into: [InviteSessionID]()) {
                if !$0.contains($1) { $0.append($1) }
            }
            for id in ids {
                let labels = events.filter { $0.session == id }.map(\.label)
                #expect(labels.filter(isLast).count == 1, "\(name) \(labels), \(comment)")
                #expect(labels.last.map(isLast) == true, "\(name) \(labels), \(comment)")
            }
        }
        #expect(wire.isDrained, comment)
        checkSilence(wire, comment)
        checkSequenceNumbers(wire, comment)
    }

    /// Once a dialog has ended on one side, that side begins no request in it.
    private func checkSilence(_ wire: Wire, _ comment: Comment) {
        for (side, events) in [(Wire.Side.caller, wire.callerEvents), (.callee, wire.calleeEvents)] {
            guard Set(events.map(\.session)).count == 1, events.last?.label.hasPrefix("ended") == true,
                let position = wire.positions[side]?.last
            else { continue }
            let earlier = Set(wire.datagrams.prefix(position).filter { $0.from == side }.map(\.text))
            let later = wire.datagrams.dropFirst(position).filter {
                $0.from == side && !$0.name.contains(" ")
            }
            #expect(later.allSatisfy { earlier.contains($0.text) }, comment)
        }
    }

    @Test("A BYE that is answered 481, or not at all, ends the call all the same", arguments: [481, 408, 0])
    func byeRefused(status: Int) throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call()
        wire.run(for: .seconds(2))
        wire.fate = { _, _ in [] }
        wire.end(.caller, session)
        if status > 0 {
            wire.inject(Scripted.response(status, to: wire.datagrams.last?.text ?? ""), to: .caller)
        }
        wire.run(for: .seconds(60))
        #expect(wire.callerLabels.last == "ended by us")
        #expect(wire.caller.statistics.liveSessions == 0)
        #expect(wire.caller.nextDeadline == nil)
        #expect(wire.sent(by: .caller).filter { $0 == "BYE" }.count == (status > 0 ? 1 : 11))
    }

    /// New requests of one side in one dialog carry growing numbers; copies carry their own.
    private func checkSequenceNumbers(_ wire: Wire, _ comment: Comment) {
        for side in [Wire.Side.caller, .callee] {
            var latest: [String: Int] = [:]
            var branches: Set<String> = []
            for datagram in wire.datagrams
            where datagram.from == side && ["INVITE", "BYE"].contains(datagram.name) {
                let branch =
                    Scripted.parameter("branch", of: Scripted.header("Via", of: datagram.text)) ?? "?"
                guard branches.insert(branch).inserted else { continue }
                let number =
                    Int(Scripted.header("CSeq", of: datagram.text)?.split(separator: " ").first ?? "") ?? -1
                let dialog = Scripted.header("Call-ID", of: datagram.text) ?? "?"
                #expect(number > latest[dialog] ?? 0, comment)
                latest[dialog] = number
            }
        }
    }

    @Test(
        "Whichever datagram of a full call is lost, the call is established and ends cleanly",
        arguments: [Wire.Side.caller, .callee])
    func dropOne(hangingUp: Wire.Side) throws {
        for lost in 0..<12 {
            let wire = challengedCall(hangingUp: hangingUp)
            wire.fate = { number, _ in number == lost ? [] : [.milliseconds(10)] }
            try wire.call(Wire.request(credentials: Self.credentials))
            wire.run()
            #expect(wire.callerLabels.contains("answered 200"), "without datagram \(lost)")
            #expect(wire.calleeLabels.contains("acknowledged"), "without datagram \(lost)")
            check(wire, "without datagram \(lost)")
        }
    }

    @Test("From any point of a call on, the wire can be cut for good")
    func cutOff() throws {
        for cut in 0..<13 {
            let wire = challengedCall()
            wire.fate = { number, _ in number >= cut ? [] : [.milliseconds(10)] }
            let session = try wire.call(Wire.request(credentials: Self.credentials))
            wire.after(.seconds(60)) { $0.end(.caller, session) }  // What a ring timeout does.
            wire.run()
            // A callee whose caller vanished after the ACK hears nothing; its owner hangs up.
            for event in wire.calleeEvents { wire.end(.callee, event.session) }
            wire.run()
            check(wire, "cut at datagram \(cut)")
        }
    }

    @Test("Every datagram twice changes nothing that the applications see")
    func duplicates() throws {
        let wire = challengedCall()
        wire.fate = { _, _ in [.milliseconds(10), .milliseconds(13)] }
        try wire.call(Wire.request(credentials: Self.credentials))
        wire.run()
        // A repeated INVITE brings the 180 again, and each 180 is reported: only provisional responses multiply.
        #expect(wire.callerLabels.filter { $0 != "provisional 180" } == ["answered 200", "ended by us"])
        #expect(wire.calleeLabels == ["incoming", "acknowledged", "ended by remote"])
        check(wire, "duplicates")
    }

    @Test("Late copies of every datagram, when the call is long over, change nothing")
    func lateCopies() throws {
        let wire = challengedCall()
        wire.fate = { _, _ in [.milliseconds(10), .seconds(100)] }
        try wire.call(Wire.request(credentials: Self.credentials))
        wire.run()
        #expect(wire.callerLabels.suffix(2) == ["answered 200", "ended by us"])
        #expect(wire.calleeLabels.filter { $0 == "acknowledged" }.count == 1)
        #expect(wire.caller.statistics.liveSessions == 0)
        #expect(wire.callerLabels.filter(isLast).count == 1)
    }

    @Test("A 2xx is repeated T1 doubling to T2 until 64*T1, then BYE, and the call is lost")
    func neverAcknowledged() throws {
        let wire = Wire()
        wire.answers(after: .zero)
        wire.fate = { _, datagram in datagram.name == "ACK" ? [] : [.milliseconds(10)] }
        try wire.call()
        wire.run()
        let answers = wire.datagrams.filter { $0.name == "200 INVITE" }
        let times = answers.map { answers[0].time.duration(to: $0.time) }
        #expect(
            times
                == [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500].map {
                    Duration.milliseconds($0)
                })
        #expect(wire.calleeLabels == ["incoming", "lost 0"])
        #expect(wire.callerLabels.suffix(2) == ["answered 200", "ended by remote"])
        // Every copy of the 2xx gets the very same ACK.
        let acks = wire.datagrams.filter { $0.name == "ACK" }
        #expect(acks.count == 11)
        #expect(Set(acks.map(\.text)).count == 1)
        #expect(wire.isDrained)
    }

    @Test("The callee's BYE waits for the ACK of its 2xx, RFC 3261 §15")
    func byeWaitsForAcknowledgement() throws {
        let wire = Wire()
        wire.onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, 200, body: "answer")
            wire.end(.callee, session)
        }
        try wire.call()
        wire.run()
        #expect(wire.sent(by: .callee) == ["100 INVITE", "200 INVITE", "BYE"])
        #expect(wire.calleeLabels == ["incoming", "ended by us"])
        #expect(wire.callerLabels == ["answered 200", "ended by remote"])
        #expect(wire.isDrained)
    }

    @Test("Both hang up at once: each BYE is answered, each side hears one end")
    func bothHangUp() throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call()
        wire.run(for: .seconds(2))
        wire.end(.caller, session)
        wire.end(.callee, wire.calleeEvents[0].session)
        wire.run()
        #expect(wire.callerLabels.last == "ended by us")
        #expect(wire.calleeLabels.last == "ended by us")
        check(wire, "both hang up")
    }

    @Test(
        "Loss, duplication and reordering at random: every call ends once, everything drains",
        arguments: UInt64(0)..<240)
    func simulation(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed, label: "wire")
        let loss = [0.0, 0.1, 0.3, 0.5][Int(seed % 4)]
        let wire = challengedCall(hangingUp: seed % 8 < 4 ? .caller : .callee, seed: seed)
        wire.fate = { _, _ in
            var copies: [Duration] = []
            for _ in 0..<(generator.chance(0.2) ? 3 : 1) where !generator.chance(loss) {
                copies.append(.milliseconds(Int64(generator.next() % 700)))
            }
            return copies
        }
        for index in 0..<3 {
            let wait = Duration.milliseconds(Int64(seed) * 37 % 2000 + Int64(index) * 400)
            wire.after(wait) { wire in
                guard let session = try? wire.call(Wire.request(credentials: Self.credentials)) else {
                    return
                }
                // Some are cancelled early, the rest at the latest by a ring timeout.
                let patience = (seed &+ UInt64(index)) % 3 == 0 ? 900 : 60_000
                wire.after(.milliseconds(patience)) { $0.end(.caller, session) }
            }
        }
        wire.run(for: .seconds(300))
        for event in wire.calleeEvents { wire.end(.callee, event.session) }
        wire.run()
        check(wire, "seed \(seed)")
        #expect(wire.caller.nextDeadline == nil)
    }

    @Test("One seed gives one sequence of bytes")
    func deterministic() throws {
        func transcript() throws -> [String] {
            let wire = challengedCall(seed: 77)
            var generator = SeededGenerator(seed: 77)
            wire.fate = { _, _ in generator.chance(0.3) ? [] : [.milliseconds(Int64(generator.next() % 50))] }
            try wire.call(Wire.request(credentials: Self.credentials))
            wire.run()
            return wire.datagrams.map { "\($0.time.nanoseconds) \($0.text)" }
        }
        #expect(try transcript() == transcript())
    }
}
