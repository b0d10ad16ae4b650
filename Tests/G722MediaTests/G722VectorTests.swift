#if G722
    import G722Media
    import RTPMedia
    import SansIO
    import TestSupport
    import Testing

    @Suite("G.722, ITU-T G.191 vectors")
    struct G722VectorTests {
        private func words(_ name: String) throws -> [Int16]? {
            guard let url = try TestData.url("codec/g722/\(name)") else { return nil }
            let bytes = try TestData.bytes(url)
            return stride(from: 0, to: bytes.count, by: 2).map {
                Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
            }
        }

        private func codec() throws -> any PluginCodec {
            try G722CodecProvider().makeCodec(CodecParameters(), rateHertz: 16_000)
        }

        @Test(
            "Speech gives the ITU's codes bit by bit, in packets of any length",
            arguments: [160, 320, 960, 2_560])
        func encodes(packet: Int) throws {
            guard let speech = try words("inpsp.bin"), let codes = try words("codspw.cod") else { return }
            #expect(speech.count == 97_536 && codes.count == 48_768)
            let codec = try codec()
            var octets: [UInt8] = []
            for start in stride(from: 0, to: speech.count, by: packet) {
                let samples = speech.span.extracting(start..<min(start + packet, speech.count))
                var block = [UInt8](repeating: 0, count: 1_400)
                var span = block.mutableSpan
                var bytes = span.mutableBytes
                let count = codec.encode(samples, into: &bytes)
                octets += block[..<count]
            }
            #expect(octets == codes.map { UInt8(truncatingIfNeeded: $0) })
        }

        @Test(
            "The ITU's codes give its speech bit by bit, in packets of any length",
            arguments: [80, 160, 480, 1_280])
        func decodes(packet: Int) throws {
            guard let codes = try words("codspw.cod"), let speech = try words("outsp1.bin") else { return }
            let octets = codes.map { UInt8(truncatingIfNeeded: $0) }
            let codec = try codec()
            var decoded: [Int16] = []
            for start in stride(from: 0, to: octets.count, by: packet) {
                let payload = octets.span.bytes.extracting(start..<min(start + packet, octets.count))
                let length = codec.sampleCount(of: payload)
                let expected = try #require(length)
                var block = [Int16](repeating: 0, count: expected)
                var span = block.mutableSpan
                let made = codec.decode(payload, into: &span)
                let count = try #require(made)
                decoded += block[..<count]
            }
            #expect(decoded == speech)
        }

        @Test("An empty payload is none; the shorter side limits; a reset decoder starts from nothing")
        func limits() throws {
            let codec = try codec()
            let none: [UInt8] = []
            #expect(codec.sampleCount(of: none.span.bytes) == nil)
            let payload = [UInt8](repeating: 0x55, count: 80)
            var samples = [Int16](repeating: 0, count: 100)
            var span = samples.mutableSpan
            #expect(codec.decode(payload.span.bytes, into: &span) == 100)
            codec.resetDecoder()
            var again = [Int16](repeating: 0, count: 100)
            var second = again.mutableSpan
            #expect(codec.decode(payload.span.bytes, into: &second) == 100)
            #expect(samples == again)
            var octet: [UInt8] = [0]
            var octetSpan = octet.mutableSpan
            var bytes = octetSpan.mutableBytes
            #expect(codec.encode(samples.span, into: &bytes) == 1)
        }
    }
#endif
