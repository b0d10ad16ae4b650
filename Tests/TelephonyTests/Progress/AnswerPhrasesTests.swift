import RTPMedia
import Telephony
import Testing

@Suite("Phrases of answers")
struct AnswerPhrasesTests {
    @Test(
        "Who speaks is known by phrases, whatever case, accents and punctuation",
        arguments: [
            ("Please LEAVE a message, after the tone…", AnsweredBy.voicemail),
            ("You've reached the voice-mail of Sam", .voicemail),
            ("Hi, who is calling and why?", .screening),
            ("Go ahead and say your name, and why you're calling.", .screening),
            (
                "if you record your name and reason for calling, I’ll see if this person is available",
                .screening
            ),
            ("For sales, press one. For support, press two.", .ivr),
            ("Para ventas, marque uno.", .ivr),
            ("Deje su mensaje después de la señal.", .voicemail),
            ("DEJE SU MENSAJE DESPUE\u{301}S DE LA SEN\u{303}AL", .voicemail),
            ("Diga su nombre y el motivo de la llamada", .screening),
            ("Bitte hinterlassen Sie eine Nachricht nach dem Signalton.", .voicemail),
            ("Wenn du mir den Grund für deinen Anruf nennst", .screening),
            ("Für den Service drücken Sie die zwei", .ivr),
            ("Laissez un message après le bip sonore", .voicemail),
            ("Dites votre nom et la raison de votre appel", .screening),
            ("Pour les ventes, tapez un", .ivr),
            ("Hello?", .human), ("¿Diga?", .human), ("Ja, bitte?", .human), ("Allô ?", .human),
        ])
    func who(text: String, who: AnsweredBy) {
        #expect(AnswerPhrases.standard.match(text)?.answeredBy == who)
    }

    @Test(
        "Words that only look alike are no phrase",
        arguments: ["", "…", "The messages leave at noon", "halloween", "12345", "Ünïcödé ♞"])
    func nobody(text: String) {
        #expect(AnswerPhrases.standard.match(text) == nil)
    }

    @Test("An assistant's words go before a voicemail's, and those before a menu's and a person's")
    func rank() {
        let all = "Hello, press one for sales, leave a message, or say your name and why you're calling"
        #expect(AnswerPhrases.standard.match(all)?.answeredBy == .screening)
        let two = "Hello, leave a message, or press one for more options"
        #expect(AnswerPhrases.standard.match(two)?.text == "leave a message")
    }

    @Test("A language narrows it down; its region does not matter")
    func language() {
        #expect(AnswerPhrases.standard.match("leave a message", language: "de-AT") == nil)
        #expect(AnswerPhrases.standard.match("nach dem Ton", language: "de-AT")?.answeredBy == .voicemail)
        #expect(AnswerPhrases.standard.match("nach dem Ton", language: "DE_ch")?.answeredBy == .voicemail)
        #expect(AnswerPhrases.standard.match("leave a message", language: "")?.answeredBy == nil)
    }

    @Test("Phrases are data: own ones count, and a star stands for one to four words")
    func own() {
        let phrases = AnswerPhrases([.init(.ivr, "en", "for * dial * now")])
        #expect(phrases.match("for our newest offers dial nine now")?.answeredBy == .ivr)
        #expect(phrases.match("for dial nine now") == nil)
        #expect(phrases.match("for one two three four five dial nine now") == nil)
        #expect(AnswerPhrases([]).match("leave a message") == nil)
    }

    @Test("However long a transcript is, its last words count")
    func long() {
        let noise = String(repeating: "word ", count: 50_000)
        #expect(AnswerPhrases.standard.match(noise + "leave a message")?.answeredBy == .voicemail)
        #expect(AnswerPhrases.standard.match("leave a message " + noise) == nil)
    }
}

@Suite("Transcripts sharpen the answer classifier")
struct AnswerWordsTests {
    private func heard(_ samples: [Int16], by classifier: inout EnergyAnswerClassifier) -> [AnswerVerdict] {
        stride(from: 0, to: samples.count - 159, by: 160).compactMap {
            classifier.process(samples.span.extracting($0..<$0 + 160))
        }
    }

    private let greeting = "You have reached Maria. Leave a message after the tone."

    @Test("Sure words decide at once, in the middle of a greeting that sounds like any other")
    func atOnce() throws {
        var classifier = EnergyAnswerClassifier()
        let found1 = heard(silence(400) + speech("You have reached Maria and"), by: &classifier)
        #expect(found1 == [])
        let answer2 = classifier.hear(PartialTranscript("you have"))
        #expect(answer2 == nil)
        let heard = classifier.hear(PartialTranscript("you have reached the mailbox of"))
        let verdict = try #require(heard)
        #expect(verdict.answeredBy == .voicemail)
        #expect(verdict.stage == .recognised)
        #expect(verdict.facts.phrase == "mailbox")
        #expect(verdict.evidence == "words \"mailbox\"")
        let answer3 = classifier.hear(PartialTranscript("you have reached the mailbox of Maria"))
        #expect(answer3 == nil, "once")
        let rest = self.heard(silence(300) + beep(1_000, 300) + silence(500), by: &classifier)
        #expect(rest.map(\.stage) == [.beepHeard])
    }

    @Test("A pause that made it a person is revised by words, which a beep outranks")
    func revised() {
        var classifier = EnergyAnswerClassifier()
        let person = heard(silence(300) + speech("Hello") + silence(900), by: &classifier)
        #expect(person.map(\.answeredBy) == [.human])
        let answer4 = classifier.hear(PartialTranscript("who is calling and why"))
        #expect(answer4?.answeredBy == .screening)
        let answer5 = classifier.hear(PartialTranscript("please leave a message"))
        #expect(answer5 == nil, "assistants say that too")
        var beeped = EnergyAnswerClassifier()
        _ = heard(silence(300) + speech(greeting) + silence(500) + beep(900, 400) + silence(300), by: &beeped)
        let answer6 = beeped.hear(PartialTranscript("who is calling and why"))
        #expect(answer6 == nil)
    }

    @Test("A person's hello needs a shorter silence once it is understood")
    func sooner() throws {
        var (plain, words) = (EnergyAnswerClassifier(), EnergyAnswerClassifier())
        let hello = silence(300) + speech("Hello?")
        _ = heard(hello, by: &plain)
        _ = heard(hello, by: &words)
        let answer7 = words.hear(PartialTranscript("Hello?"))
        #expect(answer7 == nil, "the silence behind it decides")
        let laterFound = heard(silence(1_000), by: &plain)
        let later = try #require(laterFound.first)
        let soonerFound = heard(silence(1_000), by: &words)
        let sooner = try #require(soonerFound.first)
        #expect(sooner.answeredBy == .human && later.answeredBy == .human)
        #expect(later.atMilliseconds - sooner.atMilliseconds >= 120)
    }

    @Test("Words that a person could say too count only with long talk")
    func likely() {
        var classifier = EnergyAnswerClassifier()
        _ = heard(silence(300) + speech("He is"), by: &classifier)
        let answer10 = classifier.hear(PartialTranscript("he is not available right now"))
        #expect(answer10 == nil)
        _ = heard(speech(greeting), by: &classifier)
        let answer11 = classifier.hear(PartialTranscript("he is not available right now"))
        #expect(answer11?.answeredBy == .voicemail)
    }

    @Test("An assistant's prompt ends with a pause; who then says hello is a person")
    func screening() {
        var classifier = EnergyAnswerClassifier()
        _ = heard(silence(200) + speech("Hi, if you record your name"), by: &classifier)
        let answer12 = classifier.hear(PartialTranscript("hi if you record your name and reason for calling"))
        #expect(answer12?.answeredBy == .screening)
        let rest = heard(speech("and why you call, I will see.") + silence(1_500), by: &classifier)
        #expect(rest.map(\.stage) == [.greetingEnded])
        #expect(rest.map(\.answeredBy) == [.screening])
        let answer13 = classifier.hear(PartialTranscript("thanks", isFinal: true))
        #expect(answer13 == nil)
        let answer14 = classifier.hear(PartialTranscript("hello?", isFinal: true))
        #expect(answer14?.answeredBy == .human)
    }

    @Test("What a person says later in the call is no voicemail")
    func later() {
        var classifier = EnergyAnswerClassifier()
        _ = heard(silence(300) + speech("Hello?") + silence(12_000), by: &classifier)
        let answer15 = classifier.hear(PartialTranscript("you can leave a message with me"))
        #expect(answer15 == nil)
    }
}
