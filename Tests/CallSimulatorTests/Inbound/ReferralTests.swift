import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("Far ends that move calls elsewhere, in virtual time")
struct ReferralTests {
    private static func header(_ name: String, of message: String) -> String? {
        message.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }
            .map { String($0.dropFirst(name.count + 2)) }
    }

    private static func tag(_ value: String?) -> String? {
        value?.split(separator: ";").first { $0.hasPrefix("tag=") }.map { String($0.dropFirst(4)) }
    }

    @Test("A call with Replaces takes the place of another, which ends as replaced")
    func replaces() throws {
        let asked = Locked<[IncomingCall]>([])
        let handler = InboundHandler { call in for await _ in call.events {} }
        let world = InboundWorld(
            routing: IncomingCallRouting { call in
                asked.withLock { $0.append(call) }
                return .accept(handler)
            })
        let (trunk, observer) = (world.trunk, world.observer)
        let (first, second) = try world.run { driver in
            async let first = trunk.call(InboundWorld.dialerAddress, .init(hangsUpAfter: .seconds(60)))
            try await driver.sleep(for: .seconds(2))
            let answer = try #require(
                observer.figures.withLock { $0.sent.first { $0.hasPrefix("SIP/2.0 200 ") } })
            let callID = try #require(Self.header("Call-ID", of: answer))
            let ours = try #require(Self.tag(Self.header("To", of: answer)))
            let theirs = try #require(Self.tag(Self.header("From", of: answer)))
            var script = SimulatedCaller.Script(hangsUpAfter: .seconds(3))
            script.headers = [
                SIPHeaderField(name: "Replaces", value: "\(callID);to-tag=\(ours);from-tag=\(theirs)")
            ]
            let second = await trunk.call(InboundWorld.dialerAddress, script)
            return (await first, second)
        }
        #expect(first.end == .calleeHungUp)
        #expect(second.end == .callerHungUp)
        let calls = asked.withLock { $0 }
        #expect(calls.map(\.replaces) == [nil, calls.first?.id])
        let records = observer.records
        #expect(records.map(\.outcome.cause.text) == ["replaced by another call", ""])
        #expect(records.first?.id == calls.first?.id)
        #expect(records.first?.outcome.disposition == .answered)
        #expect(records.first?.outcome.endedBy == .caller)
        #expect(world.world.leaks.isEmpty)
    }

    @Test(
        "A Contact with a host name is looked up; one that leads nowhere leaves requests to go where the caller is",
        arguments: [("pbx.example", "10.0.0.66"), ("gone.example", "10.0.0.9")])
    func namedContact(name: String, host: String) throws {
        let world = InboundWorld { call in
            try await call.answered()
            try await call.sleep(for: .seconds(2))
        }
        world.world.zone.add("pbx.example", address: "10.0.0.66")
        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(10))
        script.contact = "<sip:caller@\(name):5060>"
        _ = try world.call(script)
        let figures = world.observer.figures.withLock { $0 }
        let place = try #require(figures.sent.firstIndex { $0.hasPrefix("BYE ") })
        #expect(figures.sent[place].hasPrefix("BYE sip:caller@\(name):5060 SIP/2.0"))
        #expect(figures.destinations[place].host == host)
    }

    @Test("Replaces of a call that there is not is 481")
    func replacesNothing() throws {
        let world = InboundWorld { _ in }
        var script = SimulatedCaller.Script()
        script.headers = [SIPHeaderField(name: "Replaces", value: "no@where;to-tag=a;from-tag=b")]
        #expect(try world.call(script).status == 481)
    }

    @Test("A referral that the policy takes places its call, and the far end is told how that goes")
    func referred() throws {
        let asked = Locked<[ReferralPolicy.Referral]>([])
        let handler = InboundHandler { call in try await call.answered() }
        let world = InboundWorld(configure: { _, configuration in
            configuration.referrals = ReferralPolicy { referral in
                asked.withLock { $0.append(referral) }
                // Nobody answers it: the trunk here only calls.
                return .place(CallRequest(to: "+15558888", ringTimeout: .seconds(5)), handler)
            }
        }) { call in for await _ in call.events {} }
        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(20))
        script.refersAfter = .seconds(1)
        let report = try world.call(script)
        #expect(report.requestStatuses == [202])
        #expect(asked.withLock { $0.map(\.target) } == ["sip:somebody@elsewhere.invalid"])
        let sent = world.observer.figures.withLock { $0.sent }
        #expect(sent.contains { $0.hasPrefix("INVITE sip:+15558888@") })
        let notices = sent.filter { $0.hasPrefix("NOTIFY ") }
        #expect(notices.first?.contains("SIP/2.0 100") == true)
        let last = try #require(notices.last)
        #expect(last.contains("Subscription-State: terminated"))
        let placed = try #require(world.observer.records.first { $0.direction == .outbound })
        // No final response ever came of it, so the far end is given one that fits.
        #expect(last.contains("SIP/2.0 480"))
        let events = world.observer.figures.withLock { $0.events.values.joined() }
        #expect(events.contains(.transferAccepted(to: "sip:somebody@elsewhere.invalid", as: placed.id)))
        #expect(world.world.leaks.isEmpty)
    }

    @Test("A policy that does not decide in time has refused")
    func undecided() throws {
        let clock = Locked<(any Driver)?>(nil)
        let world = InboundWorld(configure: { _, configuration in
            configuration.referrals = ReferralPolicy { _ in
                try? await clock.withLock { $0 }?.sleep(for: .seconds(60))
                return .refuse
            }
        }) { call in for await _ in call.events {} }
        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(20))
        script.refersAfter = .seconds(1)
        let (trunk, used) = (world.trunk, script)
        let report = try world.run { driver in
            clock.withLock { $0 = driver }
            return await trunk.call(InboundWorld.dialerAddress, used)
        }
        #expect(report.requestStatuses == [603])
        #expect(world.observer.kinds.contains(.transferRefused(to: "sip:somebody@elsewhere.invalid")))
    }
}
