import RTPMedia
import SansIO
import Testing

let longText =
    "Hello, you have reached the voicemail of Maria Lopez. I can't come to the phone right now, "
    + "please leave your name and number after the tone. 555 0123 mm-hm 你好世界"

func noise(seconds: Int, amplitude: Int, seed: UInt64 = 1) -> [Int16] {
    var generator = SeededGenerator(seed: seed)
    return (0..<seconds * 8_000).map { _ in Int16(Int.random(in: -amplitude...amplitude, using: &generator)) }
}

/// Frames at which voice starts and stops.
func activity(_ samples: [Int16]) -> [(Int, VoiceActivity.Event)] {
    var detector = VoiceActivity()
    return stride(from: 0, to: samples.count - 159, by: 160).compactMap { start in
        detector.process(samples.span.extracting(start..<start + 160)).map { (start / 160, $0) }
    }
}

@Suite("Tone speech")
struct ToneSpeechTests {
    @Test(
        "The length follows from the text",
        arguments: [
            ("", 0), ("?!", 0), ("Hey", 150), ("Hello", 300), ("Hello?", 300),
            ("Hello, Maria", 300 + 220 + 300),
            ("Yes. No", 150 + 420 + 150), ("good morning", 150 + 60 + 300), ("7", 300), ("42", 300),
            ("Mm", 150),
        ])
    func length(text: String, milliseconds: Int) {
        #expect(ToneSpeech(text, rateHertz: 16_000).duration == .milliseconds(milliseconds))
        #expect(ToneSpeech.samples(of: text, rateHertz: 8_000).count == milliseconds * 8)
    }

    @Test("Words know where they are heard")
    func words() {
        let speech = ToneSpeech("Good morning, Anna.", rateHertz: 8_000)
        #expect(speech.words.map(\.text) == ["Good", "morning", "Anna"])
        #expect(speech.words.map(\.samples) == [0..<1_200, 1_680..<4_080, 5_840..<8_240])
        #expect(speech.text(upTo: 0) == "")
        #expect(speech.text(upTo: 1_200) == "Good")
        #expect(speech.text(upTo: 6_000) == "Good morning Anna")
    }

    @Test("The same text gives the same samples, in pieces of any size")
    func pieces() {
        let whole = ToneSpeech.samples(of: longText, rateHertz: 16_000)
        var speech = ToneSpeech(longText, rateHertz: 16_000)
        var joined: [Int16] = []
        while speech.remaining > 0 {
            var frame = [Int16](repeating: 0, count: 77)
            var span = frame.mutableSpan
            let count = speech.fill(&span)
            joined += frame.prefix(count)
        }
        let isSame = joined == whole
        #expect(isSame)
    }

    @Test("It is as loud as asked for, and does not clip there")
    func level() {
        let samples = ToneSpeech.samples(of: longText, rateHertz: 8_000, level: .dBFS(-12))
        let loud = AudioLevel(meanSquare: Mixer.meanSquare(samples.span)).decibelsFullScale
        #expect((-26 ... -14).contains(loud))
        #expect(samples.allSatisfy { abs(Int($0)) < 20_000 })
    }
}

@Suite("Voice activity")
struct VoiceActivityTests {
    private static let silence = [Int16](repeating: 0, count: 16_000)

    @Test("A sentence in silence starts within 60 ms and stops 300 ms after its end")
    func sentence() throws {
        let speech = ToneSpeech.samples(of: "Good morning to you", rateHertz: 8_000)
        let events = activity(Self.silence + speech + Self.silence)
        try #require(events.count == 2)
        #expect(events[0].1 == .started)
        #expect((100...102).contains(events[0].0))
        let end = 100 + speech.count / 160
        #expect(events[1].1 == .stopped)
        #expect((end + 13...end + 16).contains(events[1].0))
    }

    @Test(
        "Steady noise of any level is no voice once it has been heard for a moment",
        arguments: [50, 500, 3_000])
    func steadyNoise(amplitude: Int) {
        #expect(activity(noise(seconds: 10, amplitude: amplitude)).isEmpty)
    }

    @Test("Speech 15 dB over noise is found, and its pauses do not hide it")
    func noisySpeech() throws {
        let speech = ToneSpeech.samples(
            of: "Hello, this is Maria speaking", rateHertz: 8_000, level: .dBFS(-15))
        var mixed = noise(seconds: 6, amplitude: 700)
        let start = 16_000
        for (index, sample) in speech.enumerated() {
            mixed[start + index] = Int16(clamping: Int(mixed[start + index]) + Int(sample))
        }
        let events = activity(mixed)
        try #require(events.count == 2)
        #expect((100...104).contains(events[0].0))
        let end = 100 + speech.count / 160
        #expect((end + 11...end + 16).contains(events[1].0))
    }

    @Test("Silence and clicks are no voice")
    func clicks() {
        var samples = Self.silence
        for position in stride(from: 0, to: samples.count, by: 4_000) { samples[position] = 20_000 }
        #expect(activity(samples).isEmpty)
    }
}

@Suite("Mixer")
struct MixerTests {
    @Test("Channels interleave, and the shorter one is filled up with silence")
    func interleaved() {
        var stereo: [Int16] = [9, 9, 9, 9, 9, 9, 9]
        var stereoSpan = stereo.mutableSpan
        let written = Mixer.interleave(
            left: ([1, 2, 3] as [Int16]).span, right: ([7] as [Int16]).span, into: &stereoSpan)
        #expect(written == 6)
        #expect(stereo == [1, 7, 2, 0, 3, 0, 9])
    }
}
