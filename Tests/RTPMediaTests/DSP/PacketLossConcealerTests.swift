import RTPMedia
import TestSupport
import Testing

@Suite("Packet loss concealment")
struct PacketLossConcealerTests {
    private var concealer = PacketLossConcealer()
    private var output: [Int16] = []

    private mutating func accept(_ samples: [Int16]) {
        var frame = samples
        var span = frame.mutableSpan
        concealer.accept(&span)
        output += frame
    }

    private mutating func conceal(_ count: Int = 160) {
        var frame = [Int16](repeating: 77, count: count)
        var span = frame.mutableSpan
        concealer.conceal(into: &span)
        output += frame
    }

    private func voice(_ index: Int, period: Int) -> Int16 {
        // A pulse-like wave with the given period, as of a vocal tract.
        let phase = index % period
        let harmonics = [6_000.0, 3_000, 1_500].enumerated().map { harmonic, level in
            Double(
                Sound.tone(hertz: Double(harmonic + 1) / Double(period), rate: 1, amplitude: level)(phase))
        }
        return Int16(harmonics.reduce(0, +))
    }

    @Test(
        "One lost frame of a voiced sound goes on with its pitch, without a click at either end",
        arguments: [
            40, 57, 64, 91, 120,
        ])
    mutating func voiced(period: Int) {
        let wave = (0..<1_600).map { voice($0, period: period) }
        for start in stride(from: 0, to: 800, by: 160) { accept(Array(wave[start..<start + 160])) }
        conceal()
        for start in stride(from: 960, to: 1_600, by: 160) { accept(Array(wave[start..<start + 160])) }
        let steepest = Sound.largestStep(wave[...])
        #expect(Sound.largestStep(output[160...]) <= steepest * 3 / 2)
        #expect(Sound.level(output[800..<880]) > 0.8 * Sound.level(wave[800..<880]))
        // The first 10 ms are the wave itself, as near as its period is a whole number of samples.
        let error = zip(output[800..<880], wave[800..<880]).map { Int16(clamping: Int($0) - Int($1)) }
        #expect(Sound.level(error[...]) < 0.15 * Sound.level(wave[800..<880]))
    }

    @Test(
        "A sound without any pitch in range is joined without a click, wherever it is cut", arguments: 0..<10)
    mutating func unvoiced(cut: Int) {
        let low = Sound.tone(hertz: 30, rate: 8_000)
        let high = Sound.tone(hertz: 150, rate: 8_000, amplitude: 500)
        let wave = (0..<1_600).map { low($0) + high($0) }
        accept(Array(wave[..<(800 + cut * 27)]))
        conceal()
        accept(Array(wave[(960 + cut * 27)...]))
        // The sound itself moves by at most 250 from sample to sample.
        #expect(Sound.largestStep(wave[...]) <= 250)
        #expect(Sound.largestStep(output[...]) <= 800)
    }

    @Test("A hole fades to silence within 160 ms and stays silent")
    mutating func fade() {
        accept((0..<160).map { voice($0, period: 64) })
        accept((160..<320).map { voice($0, period: 64) })
        #expect(!concealer.hasFadedOut)
        for _ in 0..<9 { conceal() }
        #expect(concealer.hasFadedOut)
        let levels = stride(from: 320, to: 1_600, by: 160).map { Sound.level(output[$0..<$0 + 160]) }
        for (earlier, later) in zip(levels, levels.dropFirst()) { #expect(later < earlier) }
        // Half of it is left in the third 20 ms.
        #expect((0.4...0.6).contains(levels[2] / Sound.level(output[160..<320])))
        #expect(output[1_600...].allSatisfy { $0 == 0 })
        #expect(Sound.largestStep(output[320..<1_600]) <= Sound.largestStep(output[160..<320]) * 3 / 2)
    }

    @Test(
        "However long a gap, and wherever in its period the voice comes back, there is no click at either end",
        arguments: [40, 64, 91, 120])
    func gaps(period: Int) {
        let wave = (0..<8_000).map { voice($0, period: period) }
        let steepest = Sound.largestStep(wave[...])
        for frames in [1, 2, 3, 4, 6, 8, 10, 25] {
            for shift in stride(from: 0, to: period, by: period / 4) {
                var stage = Self()
                for start in stride(from: 0, to: 800, by: 160) {
                    stage.accept(Array(wave[start..<start + 160]))
                }
                for _ in 0..<frames { stage.conceal() }
                let back = 800 + 160 * frames + shift
                stage.accept(Array(wave[back..<back + 160]))
                stage.accept(Array(wave[back + 160..<back + 320]))
                // Two waves that meet in opposite phase within a quarter of a period.
                #expect(Sound.largestStep(stage.output[160...]) <= steepest * 2)
            }
        }
    }

    @Test("Speech after a long hole fades in")
    mutating func fadeIn() {
        accept([Int16](repeating: 0, count: 320))
        for _ in 0..<6 { conceal() }
        accept([Int16](repeating: 8_000, count: 160))
        #expect(Sound.largestStep(output[...]) <= 100)
        #expect(output.last == 8_000)
        #expect(!concealer.hasFadedOut)
    }

    @Test("Before anything has been heard there is silence, and noise or extremes do not overflow")
    mutating func extremes() {
        conceal()
        #expect(output.allSatisfy { $0 == 0 })
        for _ in 0..<3 {
            accept((0..<160).map { $0 % 2 == 0 ? .max : .min })
            conceal(80)
            conceal(7)
            conceal(0)
            conceal(300)
        }
    }

    @Test("Good frames pass unchanged")
    mutating func untouched() {
        let wave = (0..<320).map { voice($0, period: 77) }
        accept([Int16](repeating: 0, count: 160))
        output = []
        accept(Array(wave[..<160]))
        accept(Array(wave[160...]))
        #expect(output == wave)
    }

    @Test(
        "At every rate a lost frame goes on with the pitch, without a click at either end",
        arguments: [8_000, 16_000, 24_000, 48_000])
    func rates(rate: Int) {
        var concealer = PacketLossConcealer(rateHertz: rate)
        let samples = rate / 50
        let period = rate / 125
        let wave = (0..<samples * 10).map { voice($0, period: period) }
        var heard: [Int16] = []
        for frame in 0..<10 {
            var part = Array(wave[frame * samples..<(frame + 1) * samples])
            var span = part.mutableSpan
            if frame == 5 { concealer.conceal(into: &span) } else { concealer.accept(&span) }
            heard += part
        }
        #expect(Sound.largestStep(heard[samples...]) <= Sound.largestStep(wave[...]) * 3 / 2)
        let hole = 5 * samples..<5 * samples + samples / 2
        let error = zip(heard[hole], wave[hole]).map { Int16(clamping: Int($0) - Int($1)) }
        #expect(Sound.level(error[...]) < 0.1 * Sound.level(wave[hole]))
    }

    @Test("After the fade there is the noise of the line, at its level and with its colour")
    mutating func background() {
        // Noise with little high frequency, as of a room, and a word every second.
        var random: UInt32 = 1
        var last = 0
        let room = (0..<40_000).map { index -> Int16 in
            random = random &* 1_664_525 &+ 1_013_904_223
            last = last * 7 / 8 + Int(random >> 24) - 128
            return Int16(last) + (index % 8_000 < 4_000 ? voice(index, period: 70) : 0)
        }
        for start in stride(from: 0, to: room.count, by: 160) { accept(Array(room[start..<start + 160])) }
        output = []
        for _ in 0..<53 { conceal() }
        #expect(concealer.hasFadedOut)
        let noise = room[5_000..<8_000]
        let made = output[480...]
        #expect((0.6...1.6).contains(Sound.level(made) / Sound.level(noise)))
        func slope(_ samples: ArraySlice<Int16>) -> Double {
            let steps = zip(samples, samples.dropFirst()).map { Int16(clamping: Int($1) - Int($0)) }
            return Sound.level(steps[...]) / Sound.level(samples)
        }
        #expect((0.6...1.6).contains(slope(made) / slope(noise)))
    }

    @Test("Speech after told comfort noise joins it, and the noise begins within 10 ms")
    mutating func toldNoise() {
        let wave = (0..<1_600).map { voice($0, period: 64) }
        for start in stride(from: 0, to: 800, by: 160) { accept(Array(wave[start..<start + 160])) }
        concealer.beginComfortNoise(ComfortNoise(decibelsBelowOverload: 50))
        #expect(concealer.isComfortNoise)
        for _ in 0..<50 { conceal() }
        let level = Sound.level(output[880..<8_800])
        // 2^15 less 50 dB.
        #expect((0.8...1.2).contains(level / 103.6))
        accept(Array(wave[800..<960]))
        #expect(!concealer.isComfortNoise)
        #expect(Sound.largestStep(output[160...]) <= Sound.largestStep(wave[...]) * 3 / 2)
    }
}
