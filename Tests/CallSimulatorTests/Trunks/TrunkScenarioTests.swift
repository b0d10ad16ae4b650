internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Several trunks under one dialer, in virtual time")
struct TrunkScenarioTests {
    private typealias Line = TrunkTestWorld.Line

    private static let lossy: NetworkModel = {
        var model = NetworkModel.internet
        model.loss = 0.03
        model.duplication = 0.02
        model.reorder = 0.02
        return model
    }()

    @Test(
        "Weights share out the calls over a lossy network; every call is answered", arguments: UInt64(0)..<200
    )
    func weights(seed: UInt64) throws {
        let stage = TrunkTestWorld(
            seed: seed,
            [Line("a", .quick) { $0.weight = 3 }, Line("b", .quick) { $0.weight = 1 }], network: Self.lossy)
        let outcomes = try stage.call(16, every: .milliseconds(50))
        #expect(outcomes.allSatisfy { $0.disposition == .answered })
        let counts = stage.invites.map(\.count)
        #expect(counts.reduce(0, +) == 16)
        // 12 are expected, with a standard deviation of 1.7.
        #expect((3...16).contains(counts[0]))
        #expect(stage.log.records.count { $0.trunk == "a" } == counts[0])
    }

    @Test("Over all seeds the weights are kept closely")
    func weightsTogether() throws {
        var counts = [0, 0]
        for seed in 0..<50 as Range<UInt64> {
            let stage = TrunkTestWorld(
                seed: seed, [Line("a", .busy) { $0.weight = 3 }, Line("b", .busy) { $0.weight = 1 }])
            _ = try stage.call(40, every: .milliseconds(20))
            for trunk in counts.indices { counts[trunk] += stage.invites[trunk].count }
        }
        // 1,500 of 2,000, within five standard deviations.
        #expect(abs(counts[0] - 1_500) < 97, "\(counts)")
    }

    @Test("A dead trunk costs nobody the call, and is soon left alone", arguments: UInt64(0)..<200)
    func dead(seed: UInt64) throws {
        let stage = TrunkTestWorld(
            seed: seed,
            [
                Line("dead", nil) { $0.breaker.faultLimit = 3 },
                Line("alive", .quick) { $0.priority = 1 },
            ])
        let outcomes = try stage.call(12, every: .seconds(20))
        #expect(outcomes.allSatisfy { $0.disposition == .answered })
        #expect(stage.log.changes(of: "dead").contains(.open))
        for record in stage.log.records {
            #expect(record.trunk == "alive")
            guard let failed = record.failedTrunks else { continue }
            #expect(failed.map(\.trunk) == ["dead"])
            #expect(failed[0].cause.text == "no response from the trunk")
            #expect(failed[0].sipCallID != record.sipCallID, "another INVITE, another Call-ID")
        }
        #expect(stage.invites[0].count < 8, "an open circuit spares the next calls the wait")
    }

    @Test(
        "503 with Retry-After: the whole trunk rests that long, and the call goes on elsewhere",
        arguments: UInt64(0)..<200)
    func carrierLimit(seed: UInt64) throws {
        let stage = TrunkTestWorld(
            seed: seed,
            [
                Line("full", .rejects(503)) { _ in
                } peer: {
                    $0.retryAfterSeconds = 30
                },
                Line("other", .quick) { $0.priority = 1 },
            ], network: Self.lossy)
        let outcomes = try stage.call(20, every: .seconds(4))
        #expect(outcomes.allSatisfy { $0.disposition == .answered })
        let tries = stage.invites[0].map(\.instant)
        for (one, next) in zip(tries, tries.dropFirst()) { #expect(one.duration(to: next) >= .seconds(30)) }
        #expect((2...3).contains(tries.count), "\(tries)")
        #expect(stage.log.changes(of: "full").starts(with: [.resting, .ready]))
    }

    @Test("One callee whose calls are forbidden stops no trunk and is not tried over all of them")
    func forbiddenCallee() throws {
        let stage = TrunkTestWorld(
            seed: 1, [Line("a", .rejects(403)), Line("b", .rejects(403)) { $0.priority = 1 }])
        let driver = stage.driver
        try stage.run { dialer in
            let outcomes = try await TrunkTestWorld.call(
                20, every: .seconds(1), dialer: dialer, driver: driver)
            #expect(outcomes.allSatisfy { $0.disposition == .forbidden })
            #expect(try await dialer.trunks().map(\.state) == [.ready, .ready])
        }
        #expect(stage.invites.map(\.count) == [20, 0])
    }

    @Test("403 to five callees in a row stops a trunk until a person acts", arguments: UInt64(0)..<200)
    func forbidden(seed: UInt64) throws {
        let stage = TrunkTestWorld(
            seed: seed, [Line("no", .rejects(403)), Line("yes", .quick) { $0.priority = 1 }])
        let driver = stage.driver
        let turn = Locked(0)
        let number: @Sendable (inout CallRequest) -> Void = { request in
            turn.withLock { $0 += 1 }
            request.to = "+155512345\(10 + turn.withLock { $0 })"
        }
        try stage.run { dialer in
            let outcomes = try await TrunkTestWorld.call(
                10, every: .seconds(1), dialer: dialer, driver: driver, number)
            #expect(outcomes.count { $0.disposition == .forbidden } == 5)
            #expect(outcomes.dropFirst(5).allSatisfy { $0.disposition == .answered })
            #expect(try await dialer.trunks()[0].state == .stopped)
            #expect(try await dialer.trunks()[0].lastFault == "403 Forbidden")
            try await dialer.resume(trunk: "no")
            #expect(try await dialer.trunks()[0].state == .ready)
        }
        #expect(stage.invites[0].count == 5)
    }

    @Test("Credentials that a trunk refuses stop it at the first call, which goes on over the next")
    func credentialsRefused() throws {
        let stage = TrunkTestWorld(
            seed: 1,
            [
                Line(
                    "no", .quick, { _ in }, peer: { $0.credentials = [.init(username: "a", password: "b")] }),
                Line("yes", .quick) { $0.priority = 1 },
            ])
        let driver = stage.driver
        try stage.run { dialer in
            let outcomes = try await TrunkTestWorld.call(
                3, every: .seconds(1), dialer: dialer, driver: driver)
            #expect(outcomes.allSatisfy { $0.disposition == .answered })
            #expect(try await dialer.trunks()[0].state == .stopped)
        }
        #expect(stage.invites[0].count == 1)
    }

    @Test("A trunk that says no more than 100 until the ring timeout is at fault, and its breaker counts it")
    func tryingOnly() throws {
        let stage = TrunkTestWorld(
            seed: 1,
            [Line("mute", CalleeScript(steps: [.wait(.seconds(200))])) { $0.breaker.faultLimit = 2 }],
            dialer: { $0.queueTimeout = .seconds(1) })
        let driver = stage.driver
        try stage.run { dialer in
            let outcomes = try await TrunkTestWorld.call(
                3, every: .seconds(70), dialer: dialer, driver: driver)
            #expect(outcomes.map(\.disposition) == [.trunkFault, .trunkFault, .noTrunk])
            #expect(outcomes.map(\.cause.sipStatus) == [100, 100, nil])
            #expect(try await dialer.trunks()[0].faults == 2)
        }
        #expect(stage.log.changes(of: "mute").first == .open)
    }

    @Test("A call that finds its trunk resting hears for how long, and that is no fault")
    func resting() throws {
        let stage = TrunkTestWorld(
            seed: 1,
            [
                Line("full", .rejects(503)) { _ in
                } peer: {
                    $0.retryAfterSeconds = 30
                }
            ],
            dialer: { $0.queueTimeout = .seconds(2) })
        let outcomes = try stage.call(2, every: .seconds(5))
        #expect(outcomes.map(\.disposition) == [.trunkFault, .noTrunk])
        #expect(outcomes[1].cause.retryAfterSeconds == 26)
        #expect(outcomes[1].retry == .afterSeconds(26))
        #expect(stage.invites[0].count == 1)
    }

    @Test("The ring timeout between two trunks is not the fault of the one that is still to come")
    func ringTimeoutBetweenTrunks() throws {
        let stage = TrunkTestWorld(
            seed: 1, [Line("dead", nil), Line("next", .quick) { $0.priority = 1 }])
        let driver = stage.driver
        try stage.run { dialer in
            let writes = Locked(0)
            let outcome = try await dialer.placeCall(
                CallRequest(to: "+15551234567"), handler: InboundHandler { try await $0.answered() }
            ) { _ in
                let count = writes.withLock { writes in
                    writes += 1
                    return writes
                }
                // The second attempt's record takes until the call has rung long enough.
                if count == 2 { try await driver.sleep(for: .seconds(50)) }
            }
            #expect(outcome.disposition == .trunkFault)
            #expect(outcome.cause.text == "no response from the trunk")
            try await driver.sleep(for: .seconds(60))
            #expect(try await dialer.trunks().map(\.faults) == [1, 0])
            #expect(stage.log.records.map(\.trunk) == ["dead"])
            #expect(stage.log.records.first?.failedTrunks == nil)
        }
        #expect(stage.invites[1].isEmpty)
    }

    @Test("Limits hold: never more calls at once, never more in a second", arguments: UInt64(0)..<200)
    func limits(seed: UInt64) throws {
        let stage = TrunkTestWorld(
            seed: seed,
            [
                Line("slow", .quick) { $0.callsPerSecond = 3 },
                Line("small", .quick) {
                    $0.maximumCalls = 4
                    $0.weight = 2
                },
            ], network: Self.lossy, dialer: { $0.queueTimeout = .seconds(60) })
        let outcomes = try stage.call(30, every: .milliseconds(10))
        #expect(outcomes.allSatisfy { $0.disposition == .answered })
        #expect(stage.mostPerSecond(over: 0) <= 3)
        #expect(stage.mostCalls[1] <= 4)
        #expect(stage.invites.map(\.count).reduce(0, +) == 30)
    }

    @Test("A call that finds no place in time says so, and no INVITE leaves")
    func noPlace() throws {
        let stage = TrunkTestWorld(
            seed: 1, [Line("one", .answers().waits(.seconds(100))) { $0.maximumCalls = 1 }],
            dialer: { $0.queueTimeout = .seconds(5) })
        let driver = stage.driver
        let outcomes = try stage.run { dialer in
            async let first = dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                try await call.sleep(for: .seconds(30))
            }
            try await driver.sleep(for: .seconds(1))
            let second = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
            return [try await first.outcome, second.outcome]
        }
        #expect(outcomes[0].disposition == .answered)
        #expect(outcomes[1].disposition == .noTrunk)
        #expect(outcomes[1].cause.text == "no trunk had a place in time: it has as many calls as it may")
        #expect(outcomes[1].timings.dialed == nil)
        #expect(stage.invites[0].count == 1)
    }

    @Test("What rang once is not dialed again: the callee's word stands")
    func noFailoverAfterRinging() throws {
        let stage = TrunkTestWorld(
            seed: 1,
            [
                Line("first", CalleeScript(steps: [.ring(.seconds(2)), .reject(status: 500)])),
                Line("second", .quick) { $0.priority = 1 },
            ])
        let outcomes = try stage.call(1, every: .seconds(1))
        #expect(outcomes[0].disposition == .trunkFault)
        #expect(stage.invites[1].isEmpty)
    }

    @Test("Every trunk fails: one outcome, with the last one's word, and each has been told")
    func allFail() throws {
        let stage = TrunkTestWorld(
            seed: 1,
            [
                Line("a", .rejects(500)), Line("b", .rejects(502)) { $0.priority = 1 },
                Line("c", .rejects(504)) { $0.priority = 2 },
            ])
        let driver = stage.driver
        let outcomes = try stage.run { dialer in
            let outcomes = try await TrunkTestWorld.call(
                1, every: .seconds(1), dialer: dialer, driver: driver)
            #expect(try await dialer.trunks().map(\.faults) == [1, 1, 1], "each its own, none another's")
            return outcomes
        }
        #expect(outcomes[0].disposition == .trunkFault)
        #expect(outcomes[0].cause.sipStatus == 504)
        let record = stage.log.records[0]
        #expect(record.trunk == "c")
        #expect(record.failedTrunks?.map(\.trunk) == ["a", "b"])
        #expect(record.failedTrunks?.map(\.cause.sipStatus) == [500, 502])
        let dialed = stage.log.calls.compactMap { kind -> String? in
            if case .routed(let trunk) = kind { return trunk }
            return nil
        }
        #expect(dialed == ["a", "b", "c"])
        let left = stage.log.calls.compactMap { kind -> String? in
            if case .failedOver(let trunk, let cause) = kind { return "\(trunk) \(cause.sipStatus ?? 0)" }
            return nil
        }
        #expect(left == ["a 500", "b 502"])
    }

    @Test("Trunks of one local address share a socket; others have one of their own, and a call may move")
    func localAddresses() throws {
        let stage = TrunkTestWorld(
            seed: 1,
            [
                Line("a", .rejects(500)) { $0.localPort = 5_071 },
                Line("b", .rejects(500)) {
                    $0.priority = 1
                    $0.localPort = 5_072
                },
                Line("c", .quick) {
                    $0.priority = 2
                    $0.localPort = 5_072
                },
            ])
        let ports = Locked<[UInt16]>([])
        stage.world.addTap { event, view in
            if event == .sent, view.source.host == TrunkTestWorld.callerHost, view.destination.port == 5_060 {
                let port = view.source.port
                ports.withLock { if $0.last != port { $0.append(port) } }
            }
        }
        let outcomes = try stage.call(1, every: .seconds(1))
        #expect(outcomes[0].disposition == .answered)
        #expect(ports.withLock { $0 } == [5_071, 5_072])
    }

    @Test("Several media engines change nothing in what becomes of the calls", arguments: UInt64(0)..<5)
    func mediaLoops(seed: UInt64) throws {
        func outcomes(loops: Int) throws -> [CallOutcome] {
            let stage = TrunkTestWorld(
                seed: seed,
                [Line("a", .answers().hangsUp(after: .seconds(3)), { _ in }, peer: { $0.media = .full })],
                dialer: { $0.mediaLoops = loops })
            return try stage.call(6, every: .milliseconds(300))
        }
        let one = try outcomes(loops: 1)
        let several = try outcomes(loops: 3)
        #expect(one.map(\.disposition) == several.map(\.disposition))
        #expect(one.map(\.timings) == several.map(\.timings))
        #expect(try outcomes(loops: 3) == several, "the same seed does the same")
    }
}
