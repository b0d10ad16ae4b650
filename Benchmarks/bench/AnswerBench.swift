private import Foundation
private import Telephony

/// `bench --answers [DIR…]`: who answered, on recordings whose label is known, by both classifiers.
enum AnswerBench {
    /// Prints the figures of every classifier, folder by folder and together.
    ///
    /// - Parameter folders: Each holds `labels.csv` and the recordings it names; none for the project's test data.
    /// - Returns: The exit code.
    static func run(folders: [String]) -> Int32 {
        var all: [LabelledAnswer] = []
        for folder in (folders.isEmpty ? [standardFolder] : folders).map({ URL(filePath: $0) }) {
            do {
                let answers = try LabelledAnswer.all(in: folder)
                print("\(answers.count) recordings of \(folder.path)")
                show(answers, isDetailed: true)
                print("")
                all += answers
            } catch {
                FileHandle.standardError.write(Data("bench: \(folder.path): \(error)\n".utf8))
                return 1
            }
        }
        if folders.count > 1 {
            print("\(all.count) recordings together")
            show(all, isDetailed: false)
        }
        showTones(all)
        ToneBench.run()
        MusicBench.run()
        return 0
    }

    private static func show(_ answers: [LabelledAnswer], isDetailed: Bool) {
        show("built-in", answers, isDetailed, makeClassifier: { EnergyAnswerClassifier() })
        var configuration = LegacyAnswerClassifier.Configuration()
        // The value in the configuration file that comes with Asterisk's packages.
        configuration.maximumNumberOfWords = 3
        show("legacy (app_amd)", answers, isDetailed) { [configuration] in
            LegacyAnswerClassifier(configuration)
        }
    }

    private static var standardFolder: String {
        (ProcessInfo.processInfo.environment["OUTDIAL_TESTDATA"] ?? "../shared/testdata") + "/amd"
    }

    private static func show(
        _ name: String, _ answers: [LabelledAnswer], _ isDetailed: Bool,
        makeClassifier: () -> some AnswerClassifier
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
        guard isDetailed, !score.wrong.isEmpty else { return }
        print("  wrong, people and machines by either verdict, others by the last:")
        for line in score.wrong.prefix(40) { print("    \(line)") }
        if score.wrong.count > 40 { print("    and \(score.wrong.count - 40) more") }
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
