/// Reads comma-separated values (RFC 4180) one row at a time and carries on behind a bad row.
///
/// Lines end with CRLF, LF or CR. A quote inside an unquoted field is taken as it stands, as spreadsheets do. A row whose quotes do not
/// match is an error, and reading resumes at the line after the one on which it started, so that no good row
/// disappears into a runaway quote.
struct CSVReader {
    /// One row as it stands in the file.
    struct Row: Hashable {
        /// Counted as a spreadsheet does: the header is row 1.
        var number: Int
        /// Where it starts, in bytes.
        var byteOffset: Int
        var content: Result<[String], CSVRowError>

        /// Nothing but separators and spaces.
        var isEmpty: Bool {
            guard case .success(let fields) = content else { return false }
            return fields.allSatisfy { $0.allSatisfy(\.isWhitespace) }
        }
    }

    private let bytes: [UInt8]
    private let delimiter: UInt8
    private let limits: RecipientCSV.Limits
    private var position: Int
    private var rowNumber = 0

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    init(_ bytes: [UInt8], limits: RecipientCSV.Limits) {
        self.bytes = bytes
        self.limits = limits
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        position = start
        delimiter = Self.delimiter(of: bytes[start...])
    }

    /// Comma, semicolon or tab: whichever the first line has most of, outside quotes.
    private static func delimiter(of bytes: ArraySlice<UInt8>) -> UInt8 {
        let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
        var counts = [0, 0, 0]
        var isQuoted = false
        for byte in bytes {
            if byte == quote { isQuoted.toggle() }
            guard !isQuoted else { continue }
            if byte == lineFeed || byte == carriageReturn { break }
            if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
        }
        var best = 0
        for index in 1..<candidates.count where counts[index] > counts[best] { best = index }
        return candidates[best]
    }

    /// The next row; `nil` at the end.
    mutating func next() -> Row? {
        guard position < bytes.count else { return nil }
        rowNumber += 1
        let start = position
        do {
            return Row(number: rowNumber, byteOffset: start, content: .success(try readFields()))
        } catch {
            if error.isQuoting { position = endOfLine(from: start) }
            return Row(number: rowNumber, byteOffset: start, content: .failure(error))
        }
    }

    private mutating func readFields() throws(CSVRowError) -> [String] {
        var fields: [String] = []
        var failure: CSVRowError?
        while true {
            guard fields.count < limits.columns else {
                position = endOfLine(from: position)
                throw CSVRowError(.tooManyColumns(limit: limits.columns), column: fields.count, at: position)
            }
            let column = fields.count
            let isLast: Bool
            do {
                let (text, ended) = try readField(column: column)
                fields.append(text)
                isLast = ended
            } catch {
                // A bad text spoils its row alone: read on to find where the row really ends.
                guard case .invalidUTF8 = error.reason else { throw error }
                if failure == nil { failure = error }
                fields.append("")
                isLast = endedRow
            }
            if isLast { break }
        }
        if let failure { throw failure }
        return fields
    }

    /// Whether the field read last was also its row's last.
    private var endedRow = false

    private mutating func readField(column: Int) throws(CSVRowError) -> (String, isLast: Bool) {
        let start = position
        var content: [UInt8] = []
        if position < bytes.count, bytes[position] == Self.quote {
            position += 1
            try readQuoted(into: &content, column: column, from: start)
        } else {
            let end = bytes[position...].firstIndex {
                $0 == delimiter || $0 == Self.lineFeed || $0 == Self.carriageReturn
            }
            content = Array(bytes[position..<(end ?? bytes.count)])
            position = end ?? bytes.count
            guard content.count <= limits.fieldBytes else {
                throw CSVRowError(.fieldTooLong(limit: limits.fieldBytes), column: column, at: start)
            }
        }
        endedRow = endField()
        guard let text = String(validating: content, as: UTF8.self) else {
            let bad = Self.firstInvalidByte(content)
            throw CSVRowError(.invalidUTF8, column: column, at: start + bad)
        }
        return (text, endedRow)
    }

    /// Reads up to and over the closing quote.
    private mutating func readQuoted(into content: inout [UInt8], column: Int, from start: Int)
        throws(CSVRowError)
    {
        while true {
            guard position < bytes.count else {
                throw CSVRowError(.unterminatedQuote, column: column, at: start)
            }
            guard content.count <= limits.fieldBytes else {
                throw CSVRowError(.fieldTooLong(limit: limits.fieldBytes), column: column, at: start)
            }
            let byte = bytes[position]
            position += 1
            if byte != Self.quote {
                content.append(byte)
            } else if position < bytes.count, bytes[position] == Self.quote {
                content.append(byte)
                position += 1
            } else {
                break
            }
        }
        guard position < bytes.count else { return }
        let next = bytes[position]
        guard next == delimiter || next == Self.lineFeed || next == Self.carriageReturn else {
            throw CSVRowError(.textAfterQuote, column: column, at: position)
        }
    }

    /// Steps over a delimiter or a line's end.
    ///
    /// - Returns: Whether the row ends here.
    private mutating func endField() -> Bool {
        guard position < bytes.count, bytes[position] == delimiter else {
            position = endOfLine(from: position)
            return true
        }
        position += 1
        return false
    }

    /// The start of the line after the one in which `start` lies.
    private func endOfLine(from start: Int) -> Int {
        guard start < bytes.count,
            let end = bytes[start...].firstIndex(where: { $0 == Self.lineFeed || $0 == Self.carriageReturn })
        else { return bytes.count }
        let isPair =
            bytes[end] == Self.carriageReturn && end + 1 < bytes.count && bytes[end + 1] == Self.lineFeed
        return end + (isPair ? 2 : 1)
    }

    private static func firstInvalidByte(_ content: [UInt8]) -> Int {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = content.makeIterator()
        var offset = 0
        while case .valid(let scalar) = parser.parseScalar(from: &iterator) { offset += scalar.count }
        return offset
    }
}

/// Why one row cannot be read.
struct CSVRowError: Error, Hashable {
    enum Reason: Hashable {
        case unterminatedQuote
        case textAfterQuote
        case invalidUTF8
        case fieldTooLong(limit: Int)
        case tooManyColumns(limit: Int)
    }

    var reason: Reason
    /// Counted from 0.
    var column: Int
    /// From the start of the file.
    var byteOffset: Int

    init(_ reason: Reason, column: Int, at byteOffset: Int) {
        self.reason = reason
        self.column = column
        self.byteOffset = byteOffset
    }

    /// The row's end cannot be trusted.
    var isQuoting: Bool {
        switch reason {
        case .unterminatedQuote, .textAfterQuote, .fieldTooLong: true
        case .invalidUTF8, .tooManyColumns: false
        }
    }
}
