import Foundation
import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("A leg whose far end, or whose agent, falls silent with comfort noise")
struct ComfortNoiseLegTests {
    /// A far end made by hand: a packet for some of the ticks.
    private final class FarEnd {
        let codec: AudioCodecKind
        let hearing: AudioLeg
        private(set) var narrow: [Int16] = []
        private(set) var wide: [Int16] = []
        private(set) var kinds: [AudioLeg.FrameKind] = []
        private var sequence = SequenceNumber(65_500)
        private var tick = 0

        init(
            _ codec: AudioCodecKind = .pcmu, jitterBuffer: JitterBufferKind = .adaptive(quantile: 0.97),
            adjust: (inout NegotiatedAudio) -> Void = { _ in }
        ) throws {
            self.codec = codec
            var negotiated = CodecCall.agreement(codec, remote: CodecCall.addressA)
            adjust(&negotiated)
            var configuration = AudioLeg.Configuration(
                negotiated: negotiated, rateHertz: 16_000, canonicalName: "b@test")
            configuration.jitterBuffer = jitterBuffer
            var entropy = SeededGenerator(seed: 9, label: "far end")
            hearing = try AudioLeg(
                configuration: configuration, generator: &entropy, at: MonotonicInstant(nanoseconds: 0))
        }

        var now: MonotonicInstant {
            MonotonicInstant(nanoseconds: 1_000_000_000).advanced(by: .milliseconds(20 * tick))
        }

        /// The tone's next 20 ms.
        func speak(isLost: Bool = false) throws {
            let sampler = try #require(NegotiatedCodec(codec))
            let rate = sampler.sampleRateHertz
            let tone = Sound.tone(hertz: 300, rate: rate)
            let samples = (0..<rate / 50).map { tone(tick * rate / 50 + $0) }
            var payload = [UInt8](repeating: 0, count: 2 * samples.count)
            let count = payload.withUnsafeMutableBytes { block in
                var bytes = block.mutableBytes
                return sampler.encode(samples.span, into: &bytes)
            }
            pass(codec.staticPayloadType ?? 111, Array(payload.prefix(count)), isLost: isLost)
        }

        func tell(_ payload: [UInt8], type: UInt8 = 13) { pass(type, payload) }

        func nothing() { pull() }

        private func pass(_ type: UInt8, _ payload: [UInt8], isLost: Bool = false) {
            let header = RTPHeader(
                marker: false, payloadType: type, sequence: sequence,
                timestamp: RTPTimestamp(UInt32(codec.clockRateHertz / 50 * tick)), synchronizationSource: 77)
            sequence = sequence.advanced(by: 1)
            let packet = header.octets + payload
            if !isLost { hearing.receiveRTP(packet.span.bytes, from: CodecCall.addressA, at: now) }
            pull()
        }

        private func pull() {
            var narrowFrame = [Int16](repeating: 0, count: 160)
            var wideFrame = [Int16](repeating: 0, count: 320)
            var narrowSpan = narrowFrame.mutableSpan
            var wideSpan = wideFrame.mutableSpan
            kinds.append(hearing.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now))
            narrow += narrowFrame
            wide += wideFrame
            tick += 1
        }

        /// Level of what was heard in these ticks, in decibels from the overload point.
        func level(_ ticks: Range<Int>) -> Double {
            20 * log10(Sound.level(narrow[160 * ticks.lowerBound..<160 * ticks.upperBound]) / 32_768)
        }
    }

    /// One second of speech, one of noise, one of speech.
    private func converse(_ far: FarEnd, level: UInt8, type: UInt8 = 13) throws {
        for _ in 0..<50 { try far.speak() }
        for tick in 0..<50 { tick % 10 == 0 ? far.tell([level], type: type) : far.nothing() }
        for _ in 0..<50 { try far.speak() }
    }

    @Test(
        "What is told is heard at its level until speech goes on, and nothing of it is lost or made up",
        arguments: [UInt8(35), 50, 65])
    func heard(level: UInt8) throws {
        let far = try FarEnd { $0.receiveComfortNoisePayloadType = 13 }
        try converse(far, level: level)
        #expect(abs(far.level(55..<97) + Double(level)) < 3)
        #expect(far.kinds[54..<98].allSatisfy { $0 == .silence })
        #expect(far.kinds[105...].allSatisfy { $0 == .audio })
        #expect(Sound.purity(far.wide[(320 * 105)...], hertz: 300, rate: 16_000) > 0.99)
        #expect(Sound.purity(far.wide[3_200..<320 * 48], hertz: 300, rate: 16_000) > 0.99)
        let figures = far.hearing.statistics
        #expect(figures.packetsReceived == 105)
        #expect(figures.framesConcealed == 0)
        #expect(figures.packetsLost == 0)
        #expect(figures.packetsDiscarded == 0)
        #expect(figures.packetsRejected == 0)
        #expect(figures.jitterMilliseconds < 0.01)
    }

    @Test("Type 13 is understood unasked at 8,000 Hz, behind libspeexdsp's jitter buffer too")
    func unasked() throws {
        for far in [try FarEnd(.pcma), try FarEnd(jitterBuffer: .speex)] {
            try converse(far, level: 50)
            #expect(abs(far.level(58..<97) + 50) < 3)
            #expect(far.hearing.statistics.packetsRejected == 0)
            #expect(far.hearing.statistics.packetsLost == 0)
        }
    }

    @Test("At 16,000 Hz it has the type that was agreed on; type 13 there is taken and not played")
    func wideband() throws {
        let far = try FarEnd(.l16) { $0.receiveComfortNoisePayloadType = 105 }
        try converse(far, level: 50, type: 105)
        let noise = Sound.level(far.wide[320 * 55..<320 * 97])
        #expect(abs(20 * log10(noise / 32_768) + 50) < 3)
        #expect(far.hearing.statistics.framesConcealed == 0)
        let other = try FarEnd(.l16)
        try converse(other, level: 50)
        #expect(other.level(60..<97) < -80)
        #expect(other.hearing.statistics.packetsRejected == 0)
    }

    @Test(
        "One packet lasts as long as nothing else comes; a new one changes the level; both are signs of life")
    func lasts() throws {
        let far = try FarEnd()
        for _ in 0..<25 { try far.speak() }
        far.tell([45, 100, 140])
        let first = far.now.advanced(by: .milliseconds(-20))
        #expect(far.hearing.lastHeard == first)
        for _ in 0..<149 { far.nothing() }
        #expect(abs(far.level(40..<175) + 45) < 3)
        far.tell([60])
        #expect(far.hearing.lastHeard == first.advanced(by: .seconds(3)))
        for _ in 0..<49 { far.nothing() }
        #expect(abs(far.level(185..<224) + 60) < 3)
        far.tell([127])
        for _ in 0..<24 { far.nothing() }
        #expect(far.level(240..<249) < -80)
        #expect(far.hearing.statistics.framesConcealed == 0)
    }

    @Test("Speech lost after the noise is made up from the speech, and counted")
    func lossAfterwards() throws {
        let far = try FarEnd()
        try converse(far, level: 40)
        for tick in 0..<50 { try far.speak(isLost: tick == 20) }
        #expect(far.hearing.statistics.packetsLost == 1)
        #expect(far.hearing.statistics.framesConcealed == 1)
        #expect(Sound.purity(far.wide[(320 * 155)...], hertz: 300, rate: 16_000) > 0.95)
    }

    @Test(
        "An empty packet is counted and changes nothing; one with more coefficients than are known is taken")
    func malformed() throws {
        let far = try FarEnd()
        for _ in 0..<25 { try far.speak() }
        far.tell([])
        for _ in 0..<24 { far.nothing() }
        #expect(far.hearing.statistics.rejections.payload == 1)
        #expect(far.level(35..<49) < -80)
        far.tell([50] + [UInt8](repeating: 127, count: 1_400))
        for _ in 0..<24 { far.nothing() }
        #expect(abs(far.level(55..<74) + 50) < 3)
        #expect(far.hearing.statistics.packetsRejected == 1)
        #expect(far.hearing.statistics.packetsReceived == 27)
    }

    // MARK: Sent

    /// Speech in these ticks, and elsewhere what `silence` gives.
    private func say(
        _ ticks: [Range<Int>], of count: Int, in call: CodecCall,
        silence: @escaping (Int) -> Int16 = { _ in 0 }
    ) {
        let tone = Sound.tone(hertz: 300, rate: 16_000)
        call.speech = { index in ticks.contains { $0.contains(index / 320) } ? tone(index) : silence(index) }
        call.run(ticks: count)
    }

    @Test("An agent's pause is 200 ms of audio, then a description every 200 ms, then a talkspurt")
    func sent() throws {
        let call = try CodecCall(codec: .pcmu) { $0.sendComfortNoisePayloadType = 13 }
        say([0..<5, 40..<45], of: 45, in: call)
        let headers = try call.headers()
        // The resampler's tail makes the sixth frame speech, too.
        #expect(
            call.packets.map(\.tick) == [
                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 26, 36, 40, 41, 42, 43, 44,
            ])
        #expect(
            headers.map(\.payloadType) == [
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 13, 13, 0, 0, 0, 0, 0,
            ])
        #expect(headers.indices.filter { headers[$0].marker } == [0, 19])
        let start = headers[0].timestamp
        #expect(headers.map { start.distance(to: $0.timestamp) } == call.packets.map { 160 * $0.tick })
        for (before, after) in zip(headers, headers.dropFirst()) {
            #expect(before.sequence.distance(to: after.sequence) == 1)
        }
        // Digital silence: the lowest level, white.
        #expect(
            call.packets[16].bytes[12...].elementsEqual([127, 127, 127, 127, 127, 127, 127, 127, 127]))
        #expect(call.b.statistics.framesConcealed == 0)
        #expect(call.b.statistics.packetsLost == 0)
    }

    @Test("A level that changes by 6 dB is told at once")
    func changes() throws {
        let call = try CodecCall(codec: .pcmu, rate: 8_000) { $0.sendComfortNoisePayloadType = 13 }
        // A square wave of 4, later of 16: 78 and 66 dB below the overload point.
        call.speech = { ($0 / 8 % 2 == 0 ? 1 : -1) * ($0 < 160 * 15 ? 4 : 16) }
        call.run(ticks: 30)
        let told = call.packets.filter { $0.bytes[1] == 13 }
        #expect(told.map(\.tick) == [10, 15, 25])
        #expect(told.map { $0.bytes[12] } == [78, 66, 66])
    }

    @Test("What waits for a longer packet goes before the description; after a key the pause is told anew")
    func longPackets() throws {
        let call = try CodecCall(codec: .pcmu, rate: 8_000) {
            $0.sendComfortNoisePayloadType = 13
            $0.packetMilliseconds = 30
        }
        call.run(ticks: 13)
        #expect(call.a.sendDigits("5"))
        call.run(ticks: 9)
        let headers = try call.headers()
        #expect(call.packets.map(\.tick) == [1, 2, 4, 5, 7, 8, 10, 10, 13, 14, 15, 16, 17, 18, 19, 20])
        #expect(
            headers.map(\.payloadType) == [
                0, 0, 0, 0, 0, 0, 0, 13, 101, 101, 101, 101, 101, 101, 101, 13,
            ])
        let start = headers[0].timestamp
        #expect(
            headers.map { start.distance(to: $0.timestamp) } == [
                0, 240, 480, 720, 960, 1_200, 1_440, 1_600, 2_080, 2_080, 2_080, 2_080, 2_080, 2_080, 2_080,
                3_200,
            ])
        #expect(call.packets[6].bytes.count == 12 + 160)
    }

    @Test("Without an agreement on it silence is sent as audio")
    func notAgreed() throws {
        let call = try CodecCall(codec: .pcmu)
        say([0..<5], of: 60, in: call)
        #expect(call.packets.count == 60)
        #expect(try call.headers().allSatisfy { $0.payloadType == 0 })
    }
}
