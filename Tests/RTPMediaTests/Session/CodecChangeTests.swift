import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("A leg whose codec changes")
struct CodecChangeTests {
    /// Both legs go over to `codec` between two ticks.
    private func change(_ call: CodecCall, to codec: AudioCodecKind) throws {
        for (leg, remote) in [(call.a, CodecCall.addressB), (call.b, CodecCall.addressA)] {
            var next = CodecCall.agreement(codec, remote: remote)
            // What is under way may still come in the other format.
            next.receivedFormats = [
                .init(payloadType: 0, codec: .pcmu), .init(payloadType: 8, codec: .pcma),
                .init(payloadType: 111, codec: .l16),
            ]
            try leg.renegotiate(next)
        }
    }

    @Test(
        "A re-INVITE changes it in the middle of a tone without a click at the agent's rate or at 8,000 Hz",
        arguments: [
            (AudioCodecKind.pcmu, AudioCodecKind.l16, 16_000), (.l16, .pcmu, 16_000), (.pcmu, .l16, 8_000),
            (.l16, .pcma, 24_000), (.pcma, .l16, 48_000), (.pcmu, .pcma, 16_000),
        ])
    func changes(from: AudioCodecKind, to: AudioCodecKind, rate: Int) throws {
        let call = try CodecCall(codec: from, rate: rate)
        call.speech = Sound.tone(hertz: 300, rate: rate)
        call.run(ticks: 50)
        try change(call, to: to)
        call.run(ticks: 100)
        // The tone's own step, and what a correction over 5 ms adds to it.
        let own = 8_000 * 2 * Double.pi * 300
        #expect(Double(Sound.largestStep(call.heard[(rate / 2)...])) < own / Double(rate) + 1_300)
        #expect(Double(Sound.largestStep(call.narrowHeard[4_000...])) < own / 8_000 + 1_300)
        let settled = call.heard[(rate * 2)...]
        #expect(abs(Sound.level(settled) - 5_657) < 150)
        #expect(Sound.purity(settled, hertz: 300, rate: rate) > 0.99)
        #expect(call.b.statistics.codec == to)
        #expect(call.b.statistics.packetsLost == 0)
        #expect(call.b.statistics.packetsRejected == 0)
        #expect(call.b.statistics.jitterMilliseconds < 5)
    }

    @Test("Any format that was given away is understood without a word, back and forth")
    func withoutAWord() throws {
        let call = try CodecCall(codec: .pcmu) { negotiated in
            negotiated.receivedFormats.append(.init(payloadType: 96, codec: .l16))
        }
        call.speech = Sound.tone(hertz: 300, rate: 16_000)
        call.run(ticks: 30)
        for (codec, type) in [(AudioCodecKind.l16, UInt8(96)), (.pcmu, 0), (.l16, 96)] {
            var next = CodecCall.agreement(codec, remote: CodecCall.addressB)
            next.sendPayloadType = type
            try call.a.renegotiate(next)
            call.run(ticks: 50)
            let recent = call.heard.suffix(8_000)
            #expect(Sound.purity(recent, hertz: 300, rate: 16_000) > 0.98)
        }
        #expect(call.b.statistics.packetsRejected == 0)
    }

    @Test("A codec that nobody provides is refused, and the leg goes on with the one it has")
    func refused() throws {
        let call = try CodecCall(codec: .pcmu)
        call.speech = Sound.tone(hertz: 300, rate: 16_000)
        call.run(ticks: 10)
        #expect(throws: AudioLegError.missingCodec(.opus)) {
            try call.a.renegotiate(CodecCall.agreement(.opus, remote: CodecCall.addressB))
        }
        call.run(ticks: 50)
        #expect(Sound.level(call.heard.suffix(3_200)) > 5_000)
        #expect(call.b.statistics.packetsRejected == 0)
    }

    @Test("Timestamps of 16,000 Hz wrap without a gap")
    func wraps() throws {
        let call = try CodecCall(codec: .l16)
        var header = RTPHeader(
            marker: true, payloadType: 111, sequence: SequenceNumber(65_530),
            timestamp: RTPTimestamp(UInt32.max - 320 * 20 + 11), synchronizationSource: 77)
        let tone = Sound.tone(hertz: 300, rate: 16_000)
        var heard: [Int16] = []
        for tick in 0..<100 {
            let now = call.now.advanced(by: .milliseconds(20 * tick))
            let payload = (0..<320).flatMap { index in
                let sample = UInt16(bitPattern: tone(320 * tick + index))
                return [UInt8(sample >> 8), UInt8(sample & 0xFF)]
            }
            let packet = header.octets + payload
            let isTaken = call.b.receiveRTP(packet.span.bytes, from: CodecCall.addressA, at: now)
            #expect(isTaken)
            header.sequence = header.sequence.advanced(by: 1)
            header.timestamp = header.timestamp.advanced(by: 320)
            heard += call.hear(at: now)
        }
        #expect(Sound.largestStep(heard[3_200...]) < 1_000)
        #expect(call.b.statistics.framesConcealed == 0)
        #expect(call.b.statistics.jitterMilliseconds < 0.01)
    }

    @Test("A far end that pauses has lost nothing: what stood in the pause is no concealed frame")
    func pause() throws {
        let call = try CodecCall(codec: .pcmu)
        call.speech = Sound.tone(hertz: 300, rate: 16_000)
        var sequence = SequenceNumber(5)
        for tick in 0..<100 {
            let now = call.now.advanced(by: .milliseconds(20 * tick))
            // Half a second of speech, a pause of 200 ms, and speech again.
            if !(25..<35).contains(tick) {
                let header = RTPHeader(
                    marker: tick == 35, payloadType: 0, sequence: sequence,
                    timestamp: RTPTimestamp(UInt32(160 * tick)), synchronizationSource: 77)
                let packet = header.octets + [UInt8](repeating: 0x80, count: 160)
                let isTaken = call.b.receiveRTP(packet.span.bytes, from: CodecCall.addressA, at: now)
                #expect(isTaken)
                sequence = sequence.advanced(by: 1)
            }
            call.hear(at: now)
        }
        #expect(call.b.statistics.packetsLost == 0)
        #expect(call.b.statistics.framesConcealed <= 1)
    }
}
