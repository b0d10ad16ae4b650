/// What may stand on one command's line: declared once, used for parsing and for `--help`.
package struct CommandSyntax: Sendable {
    /// How the command is called, for example `outdial call NUMBER --trunk FILE`.
    package var usage: String
    package var summary: String
    /// Names of positional arguments; a last one ending in `…` takes all that remain, one in brackets may be absent.
    package var positionals: [String]
    package var options: [Option]
    /// Further paragraphs of the help text.
    package var discussion: String

    package struct Option: Sendable {
        /// With dashes: `--trunk`.
        package var name: String
        /// What the value is called in the help; `nil` for a flag.
        package var value: String?
        package var help: String

        package init(name: String, value: String?, help: String) {
            self.name = name
            self.value = value
            self.help = help
        }
    }

    package init(
        usage: String, summary: String, positionals: [String] = [], options: [Option] = [],
        discussion: String = ""
    ) {
        self.usage = usage
        self.summary = summary
        self.positionals = positionals
        self.options = options
        self.discussion = discussion
    }

    package static let help = Option(name: "--help", value: nil, help: "Show this help.")

    /// The text behind `--help`.
    package var helpText: String {
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
