import RTPMedia
import SansIO
import TestSupport
import Testing

/// What every jitter buffer must do; run over each implementation.
private func checkConformance(
    _ name: String, _ make: () -> some JitterBuffer & ~Copyable,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    var payload = OwnedBytes(capacity: 512)
    var now = MonotonicInstant(nanoseconds: 5_000_000_000)

    func put(_ index: Int, into buffer: inout some JitterBuffer & ~Copyable, samples: Int = 160) {
        // The stream starts just before both numbers wrap.
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: samples)
        buffer.put(
            bytes.span.bytes, tag: UInt8(truncatingIfNeeded: index + 7),
            sequence: SequenceNumber(65_530).advanced(by: index),
            timestamp: RTPTimestamp(.max - 1_000).advanced(by: index * samples), samples: samples, at: now)
    }
    /// One frame; the index played, -1 for a hole, `nil` for nothing.
    func frame(_ buffer: inout some JitterBuffer & ~Copyable) -> Int? {
        _ = buffer.beginFrame(at: now)
        defer {
            buffer.finishFrame(remaining: 0)
            now = now.advanced(by: .milliseconds(20))
        }
        switch buffer.take(160, into: &payload) {
        case .packet(let tag, let offset):
            #expect(offset == 0 && payload.count == 160, "\(name)", sourceLocation: sourceLocation)
            let index = payload.bytes.withUnsafeBytes { Int($0[0]) }
            #expect(Int(tag) == index + 7, "\(name)", sourceLocation: sourceLocation)
            return index
        case .missing: return -1
        case .empty: return nil
        }
    }
    func play(_ order: [[Int]]) -> [Int?] {
        var buffer = make()
        return order.map { arrivals in
            for index in arrivals { put(index, into: &buffer) }
            return frame(&buffer)
        }
    }

    #expect(
        play([[], []]) == [nil, nil], "\(name): nothing before the first packet",
        sourceLocation: sourceLocation)
    let steady = (0..<40).map { [$0] }
    #expect(
        play(steady).compactMap { $0 } == Array(0..<39),
        "\(name): a steady stream comes out whole, one frame later", sourceLocation: sourceLocation)
    #expect(
        play([[0], [2, 1], [3], [5], [4, 6], [7], []]).compactMap { $0 }.prefix(5) == [0, 1, 2, 3, 4],
        "\(name): packets are put in order", sourceLocation: sourceLocation)
    #expect(
        play([[0], [1], [], [3], [4], [5]]).compactMap { $0 } == [0, 1, -1, 3, 4],
        "\(name): a lost packet is one hole", sourceLocation: sourceLocation)

    var buffer = make()
    for index in 0..<5 {
        put(index, into: &buffer)
        _ = frame(&buffer)
    }
    let pause = (0..<40).map { _ in frame(&buffer) }
    #expect(
        pause[0] == 4 && pause[1] == -1, "\(name): the end of a stream is a hole first",
        sourceLocation: sourceLocation)
    #expect(pause[39] == nil, "\(name): then nothing", sourceLocation: sourceLocation)
    put(200, into: &buffer)
    _ = frame(&buffer)
    #expect(
        frame(&buffer) == 200, "\(name): a stream is taken up wherever it goes on",
        sourceLocation: sourceLocation)
    put(201, into: &buffer)
    buffer.reset()
    #expect(frame(&buffer) == nil, "\(name): a reset drops what is held", sourceLocation: sourceLocation)
}

/// Takes until a frame is full, as a leg does; `held` is what was and will be left over.
private func fill(
    _ held: inout Int, from buffer: inout some JitterBuffer & ~Copyable, _ payload: inout OwnedBytes,
    _ note: (JitterBufferOutput) -> Void
) {
    while held < 160 {
        let output = buffer.take(160 - held, into: &payload)
        note(output)
        switch output {
        case .packet(_, let offset): held += max(payload.count + offset, 0)
        case .missing(let samples): held += samples
        case .empty: return
        }
    }
}

@Suite("Jitter buffers")
struct JitterBufferTests {
    @Test("All implementations keep the rules of the seam")
    func conformance() {
        checkConformance("adaptive") { AdaptiveJitterBuffer() }
        checkConformance("speex") { SpeexJitterBuffer(margin: .milliseconds(20)) }
    }

    @Test("Packets of 10, 30 and 60 ms fill frames of 20 ms without a hole", arguments: [80, 240, 480])
    func packetDurations(samples: Int) {
        checkDurations(samples: samples) { SpeexJitterBuffer(margin: .milliseconds(20)) }
        checkDurations(samples: samples) { AdaptiveJitterBuffer() }
    }

    private func checkDurations(samples: Int, _ make: () -> some JitterBuffer & ~Copyable) {
        var buffer = make()
        var payload = OwnedBytes(capacity: 512)
        var held = 0
        var next = 0
        var holes = 0
        var played = 0
        for tick in 0..<300 {
            let now = MonotonicInstant(nanoseconds: Int64(tick) * 20_000_000)
            while next * samples <= tick * 160 {
                let bytes = [UInt8](repeating: 0, count: samples)
                buffer.put(
                    bytes.span.bytes, tag: 0, sequence: SequenceNumber(UInt16(next)),
                    timestamp: RTPTimestamp(UInt32(next * samples)), samples: samples, at: now)
                next += 1
            }
            _ = buffer.beginFrame(at: now)
            fill(&held, from: &buffer, &payload) { output in
                if case .packet = output { played += 1 }
                if case .missing = output { holes += 1 }
            }
            held = max(held - 160, 0)
            buffer.finishFrame(remaining: held)
        }
        // Long packets come as late as they are long, which the buffer learns once.
        #expect(holes <= 3)
        #expect(played >= 300 * 160 / samples - 6)
    }

    @Test("Numbers from anywhere neither trap nor fill the buffer for good", arguments: UInt64(0)..<8)
    func hostile(seed: UInt64) {
        checkHostile(seed: seed) { SpeexJitterBuffer(margin: .milliseconds(20)) }
        checkHostile(seed: seed) { AdaptiveJitterBuffer() }
    }

    private func checkHostile(seed: UInt64, _ make: () -> some JitterBuffer & ~Copyable) {
        var generator = SeededGenerator(seed: seed)
        var buffer = make()
        var payload = OwnedBytes(capacity: 2_048)
        var held = 0
        var recovered = 0
        for tick in 0..<3_000 {
            let now = MonotonicInstant(nanoseconds: Int64(tick) * 20_000_000)
            let bytes = [UInt8](repeating: 1, count: Int(generator.next() % 2_500))
            buffer.put(
                bytes.span.bytes, tag: 3,
                sequence: SequenceNumber(UInt16(truncatingIfNeeded: generator.next())),
                timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: generator.next())),
                samples: bytes.count, at: now)
            _ = buffer.beginFrame(at: now)
            fill(&held, from: &buffer, &payload) { output in
                if case .packet(let tag, _) = output { #expect(tag == 3) }
            }
            held = max(held - 160, 0)
            buffer.finishFrame(remaining: held)
        }
        for index in 0..<100 {
            let now = MonotonicInstant(nanoseconds: Int64(3_000 + index) * 20_000_000)
            let bytes = [UInt8](repeating: 9, count: 160)
            buffer.put(
                bytes.span.bytes, tag: 5, sequence: SequenceNumber(UInt16(index)),
                timestamp: RTPTimestamp(UInt32(index * 160)), samples: 160, at: now)
            _ = buffer.beginFrame(at: now)
            fill(&held, from: &buffer, &payload) { output in
                if case .packet(5, _) = output, index > 60 { recovered += 1 }
            }
            held = max(held - 160, 0)
            buffer.finishFrame(remaining: held)
        }
        #expect(recovered > 30, "a good stream gets through again")
    }
}
