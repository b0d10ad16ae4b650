import RTPMedia
import SansIO
import TestSupport
import Testing

/// Sounds for processing, in frames of 20 ms at 8 kHz.
private enum Talk {
    /// Bursts of coloured noise with pauses, as loud and soft as speech is.
    static func speechLike(seconds: Int, seed: UInt64, level: Double) -> [Int16] {
        var generator = SeededGenerator(seed: seed)
        var last = 0.0
        var loudness = 0.0
        var target = 0.0
        let raw = (0..<seconds * 8_000).map { index -> Double in
            if index % 800 == 0 { target = generator.nextUnit() < 0.3 ? 0 : generator.nextUnit() }
            loudness += (target - loudness) * 0.005
            last = 0.7 * last + generator.nextUnit() - 0.5
            return last * loudness
        }
        return scaled(raw, to: level)
    }

    /// - Parameter level: Root mean square of the result before it is clipped.
    static func scaled(_ raw: [Double], to level: Double) -> [Int16] {
        let rms = (raw.reduce(0) { $0 + $1 * $1 } / Double(raw.count)).squareRoot()
        return raw.map { Int16(max(-32_768, min(32_767, ($0 / rms * level).rounded()))) }
    }

    static func decibels(_ louder: ArraySlice<Int16>, over other: ArraySlice<Int16>) -> Double {
        AudioLevel(meanSquare: Sound.level(louder) * Sound.level(louder)).decibelsFullScale
            - AudioLevel(meanSquare: Sound.level(other) * Sound.level(other)).decibelsFullScale
    }
}

@Suite("Voice processing")
struct VoiceProcessingTests {
    private func processed(
        _ input: [Int16], sent: [Int16]? = nil, _ settings: VoiceProcessing, rate: Int = 8_000
    ) throws -> [Int16] {
        var processor = try VoiceProcessor(settings, rateHertz: rate)
        let samples = rate / 50
        var output: [Int16] = []
        for start in stride(from: 0, through: input.count - samples, by: samples) {
            var frame = Array(input[start..<start + samples])
            var span = frame.mutableSpan
            processor.process(&span)
            output += frame
            if let sent { processor.noteSent(sent.span.extracting(start..<start + samples)) }
        }
        return output
    }

    @Test(
        "Noise suppression lowers noise between words by 10 dB and more and keeps the words",
        arguments: [8_000, 16_000])
    func noise(rate: Int) throws {
        let words = ToneSpeech.samples(of: "Good morning to you all", rateHertz: rate, level: .dBFS(-15))
        var generator = SeededGenerator(seed: 5)
        var input = (0..<rate * 8).map { _ in Int16(600 * (generator.nextUnit() - 0.5)) }
        let start = rate * 4
        for (index, sample) in words.enumerated() { input[start + index] &+= sample }
        let output = try processed(input, VoiceProcessing(noiseSuppressionDecibels: 20), rate: rate)
        let quiet = rate * 2..<rate * 4
        #expect(Talk.decibels(input[quiet], over: output[quiet]) > 10)
        let spoken = start + rate / 10..<start + words.count
        #expect(abs(Talk.decibels(input[spoken], over: output[spoken])) < 3)
    }

    @Test("An echo 240 ms behind is found and taken out by 20 dB and more")
    func echo() throws {
        let sent = Talk.speechLike(seconds: 20, seed: 3, level: 2_500)
        // A room behind the delay: a first reflection, and a tail that dies away.
        var generator = SeededGenerator(seed: 8)
        let room = (0..<400).map { tap in
            (generator.nextUnit() - 0.5) * (tap == 0 ? 1 : 0.4) * (1 - Double(tap) / 400)
        }
        let delay = 240 * 8
        var echo = [Int16](repeating: 0, count: sent.count)
        for index in delay + 400..<sent.count {
            var sum = 0.0
            for tap in stride(from: 0, to: 400, by: 3) {
                sum += room[tap] * Double(sent[index - delay - tap])
            }
            echo[index] = Int16(max(-32_768, min(32_767, sum * 0.5)))
        }
        let output = try processed(echo, sent: sent, VoiceProcessing(echoTail: .milliseconds(128)))
        let late = 15 * 8_000..<output.count
        #expect(Talk.decibels(echo[late], over: output[late]) >= 20)
    }

    @Test("The callee is heard over the echo of the agent")
    func doubleTalk() throws {
        let sent = Talk.speechLike(seconds: 20, seed: 3, level: 2_500)
        let callee = Talk.speechLike(seconds: 20, seed: 4, level: 2_500)
        let delay = 100 * 8
        var input = [Int16](repeating: 0, count: sent.count)
        for index in delay..<sent.count {
            input[index] = sent[index - delay] / 4
            if index > 15 * 8_000 { input[index] &+= callee[index] / 2 }
        }
        let output = try processed(input, sent: sent, VoiceProcessing(echoTail: .milliseconds(128)))
        let both = 15 * 8_000 + 4_000..<output.count
        let wanted = callee[both].map { $0 / 2 }
        #expect(abs(Talk.decibels(output[both], over: wanted[...])) < 4)
    }

    @Test("Speech at -40 and at -6 dB from overload comes out at one level")
    func level() throws {
        let settings = VoiceProcessing(automaticLevel: .dBFS(-18))
        // 32,768 less 40 and 6 dB.
        let levels = try [328.0, 16_423].map { level in
            let output = try processed(Talk.speechLike(seconds: 12, seed: 6, level: level), settings)
            return output[8 * 8_000..<output.count]
        }
        #expect(abs(Talk.decibels(levels[0], over: levels[1])) < 3)
        // The mean over pauses, too, lies a little below that of speech.
        let heard = AudioLevel(meanSquare: Sound.level(levels[0]) * Sound.level(levels[0]))
        #expect((-24 ... -15).contains(heard.decibelsFullScale))
    }

    @Test("Level control leaves noise of the line alone and never clips")
    func levelLimits() throws {
        let settings = VoiceProcessing(automaticLevel: .dBFS(-18))
        let faint = (0..<16_000).map { Int16($0 % 7) - 3 }
        #expect(try processed(faint, settings) == faint)
        let words = ToneSpeech.samples(of: "Hello there", rateHertz: 8_000, level: .dBFS(-40))
        let shout = ToneSpeech.samples(of: "HELLO", rateHertz: 8_000, level: .dBFS(-3))
        let output = try processed(
            words + words + words + shout + [Int16](repeating: 0, count: 320), settings)
        #expect(output.suffix(shout.count - 800).allSatisfy { abs(Int($0)) < 32_000 })
    }

    @Test("Nothing asked for changes nothing; a rate that no leg has is refused")
    func off() throws {
        let input = Talk.speechLike(seconds: 1, seed: 1, level: 2_000)
        #expect(try processed(input, VoiceProcessing()) == input)
        #expect(throws: AudioLegError.unsupportedRate(hertz: 11_025)) {
            _ = try VoiceProcessor(VoiceProcessing(), rateHertz: 11_025)
        }
    }
}
