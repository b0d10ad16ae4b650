import RTPMedia
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
                Signal.tone(hertz: Double(harmonic + 1) / Double(period), rate: 1, amplitude: level)(phase))
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
        let steepest = Signal.largestStep(wave[...])
        #expect(Signal.largestStep(output[160...]) <= steepest * 3 / 2)
        #expect(Signal.level(output[800..<880]) > 0.8 * Signal.level(wave[800..<880]))
        // The first 10 ms are the wave itself, as near as its period is a whole number of samples.
        let error = zip(output[800..<880], wave[800..<880]).map { Int16(clamping: Int($0) - Int($1)) }
        #expect(Signal.level(error[...]) < 0.15 * Signal.level(wave[800..<880]))
    }

    @Test(
        "A sound without any pitch in range is joined without a click, wherever it is cut", arguments: 0..<10)
    mutating func unvoiced(cut: Int) {
        let low = Signal.tone(hertz: 30, rate: 8_000)
        let high = Signal.tone(hertz: 150, rate: 8_000, amplitude: 500)
        let wave = (0..<1_600).map { low($0) + high($0) }
        accept(Array(wave[..<(800 + cut * 27)]))
        conceal()
        accept(Array(wave[(960 + cut * 27)...]))
        // The sound itself moves by at most 250 from sample to sample.
        #expect(Signal.largestStep(wave[...]) <= 250)
        #expect(Signal.largestStep(output[...]) <= 800)
    }

    @Test("A hole fades to silence within 60 ms and stays silent")
    mutating func fade() {
        accept((0..<160).map { voice($0, period: 64) })
        accept((160..<320).map { voice($0, period: 64) })
        #expect(!concealer.hasFadedOut)
        for _ in 0..<5 { conceal() }
        #expect(concealer.hasFadedOut)
        let levels = stride(from: 320, to: 1_120, by: 160).map { Signal.level(output[$0..<$0 + 160]) }
        #expect(levels[0] > levels[1] && levels[1] > levels[2])
        #expect(output[800...].allSatisfy { $0 == 0 })
        #expect(Signal.largestStep(output[320..<800]) <= Signal.largestStep(output[160..<320]) * 3 / 2)
    }

    @Test("Speech after a long hole fades in")
    mutating func fadeIn() {
        accept([Int16](repeating: 0, count: 320))
        for _ in 0..<6 { conceal() }
        accept([Int16](repeating: 8_000, count: 160))
        #expect(Signal.largestStep(output[...]) <= 100)
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
}
