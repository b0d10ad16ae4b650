import RTPMedia
import SansIO
import Telephony
import TestSupport
import Testing

/// All verdicts on 8 kHz audio.
func verdicts(on samples: [Int16], by classifier: some AnswerClassifier = EnergyAnswerClassifier())
    -> [AnswerVerdict]
{
    var classifier = classifier
    return stride(from: 0, to: samples.count - 159, by: 160).compactMap {
        classifier.process(samples.span.extracting($0..<$0 + 160))
    }
}

func silence(_ milliseconds: Int) -> [Int16] { [Int16](repeating: 0, count: 8 * milliseconds) }

func speech(_ text: String, _ voice: ToneSpeech.Voice = .low) -> [Int16] {
    ToneSpeech.samples(of: text, rateHertz: 8_000, voice: voice)
}

func tone(_ tone: Tone, _ milliseconds: Int) -> [Int16] {
    var generator = ToneGenerator(tone, rateHertz: 8_000)
    var samples = silence(milliseconds)
    var span = samples.mutableSpan
    generator.fill(&span)
    return samples
}

func beep(_ hertz: Double, _ milliseconds: Int) -> [Int16] {
    tone(.beep(hertz: hertz, for: .milliseconds(milliseconds)), milliseconds)
}

@Suite("Answer classifier by energy and tones")
struct EnergyAnswerClassifierTests {
    private static let greeting =
        "Hello, you have reached Maria Lopez. I cannot come to the phone right now. "
        + "Please leave a message after the tone."

    @Test(
        "A word or a short sentence and then silence is a person, within 1.5 s of its beginning",
        arguments: ["Hello?", "Yes", "Maria speaking", "Hi, this is Maria", "Good morning"],
        [ToneSpeech.Voice.low, .high])
    func person(text: String, voice: ToneSpeech.Voice) {
        let found = verdicts(on: silence(730) + speech(text, voice) + silence(3_000))
        #expect(found.map(\.answeredBy) == [.human])
        #expect(found.map(\.stage) == [.recognised])
        let onset = (found.first?.atMilliseconds ?? .max) - 730
        #expect(onset <= 2_100)
        if text == "Hello?" { #expect(onset <= 1_500) }
    }

    @Test(
        "The rest of an early ringback at the answer is no beep: the person behind it is a person",
        arguments: [0, 20, 60, 80, 120, 160, 300, 600], [200, 800, 1_500])
    func ringbackTail(milliseconds: Int, pause: Int) {
        let found = verdicts(
            on: tone(.ringback, milliseconds) + silence(pause) + speech("Hello?") + silence(3_000))
        #expect(found.map(\.answeredBy) == [.human])
    }

    @Test("A person who says hello twice is one person")
    func twice() {
        let found = verdicts(
            on: silence(500) + speech("Hello?") + silence(1_500) + speech("Hello?") + silence(5_000))
        #expect(found.map(\.answeredBy) == [.human])
    }

    @Test(
        "A greeting that goes on is a voicemail; its beep is reported once it is over",
        arguments: [400.0, 440, 620, 850, 1_000, 1_400, 2_000], [100, 200, 500, 1_000])
    func voicemail(hertz: Double, milliseconds: Int) throws {
        let before = silence(300) + speech(Self.greeting) + silence(613)
        let found = verdicts(on: before + beep(hertz, milliseconds) + silence(3_000))
        #expect(found.map(\.answeredBy) == [.voicemail, .voicemail])
        #expect(found.map(\.stage) == [.recognised, .beepHeard])
        let end = before.count / 8 + milliseconds
        let reported = try #require(found.last).atMilliseconds
        #expect((end...end + 120).contains(reported), "beep ended at \(end), reported at \(reported)")
    }

    @Test("A greeting without a beep ends with silence, once")
    func greetingWithoutBeep() throws {
        let before = silence(700) + speech(Self.greeting)
        let found = verdicts(on: before + silence(6_000))
        #expect(found.map(\.stage) == [.recognised, .greetingEnded])
        let reported = try #require(found.last).atMilliseconds - before.count / 8
        #expect((1_340...1_440).contains(reported))
        let late = verdicts(on: before + silence(3_000) + beep(1_000, 300) + silence(1_000))
        #expect(late.map(\.stage) == [.recognised, .greetingEnded, .beepHeard])
    }

    @Test("A beep without words is a voicemail")
    func beepAlone() {
        let found = verdicts(on: silence(900) + beep(850, 400) + silence(2_000))
        #expect(found.map(\.stage) == [.recognised, .beepHeard])
        #expect(found.map(\.answeredBy) == [.voicemail, .voicemail])
    }

    @Test("A pause after the first words of a greeting is corrected when it goes on, or beeps")
    func revision() {
        let short = silence(300) + speech("Maria here") + silence(1_000)
        let talksOn = verdicts(
            on: short + speech(Self.greeting) + silence(500) + beep(1_000, 300) + silence(1_000))
        #expect(talksOn.map(\.answeredBy) == [.human, .voicemail, .voicemail])
        #expect(talksOn.last?.stage == .beepHeard)
        let beeps = verdicts(on: short + beep(1_000, 300) + silence(1_000))
        #expect(beeps.map(\.answeredBy) == [.human, .voicemail, .voicemail])
    }

    @Test(
        "A beep that begins in the silence behind a few words is waited for: the first verdict is voicemail",
        arguments: [(500, 400), (500, 1_000), (700, 600)])
    func beepAfterFewWords(pause: Int, length: Int) {
        let found = verdicts(
            on: silence(300) + speech("Leave a message") + silence(pause) + beep(900, length) + silence(2_000)
        )
        #expect(found.map(\.answeredBy) == [.voicemail, .voicemail])
        #expect(found.last?.stage == .beepHeard)
    }

    @Test("The longer somebody spoke, the longer the silence that makes a person of them")
    func silences() {
        let text = ["Yes", "Maria speaking", "Good morning, this is Acme dental, Susan speaking"]
        let waits = text.map { words in
            let before = silence(500) + speech(words)
            return (verdicts(on: before + silence(3_000)).first?.atMilliseconds ?? 0) - before.count / 8
        }
        #expect((560...680).contains(waits[0]))
        #expect(waits[0] < waits[1] && waits[1] < waits[2] && waits[2] <= 1_480, "\(waits)")
    }

    @Test("A telephone key is no beep, and the verdict names it")
    func keys() throws {
        let key = tone(try #require(Tone.digit("5")), 200)
        let found = verdicts(
            on: silence(400) + key + silence(500) + speech("Hello?") + silence(1_500))
        #expect(found.map(\.answeredBy) == [.human])
        #expect(found.first?.facts.keys == "5")
    }

    @Test(
        "A fax that sends data without a tone before it is a fax",
        arguments: [(1_650.0, 1_850.0), (980, 1_180)])
    func faxData(one: Double, zero: Double) {
        let flags = ShiftedTone.flags((one, zero), milliseconds: 1_500).map { Int16($0 * 6_000) }
        let found = verdicts(on: silence(700) + flags + silence(4_000))
        #expect(found.map(\.answeredBy) == [.fax])
        #expect(found.first?.facts.tone == "fax data at 300 bit/s")
        #expect((900...1_000).contains(found.first?.atMilliseconds ?? 0))
    }

    @Test("The notes of a melody, on hold, are neither beep nor dial tone nor a person's silence")
    func melody() {
        let notes = [440.0, 523, 587, 659, 523, 494, 440, 659, 587, 392, 494, 523]
        let music = notes.flatMap { beep($0, 360) }
        let found = verdicts(on: silence(300) + speech("Please hold") + silence(300) + music)
        #expect(found == [])
        var bank = CallProgressDetector()
        let told = stride(from: 0, to: music.count - 159, by: 160).compactMap {
            bank.process(music.span.extracting($0..<$0 + 160))
        }
        #expect(told == [])
    }

    @Test("A person stays a person however long they talk later, and keys are no beeps")
    func noRevision() {
        let hello = silence(300) + speech("Hello?") + silence(3_000)
        #expect(verdicts(on: hello + speech(Self.greeting) + silence(2_000)).map(\.answeredBy) == [.human])
    }

    @Test(
        "Tones of the line are neither person nor voicemail",
        arguments: [Tone.busy, .reorder, .ringback, .specialInformation, .beep(hertz: 425, for: .seconds(3))]
    )
    func lineTones(lineTone: Tone) {
        let found = verdicts(on: silence(200) + tone(lineTone, 4_500))
        #expect(found.map(\.answeredBy) == [.unknown])
    }

    @Test("A short low tone that swells or glides is a vowel, a steady one is a beep")
    func vowels() {
        let steady = beep(440, 120)
        let swelling = steady.indices.map { Int16(Int(steady[$0]) * (steady.count / 4 + $0) / steady.count) }
        for (sound, isBeep) in [(steady, true), (swelling, false)] {
            let found = verdicts(on: silence(400) + sound + silence(2_500))
            #expect(found.contains { $0.stage == .beepHeard } == isBeep)
        }
    }

    @Test("Double rings after the answer are nobody")
    func ringbackAfterAnswer() {
        let pulse = tone(Tone([Tone.Segment(400, 450, for: .milliseconds(400))], repeats: false), 600)
        let rings = (0..<3).flatMap { _ in pulse + pulse + silence(1_800) }
        #expect(verdicts(on: silence(200) + rings).map(\.answeredBy) == [.unknown])
    }

    @Test("A fax is known by its calling or answering tone, however late")
    func fax() {
        let answering = tone(.beep(hertz: 2_100, for: .seconds(3)), 4_500)
        let calling = beep(1_100, 500) + silence(3_000)
        for sound in [answering, calling, silence(5_500) + answering] {
            #expect(verdicts(on: silence(200) + sound).last?.answeredBy == .fax)
        }
    }

    @Test("Silence and noise are silence after five seconds; what is said later still counts")
    func nothing() {
        var generator = SeededGenerator(seed: 4)
        let noise = (0..<48_000).map { _ in Int16(Int.random(in: -900...900, using: &generator)) }
        for quiet in [silence(6_000), noise] {
            let found = verdicts(on: quiet)
            #expect(found.map(\.answeredBy) == [.silence])
            #expect(found.first?.atMilliseconds == 5_000)
        }
        let late = verdicts(on: silence(6_000) + speech("Hello?") + silence(2_000))
        #expect(late.map(\.answeredBy) == [.silence, .human])
    }

    @Test("Clicks and single lost packets change nothing")
    func disturbances() {
        var audio = silence(700) + speech("Hello?") + silence(2_000)
        for position in stride(from: 100, to: audio.count, by: 3_000) { audio[position] = 20_000 }
        #expect(verdicts(on: audio).map(\.answeredBy) == [.human])
    }

    @Test("Any audio is survived")
    func noise() {
        var generator = SeededGenerator(seed: 11)
        var classifier = EnergyAnswerClassifier()
        for _ in 0..<20_000 {
            let amplitude = [0, 3, 300, 32_767].randomElement(using: &generator)!
            let step = Double.random(in: 0...2, using: &generator)
            let frame = (0..<160).map { index in
                let square = Int(Double(index) * step) % 2 == 0 ? amplitude : -amplitude
                return Int16(clamping: square + Int.random(in: -amplitude...amplitude, using: &generator) / 4)
            }
            _ = classifier.process(frame.span)
        }
    }

    @Test("A scripted classifier says its lines at their times")
    func scripted() {
        func line(_ who: AnsweredBy, _ stage: AnswerVerdict.Stage, _ at: Int) -> AnswerVerdict {
            AnswerVerdict(
                answeredBy: who, stage: stage, confidence: 1, atMilliseconds: at, evidence: "script")
        }
        let script = [line(.voicemail, .beepHeard, 90), line(.voicemail, .recognised, 40)]
        var classifier = ScriptedAnswerClassifier(script)
        let frame = silence(20)
        let stages = (0..<6).map { _ in classifier.process(frame.span)?.stage }
        #expect(stages == [nil, .recognised, nil, nil, .beepHeard, nil])
    }
}
