import CallSimulator
import RTPMedia
import SansIO
import Telephony
import TestSupport
import Testing

@Suite("Recordings of bridges and rooms")
struct RoomRecordingTests {
    /// Where `sound` begins, in samples.
    private static func onset(_ samples: [Int16]) throws -> Int {
        try #require(samples.firstIndex { $0.magnitude > 1_500 })
    }

    @Test(
        "A bridge adds less than a frame of delay: what one recording has of a far end, the other one has at once",
        arguments: [1, 2])
    func bridgeDelay(loops: Int) throws {
        try Recordings.withFolder { folder in
            var world = RoomWorld()
            world.configure = {
                $0.mediaLoops = loops
                $0.recording = .stereoWAV(directory: folder)
                $0.audioRateHertz = 8_000
            }
            world.steps = [
                0: [.wait(.milliseconds(900)), .beep(hertz: 1_000, .milliseconds(500)), .wait(.seconds(60))],
                1: [.wait(.seconds(60))],
            ]
            let result = try world.run(2) { _, calls in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await calls[0].bridge(with: calls[1]) }
                    try await calls[0].sleep(for: .seconds(2))
                    group.cancelAll()
                }
            }
            let records = result.records.sorted { $0.to < $1.to }
            let (from, to) = (
                try Recordings.wav(records[0].recording!), try Recordings.wav(records[1].recording!)
            )
            let delay = try Self.onset(to.channel(0)) - Self.onset(from.channel(1))
            #expect((0...160).contains(delay), "\(delay) samples")
        }
    }

    @Test(
        "Files of each party are aligned to the sample, whenever it joined, and a pause is silence that keeps the time"
    )
    func separate() throws {
        try Recordings.withFolder { folder in
            let policy = RecordingPolicy.files(RecordingSettings(directory: folder, layout: .separate))
            let result = try RoomWorld().run(2) { dialer, calls in
                let room = try await dialer.makeRoom("case/7", rateHertz: 8_000)
                #expect(try await room.record(policy) == "\(folder)/room-case_7.wav")
                await #expect(throws: CallError.self) { try await room.record(policy) }
                try await room.join(calls[0], as: "first")
                try await calls[0].sleep(for: .milliseconds(1_500))
                try await room.join(calls[1], as: "second")
                try await calls[0].sleep(for: .seconds(1))
                await room.pauseRecording()
                try await calls[0].sleep(for: .seconds(1))
                await room.resumeRecording()
                try await calls[0].sleep(for: .seconds(1))
                await room.close()
                var kinds: [RoomEvent.Kind] = []
                for await event in room.events { kinds.append(event.kind) }
                #expect(kinds.contains(.recordingPaused) && kinds.contains(.recordingResumed))
            }
            let all = try Recordings.wav("\(folder)/room-case_7.wav")
            let first = try Recordings.wav("\(folder)/room-case_7-first.wav")
            let second = try Recordings.wav("\(folder)/room-case_7-second.wav")
            #expect(all.channels == 1 && all.rateHertz == 8_000)
            #expect(abs(all.frameCount - 36_000) <= 320)
            #expect(first.frameCount == all.frameCount && second.frameCount == all.frameCount)
            // The mix is the sum of the parties, sample by sample.
            let sums = zip(first.samples, second.samples).map { SoftLimiter.limited(Int32($0) + Int32($1)) }
            #expect(sums == all.samples)
            #expect(try abs(Self.onset(second.samples) - 12_000) <= 640)
            #expect(all.samples[20_500..<27_500].allSatisfy { $0 == 0 }, "paused")
            #expect(tones(in: all.samples[29_000..<35_000]) == [RoomWorld.pitches[0], RoomWorld.pitches[1]])
            #expect(result.leaks.isEmpty, "\(result.leaks)")
        }
    }

    @Test("A paused recording of a call is silent and keeps its time; events and the record say when")
    func pause() throws {
        try Recordings.withFolder { folder in
            var world = RoomWorld()
            world.configure = {
                $0.recording = .files(RecordingSettings(directory: folder, layout: .separate))
            }
            world.agentPitches = [0: 300]
            let result = try world.run(1) { _, calls in
                try await calls[0].sleep(for: .seconds(1))
                await calls[0].pauseRecording()
                await calls[0].pauseRecording()
                try await calls[0].sleep(for: .seconds(1))
                await calls[0].resumeRecording()
                try await calls[0].sleep(for: .seconds(1))
            }
            let record = try #require(result.records.first)
            let kinds = try #require(result.events.values.first)
            #expect(
                kinds.count { $0 == .recordingPaused } == 1 && kinds.count { $0 == .recordingResumed } == 1)
            let pause = try #require(record.recordingPauses?.first)
            #expect(record.recordingPauses?.count == 1)
            #expect(abs(pause.startMilliseconds - 1_000) <= 40)
            #expect(pause.endMilliseconds == pause.startMilliseconds + 1_000)
            let paths = try #require(record.recordings)
            #expect(paths.map { $0.suffix(10) } == ["-agent.wav", "callee.wav"])
            let (agent, callee) = (try Recordings.wav(paths[0]), try Recordings.wav(paths[1]))
            #expect(agent.frameCount == callee.frameCount && abs(agent.frameCount - 24_000) <= 480)
            let (start, end) = (pause.startMilliseconds * 8, pause.endMilliseconds! * 8)
            for file in [agent, callee] {
                #expect(file.samples[start..<end].allSatisfy { $0 == 0 })
                #expect(file.samples[start - 800..<start].contains { $0.magnitude > 1_000 })
                #expect(file.samples[end + 160..<end + 960].contains { $0.magnitude > 1_000 })
            }
        }
    }

    @Test("A wide recording has the agent's rate, both sides in step")
    func wide() throws {
        try Recordings.withFolder { folder in
            var world = RoomWorld()
            world.configure = { dialing in
                dialing.recording = .files(RecordingSettings(directory: folder, rate: .wide))
            }
            world.agentPitches = [0: 3_000]
            let result = try world.run(1) { _, calls in try await calls[0].sleep(for: .seconds(1)) }
            let file = try Recordings.wav(#require(result.records.first?.recording))
            #expect(file.rateHertz == 16_000 && file.channels == 2)
            #expect(abs(file.frameCount - 16_000) <= 640)
            let all = [3_000] + RoomWorld.pitches
            #expect(tones(in: file.channel(0)[4_000..<12_000], rateHertz: 16_000, among: all) == [3_000])
            #expect(tones(in: file.channel(1)[4_000..<12_000], rateHertz: 16_000, among: all) == [500])
        }
    }

    @Test("A format without an encoder is refused before anything is dialed")
    func noEncoder() throws {
        let result = try RoomWorld().run(1) { dialer, calls in
            var request = CallRequest(to: "0")
            request.recording = .files(RecordingSettings(directory: "/tmp", format: .opus))
            do {
                _ = try await dialer.call(request) { $0.hangUp() }
                Issue.record("it was dialed")
            } catch let error as CallError {
                #expect(error.code == .invalidRequest)
            }
            let room = try await dialer.makeRoom("r")
            await #expect(throws: CallError.self) {
                try await room.record(.files(RecordingSettings(directory: "/tmp", format: .opus)))
            }
            await #expect(throws: CallError.self) { try await room.record(.off) }
        }
        #expect(result.records.count == 1)
    }
}
