internal import Telephony

/// What one classifier made of a set of recordings.
///
/// Twice: by the first verdict that names somebody, on which a policy acts, and by the last, which the report of the call has.
struct AnswerScore {
    /// One way to count.
    private struct Tally {
        /// Counts by label and verdict.
        var matrix: [String: [String: Int]] = [:]
        /// Milliseconds from the answer to the verdict, where it was right.
        var answerTimes: [String: [Int]] = [:]
        /// The same from the first sound on.
        var soundTimes: [String: [Int]] = [:]
        /// From the end of the first utterance on.
        var endTimes: [String: [Int]] = [:]

        mutating func add(_ answer: LabelledAnswer, _ who: String, isRight: Bool, at milliseconds: Int?) {
            let label = answer.label
            matrix[label, default: [:]][who, default: 0] += 1
            guard isRight, let milliseconds else { return }
            answerTimes[label, default: []].append(milliseconds)
            if let start = answer.speechStart { soundTimes[label, default: []].append(milliseconds - start) }
            if let end = answer.speechEnd { endTimes[label, default: []].append(milliseconds - end) }
        }

        /// How many recordings of a label were called one of these, and of how many.
        func count(_ label: String, called: [String]) -> (called: Int, all: Int) {
            let row = matrix[label] ?? [:]
            return (called.reduce(0) { $0 + (row[$1] ?? 0) }, row.values.reduce(0, +))
        }
    }

    private var first = Tally()
    private var last = Tally()
    /// In order of appearance.
    private var labels: [String] = []
    private var beeps = 0
    private var beepDelays: [Int] = []
    private var falseBeeps = 0
    private(set) var wrong: [String] = []

    private static let none = "none"
    private static let columns = AnsweredBy.allCases.map(\.rawValue) + [none]
    private static let machines = ["voicemail", "screening", "ivr", "fax"]

    /// What a label should be called.
    private static func expected(_ label: String) -> [String] {
        switch label {
        case "human", "screening", "ivr": [label]
        case "machine", "beep": ["voicemail"]
        case "fax": ["fax"]
        case "silence": ["silence", none]
        default: ["unknown", none]
        }
    }

    mutating func add(_ answer: LabelledAnswer, _ verdicts: [AnswerVerdict]) {
        let label = answer.label
        if !labels.contains(label) { labels.append(label) }
        let naming =
            verdicts.first { $0.answeredBy != .silence && $0.answeredBy != .unknown } ?? verdicts.first
        let expected = Self.expected(label)
        let isFirstRight = expected.contains(naming?.answeredBy.rawValue ?? Self.none)
        first.add(
            answer, naming?.answeredBy.rawValue ?? Self.none, isRight: isFirstRight,
            at: naming?.atMilliseconds)
        let final = verdicts.last?.answeredBy.rawValue ?? Self.none
        let isLastRight = expected.contains(final)
        last.add(
            answer, final, isRight: isLastRight,
            at: verdicts.first { $0.answeredBy.rawValue == final }?.atMilliseconds)
        let isTold = ["human", "machine"].contains(label)
        if !isLastRight || isTold && !isFirstRight {
            let evidence = verdicts.map { "\($0.answeredBy) at \($0.atMilliseconds) ms (\($0.evidence))" }
            wrong.append(
                "\(answer.name): " + (evidence.isEmpty ? "nothing" : evidence.joined(separator: "; ")))
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
        var lines = table("first verdict", first) + table("last verdict", last)
        lines.append(rates("human called machine", "human", Self.machines))
        lines.append(rates("machine called human", "machine", ["human"]))
        lines += times("human", "first verdict", first)
        for label in ["human", "machine", "screening", "ivr", "fax"] {
            lines += times(label, "verdict that stood in the end", last)
        }
        lines.append(
            "beeps reported \(beepDelays.count) of \(beeps), after their end: \(quantiles(beepDelays)); "
                + "where there was none \(falseBeeps)")
        return lines
    }

    private func table(_ name: String, _ tally: Tally) -> [String] {
        [row(name, Self.columns)]
            + labels.map { label in
                row("  " + label, Self.columns.map { String(tally.matrix[label]?[$0] ?? 0) })
            }
    }

    private func rates(_ name: String, _ label: String, _ called: [String]) -> String {
        func rate(_ tally: Tally) -> String {
            let (count, all) = tally.count(label, called: called)
            return "\(Self.percent(count, of: all)) (\(count) of \(all))"
        }
        return "\(name): by the first verdict \(rate(first)), by the last verdict \(rate(last))"
    }

    private func times(_ label: String, _ which: String, _ tally: Tally) -> [String] {
        guard let times = tally.answerTimes[label] else { return [] }
        var lines = ["time to the \(which), \(label), from the answer: \(quantiles(times))"]
        if let times = tally.soundTimes[label] {
            lines.append("    from the first sound: \(quantiles(times))")
        }
        if label == "human", let times = tally.endTimes[label] {
            lines.append("    from the end of the first words: \(quantiles(times))")
        }
        return lines
    }

    static func percent(_ count: Int, of total: Int) -> String {
        let tenths = total > 0 ? (1_000 * count + total / 2) / total : 0
        return "\(tenths / 10).\(tenths % 10) %"
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
        return name + String(repeating: " ", count: max(1, 14 - name.count)) + padded.joined()
    }
}
