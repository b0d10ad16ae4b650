import RTPMedia
import TestSupport
import Testing

@Suite("Resampling")
struct SpeexResamplerTests {
    @Test(
        "Each frame of 20 ms gives a frame of 20 ms, from the first on",
        arguments: [
            (8_000, 16_000), (16_000, 8_000), (8_000, 24_000), (24_000, 8_000), (8_000, 48_000),
            (48_000, 8_000),
            (24_000, 16_000),
        ])
    func frames(from: Int, to: Int) throws {
        var resampler = try SpeexResampler(from: from, to: to)
        let tone = Sound.tone(hertz: 1_000, rate: from)
        var heard: [Int16] = []
        for frame in 0..<50 {
            let input = (0..<from / 50).map { tone(frame * from / 50 + $0) }
            var output: [Int16] = []
            try resampler.resample(input.span, into: &output)
            #expect(output.count == to / 50)
            heard += output
        }
        let settled = heard[(to / 10)...]
        #expect(abs(Sound.level(settled) - 5_657) < 60)
        #expect(Sound.purity(settled, hertz: 1_000, rate: to) > 0.9999)
    }

    @Test("Any cut of a stream into chunks gives the same samples")
    func chunks() throws {
        let input = (0..<4_000).map(Sound.tone(hertz: 700, rate: 8_000))
        var whole = try SpeexResampler(from: 8_000, to: 24_000)
        var expected: [Int16] = []
        try whole.resample(input.span, into: &expected)
        var cut = try SpeexResampler(from: 8_000, to: 24_000)
        var heard: [Int16] = []
        var position = 0
        for size in [1, 7, 160, 3, 500, 1_000, 79, 2_250] {
            var output: [Int16] = []
            try cut.resample(Array(input[position..<position + size]).span, into: &output)
            heard += output
            position += size
        }
        #expect(position == 4_000)
        #expect(heard == expected)
    }

    @Test("A live stream starts with the filter's delay, a file without it")
    func start() throws {
        var impulse = [Int16](repeating: 0, count: 400)
        impulse[100] = 20_000
        func peak(_ start: SpeexResampler.Start) throws -> (position: Int, latency: Int) {
            var resampler = try SpeexResampler(from: 8_000, to: 16_000, start: start)
            var output: [Int16] = []
            try resampler.resample(impulse.span, into: &output)
            return (output.indices.max { output[$0] < output[$1] } ?? 0, resampler.latencySamples)
        }
        let live = try peak(.delayed)
        let file = try peak(.aligned)
        #expect(abs(file.position - 200) <= 1)
        #expect(abs(live.position - (200 + live.latency)) <= 1)
        #expect((30...80).contains(live.latency))
    }

    @Test(
        "Impossible settings are refused",
        arguments: [
            (0, 8_000, 3, SpeexResampler.Failure.unsupportedRate(hertz: 0)),
            (8_000, -1, 3, .unsupportedRate(hertz: -1)),
            (8_000, 16_000, 11, .unsupportedQuality(11)),
            (8_000, 16_000, -1, .unsupportedQuality(-1)),
        ])
    func refused(from: Int, to: Int, quality: Int, failure: SpeexResampler.Failure) {
        #expect(throws: failure) { _ = try SpeexResampler(from: from, to: to, quality: quality) }
    }
}
