import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("An answered call: hold, transfer, INFO")
struct MidCallTests {
    private static let speech = [Int16](repeating: 9_000, count: 16_000)

    @Test("We hold and resume: the far end agrees, hears the player meanwhile, and audio goes on")
    func hold() throws {
        let heard = Locked(0)
        let world = InboundWorld { call in
            try await call.answered()
            try await call.hold()
            call.play(Self.speech, .repeated)
            try await call.sleep(for: .seconds(2))
            call.play([])
            try await call.resume()
            while let samples = await call.audio.read() {
                heard.withLock { $0 += samples.count { $0.magnitude > 1_000 } }
            }
        }
        let report = try world.call(.init(hangsUpAfter: .seconds(5)))
        #expect(report.offeredDirections == ["sendonly", "sendrecv"])
        #expect((90...110).contains(report.loudFrames), "two seconds of music: \(report.loudFrames)")
        #expect(report.end == .callerHungUp)
        let kinds = world.observer.kinds
        #expect(kinds.contains(.held) && kinds.contains(.resumed))
        #expect(!kinds.contains(.heldByRemote))
        #expect(heard.withLock { $0 } > 16_000, "heard again after the hold")
        #expect(world.world.leaks.isEmpty, "\(world.world.leaks)")
    }

    @Test("The far end holds and resumes: it is told, and the agent's speech waits for the end of the hold")
    func heldByRemote() throws {
        let spokenAfter = Locked<Duration>(.zero)
        let world = InboundWorld { call in
            try await call.answered()
            let start = call.now
            try await call.sleep(for: .milliseconds(1_500))
            try await call.audio.write(Self.speech)
            call.audio.mark("end")
            for await event in call.events {
                if case .mark = event.kind { break }
            }
            spokenAfter.withLock { $0 = start.duration(to: call.now) }
        }
        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(20))
        (script.holdsAfter, script.resumesAfter) = (.seconds(1), .seconds(4))
        let report = try world.call(script)
        #expect(report.holds == ["held", "resumed"])
        #expect(report.end == .calleeHungUp)
        let kinds = world.observer.kinds
        #expect(
            kinds.filter { $0 == .heldByRemote || $0 == .resumedByRemote } == [
                .heldByRemote, .resumedByRemote,
            ])
        #expect(spokenAfter.withLock { $0 } > .milliseconds(4_900), "a second of speech after the hold")
        #expect(spokenAfter.withLock { $0 } < .milliseconds(5_200))
    }

    @Test("Both hold at once: one of the re-INVITEs waits, and both holds hold (RFC 3261 §14.1)")
    func glare() throws {
        let world = InboundWorld { call in
            try await call.answered()
            try await call.sleep(for: .seconds(1))
            try await call.hold()
            try await call.sleep(for: .seconds(10))
            try await call.resume()
            for await _ in call.events {}
        }
        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(30))
        (script.holdsAfter, script.resumesAfter) = (.seconds(1), .seconds(20))
        let report = try world.call(script)
        #expect(report.holds == ["held", "resumed"])
        #expect(report.offeredDirections.count == 2)
        let kinds = world.observer.kinds
        #expect(kinds.contains(.held) && kinds.contains(.resumed))
        #expect(report.end == .callerHungUp)
    }

    @Test("A blind transfer: the target's answer is the result, progress is told on the way")
    func transfer() throws {
        let results = Locked<[TransferResult]>([])
        let cases: [(Int?, TransferResult)] = [
            (200, .completed), (486, .failed(status: 486, reason: "Busy Here")),
            (nil, .failed(status: 603, reason: "Decline")),
        ]
        for (status, expected) in cases {
            let world = InboundWorld { call in
                try await call.answered()
                let result = try await call.transfer(to: "+15559999")
                results.withLock { $0 = [result] }
            }
            var script = SimulatedCaller.Script(hangsUpAfter: nil)
            script.referralStatus = status
            let report = try world.call(script)
            #expect(report.referTo == "sip:+15559999@10.0.0.9")
            #expect(results.withLock { $0 } == [expected])
            #expect(report.end == .calleeHungUp, "the agent's return hangs up")
            if let status {
                #expect(world.observer.kinds.contains(.transferProgress(status: status)))
            }
            #expect(world.world.leaks.isEmpty)
        }
    }

    @Test("An attended transfer names the other call as the one to be replaced")
    func attended() throws {
        let calls = Locked<[Call]>([])
        let result = Locked<TransferResult?>(nil)
        let world = InboundWorld { call in
            try await call.answered()
            let other = calls.withLock { calls in
                calls.append(call)
                return calls.count == 2 ? calls[0] : nil
            }
            if let other {
                let outcome = try await call.transfer(to: other)
                result.withLock { $0 = outcome }
            } else {
                for await _ in call.events {}
            }
        }
        let trunk = world.trunk
        let reports = try world.run { driver in
            await withTaskGroup(of: (Int, SimulatedCaller.Report).self) { group in
                for index in 0..<2 {
                    group.addTask {
                        try? await driver.sleep(for: .seconds(index))
                        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(5))
                        script.referralStatus = 200
                        return (index, await trunk.call(InboundWorld.dialerAddress, script))
                    }
                }
                var reports: [Int: SimulatedCaller.Report] = [:]
                for await (index, report) in group { reports[index] = report }
                return reports
            }
        }
        #expect(result.withLock { $0 } == .completed)
        #expect(reports[1]?.referTo == "sip:caller@10.0.0.9:5060")
        #expect(reports[0]?.referTo == nil)
    }

    @Test("A REFER of the far end is refused with 603 and told; an INFO with a key is a key")
    func farEnd() throws {
        let world = InboundWorld { call in for await _ in call.events {} }
        var script = SimulatedCaller.Script(hangsUpAfter: .seconds(3))
        script.refersAfter = .seconds(1)
        script.infoDigit = "5"
        let report = try world.call(script)
        #expect(report.requestStatuses == [200, 603])
        #expect(world.observer.records.first?.digits == "5")
        #expect(world.observer.kinds.contains(.transferRefused(to: "sip:somebody@elsewhere.invalid")))
    }

    @Test("An INFO of ours has the far end's answer; before the answer and after the end it is an error")
    func info() throws {
        let seen = Locked<[String]>([])
        let world = InboundWorld(answersAfter: .seconds(1)) { call in
            do {
                try await call.sendInfo(contentType: "text/plain", body: [])
            } catch {
                seen.withLock { $0.append("\((error as? CallError)?.code.description ?? "?")") }
            }
            try await call.answered()
            let status = try await call.sendInfo(contentType: "text/plain", body: Array("x".utf8))
            seen.withLock { $0.append("\(status)") }
            for await _ in call.events {}
            do {
                try await call.hold()
            } catch {
                seen.withLock { $0.append("\((error as? CallError)?.code.description ?? "?")") }
            }
        }
        _ = try world.call(.init(hangsUpAfter: .seconds(2)))
        #expect(seen.withLock { $0 } == ["notAnswered", "200", "ended"])
    }
}
