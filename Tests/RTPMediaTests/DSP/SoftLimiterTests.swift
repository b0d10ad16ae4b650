import RTPMedia
import TestSupport
import Testing

@Suite("Soft limiter")
struct SoftLimiterTests {
    private func narrow(_ sums: [Int32]) -> [Int16] {
        var heard = [Int16](repeating: 0, count: sums.count)
        var span = heard.mutableSpan
        SoftLimiter.narrow(sums, into: &span)
        return heard
    }

    /// What parties say at once, each at its own place in the same speech, at a peak of full scale.
    private func speech(parties: Int, peak: Int32 = 32_767) -> [Int32] {
        let voice = Voice.samples(seconds: 1, rate: 8_000).map { Int32($0) * peak / 20_000 }
        return voice.indices.map { (index: Int) -> Int32 in
            var sum: Int32 = 0
            for party in 0..<parties { sum += voice[(index + party * 1_777) % voice.count] }
            return sum
        }
    }

    @Test("Up to three quarters of full scale samples pass as they are; above they rise on and on")
    func curve() {
        #expect((Int32(-24_576)...24_576).allSatisfy { SoftLimiter.limited($0) == Int16($0) })
        var last = SoftLimiter.limited(24_576)
        for sample in stride(from: Int32(24_577), through: 200_000, by: 7) {
            let limited = SoftLimiter.limited(sample)
            #expect(limited >= last && limited - last <= 7)
            #expect(SoftLimiter.limited(-sample) == -limited)
            last = limited
        }
        #expect(SoftLimiter.limited(.max) == 32_766)
        #expect(SoftLimiter.limited(.min) == -32_766)
    }

    @Test(
        "Parties that speak at full level at once: no wrap, no edge, no step that their sum does not have",
        arguments: [1, 2, 3, 8, 100])
    func loudSpeech(parties: Int) {
        let sums = speech(parties: parties)
        let heard = narrow(sums)
        #expect(zip(sums, heard).allSatisfy { ($0 >= 0) == ($1 >= 0) || $1 == 0 }, "no wrap")
        #expect(heard.allSatisfy { $0.magnitude <= 32_766 })
        // Nowhere steeper than the sum, so that nothing clicks.
        let steeper = (1..<sums.count).filter { index in
            let step = Int32(heard[index]) - Int32(heard[index - 1])
            return step.magnitude > (sums[index] - sums[index - 1]).magnitude
        }
        #expect(steeper == [])
        // A louder sample stays louder than its neighbour, where clipping makes a flat top. From some twenty parties on 16 bits
        // are too few for it.
        func flatTops(_ heard: [Int16]) -> Int {
            (1..<sums.count).count { (index: Int) -> Bool in
                let step: Int32 = sums[index] - sums[index - 1]
                return step.magnitude > 200 && heard[index] == heard[index - 1]
            }
        }
        if parties <= 8 { #expect(flatTops(heard) == 0) }
        if parties > 1 { #expect(flatTops(sums.map { Int16(clamping: $0) }) > 0) }
        // Loud, but no louder than one party alone at a steady full scale.
        let level = AudioLevel(meanSquare: Mixer.meanSquare(heard.span)).decibelsFullScale
        let alone = AudioLevel(meanSquare: Mixer.meanSquare(narrow(speech(parties: 1)).span))
            .decibelsFullScale
        #expect(level >= alone - 0.5 && level < 3)
    }

    @Test("Parties whose sum stays below the knee are heard to the bit", arguments: [1, 2, 3, 8, 100])
    func quietSpeech(parties: Int) {
        let sums = speech(parties: parties, peak: 24_576 / Int32(parties))
        #expect(sums.contains { $0.magnitude > 900 })
        #expect(narrow(sums).map(Int32.init) == sums)
    }

    @Test(
        "The loudest that any number can say at once keeps its sign, and stays off the edge",
        arguments: [2, 3, 127])
    func worstCase(parties: Int32) {
        let full: [Int32] = [32_767, -32_768, 32_767, 0, -32_768, -32_768, 32_767, 32_767]
        let heard = narrow(full.map { $0 * parties })
        #expect(heard.map { $0.signum() } == [1, -1, 1, 0, -1, -1, 1, 1])
        #expect(heard.allSatisfy { $0 == 0 || (28_000...32_766).contains($0.magnitude) })
    }

    @Test("A gain bends what it makes too loud, and changes nothing else")
    func gain() {
        var samples: [Int16] = [0, 1, -1, 6_144, -6_144, 6_145, 20_000, -20_000, .max, .min]
        var span = samples.mutableSpan
        SoftLimiter.scale(&span, by: 16_384)
        #expect(samples == [0, 4, -4, 24_576, -24_576, 24_579, 31_712, -31_712, 32_181, -32_181])
        var silent: [Int16] = [.max, .min]
        var none = silent.mutableSpan
        SoftLimiter.scale(&none, by: -1)
        #expect(silent == [0, 0])
    }
}
