import RTPMedia
import Testing

/// Plays a tone into one array, a few samples at a time.
func play(
    _ tone: Tone, milliseconds: Int, rate: Int = 8_000, level: AudioLevel = .dBm0(-13), piece: Int = 160
)
    -> [Int16]
{
    var generator = ToneGenerator(tone, rateHertz: rate, level: level)
    var samples: [Int16] = []
    while samples.count < milliseconds * rate / 1_000 {
        var frame = [Int16](repeating: 1, count: piece)
        var span = frame.mutableSpan
        generator.fill(&span)
        samples += frame
    }
    return Array(samples.prefix(milliseconds * rate / 1_000))
}

/// Runs a detector over whole frames.
func detect(_ samples: [Int16]) -> [ToneDetector.Event] {
    var detector = ToneDetector()
    return stride(from: 0, to: samples.count - 159, by: 160).compactMap {
        detector.process(samples.span.extracting($0..<$0 + 160))
    }
}

@Suite("Tones")
struct ToneTests {
    @Test("A sine of 1,000 Hz at full scale has the samples of a sine")
    func sine() {
        let samples = play(.beep(hertz: 1_000, for: .seconds(1)), milliseconds: 2, level: .dBFS(0))
        #expect(
            samples == [
                0, 23_169, 32_766, 23_169, 0, -23_170, -32_767, -23_170, 0, 23_169, 32_766, 23_169, 0,
                -23_170, -32_767, -23_170,
            ])
    }

    @Test("The phase runs on over frames of any size", arguments: [1, 7, 160, 333])
    func phase(piece: Int) {
        let whole = play(.ringback, milliseconds: 2_500, piece: 20_000)
        #expect(play(.ringback, milliseconds: 2_500, piece: piece) == whole)
    }

    @Test("A cadence is on and off to the sample, at every rate", arguments: [8_000, 16_000, 24_000, 48_000])
    func cadence(rate: Int) {
        let samples = play(.busy, milliseconds: 2_000, rate: rate)
        for half in 0..<4 {
            let part = samples[half * rate / 2..<(half + 1) * rate / 2]
            #expect(part.contains { $0 != 0 } == (half % 2 == 0))
        }
    }

    @Test("Two tones of -13 dBm0 carry -16.17 + 3.01 dB of full scale")
    func level() {
        let samples = play(.ringback, milliseconds: 1_000)
        let level = AudioLevel(meanSquare: Mixer.meanSquare(samples.span)).decibelsFullScale
        #expect(abs(level - -13.16) < 0.05)
    }

    @Test("A tone that ends says how much of it was played, then silence")
    func end() {
        var generator = ToneGenerator(.beep(hertz: 800, for: .milliseconds(30)), rateHertz: 8_000)
        var frame = [Int16](repeating: 99, count: 160)
        var first = frame.mutableSpan
        #expect(generator.fill(&first) == 160)
        #expect(!generator.isFinished)
        var second = frame.mutableSpan
        #expect(generator.fill(&second) == 80)
        #expect(generator.isFinished)
        #expect(frame[80...].allSatisfy { $0 == 0 })
        var third = frame.mutableSpan
        #expect(generator.fill(&third) == 0)
    }

    @Test("Keys have their two frequencies, other characters none")
    func digits() throws {
        let five = try #require(Tone.digit("5")).segments[0]
        #expect(five == Tone.Segment(770, 1_336, for: .milliseconds(100)))
        #expect(Tone.digit("D")?.segments[0].second == 1_633)
        #expect(Tone.digit("x") == nil)
    }

    @Test("A cadence without length ends at once, and a huge one is no trap")
    func extremes() {
        let empty = Tone([.silence(for: .zero)], repeats: true)
        #expect(play(empty, milliseconds: 20).allSatisfy { $0 == 0 })
        let long = Tone([Tone.Segment(500, for: .seconds(Int64.max / 2))], repeats: false)
        #expect(play(long, milliseconds: 20).contains { $0 != 0 })
    }
}

@Suite("Audio level")
struct AudioLevelTests {
    @Test(
        "Decibels are those of the tables",
        arguments: [
            (0.0, 32_767.0), (-6, 16_422.4), (-20, 3_276.7), (-60, 32.767), (-3.17, 22_747.66), (6, 32_767),
        ])
    func amplitude(decibels: Double, amplitude: Double) {
        #expect(abs(AudioLevel.dBFS(decibels).amplitude - amplitude) < amplitude * 1e-5)
    }

    @Test("A level survives the way to energy and back")
    func roundTrip() {
        for decibels in stride(from: -120.0, through: 20, by: 0.7) {
            let level = AudioLevel(meanSquare: AudioLevel.dBFS(decibels).meanSquare)
            #expect(abs(level.decibelsFullScale - decibels) < 1e-9)
        }
        #expect(AudioLevel(meanSquare: 0) == .silence)
        #expect(AudioLevel.silence.amplitude == 0)
        #expect(AudioLevel.dBm0(3.17) == .dBFS(0))
    }
}

@Suite("Tone detector")
struct ToneDetectorTests {
    @Test(
        "Any pitch from 400 to 2,100 Hz and 100 ms is found, with pitch and end",
        arguments: [400.0, 425, 440, 487, 620, 850, 1_000, 1_004, 1_234, 1_575, 2_000, 2_100],
        [100, 150, 350, 1_000])
    func pitches(hertz: Double, milliseconds: Int) throws {
        // 333 ms of silence, so that the beep does not start on a frame.
        let silence = [Int16](repeating: 0, count: 2_664)
        let beep = play(.beep(hertz: hertz, for: .milliseconds(milliseconds)), milliseconds: milliseconds)
        let events = detect(silence + beep + silence)
        guard events.count == 2, case .started = events[0], case .ended(let heard) = events[1] else {
            Issue.record("heard \(events)")
            return
        }
        #expect(abs(heard.hertz - hertz) < 8)
        #expect(heard.secondHertz == nil)
        let end = 2_664 + beep.count
        #expect(abs(heard.endSample - end) <= 240)
    }

    @Test("A dual tone is one tone with two pitches")
    func dual() {
        let events = detect(play(.busy, milliseconds: 960))
        guard events.count == 2, case .ended(let heard) = events[1] else {
            Issue.record("heard \(events)")
            return
        }
        let pitches = [heard.hertz, heard.secondHertz ?? 0].sorted()
        #expect(abs(pitches[0] - 480) < 12)
        #expect(abs(pitches[1] - 620) < 12)
    }

    @Test("Tone speech, noise and silence are no tones")
    func noTones() {
        #expect(detect(ToneSpeech.samples(of: longText, rateHertz: 8_000)).isEmpty)
        #expect(detect(ToneSpeech.samples(of: longText, rateHertz: 8_000, voice: .high)).isEmpty)
        #expect(detect(noise(seconds: 10, amplitude: 8_000)).isEmpty)
        #expect(detect([Int16](repeating: 0, count: 80_000)).isEmpty)
        #expect(detect([Int16](repeating: .max, count: 80_000)).isEmpty)
    }
}
