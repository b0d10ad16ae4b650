import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("AudioLeg with either jitter buffer")
struct AudioLegJitterTests {
    /// What a leg hears of a tone whose packets come as `arrival` (milliseconds by packet) says.
    private func hear(_ kind: JitterBufferKind, frames: Int, _ arrival: (Int) -> Double) throws -> (
        sound: [Int16], statistics: AudioLegStatistics
    ) {
        var entropy = SeededGenerator(seed: 3)
        var now = MonotonicInstant(nanoseconds: 1_000_000_000)
        var configuration = AudioLeg.Configuration(
            negotiated: .between(LegPair.addressA), rateHertz: 8_000, canonicalName: "b@test")
        configuration.jitterBuffer = kind
        let leg = try AudioLeg(configuration: configuration, generator: &entropy, at: now)
        let start = now
        let tone = Sound.tone(hertz: 400, rate: 8_000)
        var datagram = OwnedBytes(capacity: 256)
        var sound: [Int16] = []
        var next = 0
        for frame in 0..<frames {
            now = start.advanced(by: .milliseconds(20 * frame))
            while arrival(next) <= Double(20 * frame) {
                let samples = (0..<160).map { tone(next * 160 + $0) }
                var payload = [UInt8](repeating: 0, count: 160)
                do {
                    var codes = payload.mutableSpan
                    var bytes = codes.mutableBytes
                    _ = MuLawCodec().encode(samples.span, into: &bytes)
                }
                let header = RTPHeader(
                    payloadType: 0, sequence: SequenceNumber(UInt16(next)),
                    timestamp: RTPTimestamp(UInt32(next * 160)), synchronizationSource: 77)
                header.pack(payload.span.bytes, into: &datagram)
                let instant = start.advanced(by: .nanoseconds(Int64(arrival(next) * 1_000_000)))
                leg.receiveRTP(datagram.bytes, from: LegPair.addressA, at: instant)
                next += 1
            }
            var narrow = [Int16](repeating: 0, count: 160)
            var wide = narrow
            do {
                var narrowSpan = narrow.mutableSpan
                var wideSpan = wide.mutableSpan
                _ = leg.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now)
            }
            sound += narrow
        }
        return (sound, leg.statistics)
    }

    @Test(
        "A tone on a steady network comes out pure",
        arguments: [JitterBufferKind.adaptive(quantile: 0.97), .speex])
    func steady(kind: JitterBufferKind) throws {
        let heard = try hear(kind, frames: 200) { Double($0) * 20 + 33 }
        #expect(heard.statistics.framesConcealed == 0)
        #expect(heard.statistics.framesPlayed > 190)
        #expect(Sound.purity(heard.sound[1_600..<17_600], hertz: 400, rate: 8_000) > 0.99)
    }

    @Test(
        "A far end whose clock is off by 500 ppm is followed for four minutes: nothing made up, no click",
        arguments: [-500.0, 500])
    func drift(partsPerMillion: Double) throws {
        let heard = try hear(.adaptive(quantile: 0.97), frames: 12_000) {
            // The network adds up to 9 ms.
            Double($0) * 20 * (1 + partsPerMillion * 1e-6) + 33 + Double(($0 * 7) % 10)
        }
        #expect(heard.statistics.framesConcealed == 0)
        #expect(heard.statistics.framesPlayed >= 11_990)
        let tone = (0..<8_000).map(Sound.tone(hertz: 400, rate: 8_000))
        let limit = Sound.largestStep(tone[...]) * 5 / 4
        #expect(Sound.largestStep(heard.sound[2_000...]) <= limit)
    }
}
