import RTPMedia
import SansIO
import TestSupport
import Testing

@testable import Telephony

@Suite("A call's audio between its engine and its agent")
struct CallAudioTests {
    private let audio = CallAudio(rateHertz: 8_000)

    private func deliver(_ value: Int16) {
        audio.deliver([Int16](repeating: value, count: audio.frameSamples).span)
    }

    @Test("Two readers at once: neither waits for ever when the call ends", .timeLimit(.minutes(1)))
    func twoReaders() async {
        let ends = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var samples = 0
                    while let read = await audio.read() { samples += read.count }
                    return samples
                }
            }
            for value in 1...50 {
                deliver(Int16(value))
                await Task.yield()
            }
            audio.close()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ends.count == 2)
        #expect(ends.reduce(0, +) == 50 * 160)
    }

    @Test(
        "A second reader that is cancelled leaves the first one waiting for its audio",
        .timeLimit(.minutes(1)))
    func cancelledReader() async {
        await withTaskGroup(of: Int?.self) { group in
            group.addTask { await audio.read()?.count }
            await Task.yield()
            await withTaskGroup(of: Void.self) { other in
                other.addTask { _ = await audio.read() }
                await Task.yield()
                other.cancelAll()
            }
            deliver(7)
            #expect(await group.next() == 160)
        }
    }

    @Test("Reading at most nothing does not spin", .timeLimit(.minutes(1)))
    func readsNothing() async {
        deliver(7)
        #expect(await audio.read(maximum: 0) == [7])
    }

    @Test("What is written is sent frame by frame, and a clear says to the sample what was sent")
    func clears() async throws {
        #expect(try await audio.write([Int16](repeating: 5, count: 400)) == 400)
        audio.mark("end")
        var frame = [Int16](repeating: 1, count: 160)
        var span = frame.mutableSpan
        #expect(audio.takeFrame(into: &span) == 160)
        #expect(audio.clear() == 160)
        #expect(audio.takeFrame(into: &span) == 0)
        // The cut fades within 5 ms, which do not count.
        #expect(frame[40...].allSatisfy { $0 == 0 })
        #expect(audio.samplesSent == 160)
        #expect(audio.takeReachedMarks() == [MarkEvent(name: "end", samplesSent: 160, wasCleared: true)])
    }

    @Test("Speech that is cut off in full swing ends without a click, and what follows is not delayed")
    func fades() async throws {
        let audio = CallAudio(rateHertz: 16_000)
        let tone = Sound.tone(hertz: 310, rate: 16_000)
        try await audio.write((0..<3_200).map(tone))
        var heard: [Int16] = []
        func take() {
            var frame = [Int16](repeating: 1, count: 320)
            var span = frame.mutableSpan
            _ = audio.takeFrame(into: &span)
            heard += frame
        }
        take()
        let cut = audio.clear()
        #expect(cut == 320)
        take()
        take()
        #expect(Sound.largestStep(heard[...]) < 1_300)
        #expect(heard[400...].allSatisfy { $0 == 0 })
        try await audio.write((0..<3_200).map(tone))
        _ = audio.clear()
        try await audio.write([9, 9, 9])
        var frame = [Int16](repeating: 1, count: 320)
        var span = frame.mutableSpan
        #expect(audio.takeFrame(into: &span) == 3)
    }

    @Test(
        "A tone written in bursts of odd sizes leaves as one tone, at every rate",
        arguments: [8_000, 16_000, 24_000, 48_000])
    func oddChunks(rate: Int) async throws {
        let audio = CallAudio(rateHertz: rate)
        let tone = Sound.tone(hertz: 300, rate: rate)
        let call = try CodecCall(codec: .pcmu, rate: rate)
        var written = 0
        for size in [1, 7, 333, 4_801, 59, 2_048, 17, 12_000, 3] {
            try await audio.write((written..<written + size).map(tone))
            written += size
        }
        while audio.samplesQueued > 0 {
            var frame = [Int16](repeating: 1, count: rate / 50)
            var span = frame.mutableSpan
            _ = audio.takeFrame(into: &span)
            call.run(frame: frame)
        }
        for _ in 0..<10 { call.run(frame: [Int16](repeating: 0, count: rate / 50)) }
        // Up to the last sample before the end, which is a hard one: the tone's own step at 8,000 Hz is 1,885.
        let sent = call.narrowSaid
        let end = written * 8_000 / rate
        #expect(Sound.largestStep(sent[..<(end - 40)]) < 2_100)
        // The resampler's tail has been flushed: nothing of the tone is missing at its end.
        let energy = sent.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(energy / (Double(end) * 32_000_000) - 1) < 0.03)
    }

    @Test("A slow agent loses the oldest audio, counted")
    func dropsOldest() async {
        let audio = CallAudio(rateHertz: 8_000, inputCapacity: .milliseconds(40))
        for value in 1...3 { audio.deliver([Int16](repeating: Int16(value), count: 160).span) }
        #expect(audio.droppedInputSamples == 160)
        #expect(await audio.read()?.first == 2)
    }
}

@Suite("An event log")
struct EventLogTests {
    @Test("Beyond its limit the oldest are forgotten, and a slow reader goes on with the oldest kept")
    func forgets() async {
        let log = EventLog<Int>(limit: 3)
        for event in 0..<10 {
            log.append(event)
            let oldest = await log.next(from: 0)
            #expect(oldest?.event == max(0, event - 2))
        }
        log.finish()
        var read: [Int] = []
        var index = 0
        while let (event, next) = await log.next(from: index) {
            read.append(event)
            index = next
        }
        #expect(read == [7, 8, 9])
        #expect(index == 10)
    }

    @Test("A cancelled reader gets what is there and waits for no more")
    func cancelled() async {
        let log = EventLog<Int>(limit: 3)
        log.append(1)
        log.append(2)
        let read = await withTaskGroup(of: [Int].self) { group in
            group.cancelAll()
            group.addTask {
                var read: [Int] = []
                while let (event, next) = await log.next(from: read.count) {
                    read.append(event)
                    #expect(next == read.count)
                }
                return read
            }
            return await group.next()
        }
        #expect(read == [1, 2])
    }
}
