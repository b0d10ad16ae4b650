import RTPMedia
import SansIO

// Each step of a leg by itself, per 20 ms frame. Cheap ones are done a hundred times per call of the closure.
private let batch = 100

/// 20 ms of a sound that uses the codec's whole range and never repeats within the frame.
func soundFrame(samples: Int) -> [Int16] {
    var generator = SeededGenerator(seed: 7)
    return (0..<samples).map { index in
        let ramp = (index * 311) % 16_000 - 8_000
        return Int16(ramp + Int(generator.next() % 2_000) - 1_000)
    }
}

/// `media.rtp`.
let packetSuite = Suite(name: "media.rtp") {
    var datagram = OwnedBytes(capacity: 2_048)
    var packet = OwnedBytes(capacity: 2_048)
    let header = RTPHeader(
        payloadType: 0, sequence: SequenceNumber(1), timestamp: RTPTimestamp(160), synchronizationSource: 99)
    header.pack([UInt8](repeating: 0xD5, count: 160).span.bytes, into: &datagram)
    let figure = measure("media.rtp", per: batch, note: "parse and pack 172 bytes") {
        for _ in 0..<batch {
            guard let parsed = try? RTPPacket(parsing: datagram.bytes) else { return }
            parsed.header.pack(datagram.bytes.extracting(parsed.payload), into: &packet)
        }
    }
    try BenchmarkFault.check(packet.count == 172, "the packet was not written")
    return [figure]
}

/// `media.jitter` and `media.jitter.adaptive`.
let jitterSuite = Suite(name: "media.jitter") {
    [
        try measureJitterBuffer("media.jitter", "libspeexdsp: put, take, tick") {
            SpeexJitterBuffer(margin: .milliseconds(20))
        },
        try measureJitterBuffer("media.jitter.adaptive", "our own: put, begin, take, finish") {
            AdaptiveJitterBuffer()
        },
    ]
}

private func measureJitterBuffer(
    _ name: String, _ note: String, _ make: () -> some JitterBuffer & ~Copyable
) throws -> Measurement {
    var buffer = make()
    var payload = OwnedBytes(capacity: 2_048)
    let sound = [UInt8](repeating: 0xD5, count: 160)
    var sequence = SequenceNumber(0)
    var timestamp = RTPTimestamp(0)
    var now = MonotonicInstant(nanoseconds: 0)
    var frames = 0
    var played = 0
    let figure = measure(name, note: note) {
        buffer.put(sound.span.bytes, tag: 0, sequence: sequence, timestamp: timestamp, samples: 160, at: now)
        sequence.rawValue &+= 1
        timestamp.rawValue &+= 160
        _ = buffer.beginFrame(at: now)
        if case .packet = buffer.take(160, into: &payload) { played += 1 }
        buffer.finishFrame(remaining: 0)
        now = now.advanced(by: .milliseconds(20))
        frames += 1
    }
    try BenchmarkFault.check(played > frames * 9 / 10, "\(played) of \(frames) packets were played")
    return figure
}

/// `media.g711.*`.
let companderSuite = Suite(name: "media.g711") {
    let codec = MuLawCodec()
    var samples = soundFrame(samples: 160)
    var payload = [UInt8](repeating: 0, count: 160)
    let encode = measure("media.g711.encode", per: batch, note: "µ-law, 160 samples") {
        for _ in 0..<batch {
            var codes = payload.mutableSpan
            var bytes = codes.mutableBytes
            _ = codec.encode(samples.span, into: &bytes)
        }
    }
    let decode = measure("media.g711.decode", per: batch, note: "µ-law, 160 samples") {
        for _ in 0..<batch {
            var span = samples.mutableSpan
            _ = codec.decode(payload.span.bytes, into: &span)
        }
    }
    return [decode, encode]
}
