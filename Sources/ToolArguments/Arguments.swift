/// A parsed command line.
package struct Arguments {
    package private(set) var positionals: [String] = []
    private var values: [String: String] = [:]
    private var flags: Set<String> = []

    /// - Throws: ``UsageError`` naming the argument that does not fit, or ``HelpRequest``.
    package init(_ words: some Sequence<String>, for syntax: CommandSyntax) throws {
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
        let last = syntax.positionals.last ?? ""
        let takesRest = last.hasSuffix("…") || last.hasSuffix("…]")
        if positionals.count < syntax.positionals.count - (last.hasSuffix("]") ? 1 : 0) {
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

    package func flag(_ name: String) -> Bool { flags.contains(name) }

    package func string(_ name: String) -> String? { values[name] }

    /// - Throws: ``UsageError`` when the option is absent.
    package func required(_ name: String) throws -> String {
        guard let value = values[name] else { throw UsageError("\(name) is required") }
        return value
    }

    /// A whole number in `range`; `nil` when the option is absent.
    package func integer<Number: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Number>
    ) throws -> Number? {
        guard let text = values[name] else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw UsageError(
                "\(name) takes a whole number in \(range.lowerBound)...\(range.upperBound), not '\(text)'")
        }
        return number
    }

    /// A number in `range`; `nil` when the option is absent.
    package func number(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let text = values[name] else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw UsageError(
                "\(name) takes a number in \(range.lowerBound)...\(range.upperBound), not '\(text)'")
        }
        return number
    }

    /// A number of seconds in `range`, decimals allowed; `nil` when the option is absent.
    package func seconds(_ name: String, in range: ClosedRange<Double>) throws -> Duration? {
        try number(name, in: range).map { .milliseconds(Int64($0 * 1_000)) }
    }
}

/// The command line is not usable; exit code 64.
package struct UsageError: Error, CustomStringConvertible {
    package var description: String

    package init(_ message: String, syntax: CommandSyntax? = nil) {
        description = message + (syntax.map { "\nUsage: \($0.usage)" } ?? "")
    }
}

/// `--help` was asked for; exit code 0.
package struct HelpRequest: Error {
    package var text: String

    package init(text: String) { self.text = text }
}
