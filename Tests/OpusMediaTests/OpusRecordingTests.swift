#if Opus
    import OpusMedia
    import RTPMedia
    import SansIO
    import TestSupport
    import Testing

    /// The pages of an Ogg file (RFC 3533 §6).
    struct OggPages {
        struct Page {
            var flags: UInt8
            /// Samples at 48 kHz to the end of the page.
            var granule: UInt64
            var sequence: UInt32
            var body: [UInt8]
        }

        var pages: [Page] = []
        /// Bytes after the last whole page.
        var rest = 0

        init(_ bytes: [UInt8]) {
            var offset = 0
            while offset + 27 <= bytes.count, Array(bytes[offset..<offset + 4]) == Array("OggS".utf8) {
                let segments = Int(bytes[offset + 26])
                guard offset + 27 + segments <= bytes.count else { break }
                let length = bytes[offset + 27..<offset + 27 + segments].reduce(0) { $0 + Int($1) }
                let start = offset + 27 + segments
                guard start + length <= bytes.count else { break }
                var page = Array(bytes[offset..<start + length])
                let stated = Self.number(page[22..<26])
                for index in 22..<26 { page[index] = 0 }
                guard Self.checksum(page) == UInt32(stated) else { break }
                pages.append(
                    Page(
                        flags: page[5], granule: Self.number(page[6..<14]),
                        sequence: UInt32(Self.number(page[18..<22])), body: Array(page[(27 + segments)...])))
                offset = start + length
            }
            rest = bytes.count - offset
        }

        private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        /// CRC 32 of generator 0x04C11DB7, not reflected (RFC 3533 §6).
        private static func checksum(_ bytes: [UInt8]) -> UInt32 {
            bytes.reduce(UInt32(0)) { sum, byte in
                var sum = sum ^ UInt32(byte) << 24
                for _ in 0..<8 { sum = sum & 0x8000_0000 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1 }
                return sum
            }
        }

        /// Length of the audio in samples at 48 kHz, the encoder's delay included.
        var samples: UInt64 { pages.last { $0.granule != .max }?.granule ?? 0 }
    }

    @Suite("Recordings in Opus")
    struct OpusRecordingTests {
        @Test(
            "Seconds in are seconds out, in whole pages, for every rate and both layouts",
            arguments: [8_000, 16_000, 24_000, 48_000], [1, 2])
        func length(rate: Int, channels: Int) throws {
            let encoder = try OpusRecording().makeEncoder(rateHertz: rate, channels: channels)
            let sound = Pitch.sine(440, milliseconds: 1_000, rateHertz: rate)
            let second = sound.flatMap { [Int16](repeating: $0, count: channels) }
            var file: [UInt8] = []
            for elapsed in 1...5 {
                try encoder.encode(second.span, into: &file)
                let soFar = OggPages(file)
                #expect(soFar.rest == 0, "only whole pages are handed on")
                let written = Double(soFar.samples) / 48_000
                #expect(written > Double(elapsed) - 1, "a killed process loses less than a second")
            }
            try encoder.finish(into: &file)
            let ogg = OggPages(file)
            #expect(ogg.rest == 0)
            #expect(ogg.pages.map(\.sequence) == Array(0..<UInt32(ogg.pages.count)))
            #expect(ogg.pages[0].body.starts(with: Array("OpusHead".utf8)))
            #expect(Int(ogg.pages[0].body[9]) == channels)
            #expect(ogg.pages[1].body.starts(with: Array("OpusTags".utf8)))
            #expect(ogg.pages.last!.flags & 4 == 4, "the last page says that it is")
            let delay = Int(ogg.pages[0].body[10]) | Int(ogg.pages[0].body[11]) << 8
            #expect(Int(ogg.samples) - delay == 5 * 48_000)
        }

        @Test("A file that was cut anywhere has all its pages up to there")
        func cut() throws {
            let encoder = try OpusRecording().makeEncoder(rateHertz: 8_000, channels: 2)
            let noise = (0..<16_000 * 4).map { Int16(truncatingIfNeeded: $0 &* 7_919 % 20_000 - 10_000) }
            var file: [UInt8] = []
            try encoder.encode(noise.span, into: &file)
            let whole = OggPages(file).pages.count
            for part in stride(from: 200, to: file.count, by: 997) {
                let pages = OggPages(Array(file.prefix(part))).pages
                #expect(pages.count <= whole)
                #expect(part < 6_000 || pages.count > 2)
            }
        }

        @Test("Rates and channels that Opus has not are refused, and a finished file takes no more")
        func refused() throws {
            #expect(throws: RecordingEncoderError.self) {
                _ = try OpusRecording().makeEncoder(rateHertz: 8_000, channels: 3)
            }
            let encoder = try OpusRecording().makeEncoder(rateHertz: 8_000, channels: 1)
            var file: [UInt8] = []
            try encoder.finish(into: &file)
            let frame = [Int16](repeating: 0, count: 160)
            #expect(throws: RecordingEncoderError.self) { try encoder.encode(frame.span, into: &file) }
        }
    }
#endif
