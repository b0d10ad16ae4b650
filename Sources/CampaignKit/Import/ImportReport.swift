/// What became of each row of an imported file. Rows are counted as a spreadsheet does: the header is row 1.
public struct ImportReport: Hashable, Sendable, Codable {
    /// Rows under the header that had something in them.
    public var rowsRead = 0
    /// Rows that became recipients.
    public var accepted = 0
    public var emptyRows = 0
    /// In the order of their rows.
    public var rejected: [Rejection] = []
    /// Rows with the number of an earlier row. They are not dialed.
    public var duplicates: [Duplicate] = []
    /// Accepted rows whose number had no `+` and was taken to start with a country code.
    public var assumedInternational: [Int] = []

    public init() {}

    /// A row that is not dialed.
    public struct Rejection: Error, Hashable, Sendable, Codable {
        public var row: Int
        /// Name of the column at fault; `nil` when it is the row as a whole.
        public var column: String?
        public var reason: Reason
        /// A sentence on it, without the number.
        public var detail: String
        /// Where in the file, when it could not even be split into fields.
        public var byteOffset: Int?

        public init(row: Int, column: String?, reason: Reason, detail: String, byteOffset: Int? = nil) {
            self.row = row
            self.column = column
            self.reason = reason
            self.detail = detail
            self.byteOffset = byteOffset
        }
    }

    @nonexhaustive
    public enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
        case missingNumber, invalidNumber, unknownTimeZone, fieldCount, badQuotes, notUTF8, fieldTooLong
    }

    /// A row that repeats a number.
    public struct Duplicate: Hashable, Sendable, Codable {
        public var row: Int
        /// The row that is dialed.
        public var firstRow: Int

        public init(row: Int, firstRow: Int) {
            self.row = row
            self.firstRow = firstRow
        }
    }
}
