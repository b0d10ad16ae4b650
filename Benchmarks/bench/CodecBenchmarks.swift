#if G722
    import G722Media
#endif
#if Opus
    import OpusMedia
#endif
import RTPMedia

/// `media.codec.*`: the codecs that need a library, per 20 ms frame; empty without their traits.
let codecSuite = Suite(name: "media.codec") {
    var figures: [Measurement] = []
    #if G722
        figures += try measureCodec("g722", G722CodecProvider(), "64 kbit/s")
    #endif
    #if Opus
        for complexity in [0, 5, 10] {
            var settings = OpusSettings()
            settings.complexity = complexity
            let name = complexity == 5 ? "opus" : "opus.c\(complexity)"
            figures += try measureCodec(
                name, OpusCodecProvider(settings: settings), "16 kHz, 24 kbit/s, complexity \(complexity)")
        }
    #endif
    return figures
}

private func measureCodec(
    _ name: String, _ provider: any AudioCodecProvider, _ note: String
) throws -> [Measurement] {
    let codec = try provider.makeCodec(CodecParameters(), rateHertz: 16_000)
    let sound = voicedSound(frames: 200)
    let room = 400
    var octets = [UInt8](repeating: 0, count: room * 200)
    var lengths = [Int](repeating: 0, count: 200)
    var next = 0
    let encode = measure("media.codec.\(name).encode", note: note) {
        let frame = sound.span.extracting(320 * next..<320 * (next + 1))
        var whole = octets.mutableSpan
        var part = whole._mutatingExtracting(room * next..<room * (next + 1))
        var bytes = part.mutableBytes
        lengths[next] = codec.encode(frame, into: &bytes)
        next = (next + 1) % 200
    }
    try BenchmarkFault.check(lengths.allSatisfy { $0 > 0 }, "a frame of \(name) was not encoded")
    var samples = [Int16](repeating: 0, count: 320)
    var decoded = 0
    let decode = measure("media.codec.\(name).decode", note: note) {
        var span = samples.mutableSpan
        let payload = octets.span.bytes.extracting(room * next..<room * next + lengths[next])
        decoded = codec.decode(payload, into: &span) ?? 0
        next = (next + 1) % 200
    }
    try BenchmarkFault.check(decoded == 320, "a frame of \(name) was not decoded")
    return [try decode.mustNotAllocate(), try encode.mustNotAllocate()]
}

/// Syllables of a buzz with pauses between: what codecs take for speech, at 16,000 Hz.
private func voicedSound(frames: Int) -> [Int16] {
    (0..<320 * frames).map { index in
        let syllable = index % 5_120
        let loudness = syllable < 3_840 ? min(syllable, 3_840 - syllable) : 0
        // A falling tooth of 125 Hz.
        return Int16(loudness * (64 - index % 128) / 32)
    }
}
