import Foundation
import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("WAV files")
struct WAVFileTests {
    /// A file with these chunks.
    private static func riff(_ chunks: [(String, [UInt8])]) -> [UInt8] {
        var body = Array("WAVE".utf8)
        for (tag, bytes) in chunks {
            body +=
                Array(tag.utf8) + little(bytes.count) + bytes + [UInt8](repeating: 0, count: bytes.count % 2)
        }
        return Array("RIFF".utf8) + little(body.count) + body
    }

    private static func little(_ value: Int, bytes: Int = 4) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func format(_ tag: Int, channels: Int = 1, rate: Int = 8_000, bits: Int) -> (
        String, [UInt8]
    ) {
        let block = channels * bits / 8
        return (
            "fmt ",
            little(tag, bytes: 2) + little(channels, bytes: 2) + little(rate) + little(rate * block)
                + little(block, bytes: 2) + little(bits, bytes: 2)
        )
    }

    @Test("A stereo file of two frames is these 52 bytes")
    func bytes() throws {
        let file = WAVFile(rateHertz: 16_000, channels: 2, samples: [1, -1, 256, -32_768, 7])
        let expected: [UInt8] = [
            0x52, 0x49, 0x46, 0x46, 0x2C, 0, 0, 0, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6D, 0x74, 0x20, 16, 0, 0,
            0, 1, 0, 2,
            0, 0x80, 0x3E, 0, 0, 0, 0xFA, 0, 0, 4, 0, 16, 0, 0x64, 0x61, 0x74, 0x61, 8, 0, 0, 0, 1, 0, 0xFF,
            0xFF, 0, 1,
            0, 0x80,
        ]
        #expect(file.bytes == expected)
        #expect(try WAVFile(parsing: expected) == file)
        #expect(file.channel(1) == [-1, -32_768])
        #expect(file.mono == [0, -16_256])
    }

    @Test("Every encoding gives 16-bit samples")
    func encodings() throws {
        func samples(_ format: (String, [UInt8]), _ data: [UInt8]) throws -> [Int16] {
            try WAVFile(parsing: Self.riff([format, ("data", data)])).samples
        }
        #expect(try samples(Self.format(1, bits: 8), [0, 128, 255]) == [-32_768, 0, 32_512])
        #expect(try samples(Self.format(1, bits: 16), [0, 128, 1, 0]) == [-32_768, 1])
        #expect(try samples(Self.format(1, bits: 24), [9, 0, 128, 9, 1, 0]) == [-32_768, 1])
        #expect(try samples(Self.format(1, bits: 32), [9, 9, 0, 128]) == [-32_768])
        // IEEE 754: 0.5, -1, 2 and no number at all.
        let floats: [UInt8] = [0, 0, 0, 0x3F, 0, 0, 0x80, 0xBF, 0, 0, 0, 0x40, 0, 0, 0xC0, 0x7F]
        #expect(try samples(Self.format(3, bits: 32), floats) == [16_384, -32_768, 32_767, 0])
        let doubles: [UInt8] = [0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 0, 0, 0, 0, 0, 0, 0xF0, 0xFF]
        #expect(try samples(Self.format(3, bits: 64), doubles) == [16_384, -32_768])
        // ITU-T G.711 Tables 1 and 2: greatest, least and zero of either sign.
        #expect(try samples(Self.format(7, bits: 8), [0x80, 0x00, 0xFF, 0x7F]) == [32_124, -32_124, 0, 0])
        #expect(try samples(Self.format(6, bits: 8), [0xAA, 0x2A, 0xD5, 0x55]) == [32_256, -32_256, 8, -8])
    }

    @Test("Chunks may come in any order, with others between, and sizes may lie")
    func chunks() throws {
        let data = ("data", [1, 0, 2, 0] as [UInt8])
        let format = Self.format(1, bits: 16)
        let odd = ("LIST", [1, 2, 3] as [UInt8])
        #expect(try WAVFile(parsing: Self.riff([data, odd, format])).samples == [1, 2])
        #expect(try WAVFile(parsing: Self.riff([odd, format, odd, data, odd])).samples == [1, 2])
        var lying = Self.riff([format, data])
        lying.replaceSubrange(40..<44, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(try WAVFile(parsing: lying).samples == [1, 2])
        lying.replaceSubrange(40..<44, with: [0, 0, 0, 0])
        lying.replaceSubrange(4..<8, with: [0, 0, 0, 0])
        #expect(try WAVFile(parsing: lying).samples == [1, 2])
    }

    @Test(
        "What is not read says why and where",
        arguments: [
            ([], WAVError.malformed(offset: 0, expected: "RIFF")),
            (Array("RIFX".utf8), .malformed(offset: 0, expected: "RIFF")),
            (Array("RIFF1234WAVX".utf8), .malformed(offset: 8, expected: "WAVE")),
            (riff([]), .malformed(offset: 12, expected: "fmt chunk")),
            (riff([format(1, bits: 16)]), .malformed(offset: 36, expected: "data chunk")),
            (riff([("fmt ", [1, 0])]), .malformed(offset: 20, expected: "16 bytes of format")),
            (riff([format(49, bits: 0)]), .unsupported(offset: 20, what: "format tag 49")),
            (riff([format(3, bits: 16)]), .unsupported(offset: 34, what: "16 bits per sample")),
            (riff([format(1, channels: 0, bits: 16)]), .unsupported(offset: 22, what: "channel count 0")),
            (riff([format(1, rate: 0, bits: 16)]), .unsupported(offset: 24, what: "rate 0 Hz")),
            (riff([format(1, bits: 12)]), .unsupported(offset: 34, what: "12 bits per sample")),
            (riff([format(1, bits: 0)]), .unsupported(offset: 34, what: "0 bits per sample")),
            (riff([format(7, bits: 16)]), .unsupported(offset: 34, what: "16 bits per sample")),
            (
                riff([format(1, channels: 65_535, bits: 16)]),
                .unsupported(offset: 22, what: "channel count 65535")
            ),
            (riff([format(1, rate: 4_000_000, bits: 16)]), .unsupported(offset: 24, what: "rate 4000000 Hz")),
            (riff([format(0xFFFE, bits: 16)]), .unsupported(offset: 20, what: "format tag 65534")),
            // A chunk that says it is 4 GiB long swallows all behind it.
            (
                lying(riff([("LIST", [1, 2]), format(1, bits: 16)]), sizeAt: 16),
                .malformed(offset: 46, expected: "fmt chunk")
            ),
        ])
    func faults(bytes: [UInt8], expected: WAVError) {
        #expect(throws: expected) { try WAVFile(parsing: bytes) }
    }

    /// With the greatest size that fits in a chunk's header.
    private static func lying(_ bytes: [UInt8], sizeAt offset: Int) -> [UInt8] {
        Array(bytes.prefix(offset)) + [0xFF, 0xFF, 0xFF, 0xFF] + Array(bytes.dropFirst(offset + 4))
    }

    @Test(
        "A format chunk that says it is huge is read where it begins; data of a streaming writer go to the end"
    )
    func hugeSizes() throws {
        let format = Self.format(1, bits: 16)
        let data = ("data", [1, 0, 2, 0, 3] as [UInt8])
        #expect(throws: WAVError.malformed(offset: 50, expected: "data chunk")) {
            try WAVFile(parsing: Self.lying(Self.riff([format, data]), sizeAt: 16))
        }
        var streaming = Self.lying(Self.riff([format, data]), sizeAt: 4)
        streaming.replaceSubrange(40..<44, with: [0, 0, 0, 0])
        #expect(try WAVFile(parsing: streaming).samples == [1, 2, 3])
    }

    @Test("A growing file is whole at every header")
    func stream() throws {
        var stream = WAVStream(rateHertz: 8_000, channels: 1)
        var body: [UInt8] = []
        for sample in [Int16](1...5) {
            WAVStream.encode([sample].span, into: &body)
            stream.append(byteCount: 2)
            #expect(try WAVFile(parsing: stream.header + body).samples == [Int16](1...sample))
        }
        stream.append(byteCount: .max)
        #expect(stream.header[40..<44] == [0xDB, 0xFF, 0xFF, 0xFF])
    }

    @Test("Real files are read; mutated ones never trap")
    func corpus() throws {
        guard let folder = try TestData.url("amd") else { return }
        var generator = SeededGenerator(seed: 0x3A7)
        for row in try TestData.rows(folder.appending(path: "labels.csv")).prefix(20) {
            let bytes = try TestData.bytes(folder.appending(path: row["file"] ?? ""))
            let file = try WAVFile(parsing: bytes)
            #expect(file.rateHertz == 8_000)
            #expect(file.channels == 1)
            #expect(abs(file.frameCount / 8 - Int(row["duration_ms"] ?? "")!) <= 1)
            for _ in 0..<500 {
                var mutated = Array(bytes.prefix(Int.random(in: 0...200, using: &generator)))
                for _ in 0..<Int.random(in: 0...6, using: &generator) where !mutated.isEmpty {
                    mutated[Int.random(in: 0..<mutated.count, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
                _ = try? WAVFile(parsing: mutated)
            }
        }
    }
}
