import Foundation
import RTPMedia
import Telephony
import Testing

@Suite("How answers are classified, as text")
struct AnswerSettingsTests {
    @Test("A classifier, parameters by the names of amd.conf, or both")
    func text() throws {
        #expect(try AnswerSettings(parsing: "off").makeClassifier() == nil)
        #expect(try AnswerSettings(parsing: "built-in") == AnswerSettings())
        let settings = try AnswerSettings(parsing: "app_amd, greeting=1200,maximum_number_of_words=4")
        #expect(settings.classifier == .legacy)
        #expect(settings.legacyConfiguration.greeting == .milliseconds(1_200))
        #expect(settings.legacyConfiguration.maximumNumberOfWords == 4)
        #expect(settings.legacyConfiguration.initialSilence == .milliseconds(2_500), "others keep theirs")
    }

    @Test("All ten parameters are taken, by either classifier")
    func parameters() throws {
        var settings = AnswerSettings()
        let values = [
            "initial_silence": 3_000, "greeting": 1_600, "after_greeting_silence": 900,
            "total_analysis_time": 6_000, "min_word_length": 120, "maximum_word_length": 3_000,
            "between_words_silence": 60, "maximum_number_of_words": 5, "silence_threshold": 400,
            "maximum_wait_time_per_frame": 50,
        ]
        #expect(AnswerSettings.Parameter.allCases.map(\.rawValue).sorted() == values.keys.sorted())
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { try settings.set(name, to: value) }
        let ours = settings.configuration
        #expect(ours.noSpeech == .seconds(3))
        #expect(ours.voicemailSpeech == .milliseconds(1_600))
        #expect(ours.voicemailBreath == .milliseconds(1_600))
        #expect(ours.humanSilence == .milliseconds(900))
        #expect(ours.longestHumanSilence == .milliseconds(900))
        #expect(ours.analysisTime == .seconds(6))
        #expect(ours.minimumSpeech == .milliseconds(120))
        #expect(ours.longestWord == .seconds(3))
        #expect(ours.wordGap == .milliseconds(60))
        #expect(ours.maximumWords == 5)
        #expect(ours.silenceMagnitude == 400)
        #expect(settings.legacyConfiguration.silenceThreshold == 400)
    }

    @Test("The mapped parameters do here what they say")
    func effect() throws {
        func first(_ text: String, _ audio: [Int16]) throws -> AnswerVerdict? {
            let classifier = try #require(
                try AnswerSettings(parsing: text).makeClassifier() as? EnergyAnswerClassifier)
            return verdicts(on: audio, by: classifier).first
        }
        let long = silence(300) + speech("Good morning this is Acme dental Susan here") + silence(3_000)
        #expect(try first("built-in", long)?.answeredBy == .human)
        #expect(try first("greeting=1500", long)?.answeredBy == .voicemail)
        #expect(try first("maximum_word_length=500", long)?.answeredBy == .voicemail)
        let words = silence(300) + (0..<5).flatMap { _ in speech("word") + silence(150) } + silence(3_000)
        #expect(try first("built-in", words)?.answeredBy == .human)
        #expect(try first("maximum_number_of_words=3", words)?.answeredBy == .voicemail)
        let hello = silence(300) + speech("Hello?") + silence(3_000)
        let (soon, late) = (try first("built-in", hello), try first("after_greeting_silence=1000", hello))
        #expect((late?.atMilliseconds ?? 0) - (soon?.atMilliseconds ?? 0) >= 400)
        #expect(try first("initial_silence=1000", silence(4_000))?.atMilliseconds == 1_000)
        let analysis = try first("total_analysis_time=2000", silence(4_000))
        #expect(analysis?.answeredBy == .unknown)
        #expect(analysis?.atMilliseconds == 2_000)
        #expect(try first("silence_threshold=20000", hello + silence(3_000))?.answeredBy == .silence)
    }

    @Test(
        "What means nothing is refused, naming it",
        arguments: [
            ("", "'' is none of"), ("amd", "'amd' is none of"), ("greeting", "'greeting' is none of"),
            ("greeting=", "greeting is '', not a whole number"), ("greeting=1.5", "greeting is '1.5', not"),
            ("greetings=5", "'greetings' is no parameter"), ("greeting=-1", "greeting is -1, not 0...60000"),
            ("silence_threshold=40000", "silence_threshold is 40000, not 0...32767"),
            ("maximum_number_of_words=101", "maximum_number_of_words is 101, not 0...100"),
            ("app_amd,", "'' is none of"), ("greeting=99999999999999999999", "not a whole number"),
        ])
    func refused(text: String, says words: String) {
        #expect {
            try AnswerSettings(parsing: text)
        } throws: { "\($0)".contains(words) }
    }

    @Test("In JSON it is that text or an object, and goes there and back")
    func json() throws {
        let object = #"{"classifier":"app_amd","greeting":1200}"#
        let settings = try JSONDecoder().decode(AnswerSettings.self, from: Data(object.utf8))
        #expect(settings == (try AnswerSettings(parsing: "app_amd,greeting=1200")))
        #expect(
            try JSONDecoder().decode(AnswerSettings.self, from: try JSONEncoder().encode(settings))
                == settings)
        #expect(try JSONDecoder().decode(AnswerSettings.self, from: Data(#""off""#.utf8)).classifier == .off)
        for wrong in [
            #"{"greetings":1}"#, #"{"greeting":"1"}"#, #"{"greeting":-1}"#, #""none""#, "7",
            #"{"classifier":"x"}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(AnswerSettings.self, from: Data(wrong.utf8))
            }
        }
    }
}
