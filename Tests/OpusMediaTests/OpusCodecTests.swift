#if Opus
    import OpusMedia
    import RTPMedia
    import SansIO
    import TestSupport
    import Testing

    @Suite("The codec Opus")
    struct OpusCodecTests {
        private func codec(
            _ settings: OpusSettings = OpusSettings(), rate: Int = 16_000,
            _ adjust: (inout OpusParameters) -> Void = { _ in }
        ) throws -> any PluginCodec {
            var parameters = OpusParameters()
            adjust(&parameters)
            return try OpusCodecProvider(settings: settings).makeCodec(
                CodecParameters(opus: parameters), rateHertz: rate)
        }

        private func encode(_ samples: [Int16], with codec: any PluginCodec) -> [UInt8] {
            var block = [UInt8](repeating: 0, count: 1_400)
            var span = block.mutableSpan
            var bytes = span.mutableBytes
            let count = codec.encode(samples.span, into: &bytes)
            return Array(block[..<count])
        }

        private func decode(_ payload: [UInt8], with codec: any PluginCodec) -> [Int16]? {
            guard let expected = codec.sampleCount(of: payload.span.bytes) else { return nil }
            var block = [Int16](repeating: 0, count: expected)
            var span = block.mutableSpan
            guard let count = codec.decode(payload.span.bytes, into: &span) else { return nil }
            return Array(block[..<count])
        }

        @Test(
            "A tone survives at every rate and in packets of every length",
            arguments: [8_000, 16_000, 24_000, 48_000], [10, 20, 40, 60])
        func roundTrip(rate: Int, milliseconds: Int) throws {
            let codec = try codec(rate: rate)
            let tone = Sound.tone(hertz: 440, rate: rate)
            let count = rate * milliseconds / 1_000
            var decoded: [Int16] = []
            for packet in 0..<(2_000 / milliseconds) {
                let payload = encode((0..<count).map { tone(packet * count + $0) }, with: codec)
                #expect(codec.sampleCount(of: payload.span.bytes) == count)
                decoded += try #require(decode(payload, with: codec))
            }
            #expect(Sound.purity(decoded[rate...], hertz: 440, rate: rate) > 0.97)
            #expect(abs(Sound.level(decoded[rate...]) - 5_657) < 600)
        }

        @Test("What the far end wants rules: bit rate, highest frequency, constant size")
        func parameters() throws {
            func size(_ codec: any PluginCodec) -> [Int] {
                (0..<50).map { packet in
                    let noise = (0..<960).map {
                        Int16(truncatingIfNeeded: ($0 * 7_919 + packet * 104_729) % 8_000 - 4_000)
                    }
                    return encode(noise, with: codec).count
                }
            }
            let usual = size(try codec(rate: 48_000))
            // 24 kbit/s are 60 octets in 20 ms.
            #expect((40...80).contains(usual.reduce(0, +) / usual.count))
            let slow = size(try codec(rate: 48_000) { $0.maximumAverageBitRate = 8_000 })
            #expect((12...28).contains(slow.reduce(0, +) / slow.count))
            let constant = size(try codec(rate: 48_000) { $0.wantsConstantBitRate = true })
            #expect(Set(constant.suffix(40)).count == 1)
            let narrow = try codec(rate: 48_000) { $0.maximumPlaybackRateHertz = 8_000 }
            let high = Sound.tone(hertz: 6_000, rate: 48_000)
            var heard: [Int16] = []
            for packet in 0..<50 {
                let payload = encode((0..<960).map { high(packet * 960 + $0) }, with: narrow)
                heard += try #require(decode(payload, with: narrow))
            }
            #expect(Sound.purity(heard[9_600...], hertz: 6_000, rate: 48_000) < 0.1)
        }

        @Test(
            "Silence is not sent where the far end prefers that, and is where it does not",
            arguments: [true, false])
        func discontinuous(isOn: Bool) throws {
            let codec = try codec { $0.usesDiscontinuousTransmission = isOn }
            let silence = [Int16](repeating: 0, count: 320)
            let sent = (0..<100).count { _ in !encode(silence, with: codec).isEmpty }
            if isOn { #expect(sent < 40) } else { #expect(sent == 100) }
        }

        // Configuration 16 to 19 are CELT of 2.5 to 20 ms; 1 is SILK of 20 ms, 3 of 60 ms.
        static let durations: [(payload: [UInt8], samples: Int)] = [
            ([0x80, 0, 0], 40), ([0x88, 0], 80), ([0x90, 0], 160), ([0x98, 0], 320),
            ([0x08, 0], 320), ([0x18, 0], 960), ([0x09, 0, 0], 640), ([0x19, 0, 0], 1_920),
            // Six frames of 20 ms.
            ([0x0B, 6, 0, 0, 0, 0, 0, 0], 1_920),
        ]

        @Test("A packet tells its length from 2.5 to 120 ms (RFC 6716 §3.1, §3.2)", arguments: durations)
        func lengths(payload: [UInt8], samples: Int) throws {
            #expect(try codec().sampleCount(of: payload.span.bytes) == samples)
        }

        @Test(
            "What is no packet is refused",
            arguments: [
                [], [0x0B], [0x0B, 7, 0], [0x1B, 3, 0], [0x0B, 0],
            ] as [[UInt8]])
        func garbage(payload: [UInt8]) throws {
            #expect(decode(payload, with: try codec()) == nil)
        }

        @Test(
            "Any octets are decoded or refused, and good packets go on after them", arguments: UInt64(0)..<20)
        func anything(seed: UInt64) throws {
            var generator = SeededGenerator(seed: seed)
            let codec = try codec()
            for _ in 0..<200 {
                let count = Int(generator.next() % 200)
                let payload = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 32) }
                let samples = codec.sampleCount(of: payload.span.bytes)
                #expect(samples.map { (1...1_920).contains($0) } ?? true)
                if let heard = decode(payload, with: codec) { #expect(heard.count <= 1_920) }
                let recoverable = codec.recoverableSamples(in: payload.span.bytes)
                #expect((0...960).contains(recoverable))
                var block = [Int16](repeating: 0, count: 960)
                var span = block.mutableSpan
                let recovered = codec.recover(from: payload.span.bytes, into: &span)
                #expect((0...960).contains(recovered))
                let concealed = codec.conceal(into: &span)
                #expect(concealed == 960)
            }
            let other = try self.codec()
            let tone = Sound.tone(hertz: 440, rate: 16_000)
            var heard: [Int16] = []
            for packet in 0..<50 {
                let payload = encode((0..<320).map { tone(packet * 320 + $0) }, with: other)
                heard += try #require(decode(payload, with: codec))
            }
            #expect(Sound.purity(heard[8_000...], hertz: 440, rate: 16_000) > 0.95)
        }

        @Test(
            "The copy of a lost frame is in the packet behind it, where the far end can use it",
            arguments: [true, false])
        func copies(isOn: Bool) throws {
            var settings = OpusSettings()
            settings.expectedLoss = 0.2
            let codec = try codec(settings) { $0.usesForwardErrorCorrection = isOn }
            let speech = Voice.samples(seconds: 3, rate: 16_000)
            let recoverable = stride(from: 0, to: speech.count - 320, by: 320).map { start in
                codec.recoverableSamples(
                    in: encode(Array(speech[start..<start + 320]), with: codec).span.bytes)
            }
            #expect(recoverable.allSatisfy { $0 == 0 || $0 == 320 })
            let share = Double(recoverable.count { $0 > 0 }) / Double(recoverable.count)
            if isOn { #expect(share > 0.5) } else { #expect(share == 0) }
        }

        @Test("A frame from its copy is nearer to the lost one than a made-up one, and so is what follows")
        func nearer() throws {
            var settings = OpusSettings()
            settings.expectedLoss = 0.2
            let speech = Voice.samples(seconds: 4, rate: 16_000)
            let encoder = try codec(settings) { $0.usesForwardErrorCorrection = true }
            let packets = stride(from: 0, to: speech.count, by: 320).map {
                encode(Array(speech[$0..<$0 + 320]), with: encoder)
            }
            func heard(losing isLost: (Int) -> Bool, recovers: Bool) throws -> [Int16] {
                let decoder = try codec()
                var heard: [Int16] = []
                for index in packets.indices.dropLast() {
                    guard isLost(index) else {
                        heard += try #require(decode(packets[index], with: decoder))
                        continue
                    }
                    var block = [Int16](repeating: 0, count: 320)
                    var span = block.mutableSpan
                    var made = 0
                    if recovers {
                        let behind = packets[index + 1]
                        made = decoder.recover(from: behind.span.bytes, into: &span)
                    }
                    if made == 0 { made = decoder.conceal(into: &span) }
                    #expect(made == 320)
                    heard += block
                }
                return heard
            }
            let whole = try heard(losing: { _ in false }, recovers: false)
            let recovered = try heard(losing: { $0 % 5 == 3 }, recovers: true)
            let concealed = try heard(losing: { $0 % 5 == 3 }, recovers: false)
            let with = Sound.signalToNoise(recovered[...], of: whole[...], delayUpTo: 0)
            let without = Sound.signalToNoise(concealed[...], of: whole[...], delayUpTo: 0)
            #expect(with > without + 2, "\(with) dB with copies, \(without) dB without")
        }

        @Test("Settings outside their ranges are brought into them")
        func settings() throws {
            var settings = OpusSettings()
            settings.bitRate = 10
            settings.complexity = 99
            settings.expectedLoss = .nan
            let codec = try codec(settings) { $0.usesForwardErrorCorrection = true }
            codec.noteLoss(7)
            codec.noteLoss(-.infinity)
            #expect(!encode([Int16](repeating: 300, count: 320), with: codec).isEmpty)
        }

        @Test(
            "Packets have lengths that the codec knows",
            arguments: [(10, 10), (20, 20), (30, 20), (40, 40), (50, 40), (60, 60)])
        func packetLengths(wanted: Int, given: Int) throws {
            #expect(try codec().packetMilliseconds(wanted: wanted) == given)
        }
    }
#endif
