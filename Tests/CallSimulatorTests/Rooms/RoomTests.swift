import CallSimulator
import SansIO
import Telephony
import TestSupport
import Testing

@Suite("Rooms in virtual time")
struct RoomTests {
    private static let pitches = RoomWorld.pitches

    @Test("In a room of three each hears exactly the others, until one leaves")
    func threeParties() throws {
        let result = try RoomWorld().run(3) { dialer, calls in
            let room = try await dialer.makeRoom("trio")
            for (index, call) in calls.enumerated() { try await room.join(call, as: "party \(index)") }
            #expect(room.participants == ["party 0", "party 1", "party 2"])
            try await calls[0].sleep(for: .seconds(2))
            await room.leave("party 2")
            try await calls[0].sleep(for: .seconds(1))
            #expect(room.participants == ["party 0", "party 1"])
            #expect(!room.isClosed)
        }
        #expect(tones(in: result.callees[0].heard(500..<1_500)) == [Self.pitches[1], Self.pitches[2]])
        #expect(tones(in: result.callees[1].heard(500..<1_500)) == [Self.pitches[0], Self.pitches[2]])
        #expect(tones(in: result.callees[2].heard(500..<1_500)) == [Self.pitches[0], Self.pitches[1]])
        #expect(tones(in: result.callees[0].heard(2_300..<2_900)) == [Self.pitches[1]])
        #expect(tones(in: result.callees[2].heard(2_300..<2_900)) == [])
        for (_, kinds) in result.events {
            #expect(kinds.contains(.joinedRoom("trio")) && kinds.contains(.leftRoom("trio")))
        }
        #expect(result.leaks.isEmpty, "\(result.leaks)")
    }

    @Test("Loops, rates: who hears whom stays the same", arguments: [1, 2, 3], [8_000, 48_000])
    func loops(loops: Int, rate: Int) throws {
        var world = RoomWorld()
        world.configure = { $0.mediaLoops = loops }
        world.rates = [0: 8_000, 1: 24_000, 2: 48_000, 3: 16_000]
        let result = try world.run(4) { dialer, calls in
            let room = try await dialer.makeRoom("mixed", rateHertz: rate)
            for (index, call) in calls.enumerated() { try await room.join(call, as: "\(index)") }
            try await calls[0].sleep(for: .seconds(2))
        }
        for index in 0..<4 {
            let others = Self.pitches.enumerated().filter { $0.offset != index }.map(\.element)
            #expect(tones(in: result.callees[index].heard(700..<1_700)) == others)
        }
        #expect(result.leaks.isEmpty, "\(result.leaks)")
    }

    @Test("A muted one is not heard, a deaf one does not hear, a monitor listens, a coach is heard by one")
    func participation() throws {
        let result = try RoomWorld().run(4) { dialer, calls in
            let room = try await dialer.makeRoom("desk")
            try await room.join(calls[0], as: "customer")
            try await room.join(calls[1], as: "seller")
            try await room.join(calls[2], as: "coach", .whispering(to: "seller"))
            try await room.join(calls[3], as: "boss", .monitor)
            try await calls[0].sleep(for: .seconds(2))
            try await room.mute("seller")
            try await room.deafen("customer")
            try await calls[0].sleep(for: .seconds(2))
        }
        let (customer, seller, coach) = (Self.pitches[0], Self.pitches[1], Self.pitches[2])
        let first = result.callees.map { tones(in: $0.heard(700..<1_700)) }
        #expect(first == [[seller], [customer, coach], [customer, seller], [customer, seller]])
        let second = result.callees.map { tones(in: $0.heard(2_700..<3_700)) }
        #expect(second == [[], [customer, coach], [customer], [customer]])
    }

    @Test("The agent of a call in a room is detached, listens, whispers or speaks, as it is told")
    func agents() throws {
        let agent = 300.0
        for mode in [RoomAgentMode.detached, .listens, .whispers, .speaks] {
            var world = RoomWorld()
            world.agentPitches = [0: agent]
            let result = try world.run(3) { dialer, calls in
                let room = try await dialer.makeRoom("r")
                try await room.join(calls[0], as: "a", RoomParticipation(agent: mode))
                try await room.join(calls[1], as: "b")
                try await room.join(calls[2], as: "c")
                _ = await calls[0].audio.read()
                try await calls[0].sleep(for: .seconds(2))
                return mode == .detached ? [] : await calls[0].audio.read() ?? []
            }
            let heard = tones(in: result.value.dropFirst(3_200).prefix(16_000), rateHertz: 16_000)
            #expect(heard == (mode == .detached ? [] : Array(Self.pitches.prefix(3))), "\(mode)")
            let all = [agent] + Self.pitches
            let far = tones(in: result.callees[0].heard(700..<1_700), among: all)
            let other = tones(in: result.callees[1].heard(700..<1_700), among: all)
            let others = [Self.pitches[1], Self.pitches[2]]
            switch mode {
            case .whispers, .speaks: #expect(far == [agent] + others, "\(mode)")
            default: #expect(far == others, "\(mode)")
            }
            #expect(other.contains(agent) == (mode == .speaks), "\(mode)")
        }
    }

    @Test("An agent of its own and music take part; the music leaves when it is over")
    func soloists() throws {
        let result = try RoomWorld().run(2) { dialer, calls in
            let room = try await dialer.makeRoom("stage")
            let translator = try await room.join(agentNamed: "translator", rateHertz: 24_000)
            try await room.play(
                AudioClip(
                    samples: Pitch.sine(1_210, milliseconds: 1_000, rateHertz: 44_100), rateHertz: 44_100),
                as: "jingle")
            for (index, call) in calls.enumerated() { try await room.join(call, as: "\(index)") }
            try await translator.write(Pitch.sine(300, milliseconds: 2_000, rateHertz: 24_000))
            var heard: [Int16] = []
            while heard.count < 24_000, let samples = await translator.read() { heard += samples }
            try await calls[0].sleep(for: .seconds(1))
            #expect(!room.participants.contains("jingle"))
            for call in calls { call.hangUp() }
            var events: [RoomEvent.Kind] = []
            for await event in room.events { events.append(event.kind) }
            #expect(events.contains(.left("jingle", .finished)))
            #expect(events.contains(.left("0", .callEnded)))
            #expect(events.contains(.left("translator", .roomClosed)), "the last call has left")
            #expect(events.last == .closed)
            // What it had not read yet is left to it.
            while await translator.read() != nil {}
            return heard
        }
        let all = [300.0] + Self.pitches
        #expect(tones(in: result.callees[0].heard(300..<900), among: all) == [300, 830, 1_210])
        #expect(tones(in: result.callees[0].heard(1_300..<1_900), among: all) == [300, 830])
        #expect(tones(in: result.value[12_000...], rateHertz: 24_000) == [500, 830, 1_210])
        #expect(result.leaks.isEmpty, "\(result.leaks)")
    }

    @Test("Names are taken once, calls are in one room, and the full room takes nobody")
    func limits() throws {
        let result = try RoomWorld().run(2) { dialer, calls in
            let room = try await dialer.makeRoom("small")
            try await room.join(calls[0], as: "a")
            let other = try await dialer.makeRoom("other")
            await #expect(throws: CallError.self) { try await room.join(calls[1], as: "a") }
            await #expect(throws: CallError.self) { try await room.join(calls[1], as: "") }
            await #expect(throws: CallError.self) { try await other.join(calls[0], as: "a") }
            await #expect(throws: CallError.self) { try await room.update("nobody") { $0.isMuted = true } }
            await #expect(throws: CallError.self) { try await calls[0].bridge(with: calls[1]) }
            for index in 2..<Room.maximumParticipants {
                _ = try await room.join(agentNamed: "agent \(index)")
            }
            // Its agent would be one too many; then it does not come alone either.
            let full = CallError(.invalidRequest, "the room is full: 128 participants")
            await #expect(throws: full) {
                try await room.join(calls[1], as: "late", RoomParticipation(agent: .speaks))
            }
            #expect(room.participants.count == 127 && !room.participants.contains("late"))
            _ = try await room.join(agentNamed: "the last")
            await #expect(throws: full) { try await room.join(calls[1], as: "late") }
            await #expect(throws: full) { _ = try await room.join(agentNamed: "late") }
            await #expect(throws: CallError.self) { try await dialer.makeRoom("", rateHertz: 8_000) }
            await #expect(throws: CallError.self) { try await dialer.makeRoom("x", rateHertz: 44_100) }
            await room.close()
            #expect(room.isClosed)
            await #expect(throws: CallError.self) { try await room.join(calls[1], as: "late") }
            try await other.join(calls[0], as: "a")
        }
        #expect(result.leaks.isEmpty, "\(result.leaks)")
    }

    @Test("Whoever speaks is told, and who is the loudest")
    func speakers() throws {
        var world = RoomWorld()
        let speech: [CalleeScript.Step] = [.say("One two three four five six."), .wait(.seconds(60))]
        world.steps = [0: [.wait(.seconds(1))] + speech, 1: [.wait(.seconds(5))] + speech]
        let result = try world.run(2) { dialer, calls in
            let room = try await dialer.makeRoom("talk")
            try await room.join(calls[0], as: "first")
            try await room.join(calls[1], as: "second", RoomParticipation(controlsLevel: true))
            try await calls[0].sleep(for: .seconds(9))
            await room.close()
            var kinds: [RoomEvent.Kind] = []
            for await event in room.events { kinds.append(event.kind) }
            return kinds
        }
        let kinds = result.value
        let first = try #require(kinds.firstIndex(of: .speaking("first")))
        let second = try #require(kinds.firstIndex(of: .speaking("second")))
        #expect(first < second)
        #expect(kinds.firstIndex(of: .activeSpeaker("first"))! < second)
        #expect(kinds.contains(.activeSpeaker("second")))
        #expect(kinds.contains(.silent("first")))
    }

    @Test("On hold a far end hears its music, and neither hears the room nor is heard there")
    func hold() throws {
        var world = RoomWorld()
        world.configure = { dialing in
            dialing.holdMusic = try? AudioClip(
                samples: Pitch.sine(1_570, milliseconds: 777, rateHertz: 44_100), rateHertz: 44_100)
        }
        let result = try world.run(2) { dialer, calls in
            let room = try await dialer.makeRoom("r")
            for (index, call) in calls.enumerated() { try await room.join(call, as: "\(index)") }
            try await calls[0].sleep(for: .seconds(1))
            try await calls[0].hold()
            try await calls[0].sleep(for: .seconds(2))
            try await calls[0].resume()
            try await calls[0].sleep(for: .seconds(1))
        }
        #expect(tones(in: result.callees[0].heard(1_500..<2_700)) == [1_570])
        #expect(tones(in: result.callees[1].heard(1_500..<2_700)) == [])
        #expect(tones(in: result.callees[0].heard(3_300..<3_900)) == [830])
        #expect(tones(in: result.callees[1].heard(3_300..<3_900)) == [500])
        // No sample leaps further than the sine's own steps do: the joint of the music does not click.
        let music = Array(result.callees[0].heard(1_500..<2_700))
        let leap = zip(music, music.dropFirst()).map { abs(Int($1) - Int($0)) }.max() ?? 0
        #expect(leap < 5_000, "\(leap)")
    }
}
