/// What may stand on one command's line: declared once, used for parsing and for `--help`.
struct CommandSyntax {
    struct Option {
        /// With dashes: `--seed`.
        var name: String
        /// What the value is called in the help; `nil` for a flag.
        var value: String?
        var help: String
    }

    var usage: String
    var summary: String
    var options: [Option]
    var discussion = ""

    private static let help = Option(name: "--help", value: nil, help: "Show this help.")

    var helpText: String {
        let rows = (options + [Self.help]).map { option in
            (option.name + (option.value.map { " " + $0 } ?? ""), option.help)
        }
        let width = (rows.map(\.0.count).max() ?? 0) + 2
        let table = rows.map { name, help in
            "  " + name + String(repeating: " ", count: width - name.count) + help
        }
        var paragraphs = [summary, "Usage: \(usage)", "Options:\n" + table.joined(separator: "\n")]
        if !discussion.isEmpty { paragraphs.append(discussion) }
        return paragraphs.joined(separator: "\n\n")
    }
}

/// The command line is not usable; exit code 64.
struct UsageError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// `--help` was asked for; exit code 0.
struct HelpRequest: Error {
    var text: String
}

/// A parsed command line without positional arguments.
struct Arguments {
    private var values: [String: String] = [:]
    private var flags: Set<String> = []

    /// - Throws: ``UsageError`` naming the argument that does not fit, or ``HelpRequest``.
    init(_ words: some Sequence<String>, for syntax: CommandSyntax) throws {
        var words = words.makeIterator()
        while let word = words.next() {
            if word == "--help" || word == "-h" { throw HelpRequest(text: syntax.helpText) }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map(String.init) ?? ""
            guard let option = syntax.options.first(where: { $0.name == name }) else {
                throw UsageError("unknown argument '\(word)'\nUsage: \(syntax.usage)")
            }
            if option.value == nil {
                guard parts.count == 1 else { throw UsageError("\(name) takes no value") }
                flags.insert(name)
            } else if parts.count == 2 {
                values[name] = String(parts[1])
            } else if let value = words.next() {
                values[name] = value
            } else {
                throw UsageError("\(name) needs a value")
            }
        }
    }

    func flag(_ name: String) -> Bool { flags.contains(name) }

    func string(_ name: String) -> String? { values[name] }

    /// A whole number in `range`; `nil` when the option is absent.
    func integer<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) throws -> Number? {
        guard let text = values[name] else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw UsageError(
                "\(name) takes a whole number in \(range.lowerBound)...\(range.upperBound), not '\(text)'")
        }
        return number
    }

    /// A number in `range`; `nil` when the option is absent.
    func number(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let text = values[name] else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw UsageError(
                "\(name) takes a number in \(range.lowerBound)...\(range.upperBound), not '\(text)'")
        }
        return number
    }
}
