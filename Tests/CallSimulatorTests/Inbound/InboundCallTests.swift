import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("The dialer is called")
struct InboundCallTests {
    private static let speech = [Int16](repeating: 9_000, count: 16_000)

    @Test("A call of the trunk rings, is answered with the ACK, carries audio and keys, and has its outcome")
    func answered() throws {
        let heard = Locked(0)
        let world = InboundWorld(answersAfter: .seconds(1)) { call in
            try await call.answered()
            #expect(call.direction == .inbound)
            #expect(call.caller.user == "+15557777")
            #expect(call.request.to == "+15550100")
            try await call.audio.write(Self.speech)
            try call.sendDigits("42")
            while let samples = await call.audio.read() {
                heard.withLock { $0 += samples.count { $0.magnitude > 1_000 } }
            }
        }
        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(4))
        script.digits = "7#"
        let report = try world.call(script)
        #expect(report.end == .callerHungUp)
        #expect(report.provisional == [180])
        #expect(report.status == 200)
        #expect((1_000...1_100).contains(report.setupMilliseconds))
        #expect(report.loudFrames > 40, "a second of speech")
        #expect(report.digits == "42")
        #expect(heard.withLock { $0 } > 16_000)
        let record = try #require(world.observer.records.first)
        #expect(world.observer.records.count == 1)
        #expect(record.direction == .inbound)
        #expect(record.to == "+15550100")
        #expect(record.from == "+15557777")
        #expect(record.digits == "7#")
        #expect(record.outcome.disposition == .answered)
        #expect(record.outcome.endedBy == .caller)
        #expect(record.outcome.agentResult?.status == .done)
        #expect(record.outcome.timings.talkTime.map { $0 > .seconds(3) } == true)
        #expect(world.observer.figures.withLock { $0.unassigned } == 0, "the INVITE itself is the call's too")
        #expect(world.world.leaks.isEmpty, "\(world.world.leaks)")
        let kinds = world.observer.kinds
        #expect(kinds.first == .incoming(sipCallID: record.sipCallID))
        #expect(kinds.contains(.ringing(status: 180)))
        #expect(kinds.contains(.answered))
        guard case .ended = kinds.last else {
            Issue.record("no end")
            return
        }
    }

    @Test("The agent's return hangs up")
    func agentHangsUp() throws {
        let world = InboundWorld { call in try await call.answered() }
        let report = try world.call(.init(hangsUpAfter: nil))
        #expect(report.end == .calleeHungUp)
        #expect(world.observer.records.first?.outcome.endedBy == .us)
    }

    @Test("Early media: the caller hears the handler before it answers of its own accord")
    func earlyMedia() throws {
        let world = InboundWorld(alerting: .earlyMedia, answersAfter: nil) { call in
            call.play(Self.speech, .repeated)
            try await call.sleep(for: .seconds(2))
            call.play([])
            call.answer()
            try await call.answered()
            for await _ in call.events {}
        }
        let report = try world.call()
        #expect(report.provisional == [183])
        #expect(report.status == 200)
        #expect((80...110).contains(report.loudFramesEarly), "\(report.loudFramesEarly)")
        #expect(report.end == .callerHungUp)
        #expect(world.observer.kinds.contains(.earlyMedia))
    }

    @Test("A handler that returns without an answer has refused the call")
    func notAnswered() throws {
        let world = InboundWorld(answersAfter: nil) { call in try await call.sleep(for: .seconds(1)) }
        let report = try world.call()
        #expect(report.end == .rejected)
        #expect(report.status == 480)
        let outcome = try #require(world.observer.records.first?.outcome)
        #expect(outcome.disposition == .declined)
        #expect(outcome.cause.sipStatus == 480)
    }

    @Test("What a route decides is what the caller gets")
    func decisions() throws {
        let world = InboundWorld(
            routing: IncomingCallRouting([
                .init(.number("1")) { _ in .reject(status: 603, reason: "Not today") },
                .init(.number("2")) { _ in .redirect(to: ["sip:a@10.0.0.7", "sip:b@10.0.0.7", "no uri"]) },
                .init(.number("3")) { _ in .redirect(to: ["<>"]) },
                .init(.number("4")) { _ in .reject(status: 200) },
            ]))
        let trunk = world.trunk
        let reports = try world.run { _ in
            var reports: [SimulatedCaller.Report] = []
            for number in ["1", "2", "3", "4", "5"] {
                reports.append(await trunk.call(InboundWorld.dialerAddress, .init(number: number)))
            }
            return reports
        }
        #expect(reports.map(\.status) == [603, 302, 480, 480, 404])
        #expect(
            reports[1].headers.first { $0.name == "Contact" }?.value
                == "<sip:a@10.0.0.7>;q=1.0, <sip:b@10.0.0.7>;q=0.9")
        let records = world.observer.records
        #expect(records.map(\.outcome.cause.sipStatus) == [603, 302, 480, 480, 404])
        #expect(records.allSatisfy { $0.outcome.disposition == .declined && $0.outcome.endedBy == .us })
        #expect(records.first?.outcome.cause.text == "Not today")
        #expect(Set(records.map(\.id)).count == 5)
    }

    @Test("The final response to a refused call is seen with the call, before its end")
    func refusalIsSeen() throws {
        let world = InboundWorld(routing: IncomingCallRouting([]))
        _ = try world.call()
        #expect(world.observer.figures.withLock { $0.sentUnassigned } == 0)
        #expect(world.observer.records.map(\.outcome.cause.sipStatus) == [404])
    }

    @Test("A decision that does not come in time is a refusal; the closure is told to stop")
    func decisionTimeout() throws {
        let stopped = Locked(0)
        let clock = Locked<(any Driver)?>(nil)
        let world = InboundWorld(
            routing: IncomingCallRouting { _ in
                do {
                    try await clock.withLock { $0 }?.sleep(for: .seconds(3_600))
                } catch {
                    stopped.withLock { $0 += 1 }
                }
                return .reject(status: 600)
            }, configure: { policy, _ in policy.decisionTimeout = .seconds(3) })
        let trunk = world.trunk
        let report = try world.run { driver in
            clock.withLock { $0 = driver }
            return await trunk.call(InboundWorld.dialerAddress)
        }
        #expect(report.status == 480)
        #expect((3_000...3_100).contains(report.setupMilliseconds))
        #expect(stopped.withLock { $0 } == 1)
    }

    @Test(
        "A caller that gives up while nobody has decided, while the agent prepares, or while it rings",
        arguments: 0..<3)
    func cancelled(stage: Int) throws {
        let slow = Duration.seconds(20)
        let world: InboundWorld
        if stage == 0 {
            let clock = Locked<(any Driver)?>(nil)
            world = InboundWorld(
                routing: IncomingCallRouting { _ in
                    try? await clock.withLock { $0 }?.sleep(for: .seconds(20))
                    return .reject(status: 600)
                })
            clock.withLock { $0 = world.world.makeDriver(host: "10.0.0.77") }
        } else {
            world = InboundWorld(
                answersAfter: stage == 1 ? .zero : nil, prepareTime: stage == 1 ? slow : .zero
            ) { call in for await _ in call.events {} }
        }
        var script = SimulatedCaller.Script()
        script.givesUpAfter = .seconds(2)
        let report = try world.call(script)
        #expect(report.end == .gaveUp)
        #expect(report.status == 487)
        let record = try #require(world.observer.records.first)
        #expect(world.observer.records.count == 1)
        #expect(record.outcome.disposition == .cancelled)
        #expect(record.outcome.endedBy == .caller)
    }

    @Test("An agent that cannot prepare is 480 to the caller")
    func notPrepared() throws {
        let world = InboundWorld(prepareTime: .seconds(-1)) { _ in }
        #expect(try world.call().status == 480)
        #expect(world.observer.records.first?.outcome.disposition == .notPrepared)
    }

    @Test("An offer that we do not speak is 488")
    func unspeakable() throws {
        let world = InboundWorld { call in for await _ in call.events {} }
        var script = SimulatedCaller.Script()
        script.offer = Array(
            "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n"
                .utf8)
        #expect(try world.call(script).status == 488)
        #expect(world.observer.records.first?.outcome.disposition == .mediaRefused)
    }

    @Test("Nobody answers: 480 after the ring timeout")
    func ringTimeout() throws {
        let world = InboundWorld(
            answersAfter: nil, configure: { policy, _ in policy.ringTimeout = .seconds(10) }
        ) { call in for await _ in call.events {} }
        let report = try world.call()
        #expect(report.status == 480)
        #expect((10_000...10_100).contains(report.setupMilliseconds))
        #expect(world.observer.records.first?.outcome.disposition == .noAnswer)
    }

    @Test("Above the limit of inbound calls it is 486, above the dialer's own 503 with Retry-After")
    func limits() throws {
        func statuses(_ configure: (inout InboundPolicy, inout DialerConfiguration) -> Void) throws -> [Int] {
            let world = InboundWorld(configure: configure) { call in for await _ in call.events {} }
            let trunk = world.trunk
            return try world.run { driver in
                await withTaskGroup(of: Int.self) { group in
                    for _ in 0..<3 { group.addTask { await trunk.call(InboundWorld.dialerAddress).status } }
                    return await group.reduce(into: []) { $0.append($1) }.sorted()
                }
            }
        }
        #expect(try statuses { policy, _ in policy.maximumCalls = 2 } == [200, 200, 486])
        #expect(try statuses { _, dialer in dialer.maximumCalls = 2 } == [200, 200, 503])
        #expect(try statuses { policy, _ in policy.maximumRatePerSource = 1 } == [200, 503, 503])
    }

    @Test("A stranger gets 403 or silence, whatever it calls, and is told of once a second")
    func strangers() throws {
        for treatment in [InboundPolicy.Strangers.refused, .ignored] {
            let world = InboundWorld(configure: { policy, _ in policy.strangers = treatment }) { _ in }
            let (stranger, dialer) = (world.stranger, world.dialer)
            let (reports, statistics) = try world.run { _ in
                let reports = await withTaskGroup(of: SimulatedCaller.Report.self) { group in
                    for _ in 0..<100 { group.addTask { await stranger.call(InboundWorld.dialerAddress) } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                return (reports, try await dialer.statistics())
            }
            if treatment == .refused {
                #expect(reports.allSatisfy { $0.status == 403 && $0.provisional.isEmpty })
                #expect(statistics.inbound.strangersRefused == 100)
                #expect(world.observer.refused.map(\.count) == [1])
            } else {
                #expect(reports.allSatisfy { $0.status == 0 && $0.end == .lost })
                #expect(world.observer.refused.count < 40)
            }
            #expect(statistics.userAgent.liveTransactions == 0)
            #expect(statistics.userAgent.tombstones == 0)
            #expect(world.observer.records.isEmpty)
            #expect(world.observer.refused.first?.reason == .stranger)
        }
    }

    @Test("A stranger with our credentials is let in, one with others is not")
    func credentials() throws {
        let world = InboundWorld(configure: { policy, _ in
            policy.credentials = [SIPCredentials(username: "agent", password: "right")]
            policy.realm = "callers"
        }) { call in
            #expect(call.caller.assertedUser == nil)
            try await call.answered()
        }
        let stranger = world.stranger
        let reports = try world.run { _ in
            var reports: [SimulatedCaller.Report] = []
            for password in ["right", "wrong"] {
                var script = SimulatedCaller.Script(hangsUpAfter: nil)
                script.credentials = [SIPCredentials(username: "agent", password: password)]
                script.headers = [SIPHeaderField(name: "P-Asserted-Identity", value: "<sip:boss@x>")]
                reports.append(await stranger.call(InboundWorld.dialerAddress, script))
            }
            return reports
        }
        #expect(reports.map(\.status) == [200, 407])
        #expect(world.observer.records.count == 1)
    }

    @Test("Stopping hangs up answered calls and refuses those that wait")
    func stopping() throws {
        let clock = Locked<(any Driver)?>(nil)
        let handler = InboundHandler { call in for await _ in call.events {} }
        let world = InboundWorld(
            routing: IncomingCallRouting { call in
                if call.called == "2" { try? await clock.withLock { $0 }?.sleep(for: .seconds(60)) }
                return .accept(handler)
            })
        let trunk = world.trunk
        let ends = Locked<[String]>([])
        try world.run(cancels: true) { driver in
            clock.withLock { $0 = driver }
            // The calls outlive the body: their reports come while the dialer stops.
            Task.immediate {
                await withTaskGroup(of: Void.self) { group in
                    for number in ["1", "2"] {
                        group.addTask {
                            let report = await trunk.call(
                                InboundWorld.dialerAddress, .init(number: number, hangsUpAfter: nil))
                            ends.withLock { $0.append("\(number) \(report.status) \(report.end.rawValue)") }
                        }
                    }
                }
            }
            try await driver.sleep(for: .seconds(2))
        }
        #expect(ends.withLock { $0.sorted() } == ["1 200 calleeHungUp", "2 503 rejected"])
        #expect(world.observer.records.count == 2)
    }
}
