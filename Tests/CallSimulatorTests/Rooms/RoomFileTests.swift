import CallSimulator
import RTPMedia
import Telephony
import TestSupport
import Testing

@Suite("Who is in which file of a room")
struct RoomFileTests {
    private static let pitches = RoomWorld.pitches

    private static func settings(_ folder: String) -> RecordingPolicy {
        .files(RecordingSettings(directory: folder, layout: .separate))
    }

    @Test(
        "Somebody who leaves and comes back has a second file in step with the others, and names alike as files have one each"
    )
    func comesBack() throws {
        try Recordings.withFolder { folder in
            let result = try RoomWorld().run(2) { dialer, calls in
                let room = try await dialer.makeRoom("r", rateHertz: 8_000)
                try await room.record(Self.settings(folder))
                try await room.join(calls[0], as: "a b")
                try await room.join(calls[1], as: "a_b")
                try await calls[0].sleep(for: .seconds(1))
                await room.leave("a b")
                try await calls[0].sleep(for: .seconds(1))
                try await room.join(calls[0], as: "a b")
                try await calls[0].sleep(for: .seconds(1))
                await room.close()
            }
            #expect(
                try Recordings.names(in: folder)
                    == ["room-r-a_b-2.wav", "room-r-a_b-3.wav", "room-r-a_b.wav", "room-r.wav"])
            let all = try Recordings.wav("\(folder)/room-r.wav").samples
            let first = try Recordings.wav("\(folder)/room-r-a_b.wav").samples
            let other = try Recordings.wav("\(folder)/room-r-a_b-2.wav").samples
            let again = try Recordings.wav("\(folder)/room-r-a_b-3.wav").samples
            #expect(abs(all.count - 24_000) <= 480 && other.count == all.count && again.count == all.count)
            #expect(abs(first.count - 8_000) <= 320)
            #expect(tones(in: first.dropFirst(2_000)) == [Self.pitches[0]])
            #expect(tones(in: other.dropFirst(2_000)) == [Self.pitches[1]])
            #expect(again[..<15_600].allSatisfy { $0 == 0 })
            #expect(tones(in: again.dropFirst(17_000)) == [Self.pitches[0]])
            // Everybody's is their sum, to the sample.
            let sum = all.indices.map { index -> Int16 in
                let parts = [first, other, again].map { index < $0.count ? Int32($0[index]) : 0 }
                return SoftLimiter.limited(parts.reduce(0, +))
            }
            #expect(sum == all)
            #expect(result.leaks.isEmpty, "\(result.leaks)")
        }
    }

    @Test("A second room of the same name overwrites nothing, at the same time or later")
    func sameName() throws {
        try Recordings.withFolder { folder in
            _ = try RoomWorld().run(2) { dialer, calls in
                let rooms = [try await dialer.makeRoom("desk"), try await dialer.makeRoom("desk")]
                var paths: [String] = []
                for (room, call) in zip(rooms, calls) {
                    paths.append(try await room.record(.stereoWAV(directory: folder)))
                    try await room.join(call, as: "caller")
                }
                #expect(paths == ["\(folder)/room-desk.wav", "\(folder)/room-desk-2.wav"])
                try await calls[0].sleep(for: .seconds(1))
                for room in rooms { await room.close() }
            }
            _ = try RoomWorld().run(1) { dialer, calls in
                let room = try await dialer.makeRoom("desk")
                #expect(
                    try await room.record(.stereoWAV(directory: folder)) == "\(folder)/room-desk-3.wav")
                try await room.join(calls[0], as: "caller")
                try await calls[0].sleep(for: .seconds(1))
            }
            for (index, name) in ["room-desk.wav", "room-desk-2.wav", "room-desk-3.wav"].enumerated() {
                let file = try Recordings.wav("\(folder)/\(name)")
                let heard = tones(in: file.samples.dropFirst(4_000), rateHertz: 16_000)
                #expect(heard == [Self.pitches[index % 2]])
            }
        }
    }

    @Test("A whisper is in the whisperer's file alone and in what its listener heard; a muted one is in none")
    func whisper() throws {
        try Recordings.withFolder { folder in
            var world = RoomWorld()
            world.configure = { $0.recording = .stereoWAV(directory: folder + "/calls") }
            try Recordings.makeFolder(folder + "/calls")
            let result = try world.run(4) { dialer, calls in
                let room = try await dialer.makeRoom("desk", rateHertz: 8_000)
                try await room.record(Self.settings(folder))
                try await room.join(calls[0], as: "customer")
                try await room.join(calls[1], as: "seller")
                try await room.join(calls[2], as: "coach", .whispering(to: "seller"))
                try await room.join(calls[3], as: "boss", .monitor)
                try await calls[0].sleep(for: .milliseconds(1_500))
            }
            func inRoom(_ suffix: String) throws -> [Double] {
                tones(in: try Recordings.wav("\(folder)/room-desk\(suffix).wav").samples.dropFirst(4_000))
            }
            let (customer, seller, coach) = (Self.pitches[0], Self.pitches[1], Self.pitches[2])
            #expect(try inRoom("") == [customer, seller])
            #expect(try inRoom("-customer") == [customer])
            #expect(try inRoom("-seller") == [seller])
            #expect(try inRoom("-coach") == [coach])
            #expect(try inRoom("-boss") == [])
            // What each far end heard is left in its call's own file.
            let records = result.records.sorted { $0.to < $1.to }
            let heard = try records.map { record in
                tones(in: try Recordings.wav(#require(record.recording)).channel(0).suffix(8_000))
            }
            #expect(
                heard == [[seller], [customer, coach], [customer, seller], [customer, seller]])
        }
    }
}
