import RTPMedia
import TestSupport
import Testing

@Suite("The resampler for two rates")
struct AudioResamplerTests {
    /// All between the rates of rooms and agents, and of a file from a compact disc.
    static let rates = [
        (8_000, 16_000), (8_000, 24_000), (8_000, 48_000), (16_000, 8_000), (16_000, 24_000),
        (16_000, 48_000), (24_000, 8_000), (24_000, 16_000), (24_000, 48_000), (48_000, 8_000),
        (48_000, 16_000), (48_000, 24_000), (44_100, 8_000), (8_000, 44_100),
    ]

    @Test("Our own filter has the rates of legs and rooms, libspeexdsp's the rest", arguments: rates)
    func choice(from: Int, to: Int) throws {
        var chosen = try AudioResampler(from: from, to: to)
        let tone = (0..<from / 50).map(Sound.tone(hertz: 900, rate: from))
        var heard = [Int16](repeating: 0, count: chosen.outputCapacity(forInput: tone.count))
        var span = heard.mutableSpan
        let count = try chosen.resample(tone.span, into: &span)
        var expected = [Int16](repeating: 0, count: heard.count)
        var wanted = expected.mutableSpan
        if [16_000, 24_000].contains(from) && [16_000, 24_000].contains(to) || from % 8_000 + to % 8_000 != 0
        {
            var speex = try SpeexResampler(from: from, to: to)
            #expect(try speex.resample(tone.span, into: &wanted) == count)
            #expect(chosen.latencySamples == speex.latencySamples)
        } else {
            var own = try PolyphaseResampler(from: from, to: to)
            #expect(own.resample(tone.span, into: &wanted) == count)
            #expect(chosen.latencySamples == own.latencySamples)
        }
        #expect(heard == expected)
    }

    @Test("A whole sound keeps its length, its place and its end at another rate", arguments: rates)
    func whole(from: Int, to: Int) throws {
        // A burst of 25 ms, 5 ms before the end.
        let sound = (0..<from / 10).map { index in
            let place = index - from * 7 / 100
            return (0..<from / 40).contains(place) ? Sound.tone(hertz: 1_000, rate: from)(place) : 0
        }
        let heard = try AudioResampler.converted(sound, from: from, to: to)
        #expect(heard.count == (sound.count * to + from - 1) / from)
        /// The middle of a sound's energy, in milliseconds.
        func middle(_ samples: [Int16], rate: Int) -> Double {
            var (sum, weighted) = (0.0, 0.0)
            for (index, sample) in samples.enumerated() {
                let energy = Double(sample) * Double(sample)
                sum += energy
                weighted += energy * Double(index)
            }
            return weighted / sum * 1_000 / Double(rate)
        }
        // Half a sample of the lower rate is 0.0625 ms.
        #expect(abs(middle(heard, rate: to) - middle(sound, rate: from)) < 0.063)
        #expect(Sound.level(heard[(to * 7 / 100)..<(to * 9 / 100)]) > 5_400)
        #expect(Sound.level(heard.prefix(to * 6 / 100)) < 40)
    }

    @Test("The same rate and silence of no length stay as they are; no rate is refused with its name")
    func limits() throws {
        #expect(try AudioResampler.converted([1, 2, 3], from: 11_025, to: 11_025) == [1, 2, 3])
        #expect(try AudioResampler.converted([], from: 8_000, to: 16_000) == [])
        #expect(try AudioResampler.converted([7], from: 1, to: 8_000).count == 8_000)
        #expect(throws: SpeexResampler.Failure.unsupportedRate(hertz: 0)) {
            _ = try AudioResampler.converted([1], from: 0, to: 8_000)
        }
    }
}
