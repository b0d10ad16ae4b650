import Testing

/// A strict reader of the Prometheus text exposition format 0.0.4, written from its specification and not from the writer.
struct ExpositionCheck {
    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    private(set) var types: [String: String] = [:]
    private(set) var samples: [Sample] = []

    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else {
            throw Fault(description: "no line feed at the end")
        }
        var helped: Set<String> = []
        var finished: Set<String> = []
        var current = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
            if line.hasPrefix("# ") {
                let words = line.split(separator: " ", maxSplits: 3).map(String.init)
                guard words.count == 4, Self.isName(words[2]) else { throw Fault(description: line) }
                switch words[1] {
                case "HELP":
                    guard helped.insert(words[2]).inserted else {
                        throw Fault(description: "two HELP: \(line)")
                    }
                case "TYPE":
                    guard types[words[2]] == nil, ["counter", "gauge", "histogram"].contains(words[3]) else {
                        throw Fault(description: line)
                    }
                    types[words[2]] = words[3]
                    finished.insert(current)
                    current = words[2]
                    guard !finished.contains(current) else { throw Fault(description: "torn: \(line)") }
                default: throw Fault(description: line)
                }
                continue
            }
            let sample = try Self.sample(line)
            let isPart =
                types[current] == "histogram"
                && ["_bucket", "_sum", "_count"].contains { sample.name == current + $0 }
            guard sample.name == current && types[current] != "histogram" || isPart else {
                throw Fault(description: "\(line) stands under \(current)")
            }
            guard !samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
                throw Fault(description: "twice: \(line)")
            }
            samples.append(sample)
        }
        try checkHistograms()
    }

    private func checkHistograms() throws {
        for (name, type) in types where type == "histogram" {
            let buckets = samples.filter { $0.name == "\(name)_bucket" }
            guard let last = buckets.last, last.labels["le"] == "+Inf" else {
                throw Fault(description: "\(name): no +Inf")
            }
            let bounds = buckets.dropLast().compactMap { $0.labels["le"].flatMap(Double.init) }
            guard bounds.count == buckets.count - 1, bounds == bounds.sorted(),
                Set(bounds).count == bounds.count,
                buckets.map(\.value) == buckets.map(\.value).sorted()
            else { throw Fault(description: "\(name): buckets out of order") }
            guard samples.first(where: { $0.name == "\(name)_count" })?.value == last.value,
                samples.contains(where: { $0.name == "\(name)_sum" })
            else { throw Fault(description: "\(name): count does not agree") }
        }
    }

    private static func sample(_ line: String) throws -> Sample {
        var rest = Substring(line)
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        guard isName(name) else { throw Fault(description: line) }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let label = String(rest.prefix { $0 != "=" })
                guard isLabel(label), labels[label] == nil else { throw Fault(description: line) }
                rest = rest.dropFirst(label.count)
                guard rest.hasPrefix("=\"") else { throw Fault(description: line) }
                rest = rest.dropFirst(2)
                var value = ""
                while let character = rest.popFirst(), character != "\"" {
                    guard character == "\\" else {
                        value.append(character)
                        continue
                    }
                    switch rest.popFirst() {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw Fault(description: "escape: \(line)")
                    }
                }
                labels[label] = value
                if rest.first == "," {
                    rest.removeFirst()
                } else if rest.first != "}" {
                    throw Fault(description: line)
                }
            }
            rest.removeFirst()
        }
        guard rest.first == " " else { throw Fault(description: line) }
        let number = String(rest.dropFirst())
        let value =
            ["+Inf": Double.infinity, "-Inf": -Double.infinity, "NaN": Double.nan][number] ?? Double(number)
        guard let value, !number.contains(" ") else { throw Fault(description: line) }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ":") }
    }

    private static func isLabel(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy(isWord)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || byte == UInt8(ascii: "_")
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }
}
