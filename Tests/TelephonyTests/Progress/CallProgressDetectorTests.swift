import Foundation
import RTPMedia
import SansIO
import Telephony
import TestSupport
import Testing

/// Every tone that is told of 8 kHz audio, with its time in milliseconds.
private func tones(in samples: [Int16], by detector: CallProgressDetector = CallProgressDetector())
    -> [(tone: ProgressTone, milliseconds: Int)]
{
    var detector = detector
    return stride(from: 0, to: samples.count - 159, by: 160).compactMap { start in
        detector.process(samples.span.extracting(start..<start + 160)).map { ($0, (start + 160) / 8) }
    }
}

private func cadence(_ frequencies: [Double], _ steps: [Int], lasting milliseconds: Int) -> [Int16] {
    let second = frequencies.count > 1 ? frequencies[1] : 0
    guard !steps.isEmpty else {
        return tone(Tone([Tone.Segment(frequencies[0], second, for: nil)], repeats: false), milliseconds)
    }
    let segments = steps.enumerated().map { index, length in
        index % 2 == 0
            ? Tone.Segment(frequencies[0], second, for: .milliseconds(length))
            : .silence(for: .milliseconds(length))
    }
    return tone(Tone(segments, repeats: true), milliseconds)
}

private func information(
    _ first: Double, _ firstLength: Int, _ second: Double, _ secondLength: Int
) -> [Int16] {
    beep(first, firstLength) + beep(second, secondLength) + beep(1_776.7, 380)
}

@Suite("Call progress tones")
struct CallProgressDetectorTests {
    @Test(
        "Every tone of every plan is recognised with its country's plan first, also from its middle on",
        arguments: TonePlan.all, [0, 130])
    func plans(plan: TonePlan, missing: Int) throws {
        let detector = CallProgressDetector(plans: [plan] + TonePlan.all.filter { $0 != plan })
        for entry in plan.entries {
            let sound = cadence(entry.frequencies, entry.cadence, lasting: 13_000).dropFirst(missing * 8)
            let found = tones(in: silence(300) + sound, by: detector)
            let expected: ProgressTone =
                switch entry.meaning {
                case .dialTone: .dialTone
                case .ringback: .ringback
                case .busy: .busy
                case .congestion: .congestion
                }
            #expect(found.last?.tone == expected, "\(plan.region) \(entry)")
            #expect(found.count <= 2)
        }
    }

    @Test(
        "The six reasons of information tones are told apart by pitch and length",
        arguments: [
            (information(913.8, 274, 1_370.6, 274), SpecialInformation.intercept),
            (information(985.2, 380, 1_370.6, 274), .vacantCode),
            (information(913.8, 274, 1_428.5, 380), .reorder),
            (information(985.2, 274, 1_370.6, 380), .reorder),
            (information(985.2, 380, 1_428.5, 380), .noCircuit),
            (information(913.8, 380, 1_370.6, 380), .noCircuit),
            (information(950, 330, 1_400, 330), .general),
        ], [0, 7, 13])
    func informationTones(sound: (samples: [Int16], reason: SpecialInformation), offset: Int) {
        let found = tones(in: silence(400 + offset) + sound.samples + silence(1_000))
        #expect(found.map(\.tone) == [.specialInformation(sound.reason)])
        #expect(
            found.allSatisfy { $0.milliseconds < 400 + offset + sound.samples.count / 8 }, "while it lasts")
    }

    @Test("Fax tones are told from beeps of the same pitch by length and repetition")
    func fax() {
        #expect(tones(in: silence(200) + beep(2_100, 3_000)).map(\.tone) == [.faxAnswering])
        #expect(
            tones(in: silence(200) + beep(2_100, 500) + silence(900)).map(\.tone) == [.beep(hertz: 2_100)])
        let calling = silence(700) + beep(1_100, 500) + silence(3_000) + beep(1_100, 500) + silence(100)
        #expect(tones(in: calling).map(\.tone).last == .faxCalling)
        #expect(
            tones(in: silence(700) + beep(1_100, 300) + silence(1_500)).map(\.tone) == [.beep(hertz: 1_100)])
    }

    @Test(
        "One beep is a beep, at its pitch", arguments: [400.0, 620, 850, 1_000, 1_400, 2_000],
        [80, 200, 500])
    func beeps(hertz: Double, milliseconds: Int) throws {
        let found = tones(in: silence(503) + beep(hertz, milliseconds) + silence(1_500))
        guard case .beep(let heard) = found.first?.tone, found.count == 1 else {
            Issue.record("\(found)")
            return
        }
        #expect(abs(Double(heard) - hertz) <= 12)
    }

    @Test("A number's country comes first")
    func home() {
        #expect(TonePlan.plans(for: "+551140028922").first == .brazil)
        #expect(TonePlan.plans(for: "+15550100").first == .northAmerica)
        #expect(TonePlan.plans(for: "sip:a@b") == TonePlan.all)
        let short = cadence([425], [250, 250], lasting: 3_000)
        let inBrazil = CallProgressDetector(plans: TonePlan.plans(for: "+551140028922"))
        let inGermany = CallProgressDetector(plans: TonePlan.plans(for: "+49301234567"))
        #expect(tones(in: short, by: inBrazil).map(\.tone) == [.busy])
        #expect(tones(in: short, by: inGermany).map(\.tone) == [.congestion])
    }

    @Test("Every telephone key is told once for each press, and is no beep", arguments: [60, 100, 300])
    func keys(milliseconds: Int) throws {
        var sound = silence(300)
        for key in "12334567890*#ABCD" {
            sound += tone(try #require(Tone.digit(key)), milliseconds) + silence(200)
        }
        #expect(tones(in: sound).map(\.tone) == "12334567890*#ABCD".map { .key($0) })
    }

    @Test("Data of a fax or modem is an answer, in either direction's pitches")
    func faxData() {
        for pitches in [(1_650.0, 1_850.0), (980, 1_180)] {
            let flags = ShiftedTone.flags(pitches, milliseconds: 1_000).map { Int16($0 * 4_000) }
            #expect(tones(in: silence(333) + flags + silence(900)).map(\.tone) == [.faxAnswering])
        }
    }

    @Test(
        "In words",
        arguments: [
            (ProgressTone.specialInformation(.vacantCode), "special information tone: vacant code"),
            (.busy, "busy tone"), (.beep(hertz: 1_400), "beep 1,400 Hz"), (.key("#"), "key #"),
        ])
    func words(tone: ProgressTone, text: String) {
        #expect(tone.description == text)
    }

    @Test("Speech and noise are no tone of the line")
    func nothing() throws {
        let text = "Hello, you have reached Maria Lopez. Please leave a message after the tone."
        #expect(tones(in: silence(300) + speech(text) + silence(2_000)).map(\.tone) == [])
        var generator = SeededGenerator(seed: 8)
        let noise = (0..<160_000).map { _ in Int16(Int.random(in: -3_000...3_000, using: &generator)) }
        #expect(tones(in: noise).map(\.tone) == [])
    }

    @Test("On recordings: every tone of the line, and none in what people and voicemails say")
    func recordings() throws {
        guard let folder = try TestData.url("amd") else { return }
        var falseTones = 0
        for row in try TestData.rows(folder.appending(path: "labels.csv")) {
            let (name, label) = (row["file"] ?? "", row["label"] ?? "")
            let samples = try WAVFile(parsing: try TestData.bytes(folder.appending(path: name))).samples
            let found = tones(in: samples).map(\.tone)
            let last = found.last
            switch label {
            case "busy": #expect(last == .busy || last == .congestion, "\(name) \(found)")
            case "ringback": #expect(last == .ringback, "\(name) \(found)")
            case "sit": #expect(found == [.specialInformation(.general)], "\(name) \(found)")
            case "fax": #expect(last == .faxCalling || last == .faxAnswering, "\(name) \(found)")
            case "silence": #expect(found == [], "\(name)")
            default:
                let others = found.filter { if case .beep = $0 { false } else { true } }
                #expect(others == [], "\(name)")
                if label == "human" { falseTones += found.count }
            }
        }
        #expect(falseTones == 0)
    }
}
