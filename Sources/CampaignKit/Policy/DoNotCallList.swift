/// Numbers that must not be called, whoever asks.
public struct DoNotCallList: Sendable {
    private var numbers: Set<PhoneNumber>
    /// Lines, counted from 1, that are not numbers. Look at them: whoever wrote them meant somebody.
    public private(set) var unreadableLines: [Int] = []

    public init(_ numbers: some Sequence<PhoneNumber> = []) { self.numbers = Set(numbers) }

    /// Reads one number per line, written in any way that ``PhoneNumber/parse(_:)`` takes.
    ///
    /// Empty lines, what follows a `#`, and further columns after a comma, semicolon or tab are skipped; so is a first line without a
    /// digit, which is taken for a header.
    public init(text: String) {
        numbers = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let field = line.prefix { !"#,;\t".contains($0) }.filter { $0 != "\"" && $0 != "\u{FEFF}" }
            guard !field.allSatisfy(\.isWhitespace) else { continue }
            if let parsed = try? PhoneNumber.parse(field) {
                numbers.insert(parsed.number)
            } else if index > 0 || field.contains(where: \.isNumber) {
                unreadableLines.append(index + 1)
            }
        }
    }

    public var count: Int { numbers.count }

    public func contains(_ number: PhoneNumber) -> Bool { numbers.contains(number) }

    public mutating func insert(_ number: PhoneNumber) { numbers.insert(number) }
}
