import RTPMedia
import TestSupport
import Testing

@Suite("Comfort noise, RFC 3389")
struct ComfortNoiseTests {
    private func parse(_ bytes: [UInt8]) -> ComfortNoise? { ComfortNoise(parsing: bytes.span.bytes) }

    private func played(_ noise: ComfortNoise, rate: Int = 8_000) -> [Int16] {
        var generator = ComfortNoiseGenerator(rateHertz: rate)
        generator.play(noise, atOnce: true)
        var samples = [Int16](repeating: 0, count: rate)
        var span = samples.mutableSpan
        generator.fill(&span)
        return samples
    }

    @Test("The level octet is decibels below the overload point, its top bit is not looked at (§3.1)")
    func level() throws {
        #expect(try #require(parse([0x28])).decibelsBelowOverload == 40)
        #expect(try #require(parse([0xA8])).decibelsBelowOverload == 40)
        #expect(try #require(parse([0x7F])).meanSquare == 0)
        #expect(parse([]) == nil)
        // 0 is a square wave of full scale: 2^30; 40 dB less is a ten-thousandth.
        #expect(abs(try #require(parse([0x28])).meanSquare - 107_374.18) < 1)
    }

    @Test("A reflection coefficient is 258 × (N - 127) / 32,768 (§3.3)")
    func coefficients() throws {
        let noise = try #require(parse([30, 0, 127, 254, 255, 150]))
        #expect(noise.reflection[0] == -0.9921875)  // -0.99994 is kept off the edge.
        #expect(noise.reflection[1] == 0)
        #expect(noise.reflection[2] == 0.9921875)
        #expect(noise.reflection[3] == 0.9921875)
        #expect(noise.reflection[4] == Float(258 * 23) / 32_768)
        #expect(noise.reflection[5] == 0)
    }

    @Test("Encoded and parsed it is the same noise; more coefficients than are known are left out")
    func coding() throws {
        let bytes: [UInt8] = [45, 60, 140, 127, 130, 120, 127, 90, 200]
        let noise = try #require(parse(bytes))
        #expect(noise.encoded == bytes)
        #expect(parse(bytes + [1, 2, 3]) == noise)
    }

    @Test("Noise is played at its level", arguments: [30, 45, 60, 70], [8_000, 16_000])
    func playedLevel(decibels: UInt8, rate: Int) {
        let samples = played(ComfortNoise(decibelsBelowOverload: decibels), rate: rate)
        let level = AudioLevel(meanSquare: Mixer.meanSquare(samples.span)).decibelsFullScale
        // A sine of full scale lies 3 dB below the overload point.
        #expect(abs(level + Double(decibels) - 3.01) < 0.5)
    }

    @Test("A shaped noise has its level too, and its slope")
    func shaped() throws {
        let low = played(try #require(parse([40, 20])))
        let high = played(try #require(parse([40, 234])))
        for samples in [low, high] {
            let level = AudioLevel(meanSquare: Mixer.meanSquare(samples.span)).decibelsFullScale
            #expect(abs(level + 37) < 1)
        }
        #expect(Sound.largestStep(low[...]) * 2 < Sound.largestStep(high[...]))
    }

    @Test("The lowest level is silence")
    func silence() {
        #expect(played(ComfortNoise(decibelsBelowOverload: 127)).allSatisfy { $0 == 0 })
    }

    @Test("Coefficients at the edge do not make the filter run away")
    func stable() throws {
        for octet in [UInt8(0), 254] {
            let samples = played(try #require(parse([20] + [UInt8](repeating: octet, count: 8))))
            let level = AudioLevel(meanSquare: Mixer.meanSquare(samples.span)).decibelsFullScale
            #expect(level < -10)
        }
    }
}
