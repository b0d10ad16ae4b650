import CallSimulator
import SansIO
import Telephony
import TestSupport
import Testing

@Suite("Bridges and links in virtual time")
struct BridgeTests {
    private static let pitches = RoomWorld.pitches

    @Test(
        "Bridged far ends hear each other; when one hangs up the other is its agent's again",
        arguments: [1, 2])
    func bridge(loops: Int) throws {
        var world = RoomWorld()
        world.configure = { $0.mediaLoops = loops }
        world.steps[1] = [.beep(hertz: Self.pitches[1], .seconds(3)), .hangUp]
        world.agentPitches = [0: 300]
        let result = try world.run(2) { _, calls in
            try await calls[0].sleep(for: .milliseconds(500))
            let start = calls[0].now
            try await calls[0].bridge(with: calls[1])
            let length = start.duration(to: calls[0].now)
            try await calls[0].sleep(for: .seconds(1))
            return length
        }
        #expect((2_300...2_700).contains(Int(result.value.inMilliseconds)))
        let all = [300] + Self.pitches
        #expect(tones(in: result.callees[0].heard(0..<400), among: all) == [300])
        #expect(tones(in: result.callees[0].heard(1_000..<2_800), among: all) == [Self.pitches[1]])
        #expect(tones(in: result.callees[1].heard(1_000..<2_800), among: all) == [Self.pitches[0]])
        #expect(tones(in: result.callees[0].heard(3_400..<3_900), among: all) == [300])
        #expect(result.leaks.isEmpty, "\(result.leaks)")
    }

    @Test("A bridge adds no more than one frame of delay", arguments: [1, 2])
    func latency(loops: Int) throws {
        var world = RoomWorld()
        world.configure = { $0.mediaLoops = loops }
        // A click of its own: silence, then a tone from a known moment on.
        world.steps = [
            0: [.wait(.seconds(2)), .beep(hertz: 1_000, .seconds(1)), .wait(.seconds(60))],
            1: [.wait(.seconds(60))],
        ]
        let result = try world.run(2) { _, calls in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await calls[0].bridge(with: calls[1]) }
                try await calls[0].sleep(for: .seconds(4))
                group.cancelAll()
            }
        }
        let heard = result.callees[1].heard.samples
        let onset = try #require(heard.firstIndex { $0.magnitude > 1_000 }) / 8
        // Both answer in the same millisecond. Each leg's own jitter buffer stands for the rest.
        #expect(onset >= 2_000)
        #expect(onset <= 2_000 + 20 + 120, "\(onset) ms")
    }

    @Test("Keys pressed by one far end are pressed for the other")
    func keys() throws {
        var world = RoomWorld()
        world.steps = [
            0: [.wait(.seconds(1)), .press("42#"), .wait(.seconds(60))], 1: [.wait(.seconds(60))],
        ]
        let result = try world.run(2) { _, calls in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await calls[0].bridge(with: calls[1]) }
                try await calls[0].sleep(for: .seconds(4))
                group.cancelAll()
            }
        }
        #expect(result.callees[1].heard.digits == "42#")
        #expect(result.callees[0].heard.digits == "")
    }

    @Test("A cancelled bridge lets both calls go on")
    func cancelled() throws {
        let result = try RoomWorld().run(2) { _, calls in
            for _ in 0..<3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await calls[0].bridge(with: calls[1]) }
                    try await calls[0].sleep(for: .milliseconds(500))
                    group.cancelAll()
                }
            }
            try await calls[0].sleep(for: .seconds(1))
        }
        #expect(tones(in: result.callees[0].heard(100..<1_400)) == [Self.pitches[1]])
        #expect(tones(in: result.callees[0].heard(1_700..<2_400)) == [])
        #expect(result.records.allSatisfy { $0.outcome.disposition == .answered })
    }

    @Test("A coach: the agent whispers to its own far end while both talk")
    func coach() throws {
        var world = RoomWorld()
        world.agentPitches = [1: 300]
        let result = try world.run(2) { _, calls in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await calls[0].bridge(with: calls[1], BridgeOptions(otherAgent: .whispers))
                }
                try await calls[0].sleep(for: .seconds(2))
                group.cancelAll()
            }
        }
        let all = [300] + Self.pitches
        #expect(tones(in: result.callees[0].heard(700..<1_700), among: all) == [Self.pitches[1]])
        #expect(tones(in: result.callees[1].heard(700..<1_700), among: all) == [300, Self.pitches[0]])
    }

    @Test("A link is one way, beside what the agents say, until it is stopped", arguments: [1, 2])
    func link(loops: Int) throws {
        var world = RoomWorld()
        world.configure = { $0.mediaLoops = loops }
        world.agentPitches = [1: 300]
        world.rates = [0: 8_000, 1: 48_000]
        let result = try world.run(2) { _, calls in
            let link = try await calls[0].send(to: calls[1])
            try await calls[0].sleep(for: .seconds(2))
            #expect(link.isActive)
            link.stop()
            try await calls[0].sleep(for: .seconds(1))
            let other = try await calls[0].send(to: calls[1])
            calls[1].hangUp()
            try await calls[0].sleep(for: .seconds(1))
            #expect(!other.isActive, "over with either call")
            await #expect(throws: CallError.self) { try await calls[0].send(to: calls[1]) }
        }
        let all = [300] + Self.pitches
        #expect(tones(in: result.callees[1].heard(700..<1_700), among: all) == [300, Self.pitches[0]])
        #expect(tones(in: result.callees[1].heard(2_300..<2_900), among: all) == [300])
        #expect(tones(in: result.callees[0].heard(700..<1_700), among: all) == [])
    }
}
