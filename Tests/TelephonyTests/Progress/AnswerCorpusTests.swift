import Foundation
import RTPMedia
import SansIO
import Telephony
import TestSupport
import Testing

/// Labelled recordings of what a caller hears after the answer.
private struct LabelledAnswer {
    var name: String
    var label: String
    var samples: [Int16]
    var speechStart: Int?
    var beepEnd: Int?

    static func all() throws -> [LabelledAnswer]? {
        guard let folder = try TestData.url("amd") else { return nil }
        return try TestData.rows(folder.appending(path: "labels.csv")).map { row in
            let name = row["file"] ?? ""
            let file = try WAVFile(parsing: try TestData.bytes(folder.appending(path: name)))
            return LabelledAnswer(
                name: name, label: row["label"] ?? "", samples: file.samples,
                speechStart: Int(row["speech_start_ms"] ?? ""), beepEnd: Int(row["beep_end_ms"] ?? ""))
        }
    }
}

/// How often a classifier was right, by label, and how fast.
private struct Score {
    var right: [String: Int] = [:]
    var total: [String: Int] = [:]
    /// From the first sound of a person to the verdict.
    var humanMilliseconds: [Int] = []
    /// From the end of a beep to the report of it.
    var beepMilliseconds: [Int] = []
    var beeps = 0
    var wrong: [String] = []

    init(_ answers: [LabelledAnswer], transform: (LabelledAnswer) -> [Int16] = \.samples) {
        for answer in answers {
            let found = verdicts(on: transform(answer))
            let last = found.last?.answeredBy
            let isRight =
                switch answer.label {
                case "human": last == .human
                case "machine", "beep": last == .voicemail
                case "fax": last == .fax
                case "silence": last == nil || last == .silence
                default: last == nil || last == .unknown
                }
            total[answer.label, default: 0] += 1
            right[answer.label, default: 0] += isRight ? 1 : 0
            if !isRight { wrong.append("\(answer.name): \(found.map(\.evidence))") }
            if isRight, answer.label == "human", let start = answer.speechStart {
                humanMilliseconds.append(found[0].atMilliseconds - start)
            }
            if let end = answer.beepEnd {
                beeps += 1
                if let heard = found.last(where: { $0.stage == .beepHeard }) {
                    beepMilliseconds.append(heard.atMilliseconds - end)
                }
            }
        }
    }

    func share(_ label: String) -> Double { Double(right[label] ?? 0) / Double(max(1, total[label] ?? 0)) }

    func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }

    var table: String {
        let rows = total.keys.sorted().map { "\($0) \(right[$0] ?? 0)/\(total[$0] ?? 0)" }
        let inTime = beepMilliseconds.filter { abs($0) <= 100 }.count
        return rows.joined(separator: ", ")
            + "; human verdict p50 \(median(humanMilliseconds)) ms after the first sound"
            + "; beep end within 100 ms \(inTime)/\(beeps), p50 \(median(beepMilliseconds)) ms"
    }
}

@Suite("Answer classifier on labelled recordings")
struct AnswerCorpusTests {
    @Test("Nine of ten people and voicemails are told apart, people within 1.5 s, beeps within 100 ms")
    func recordings() throws {
        guard let answers = try LabelledAnswer.all() else { return }
        let score = Score(answers)
        print(score.table)
        for line in score.wrong { print(line) }
        #expect(score.share("human") >= 0.95)
        #expect(score.share("machine") >= 0.95)
        #expect(score.share("beep") >= 0.9)
        for label in ["busy", "ringback", "sit", "fax", "silence"] {
            #expect(score.share(label) >= 0.8, "\(label)")
        }
        #expect(score.median(score.humanMilliseconds) <= 1_500)
        #expect(score.beepMilliseconds.filter { abs($0) <= 100 }.count * 10 >= score.beeps * 9)
    }

    @Test("People who speak in the very moment of the answer are people", arguments: [0, 20, 100])
    func atOnce(milliseconds: Int) throws {
        guard let answers = try LabelledAnswer.all() else { return }
        let people = answers.filter { $0.label == "human" && $0.speechStart != nil }
        let score = Score(people) { answer in
            Array(answer.samples.dropFirst(8 * max(0, (answer.speechStart ?? 0) - milliseconds)))
                + [Int16](repeating: 0, count: 24_000)
        }
        for line in score.wrong { print(milliseconds, line) }
        #expect(score.share("human") >= 0.95)
    }

    @Test(
        "Level, noise and lost packets cost little",
        arguments: ["20 dB quieter", "6 dB louder", "noise at 15 dB", "5 % of packets lost"])
    func disturbed(_ how: String) throws {
        guard let answers = try LabelledAnswer.all() else { return }
        var generator = SeededGenerator(seed: 0xA3D)
        // Every third of them: the whole set takes its time in a debug build.
        let some = answers.filter { ["human", "machine"].contains($0.label) }.enumerated()
            .filter { $0.offset % 3 == 1 }.map(\.element)
        let score = Score(some) { answer in
            var samples = answer.samples
            switch how {
            case "20 dB quieter": samples = samples.map { $0 / 10 }
            case "6 dB louder": samples = samples.map { Int16(clamping: Int($0) * 2) }
            case "noise at 15 dB":
                let loud = samples.filter { abs(Int($0)) > 300 }
                let level = Mixer.meanSquare(loud.span)
                let amplitude = (level / 31.6 * 3).squareRoot()
                samples = samples.map {
                    Int16(
                        clamping: Int(
                            Double($0) + Double.random(in: -amplitude...amplitude, using: &generator)))
                }
            default:
                for start in stride(from: 0, to: samples.count - 159, by: 160) where generator.chance(0.05) {
                    for index in start..<start + 160 { samples[index] = 0 }
                }
            }
            return samples
        }
        print("\(how): \(score.table)")
        #expect(score.share("human") >= 0.9)
        #expect(score.share("machine") >= 0.9)
    }
}
