/// What may stand on one command's line: declared once, used for parsing and for `--help`.
struct CommandSyntax {
    /// How the command is called, for example `outdial call NUMBER --trunk FILE`.
    var usage: String
    var summary: String
    /// Names of positional arguments; a last one ending in `…` takes all that remain.
    var positionals: [String] = []
    var options: [Option] = []
    /// Further paragraphs of the help text.
    var discussion = ""

    struct Option {
        /// With dashes: `--trunk`.
        var name: String
        /// What the value is called in the help; `nil` for a flag.
        var value: String?
        var help: String
    }

    static let help = Option(name: "--help", value: nil, help: "Show this help.")

    /// The text behind `--help`.
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

/// A parsed command line.
struct Arguments {
    private(set) var positionals: [String] = []
    private var values: [String: String] = [:]
    private var flags: Set<String> = []

    /// - Throws: ``UsageError`` naming the argument that does not fit, or ``HelpRequest``.
    init(_ words: some Sequence<String>, for syntax: CommandSyntax) throws {
        var words = words.makeIterator()
        var onlyPositionals = false
        while let word = words.next() {
            if onlyPositionals || !word.hasPrefix("-") || word == "-" {
                positionals.append(word)
            } else if word == "--" {
                onlyPositionals = true
            } else if word == "--help" || word == "-h" {
                throw HelpRequest(text: syntax.helpText)
            } else {
                try takeOption(word, from: &words, syntax: syntax)
            }
        }
        let takesRest = syntax.positionals.last?.hasSuffix("…") ?? false
        if positionals.count < syntax.positionals.count {
            throw UsageError("missing \(syntax.positionals[positionals.count])", syntax: syntax)
        }
        if positionals.count > syntax.positionals.count, !takesRest {
            throw UsageError("unexpected argument '\(positionals[syntax.positionals.count])'", syntax: syntax)
        }
    }

    private mutating func takeOption(
        _ word: String, from words: inout some IteratorProtocol<String>, syntax: CommandSyntax
    ) throws {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let option = syntax.options.first(where: { $0.name == name }) else {
            throw UsageError("unknown option '\(name)'", syntax: syntax)
        }
        if option.value == nil {
            guard parts.count == 1 else { throw UsageError("\(name) takes no value", syntax: syntax) }
            flags.insert(name)
        } else if parts.count == 2 {
            values[name] = String(parts[1])
        } else if let value = words.next() {
            values[name] = value
        } else {
            throw UsageError("\(name) needs a value", syntax: syntax)
        }
    }

    func flag(_ name: String) -> Bool { flags.contains(name) }

    func string(_ name: String) -> String? { values[name] }

    /// - Throws: ``UsageError`` when the option is absent.
    func required(_ name: String) throws -> String {
        guard let value = values[name] else { throw UsageError("\(name) is required") }
        return value
    }

    /// A whole number in `range`; `nil` when the option is absent.
    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                "\(name) takes a whole number in \(range.lowerBound)...\(range.upperBound), not '\(text)'")
        }
        return number
    }

    /// A number of seconds in `range`, decimals allowed; `nil` when the option is absent.
    func seconds(_ name: String, in range: ClosedRange<Double>) throws -> Duration? {
        guard let text = values[name] else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw UsageError(
                "\(name) takes seconds in \(range.lowerBound)...\(range.upperBound), not '\(text)'")
        }
        return .milliseconds(Int64(number * 1_000))
    }
}

/// The command line is not usable; exit code 64.
struct UsageError: Error, CustomStringConvertible {
    var description: String

    init(_ message: String, syntax: CommandSyntax? = nil) {
        description = message + (syntax.map { "\nUsage: \($0.usage)" } ?? "")
    }
}

/// `--help` was asked for; exit code 0.
struct HelpRequest: Error {
    var text: String
}
