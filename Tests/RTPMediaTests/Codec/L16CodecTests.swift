import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("L16 (RFC 3551 §4.5.11)")
struct L16CodecTests {
    @Test("Samples go with the most significant octet first; the shorter side limits")
    func order() throws {
        let codec = try #require(NegotiatedCodec(.l16))
        let samples: [Int16] = [0x0102, -2, .min, .max]
        var octets = [UInt8](repeating: 0x77, count: 7)
        var span = octets.mutableSpan
        var bytes = span.mutableBytes
        #expect(codec.encode(samples.span, into: &bytes) == 6)
        #expect(octets == [0x01, 0x02, 0xFF, 0xFE, 0x80, 0x00, 0x77])
        var decoded = [Int16](repeating: 7, count: 4)
        var decodedSpan = decoded.mutableSpan
        #expect(codec.decode(octets.span.bytes, into: &decodedSpan) == 3)
        #expect(decoded == [0x0102, -2, .min, 7])
    }

    @Test("A leg at 16,000 Hz carries the samples unchanged")
    func unchanged() throws {
        let call = try CodecCall(codec: .l16, rate: 16_000)
        let tone = Sound.tone(hertz: 6_000, rate: 16_000)
        call.speech = tone
        call.run(ticks: 100)
        let heard = Array(call.heard[16_000..<30_000])
        let first = try #require((0..<16).first { tone($0) == heard[0] && tone($0 + 1) == heard[1] })
        #expect(heard == heard.indices.map { tone(first + $0) })
        #expect(try call.headers().allSatisfy { $0.payloadType == 111 })
        #expect(call.packets.allSatisfy { $0.bytes.count == 652 })
    }

    /// What is heard of a tone of 300 Hz that comes in packets of 53 samples.
    ///
    /// - Parameter due: Whether one more packet has left before a tick, by both numbers.
    private func hear(
        _ call: CodecCall, ticks: Int, isDue: (_ packet: Int, _ tick: Int) -> Bool
    ) -> [Int16] {
        let tone = Sound.tone(hertz: 300, rate: 16_000)
        var sent = 0
        var heard: [Int16] = []
        for tick in 0..<ticks {
            let now = call.now.advanced(by: .milliseconds(20 * tick))
            while isDue(sent, tick) {
                let header = RTPHeader(
                    marker: false, payloadType: 111, sequence: SequenceNumber(9).advanced(by: sent),
                    timestamp: RTPTimestamp(UInt32(53 * sent)), synchronizationSource: 7)
                let payload = (0..<53).flatMap { index in
                    let sample = UInt16(bitPattern: tone(53 * sent + index))
                    return [UInt8(sample >> 8), UInt8(sample & 0xFF)]
                }
                let packet = header.octets + payload
                _ = call.b.receiveRTP(packet.span.bytes, from: CodecCall.addressA, at: now)
                sent += 1
            }
            heard += call.hear(at: now)
        }
        return heard
    }

    @Test("Packets of an odd number of samples, which some phones send, join without a gap")
    func oddPackets() throws {
        let call = try CodecCall(codec: .l16)
        let heard = hear(call, ticks: 150) { packet, tick in 53 * packet < 320 * (tick + 1) }
        #expect(call.b.statistics.framesConcealed == 0)
        #expect(Sound.largestStep(heard[6_400...]) < 1_000)
        #expect(Sound.purity(heard[16_000...], hertz: 300, rate: 16_000) > 0.999)
    }

    @Test("A far end that sends two samples less than a frame each time is waited for, not patched each time")
    func shortOfAFrame() throws {
        let call = try CodecCall(codec: .l16)
        let heard = hear(call, ticks: 200) { packet, tick in packet < 6 * (tick + 1) }
        #expect(call.b.statistics.framesConcealed <= 2)
        #expect(Sound.largestStep(heard[6_400...]) < 1_000)
        #expect(Sound.purity(heard[32_000...], hertz: 300, rate: 16_000) > 0.99)
    }

    @Test("Half a sample at the end makes a payload invalid")
    func halfASample() throws {
        let call = try CodecCall(codec: .l16)
        var packet = RTPHeader(
            marker: false, payloadType: 111, sequence: SequenceNumber(1), timestamp: RTPTimestamp(0),
            synchronizationSource: 9
        ).octets
        packet += [UInt8](repeating: 1, count: 321)
        let isTaken = call.b.receiveRTP(packet.span.bytes, from: CodecCall.addressA, at: call.now)
        #expect(!isTaken)
        #expect(call.b.statistics.packetsRejected == 1)
    }
}

extension RTPHeader {
    /// The twelve octets of the header.
    var octets: [UInt8] {
        func octets(_ value: UInt32) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        let number = sequence.rawValue
        return [
            0x80, (marker ? 0x80 : 0) | payloadType, UInt8(number >> 8), UInt8(truncatingIfNeeded: number),
        ] + octets(timestamp.rawValue) + octets(synchronizationSource)
    }
}
