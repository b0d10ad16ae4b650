import RTPMedia
import SansIO
import Telephony
import TestSupport
import Testing

private let prompt =
    "Hi, if you record your name and reason for calling, then I will see if this person is available right now."
private let choices = [
    "Thank you for calling Acme today", "For sales and orders press one", "For help and support press two",
    "For bills and refunds press three", "For our opening hours press four", "To hear this again press five",
]

@Suite("Answers from beginning to end")
struct AnswerTimelineTests {
    @Test("A long greeting of a business, in one breath, is a person")
    func business() throws {
        let words = speech("Good morning this is Acme dental Susan speaking here")
        #expect((2_600...5_300).contains(words.count / 8))
        let found = verdicts(on: silence(600) + words + silence(3_000))
        #expect(found.map(\.answeredBy) == [.human])
        let facts = try #require(found.first).facts
        #expect(facts.rhythm == .greeting)
        #expect((540...680).contains(facts.speechStartMilliseconds ?? 0))
        #expect((words.count / 8 - 120...words.count / 8 + 80).contains(facts.greetingMilliseconds ?? 0))
    }

    @Test("Hello, and hello again after a wait, is a person known by the first")
    func twoHellos() {
        let found = verdicts(
            on: silence(400) + speech("Hello?") + silence(900) + speech("Hello?") + silence(4_000))
        #expect(found.map(\.answeredBy) == [.human])
    }

    @Test("A greeting of a few words that beeps is a voicemail after all")
    func shortGreeting() {
        for length in [120, 200, 500] {
            let found = verdicts(
                on: silence(300) + speech("Leave a message") + silence(500) + beep(900, length)
                    + silence(2_000))
            #expect(found.last?.answeredBy == .voicemail)
            #expect(found.last?.stage == .beepHeard)
            #expect(found.last?.facts.beepHertz.map { abs($0 - 900) <= 10 } == true)
        }
    }

    @Test("The end of a beep is told in time to begin the message 300 ms behind it")
    func beepDelay() throws {
        let greeting =
            silence(300) + speech("You have reached Maria. Leave a message after the tone. Thank you.")
        for length in [60, 80, 150, 400, 1_000] {
            let before = greeting + silence(700)
            let found = verdicts(on: before + beep(1_400, length) + silence(1_500))
            let told = try #require(found.last { $0.stage == .beepHeard }, "\(length) ms")
            let end = before.count / 8 + length
            #expect((end...end + 140).contains(told.atMilliseconds), "\(length) ms")
            #expect(abs((told.facts.beepEndMilliseconds ?? 0) - end) <= 20)
        }
    }

    @Test("A prompt that starts at once and waits without a beep may be an assistant's, and says so modestly")
    func screening() throws {
        let asked = silence(200) + speech(prompt)
        let found = verdicts(on: asked + silence(5_000))
        let last = try #require(found.last)
        #expect(last.answeredBy == .screening)
        #expect(last.stage == .greetingEnded)
        #expect(last.confidence <= 0.5)
        #expect(last.facts.rhythm == .prompt)
        #expect((asked.count / 8 + 2_300...asked.count / 8 + 2_480).contains(last.atMilliseconds))
        let rung = verdicts(on: asked + silence(3_000) + tone(.ringback, 2_000) + silence(3_000))
        #expect(rung.map(\.answeredBy).suffix(2) == [.screening, .screening])
        #expect(rung.last?.evidence == "prompt, a wait, then ringback")
        let person = verdicts(
            on: asked + silence(3_000) + tone(.ringback, 2_000) + silence(1_500) + speech("Hello?")
                + silence(1_000))
        #expect(person.last?.answeredBy == .human)
    }

    @Test("A chime before the prompt is no voicemail's beep, and a lonely beep at the start is one")
    func chime() {
        let chimed = verdicts(
            on: silence(120) + beep(1_047, 180) + silence(120) + speech(prompt) + silence(4_000))
        #expect(chimed.last?.answeredBy == .screening)
        #expect(!chimed.contains { $0.stage == .beepHeard })
        let beeped = verdicts(on: silence(120) + beep(1_047, 180) + silence(2_000))
        #expect(beeped.map(\.stage) == [.recognised, .beepHeard])
    }

    @Test("Choices of like length with like pauses are a menu, and so is what comes again word for word")
    func menu() {
        let list = choices.flatMap { speech($0) + silence(600) }
        let found = verdicts(on: silence(900) + list + silence(2_000))
        #expect(found.last?.answeredBy == .ivr)
        #expect(found.last?.facts.rhythm == .menu)
        let short = choices.prefix(3).flatMap { speech($0) + silence(500) }
        let repeated = verdicts(on: silence(900) + short + silence(1_200) + short + silence(1_000))
        #expect(repeated.last?.answeredBy == .ivr)
    }

    @Test(
        "Faxes and modems are known by either tone, softly and off pitch too",
        arguments: [1_100.0, 1_090, 2_100, 2_110, 2_225])
    func fax(hertz: Double) {
        let length = hertz < 1_200 ? 500 : 3_000
        let found = verdicts(on: silence(700) + beep(hertz, length) + silence(3_000))
        #expect(found.map(\.answeredBy) == [.fax])
    }

    @Test("Noise that swells like traffic is nobody")
    func street() {
        var generator = SeededGenerator(seed: 9)
        var low = 0.0
        let noise = (0..<56_000).map { index in
            low = 0.9 * low + Double.random(in: -1...1, using: &generator)
            let swell = abs(Double(index % 24_000) / 12_000 - 1)
            return Int16(clamping: Int(low * (200 + 1_500 * swell)))
        }
        #expect(verdicts(on: noise).map(\.answeredBy) == [.silence])
    }

    @Test("Tones of every plan, information and fax tones are told as lines deliver them", arguments: 0..<4)
    func bank(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for plan in TonePlan.all {
            let detector = CallProgressDetector(plans: [plan] + TonePlan.all.filter { $0 != plan })
            for entry in plan.entries where entry.meaning == .busy || entry.meaning == .ringback {
                let sound = LineSound(using: &generator)
                let length = entry.meaning == .busy ? 3_000 : entry.cadence.reduce(0, +) + 600
                let samples = sound.samples(
                    entry.cadence.enumerated().map {
                        ($0.offset % 2 == 0 ? entry.frequencies : [], $0.element)
                    },
                    repeats: true, lasting: sound.start + length, using: &generator)
                var bank = detector
                var last: ProgressTone?
                for start in stride(from: 0, to: samples.count - 159, by: 160) {
                    last = bank.process(samples.span.extracting(start..<start + 160)) ?? last
                }
                #expect(last == (entry.meaning == .busy ? .busy : .ringback), "\(plan.region) seed \(seed)")
            }
        }
    }
}
