import Foundation
import RTPMedia
import SansIO
import TestSupport
import Testing

/// Keys as a test wants them, and what is heard of them.
private struct Keypad {
    static let keys = Array("123A456B789C*0#D")
    static let rows = [697.0, 770, 852, 941]
    static let columns = [1_209.0, 1_336, 1_477, 1_633]

    var milliseconds = 50.0
    var gap = 50.0
    var low = AudioLevel.dBm0(-9)
    var high = AudioLevel.dBm0(-7)
    /// Share by which both tones are off.
    var deviation = 0.0
    /// Noise under the tones' power, in decibels.
    var noise: Double?

    /// Each key twice, in silence.
    func samples(of key: Int, offset: Int) -> [Int16] {
        var sound = [Double](repeating: 0, count: 4_000)
        for press in 0..<2 {
            let start = 800 + offset + press * Int((milliseconds + gap) * 8)
            for index in 0..<Int(milliseconds * 8) {
                let time = 2 * Double.pi * (1 + deviation) * Double(index) / 8_000
                sound[start + index] =
                    low.amplitude * sin(Self.rows[key / 4] * time)
                    + high.amplitude * sin(Self.columns[key % 4] * time)
            }
        }
        if let noise {
            var generator = SeededGenerator(seed: UInt64(key * 160 + offset))
            let power = (low.meanSquare + high.meanSquare) * pow(10, -noise / 10)
            for index in sound.indices {
                let gauss = (0..<12).reduce(-6.0) { sum, _ in sum + generator.nextUnit() }
                sound[index] += gauss * power.squareRoot()
            }
        }
        return sound.map { Int16(max(-32_768, min(32_767, $0.rounded()))) }
    }

    /// What is heard of all sixteen keys, each pressed twice, at several offsets from the frames.
    func heard(through channel: ([Int16]) -> [Int16] = { $0 }) -> [String] {
        Self.keys.indices.map { key in
            stride(from: 0, to: 160, by: 53).map { keysHeard(channel(samples(of: key, offset: $0))) }
                .joined()
        }
    }

    /// Each key as often as it was pressed.
    static let all = keys.map { String(repeating: $0, count: 8) }
    static let none = keys.map { _ in "" }
}

private func keysHeard(_ samples: [Int16]) -> String {
    var detector = DTMFDetector()
    return stride(from: 0, through: samples.count - 160, by: 160).reduce(into: "") { keys, start in
        if let key = detector.process(samples.span.extracting(start..<start + 160)) { keys.append(key) }
    }
}

@Suite("Telephone keys in sound, ITU-T Q.24")
struct DTMFDetectorTests {
    @Test("Keys of 40 ms with pauses of 40 ms are heard, each press once")
    func shortest() { #expect(Keypad(milliseconds: 40, gap: 40).heard() == Keypad.all) }

    @Test("Bursts of 23 ms are none")
    func tooShort() { #expect(Keypad(milliseconds: 23).heard() == Keypad.none) }

    @Test("An interruption of 10 ms does not make two keys of one")
    func interrupted() {
        #expect(Keypad(gap: 10).heard() == Keypad.keys.map { String(repeating: $0, count: 4) })
    }

    @Test("Tones up to 1.5 % off are taken", arguments: [-0.015, 0.015], [nil, 15.0])
    func nearFrequencies(deviation: Double, noise: Double?) {
        #expect(Keypad(deviation: deviation, noise: noise).heard() == Keypad.all)
    }

    @Test("Tones 3.5 % off are not", arguments: [-0.035, 0.035, -0.05, 0.05])
    func farFrequencies(deviation: Double) {
        #expect(Keypad(deviation: deviation).heard() == Keypad.none)
    }

    @Test("The high tone may be 4 dB stronger than the low one, or 8 dB weaker", arguments: [4.0, -8.0])
    func twist(decibels: Double) {
        #expect(Keypad(low: .dBm0(-14), high: .dBm0(-14 + decibels)).heard() == Keypad.all)
    }

    @Test("It may not be much stronger, or weaker", arguments: [8.0, -12.0])
    func tooMuchTwist(decibels: Double) {
        #expect(Keypad(low: .dBm0(-16), high: .dBm0(-16 + decibels)).heard() == Keypad.none)
    }

    @Test("Levels of 0 to -29 dBm0 a tone are taken", arguments: [0.0, -3, -10, -20, -25, -29])
    func levels(level: Double) {
        #expect(Keypad(low: .dBm0(level), high: .dBm0(level)).heard() == Keypad.all)
    }

    @Test("Levels of -36 dBm0 and less are not", arguments: [-36.0, -45, -55])
    func faint(level: Double) {
        #expect(Keypad(low: .dBm0(level), high: .dBm0(level)).heard() == Keypad.none)
    }

    @Test("Noise 15 dB under the tones hides none")
    func noise() { #expect(Keypad(milliseconds: 40, gap: 40, noise: 15).heard() == Keypad.all) }

    @Test("G.711 changes nothing", arguments: [AudioCodecKind.pcmu, .pcma])
    func companded(kind: AudioCodecKind) {
        let heard = Keypad(milliseconds: 40, gap: 40, noise: 20).heard { samples in
            var octets = [UInt8](repeating: 0, count: samples.count)
            var decoded = samples
            do {
                var octetSpan = octets.mutableSpan
                var bytes = octetSpan.mutableBytes
                _ =
                    kind == .pcmu
                    ? MuLawCodec().encode(samples.span, into: &bytes)
                    : ALawCodec().encode(samples.span, into: &bytes)
            }
            var span = decoded.mutableSpan
            _ =
                kind == .pcmu
                ? MuLawCodec().decode(octets.span.bytes, into: &span)
                : ALawCodec().decode(octets.span.bytes, into: &span)
            return decoded
        }
        #expect(heard == Keypad.all)
    }

    @Test("A lost packet in a key of 100 ms makes no second one of it")
    func loss() {
        var keypad = Keypad(milliseconds: 100, gap: 100)
        keypad.noise = 40
        for lost in 7..<10 {
            let heard = keypad.heard { samples in
                var concealer = PacketLossConcealer()
                var output = samples
                for frame in 0..<samples.count / 160 {
                    var part = Array(samples[frame * 160..<(frame + 1) * 160])
                    var span = part.mutableSpan
                    if frame == lost { concealer.conceal(into: &span) } else { concealer.accept(&span) }
                    output.replaceSubrange(frame * 160..<(frame + 1) * 160, with: part)
                }
                return output
            }
            #expect(heard == Keypad.all)
        }
    }

    @Test("A second harmonic 10 dB under its tone is a voice's")
    func harmonic() {
        let sound = (0..<2_400).map { index -> Int16 in
            let time = 2 * Double.pi * Double(index) / 8_000
            return Int16(4_000 * (sin(770 * time) + sin(1_336 * time) + 0.32 * sin(2_672 * time)))
        }
        #expect(keysHeard(sound) == "")
    }

    @Test("A single tone, dial tone, ringback and busy are no keys")
    func otherTones() {
        for tone in [
            Tone.beep(hertz: 941, for: .seconds(1)), .beep(hertz: 1_336, for: .seconds(1)), .ringback, .busy,
            .specialInformation,
        ] {
            var generator = ToneGenerator(tone, rateHertz: 8_000)
            var samples = [Int16](repeating: 0, count: 16_000)
            var span = samples.mutableSpan
            generator.fill(&span)
            #expect(keysHeard(samples) == "")
        }
    }

    @Test("No key is heard in the recordings of people and machines")
    func talkOff() throws {
        guard let folder = try TestData.url("amd") else { return }
        var seconds = 0.0
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where file.hasSuffix(".wav") && (file.hasPrefix("human") || file.hasPrefix("machine")) {
            let data = try Data(contentsOf: folder.appending(path: file))
            let wave = try WAVFile(parsing: Array(data))
            seconds += Double(wave.samples.count) / 8_000
            #expect(keysHeard(wave.samples) == "", "\(file)")
        }
        #expect(seconds > 600)
    }
}

@Suite("Telephone keys as sound, ITU-T Q.23")
struct DTMFGeneratorTests {
    private func play(_ digits: String, rate: Int = 8_000, seconds: Double = 2) -> [Int16] {
        var generator = DTMFGenerator(rateHertz: rate)
        _ = generator.send(digits)
        var samples = [Int16](repeating: 0, count: Int(seconds * Double(rate)))
        for start in stride(from: 0, to: samples.count, by: rate / 50) {
            var frame = Array(samples[start..<start + rate / 50])
            var span = frame.mutableSpan
            generator.fill(&span)
            samples.replaceSubrange(start..<start + rate / 50, with: frame)
        }
        return samples
    }

    @Test("What is sent is heard")
    func roundTrip() {
        #expect(keysHeard(play("0123456789*#ABCD", seconds: 4)) == "0123456789*#ABCD")
        #expect(keysHeard(play("55w5x#")) == "555#")
    }

    @Test("A key lasts 100 ms at -9 and -7 dBm0, with 100 ms to the next")
    func levels() {
        let samples = play("11")
        #expect(samples[800..<1_600].allSatisfy { $0 == 0 })
        #expect(samples[2_400...].allSatisfy { $0 == 0 })
        let middle = samples[80..<720]
        let expected = (AudioLevel.dBm0(-9).meanSquare + AudioLevel.dBm0(-7).meanSquare).squareRoot()
        #expect((0.97...1.03).contains(Sound.level(middle) / expected))
        let low = Sound.purity(middle, hertz: 697, rate: 8_000)
        let high = Sound.purity(middle, hertz: 1_209, rate: 8_000)
        #expect(low + high > 0.99)
        #expect((1.4...1.8).contains(high / low))
    }

    @Test("It begins and ends without a click, at every rate", arguments: [8_000, 16_000, 48_000])
    func clicks(rate: Int) {
        let samples = play("D", rate: rate, seconds: 0.2)
        #expect(samples[0] == 0)
        let edge = rate / 1_000
        #expect(Sound.level(samples[..<edge]) < 0.15 * Sound.level(samples[rate / 100..<rate / 20]))
    }

    @Test("Speech goes on in pauses that were asked for, and after the last key")
    func speech() {
        var generator = DTMFGenerator()
        #expect(generator.isIdle)
        let isQueued = generator.send("1w")
        #expect(isQueued)
        #expect(generator.isSendingKeys)
        var frame = [Int16](repeating: 500, count: 160)
        func step() -> (Bool, Bool) {
            frame = [Int16](repeating: 500, count: 160)
            var span = frame.mutableSpan
            let hasKey = generator.fill(&span)
            return (hasKey, frame[159] == 500)
        }
        var steps: [(Bool, Bool)] = []
        for _ in 0..<6 { steps.append(step()) }
        #expect(steps.prefix(5).allSatisfy { $0.0 && !$0.1 })
        #expect(!generator.isSendingKeys)
        #expect(steps[5] == (false, true))
    }

    @Test("More keys than the queue holds are refused together")
    func capacity() {
        var generator = DTMFGenerator()
        let isQueued = generator.send(String(repeating: "1", count: DTMFGenerator.capacity + 1))
        #expect(!isQueued)
        #expect(generator.isIdle)
    }
}
