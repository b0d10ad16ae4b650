private import Foundation

/// `bench [--json FILE] [--only PREFIX]`: prints a table of figures, and writes them as JSON.
@main
struct Bench {
    static func main() async throws {
        var json: String?
        var prefix = ""
        var arguments = CommandLine.arguments.dropFirst().makeIterator()
        while let argument = arguments.next() {
            switch argument {
            case "--json": json = arguments.next()
            case "--only": prefix = arguments.next() ?? ""
            case "--help", "-h":
                print("usage: bench [--json FILE] [--only PREFIX]")
                return
            default:
                FileHandle.standardError.write(Data("bench: unknown argument \(argument)\n".utf8))
                exit(64)
            }
        }
        var measurements: [Measurement] = []
        printHeader()
        for suite in suites where suite.name.hasPrefix(prefix) || prefix.hasPrefix(suite.name) {
            for measurement in try suite.run() where measurement.name.hasPrefix(prefix) {
                printRow(measurement)
                measurements.append(measurement)
            }
        }
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(measurements).write(to: URL(filePath: json))
        }
    }

    private static func printHeader() {
        print(row("benchmark", "median", "p99", "unit", "allocations", "note"))
    }

    private static func printRow(_ measurement: Measurement) {
        let allocations =
            measurement.allocations < 0 ? "-" : String(format: "%.2f", measurement.allocations)
        print(
            row(
                measurement.name, format(measurement.median), format(measurement.p99), measurement.unit,
                allocations, measurement.note))
        fflush(nil)
    }

    private static func format(_ value: Double) -> String {
        String(format: value < 10 ? "%.2f" : value < 1_000 ? "%.1f" : "%.0f", value)
    }

    private static func row(
        _ name: String, _ median: String, _ p99: String, _ unit: String, _ allocations: String, _ note: String
    ) -> String {
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count)) + text
        }
        return left(name, 34) + right(median, 11) + right(p99, 11) + "  " + left(unit, 14)
            + right(allocations, 11) + "  " + note
    }
}

/// A group of benchmarks whose names share a prefix.
struct Suite: Sendable {
    var name: String
    var run: @Sendable () throws -> [Measurement]
}
