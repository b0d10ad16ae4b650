#if Opus
    import OpusMedia
    import RTPMedia
    import SansIO
    import TestSupport
    import Testing

    @Suite("A leg that speaks Opus")
    struct OpusLegTests {
        @Test(
            "A tone arrives at every rate of the agent and at 8,000 Hz",
            arguments: [8_000, 16_000, 24_000, 48_000])
        func tone(rate: Int) throws {
            let call = try CodecCall(codec: .opus, rate: rate, providers: [OpusCodecProvider()])
            call.speech = Sound.tone(hertz: 440, rate: rate)
            call.run(ticks: 150)
            for (samples, rate) in [(call.heard, rate), (call.narrowHeard, 8_000)] {
                let settled = samples[rate...]
                #expect(abs(Sound.level(settled) - 5_657) < 600)
                #expect(Sound.purity(settled, hertz: 440, rate: rate) > 0.97)
            }
            #expect(call.b.statistics.framesConcealed == 0)
            #expect(call.b.statistics.codec == .opus)
        }

        @Test(
            "The clock is 48,000 Hz whatever the agent's rate, and jitter is told in true milliseconds",
            arguments: [10, 20, 40, 60])
        func clock(milliseconds: Int) throws {
            let call = try CodecCall(codec: .opus, providers: [OpusCodecProvider()]) {
                $0.packetMilliseconds = milliseconds
            }
            call.speech = Sound.tone(hertz: 440, rate: 16_000)
            call.run(ticks: 120)
            let headers = try call.headers()
            #expect(headers.count == 2_400 / milliseconds)
            for (before, after) in zip(headers, headers.dropFirst()) {
                #expect(before.timestamp.distance(to: after.timestamp) == 48 * milliseconds)
            }
            // Packets of 10 ms go in pairs: 10 ms early or late in turns.
            #expect(call.b.statistics.jitterMilliseconds < (milliseconds == 10 ? 10.5 : 0.01))
            #expect(Sound.purity(call.heard[16_000...], hertz: 440, rate: 16_000) > 0.97)
        }

        @Test("A key has the codec's clock: 960 units in 20 ms (RFC 4733 §2.1)")
        func keys() throws {
            let call = try CodecCall(codec: .opus, providers: [OpusCodecProvider()])
            call.run(ticks: 10)
            #expect(call.a.sendDigits("42"))
            call.run(ticks: 40)
            let keys = call.packets.filter { $0.bytes[1] & 0x7F == 101 }.map { Array($0.bytes[12...]) }
            #expect(keys.prefix(5).map { Int($0[2]) << 8 | Int($0[3]) } == [960, 1_920, 2_880, 3_840, 4_800])
            var digits = ""
            while let digit = call.b.takeDigit() { digits.append(digit) }
            #expect(digits == "42")
        }

        @Test(
            "A lost packet is decoded from the copy in the one behind it; without copies it is made up",
            arguments: [true, false])
        func errorCorrection(usesCopies: Bool) throws {
            let spy = SpyProvider()
            let call = try CodecCall(codec: .opus, providers: [spy]) {
                $0.opus.usesForwardErrorCorrection = usesCopies
            }
            let speech = Voice.samples(seconds: 6, rate: 16_000)
            call.speech = { speech[$0] }
            call.isLost = { $0 > 10 && $0 % 7 == 3 }
            call.run(ticks: 298)
            #expect((38...42).contains(call.b.statistics.packetsLost))
            // The codec of B's inbound side is the last one made.
            let codec = try #require(spy.made.withLock { $0.last })
            if usesCopies {
                #expect(codec.recovered > 20)
                #expect(codec.concealed < 25)
            } else {
                #expect(codec.recovered == 0)
                #expect(codec.concealed > 30)
            }
            #expect(Sound.level(call.heard[16_000...]) > 0.7 * Sound.level(speech[16_000...]))
        }

        @Test("Silence that is not sent is no loss, and speech after it begins a talkspurt")
        func discontinuous() throws {
            let call = try CodecCall(codec: .opus, providers: [OpusCodecProvider()]) {
                $0.opus.usesDiscontinuousTransmission = true
            }
            let voice = Voice.samples(seconds: 5, rate: 16_000)
            // A second of speech, two of silence, a second of speech.
            call.speech = { (16_000..<48_000).contains($0) ? 0 : voice[$0] }
            call.run(ticks: 210)
            #expect(call.packets.count < 160)
            let headers = try call.headers()
            let inSound = call.packets.indices.filter { call.packets[$0].tick >= 150 }
            #expect(headers[inSound[0]].marker)
            for index in headers.indices.dropFirst() {
                #expect(headers[index - 1].sequence.distance(to: headers[index].sequence) == 1)
            }
            #expect(headers[0].timestamp.distance(to: headers[inSound[0]].timestamp) == 150 * 960)
            #expect(call.b.statistics.packetsLost == 0)
            #expect(call.b.statistics.framesConcealed < 4)
            #expect(Sound.level(call.heard[24_000..<44_000]) < 60)
            let (said, heard) = (Sound.level(voice[48_000..<64_000]), Sound.level(call.heard.suffix(16_000)))
            #expect(heard > 0.7 * said, "\(heard) of \(said)")
        }

        @Test("A payload that is none is counted, made up for and does no harm")
        func garbage() throws {
            let call = try CodecCall(codec: .opus, providers: [OpusCodecProvider()])
            call.speech = Sound.tone(hertz: 440, rate: 16_000)
            // Three frames of lengths that do not add up; then something too long to be any.
            call.change = { number, bytes in
                if number == 60 { bytes = bytes[..<12] + [0x0B, 0x83, 0xFF, 0xFF] }
                if number == 70 { bytes = bytes[..<12] + [0x1B, 0x03, 1, 2, 3] }
            }
            call.run(ticks: 150)
            let figures = call.b.statistics
            #expect(figures.packetsUndecodable == 1)
            #expect(figures.packetsRejected == 1)
            #expect((1...8).contains(figures.framesConcealed))
            #expect(Sound.purity(call.heard.suffix(16_000), hertz: 440, rate: 16_000) > 0.95)
        }

        @Test(
            "The codec changes to G.711 and back in the middle of a tone without a click",
            arguments: [8_000, 16_000, 48_000])
        func changes(rate: Int) throws {
            let call = try CodecCall(codec: .opus, rate: rate, providers: [OpusCodecProvider()])
            call.speech = Sound.tone(hertz: 300, rate: rate)
            call.run(ticks: 50)
            for codec in [AudioCodecKind.pcmu, .opus] {
                for (leg, remote) in [(call.a, CodecCall.addressB), (call.b, CodecCall.addressA)] {
                    var next = CodecCall.agreement(codec, remote: remote)
                    next.receivedFormats = [
                        .init(payloadType: 0, codec: .pcmu), .init(payloadType: 111, codec: .opus),
                    ]
                    try leg.renegotiate(next)
                }
                call.run(ticks: 100)
            }
            let own = 8_000 * 2 * Double.pi * 300
            #expect(Double(Sound.largestStep(call.heard[(rate / 2)...])) < own / Double(rate) + 2_000)
            #expect(Double(Sound.largestStep(call.narrowHeard[4_000...])) < own / 8_000 + 2_000)
            #expect(Sound.purity(call.heard.suffix(rate), hertz: 300, rate: rate) > 0.95)
            #expect(call.b.statistics.packetsRejected == 0)
        }

        @Test(
            "The share that the far end reports lost reaches the encoder: packets carry copies from then on")
        func lossFeedback() throws {
            var settings = OpusSettings()
            settings.expectedLoss = 0
            let codec = try OpusCodecProvider(settings: settings).makeCodec(
                CodecParameters(opus: OpusParameters(formatParameters: "useinbandfec=1")), rateHertz: 16_000)
            let speech = Voice.samples(seconds: 2, rate: 16_000)
            func copies() -> Int {
                stride(from: 0, to: speech.count - 320, by: 320).count { start in
                    var block = [UInt8](repeating: 0, count: 1_400)
                    var span = block.mutableSpan
                    var bytes = span.mutableBytes
                    let count = codec.encode(speech.span.extracting(start..<start + 320), into: &bytes)
                    return codec.recoverableSamples(in: block.span.bytes.extracting(0..<count)) > 0
                }
            }
            #expect(copies() == 0)
            codec.noteLoss(0.2)
            #expect(copies() > 40)
        }
    }

    /// Counts what a leg asks of its codecs.
    final class SpyProvider: AudioCodecProvider {
        let made = Locked<[Spy]>([])
        var kind: AudioCodecKind { .opus }

        func makeCodec(
            _ parameters: CodecParameters, rateHertz: Int
        ) throws(AudioLegError) -> any PluginCodec {
            var settings = OpusSettings()
            settings.expectedLoss = 0.2
            let spy = Spy(
                try OpusCodecProvider(settings: settings).makeCodec(parameters, rateHertz: rateHertz))
            made.withLock { $0.append(spy) }
            return spy
        }

        /// Used by the thread of its test alone.
        final class Spy: PluginCodec, @unchecked Sendable {
            private let codec: any PluginCodec
            private(set) var recovered = 0
            private(set) var concealed = 0

            init(_ codec: any PluginCodec) { self.codec = codec }

            var kind: AudioCodecKind { codec.kind }
            var sampleRateHertz: Int { codec.sampleRateHertz }
            var concealmentSamples: Int { codec.concealmentSamples }
            func packetMilliseconds(wanted milliseconds: Int) -> Int {
                codec.packetMilliseconds(wanted: milliseconds)
            }
            func sampleCount(of payload: RawSpan) -> Int? { codec.sampleCount(of: payload) }
            func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int? {
                codec.decode(payload, into: &samples)
            }
            func conceal(into samples: inout MutableSpan<Int16>) -> Int {
                concealed += 1
                return codec.conceal(into: &samples)
            }
            func recoverableSamples(in payload: RawSpan) -> Int { codec.recoverableSamples(in: payload) }
            func recover(from payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
                recovered += 1
                return codec.recover(from: payload, into: &samples)
            }
            func resetDecoder() { codec.resetDecoder() }
            func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
                codec.encode(samples, into: &payload)
            }
            func noteLoss(_ fraction: Double) { codec.noteLoss(fraction) }
        }
    }
#endif
