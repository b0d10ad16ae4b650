/// Why bytes are not a WAV file that we read.
public enum WAVError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What should have stood at a byte offset.
    case malformed(offset: Int, expected: String)
    /// A format tag, sample width, rate or channel count that we do not read; the byte offset of its field.
    case unsupported(offset: Int, what: String)

    public var description: String {
        switch self {
        case .malformed(let offset, let expected): "at byte \(offset): expected \(expected)"
        case .unsupported(let offset, let what): "at byte \(offset): unsupported \(what)"
        }
    }
}

/// A WAV file in memory: 16-bit samples, whatever width they were stored in.
public struct WAVFile: Hashable, Sendable {
    /// Samples per second and channel.
    public var rateHertz: Int
    /// 1...8.
    public var channels: Int
    /// Interleaved; a multiple of ``channels``.
    public var samples: [Int16]

    /// - Parameter samples: Interleaved; what is left over a multiple of `channels` is cut off.
    public init(rateHertz: Int, channels: Int = 1, samples: [Int16]) {
        let channels = max(1, channels)
        self.rateHertz = rateHertz
        self.channels = channels
        self.samples = Array(samples.prefix(samples.count / channels * channels))
    }

    /// Samples of each channel.
    public var frameCount: Int { samples.count / channels }

    /// Length of the audio.
    public var duration: Duration { .milliseconds(Int64(frameCount) * 1_000 / Int64(max(1, rateHertz))) }

    /// One channel by itself, `0..<channels`.
    public func channel(_ index: Int) -> [Int16] {
        precondition((0..<channels).contains(index), "the file has no such channel")
        return stride(from: index, to: samples.count, by: channels).map { samples[$0] }
    }

    /// All channels as one, their mean.
    public var mono: [Int16] {
        guard channels > 1 else { return samples }
        return (0..<frameCount).map { frame in
            var sum: Int32 = 0
            for channel in 0..<channels { sum += Int32(samples[frame * channels + channel]) }
            return Int16(clamping: sum / Int32(channels))
        }
    }

    /// The file as 16-bit PCM.
    public var bytes: [UInt8] {
        var stream = WAVStream(rateHertz: rateHertz, channels: channels)
        let body = WAVStream.encode(samples.span)
        stream.append(byteCount: body.count)
        return stream.header + body
    }

    /// Reads a file: PCM of 8, 16, 24 or 32 bits, floating point of 32 or 64, or G.711, with the chunks in any order.
    ///
    /// Of floating point ±1 is full scale; what lies beyond is clipped, and what is no number is silence.
    ///
    /// A `data` chunk that says it is longer than the file, as killed and streaming writers leave it, ends with the file.
    ///
    /// - Throws: ``WAVError``
    public init(parsing bytes: [UInt8]) throws(WAVError) {
        let reader = WAVReader(bytes: bytes)
        self = try reader.read()
    }
}

/// One pass over the chunks of a file.
private struct WAVReader {
    let bytes: [UInt8]

    struct Format {
        enum Encoding {
            case pcm, float, muLaw, aLaw

            var widths: [Int] {
                switch self {
                case .pcm: [8, 16, 24, 32]
                case .float: [32, 64]
                case .muLaw, .aLaw: [8]
                }
            }
        }
        var encoding: Encoding
        var channels: Int
        var rate: Int
        var sampleBytes: Int
    }

    func read() throws(WAVError) -> WAVFile {
        try expect("RIFF", at: 0)
        try expect("WAVE", at: 8)
        var format: Format?
        var data: Range<Int>?
        var offset = 12
        while offset + 8 <= bytes.count, format == nil || data == nil {
            let size = Int(number32(offset + 4))
            let body = offset + 8..<min(bytes.count, offset + 8 + size)
            if isTag("fmt ", at: offset) {
                format = try readFormat(body)
            } else if isTag("data", at: offset) {
                // A writer that was killed leaves 0 in both places, a streaming one 0 or the greatest number.
                let isOpen = size == 0 && (number32(4) == 0 || number32(4) == .max)
                data = isOpen ? offset + 8..<bytes.count : body
            }
            offset = body.upperBound + size % 2
        }
        guard let format else { throw .malformed(offset: min(offset, bytes.count), expected: "fmt chunk") }
        guard let data else { throw .malformed(offset: min(offset, bytes.count), expected: "data chunk") }
        return WAVFile(
            rateHertz: format.rate, channels: format.channels, samples: decode(data, as: format))
    }

    private func readFormat(_ body: Range<Int>) throws(WAVError) -> Format {
        let start = body.lowerBound
        guard body.count >= 16 else { throw .malformed(offset: start, expected: "16 bytes of format") }
        var tag = number16(start)
        let channels = Int(number16(start + 2))
        let rate = Int(number32(start + 4))
        let bits = Int(number16(start + 14))
        // WAVE_FORMAT_EXTENSIBLE keeps the tag in the first two bytes of a GUID.
        if tag == 0xFFFE, body.count >= 40 { tag = number16(start + 24) }
        guard (1...8).contains(channels) else {
            throw .unsupported(offset: start + 2, what: "channel count \(channels)")
        }
        guard (1_000...384_000).contains(rate) else {
            throw .unsupported(offset: start + 4, what: "rate \(rate) Hz")
        }
        let encoding: Format.Encoding
        switch tag {
        case 1: encoding = .pcm
        case 3: encoding = .float
        case 6: encoding = .aLaw
        case 7: encoding = .muLaw
        default: throw .unsupported(offset: start, what: "format tag \(tag)")
        }
        guard encoding.widths.contains(bits) else {
            throw .unsupported(offset: start + 14, what: "\(bits) bits per sample")
        }
        return Format(encoding: encoding, channels: channels, rate: rate, sampleBytes: bits / 8)
    }

    private func decode(_ data: Range<Int>, as format: Format) -> [Int16] {
        let count = data.count / format.sampleBytes
        var samples: [Int16] = []
        samples.reserveCapacity(count)
        for index in 0..<count {
            let offset = data.lowerBound + index * format.sampleBytes
            switch (format.encoding, format.sampleBytes) {
            case (.muLaw, _): samples.append(MuLawCodec.sample(for: bytes[offset]))
            case (.aLaw, _): samples.append(ALawCodec.sample(for: bytes[offset]))
            case (.float, 4): samples.append(sample(Double(Float(bitPattern: number32(offset)))))
            case (.float, _): samples.append(sample(Double(bitPattern: number64(offset))))
            case (.pcm, 1): samples.append((Int16(bytes[offset]) - 128) << 8)
            // Of wider samples the two most significant bytes, which come last.
            case (.pcm, let width): samples.append(Int16(bitPattern: number16(offset + width - 2)))
            }
        }
        return samples
    }

    private func sample(_ value: Double) -> Int16 {
        value.isNaN ? 0 : Int16(min(max((value * 32_768).rounded(), -32_768), 32_767))
    }

    // MARK: Bytes

    private func number16(_ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }

    private func number32(_ offset: Int) -> UInt32 {
        UInt32(number16(offset)) | UInt32(number16(offset + 2)) << 16
    }

    private func number64(_ offset: Int) -> UInt64 {
        UInt64(number32(offset)) | UInt64(number32(offset + 4)) << 32
    }

    private func isTag(_ tag: StaticString, at offset: Int) -> Bool {
        guard offset + 4 <= bytes.count else { return false }
        return bytes[offset..<offset + 4].elementsEqual(String(describing: tag).utf8)
    }

    private func expect(_ tag: StaticString, at offset: Int) throws(WAVError) {
        guard isTag(tag, at: offset) else { throw .malformed(offset: offset, expected: "\(tag)") }
    }
}
