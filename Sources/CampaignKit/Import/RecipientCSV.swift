/// Makes recipients of a file of comma-separated values (RFC 4180).
///
/// The first row names the columns. The number is in the column `phone`, `phonenumber`, `phone_number` or `number` (the first of these
/// that there is; case and spaces do not matter), an IANA time zone in `timezone` if there is one, and every other column is context for
/// the agent. UTF-8 with or without a byte order mark; comma, semicolon or tab; CRLF, LF or CR.
///
/// A bad row is reported and never costs a good one.
public enum RecipientCSV {
    /// What is read at most.
    public struct Limits: Hashable, Sendable {
        /// Size of the whole file.
        public var bytes = 268_435_456
        /// Rows under the header.
        public var rows = 1_000_000
        public var columns = 256
        /// Size of one field.
        public var fieldBytes = 65_536

        public init() {}
    }

    /// The recipients of a file and the account of how they came about.
    public struct Import: Hashable, Sendable {
        /// In the order of their rows.
        public var recipients: [Recipient]
        public var report: ImportReport
    }

    /// Reads a whole file.
    ///
    /// - Parameter campaign: The campaign to which the recipients will belong.
    /// - Throws: ``RecipientCSVError`` when there is no usable header or a limit of the file is passed.
    public static func read(_ bytes: [UInt8], for campaign: CampaignID, limits: Limits = Limits())
        throws(RecipientCSVError) -> Import
    {
        guard bytes.count <= limits.bytes else { throw .tooLarge(limitBytes: limits.bytes) }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw .notUTF8(byteOffset: 0)
        }
        var reader = CSVReader(bytes, limits: limits)
        var builder = RecipientImportBuilder(campaign: campaign, columns: try readHeader(from: &reader))
        while let row = reader.next() {
            guard builder.report.rowsRead < limits.rows else { throw .tooManyRows(limit: limits.rows) }
            builder.add(row)
        }
        return Import(recipients: builder.recipients, report: builder.report)
    }

    private static func readHeader(from reader: inout CSVReader) throws(RecipientCSVError) -> Columns {
        while let row = reader.next() {
            if row.isEmpty { continue }
            switch row.content {
            case .success(let names): return try Columns(names)
            case .failure(let error):
                if error.reason == .invalidUTF8 { throw .notUTF8(byteOffset: error.byteOffset) }
                throw .badHeader(byteOffset: error.byteOffset)
            }
        }
        throw .empty
    }

    /// Which column means what.
    struct Columns {
        var phone: Int
        var timeZone: Int?
        /// Names as written, trimmed; `column_3` for one without a name.
        var names: [String]

        private static let phoneNames = ["phone", "phonenumber", "phone_number", "number"]

        init(_ header: [String]) throws(RecipientCSVError) {
            names = header.enumerated().map { index, name in
                let trimmed = name.trimmed
                return trimmed.isEmpty ? "column_\(index + 1)" : trimmed
            }
            let keys = names.map { $0.lowercased().filter { !$0.isWhitespace } }
            for (index, name) in names.enumerated() {
                let isNamedTwice = names[..<index].contains(name)
                let isPhoneTwice =
                    Self.phoneNames.contains(keys[index]) && keys[..<index].contains(keys[index])
                let isZoneTwice = keys[index] == "timezone" && keys[..<index].contains("timezone")
                if isNamedTwice || isPhoneTwice || isZoneTwice {
                    throw .duplicateColumn(name: name, column: index + 1)
                }
            }
            guard let phone = Self.phoneNames.lazy.compactMap({ keys.firstIndex(of: $0) }).first else {
                throw .noPhoneColumn(found: names)
            }
            self.phone = phone
            timeZone = keys.firstIndex(of: "timezone")
        }
    }
}

/// Why a file yields no recipients at all.
@nonexhaustive
public enum RecipientCSVError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No row with anything in it.
    case empty
    case tooLarge(limitBytes: Int)
    case tooManyRows(limit: Int)
    /// The header, or the file as a whole (UTF-16), is not UTF-8.
    case notUTF8(byteOffset: Int)
    /// The header's quotes do not match, or it passes a limit.
    case badHeader(byteOffset: Int)
    /// The names that were found instead.
    case noPhoneColumn(found: [String])
    /// - Parameter column: Counted from 1.
    case duplicateColumn(name: String, column: Int)

    public var description: String {
        switch self {
        case .empty: "the file has no header row"
        case .tooLarge(let limit): "the file is larger than \(limit) bytes"
        case .tooManyRows(let limit): "the file has more than \(limit) rows"
        case .notUTF8(let offset): "the file is not UTF-8 (byte \(offset)): save it as CSV UTF-8"
        case .badHeader(let offset): "the header row cannot be read (byte \(offset))"
        case .noPhoneColumn(let found):
            "no column phone, phonenumber, phone_number or number; found: \(found.joined(separator: ", "))"
        case .duplicateColumn(let name, let column): "column \(column): the name \(name) is there twice"
        }
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
