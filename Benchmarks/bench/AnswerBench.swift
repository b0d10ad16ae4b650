private import Foundation
private import Telephony

/// `bench --answers [DIR]`: who answered, on recordings whose label is known, by both classifiers.
enum AnswerBench {
    /// Prints the figures of every classifier.
    ///
    /// - Parameter folder: Holds `labels.csv` and the recordings it names; `nil` for the project's test data.
    /// - Returns: The exit code.
    static func run(folder: String?) -> Int32 {
        let folder = URL(filePath: folder ?? standardFolder)
        do {
            let answers = try LabelledAnswer.all(in: folder)
            print("\(answers.count) recordings of \(folder.path)")
            show("built-in", answers, makeClassifier: { EnergyAnswerClassifier() })
            var configuration = LegacyAnswerClassifier.Configuration()
            // The value in the configuration file that comes with Asterisk's packages.
            configuration.maximumNumberOfWords = 3
            show("legacy (app_amd)", answers) { [configuration] in LegacyAnswerClassifier(configuration) }
            showTones(answers)
            return 0
        } catch {
            FileHandle.standardError.write(Data("bench: \(folder.path): \(error)\n".utf8))
            return 1
        }
    }

    private static var standardFolder: String {
        (ProcessInfo.processInfo.environment["OUTDIAL_TESTDATA"] ?? "../shared/testdata") + "/amd"
    }

    private static func show(
        _ name: String, _ answers: [LabelledAnswer], makeClassifier: () -> some AnswerClassifier
    ) {
        var score = AnswerScore()
        for answer in answers {
            var classifier = makeClassifier()
            let samples = answer.samples.span
            var verdicts: [AnswerVerdict] = []
            for start in stride(from: 0, to: samples.count - 159, by: 160) {
                if let verdict = classifier.process(samples.extracting(start..<start + 160)) {
                    verdicts.append(verdict)
                }
            }
            score.add(answer, verdicts)
        }
        print("\n\(name)")
        for line in score.lines { print("  \(line)") }
    }
}

extension AnswerBench {
    /// The last tone of the line in each recording, by label; beeps are left out.
    private static func showTones(_ answers: [LabelledAnswer]) {
        var counts: [String: [String: Int]] = [:]
        var labels: [String] = []
        for answer in answers {
            var detector = CallProgressDetector()
            var last = "nothing"
            for start in stride(from: 0, to: answer.samples.count - 159, by: 160) {
                guard let tone = detector.process(answer.samples.span.extracting(start..<start + 160)) else {
                    continue
                }
                if case .beep = tone { continue }
                last = "\(tone)"
            }
            if !labels.contains(answer.label) { labels.append(answer.label) }
            counts[answer.label, default: [:]][last, default: 0] += 1
        }
        print("\ntones of the line")
        for label in labels {
            let found = (counts[label] ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            print("  \(label): " + found.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
    }
}

/// What one classifier made of a set of recordings.
private struct AnswerScore {
    /// Counts by label and by the last verdict.
    private var matrix: [String: [String: Int]] = [:]
    /// In order of appearance.
    private var labels: [String] = []
    private var firstWords: [String: [String: Int]] = [:]
    /// Milliseconds from the first sound to the first verdict, where the last one is right.
    private var verdictTimes: [String: [Int]] = [:]
    private var beeps = 0
    private var beepDelays: [Int] = []
    private var falseBeeps = 0
    private var wrong: [String] = []

    private static let none = "none"
    private static let columns = AnsweredBy.allCases.map(\.rawValue) + [none]

    /// What a label should be called.
    private static func expected(_ label: String) -> [String] {
        switch label {
        case "human": ["human"]
        case "machine", "beep": ["voicemail"]
        case "fax": ["fax"]
        default: ["unknown", none]
        }
    }

    mutating func add(_ answer: LabelledAnswer, _ verdicts: [AnswerVerdict]) {
        let label = answer.label
        let last = verdicts.last?.answeredBy.rawValue ?? Self.none
        if !labels.contains(label) { labels.append(label) }
        matrix[label, default: [:]][last, default: 0] += 1
        firstWords[label, default: [:]][verdicts.first?.answeredBy.rawValue ?? Self.none, default: 0] += 1
        let isRight = Self.expected(label).contains(last)
        if !isRight {
            let evidence = verdicts.map { "\($0.answeredBy) at \($0.atMilliseconds) ms (\($0.evidence))" }
            wrong.append(
                "\(answer.name): " + (evidence.isEmpty ? "nothing" : evidence.joined(separator: "; ")))
        }
        if isRight, let first = verdicts.first, let start = answer.speechStart {
            verdictTimes[label, default: []].append(first.atMilliseconds - start)
        }
        let heard = verdicts.last { $0.stage == .beepHeard }
        if let end = answer.beepEnd {
            beeps += 1
            if let heard { beepDelays.append(heard.atMilliseconds - end) }
        } else if heard != nil {
            falseBeeps += 1
        }
    }

    var lines: [String] {
        var lines = [row("", Self.columns)]
        for label in labels {
            lines.append(row(label, Self.columns.map { String(matrix[label]?[$0] ?? 0) }))
        }
        lines.append(rate("human called machine", "human", "voicemail"))
        lines.append(rate("machine called human", "machine", "human"))
        for label in ["human", "machine"] {
            let times = verdictTimes[label] ?? []
            lines.append("time to verdict, \(label), from the first sound: \(quantiles(times))")
        }
        lines.append(
            "beeps reported \(beepDelays.count) of \(beeps), after their end: \(quantiles(beepDelays)); "
                + "where there was none \(falseBeeps)")
        return lines + (wrong.isEmpty ? [] : ["wrong:"] + wrong.map { "  \($0)" })
    }

    private func rate(_ name: String, _ label: String, _ called: String) -> String {
        let total = matrix[label]?.values.reduce(0, +) ?? 0
        let count = matrix[label]?[called] ?? 0
        let first = firstWords[label]?[called] ?? 0
        let percent = total > 0 ? 100 * Double(count) / Double(total) : 0
        return String(
            format: "%@ %.1f %% (%d of %d; by the first word %d)", name, percent, count, total, first)
    }

    private func quantiles(_ values: [Int]) -> String {
        guard !values.isEmpty else { return "-" }
        let sorted = values.sorted()
        func quantile(_ share: Double) -> Int {
            sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
        }
        return "p50 \(quantile(0.5)) ms, p90 \(quantile(0.9)) ms"
    }

    private func row(_ name: String, _ cells: [String]) -> String {
        let padded = cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }
        return name + String(repeating: " ", count: max(1, 10 - name.count)) + padded.joined()
    }
}
