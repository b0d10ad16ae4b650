private import Foundation

/// `bench [--json FILE] [--only PREFIX]`: prints a table of figures, and writes them as JSON.
@main
struct Bench {
    private static let usage = """
        usage: bench [--json FILE] [--only PREFIX]
               bench --answers [DIR...]
               bench --jitter [DIR]
               bench --peers [DIR]
               bench --quality [DIR [OUT]]
               bench --voice [DIR]
               bench --resamplers

          --json FILE     also writes an array of {name, unit, median, p99, allocations, references, goal, note}
          --only PREFIX   runs the benchmarks whose names start with PREFIX
          --answers DIR   runs the answer classifiers on the recordings of DIR/labels.csv instead; of several folders
                          one by one and together
          --jitter DIR    replays the network traces (*.csv) of DIR through every jitter buffer instead
          --quality DIR   sends the speech (*.wav) of DIR through two legs and prints how far it is changed; with
                          OUT the pairs are left there for Benchmarks/pesq.py
          --voice DIR     finds the voices (*.wav) of DIR in noise of several kinds instead
          --resamplers    prints ripple, clearness, aliases and delay of the resamplers instead
          --peers DIR     measures other SIP libraries (harnesses in DIR) and sipp beside ours instead

        Times are thread CPU time unless the note says otherwise; p99 is the worst repetition where values are few.
        Exit codes: 0 all were measured, 1 one failed, 64 usage.
        """

    static func main() async {
        var json: String?
        var prefix = ""
        var arguments = CommandLine.arguments.dropFirst().makeIterator()
        while let argument = arguments.next() {
            switch argument {
            case "--json":
                guard let file = arguments.next() else { misused("--json needs a file") }
                json = file
            case "--only":
                guard let name = arguments.next() else { misused("--only needs a prefix") }
                prefix = name
            case "--answers": exit(AnswerBench.run(folders: Array(arguments)))
            case "--jitter": exit(JitterTable.print(folder: arguments.next()))
            case "--quality": exit(QualityBench.run(folder: arguments.next(), output: arguments.next()))
            case "--voice": exit(VoiceBench.run(folder: arguments.next()))
            case "--resamplers": exit(ResamplerTable.print())
            case "--peers": exit(PeerBench.run(folder: arguments.next()))
            case "--call-server", "--call-client":
                exit(CallPairs.runSide(argument, arguments: Array(arguments)))
            case "--media-peer": exit(CallPairs.runMediaPeer(arguments: Array(arguments)))
            case "--help", "-h":
                print(usage)
                return
            default: misused("unknown argument \(argument)")
            }
        }
        let chosen = suites.filter { $0.name.hasPrefix(prefix) || prefix.hasPrefix($0.name) }
        if chosen.isEmpty { misused("no benchmark's name starts with \(prefix)") }
        var measurements: [Measurement] = []
        var hasFailed = false
        Table.printHeader()
        for suite in chosen {
            do {
                for measurement in try await suite.run() where measurement.name.hasPrefix(prefix) {
                    Table.print(measurement)
                    measurements.append(measurement)
                }
            } catch {
                hasFailed = true
                complain("\(suite.name): \(error)")
            }
        }
        if let json {
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
                try encoder.encode(measurements).write(to: URL(filePath: json))
            } catch {
                hasFailed = true
                complain("cannot write \(json): \(error.localizedDescription)")
            }
        }
        if hasFailed { exit(1) }
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }

    private static func misused(_ text: String) -> Never {
        complain("\(text)\n\(usage)")
        exit(64)
    }
}

/// The table on standard output, at most 120 columns wide.
private enum Table {
    private static let noteWidth = 43

    static func printHeader() {
        Swift.print(row("benchmark", "median", "p99", "unit", "allocs", "ARC"), terminator: "")
        Swift.print("note")
    }

    static func print(_ measurement: Measurement) {
        let start = row(
            measurement.name, format(measurement.median), format(measurement.p99), measurement.unit,
            count(measurement.allocations), count(measurement.references))
        let lines = wrapped(verdict(on: measurement) + measurement.note)
        Swift.print(start + (lines.first ?? ""))
        for line in lines.dropFirst() { Swift.print(String(repeating: " ", count: start.count) + line) }
        fflush(nil)
    }

    private static func count(_ value: Double) -> String {
        value < 0 ? "-" : String(format: "%.2f", value)
    }

    private static func verdict(on measurement: Measurement) -> String {
        guard let goal = measurement.goal else { return "" }
        let figure = goal.figure == .median ? "" : "p99 "
        return "goal \(figure)≤ \(format(goal.atMost)) \(goal.isMet(by: measurement) ? "met" : "MISSED"): "
    }

    private static func format(_ value: Double) -> String {
        String(format: value < 10 ? "%.2f" : value < 1_000 ? "%.1f" : "%.0f", value)
    }

    private static func wrapped(_ note: String) -> [String] {
        var lines: [String] = []
        for word in note.split(separator: " ") {
            if let last = lines.last, last.count + word.count < noteWidth {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private static func row(
        _ name: String, _ median: String, _ p99: String, _ unit: String, _ allocations: String,
        _ references: String
    ) -> String {
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count)) + text
        }
        return left(name, 29) + right(median, 9) + right(p99, 10) + "  " + left(unit, 9)
            + right(allocations, 9) + right(references, 7) + "  "
    }
}
