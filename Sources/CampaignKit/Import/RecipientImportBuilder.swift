private import Foundation

/// Turns rows into recipients and keeps account of it.
struct RecipientImportBuilder {
    private(set) var recipients: [Recipient] = []
    private(set) var report = ImportReport()

    private let campaign: CampaignID
    private let columns: RecipientCSV.Columns
    private var firstRows: [PhoneNumber: Int] = [:]
    private var knownZones: Set<String> = []

    init(campaign: CampaignID, columns: RecipientCSV.Columns) {
        self.campaign = campaign
        self.columns = columns
    }

    mutating func add(_ row: CSVReader.Row) {
        guard !row.isEmpty else {
            report.emptyRows += 1
            return
        }
        report.rowsRead += 1
        do {
            try accept(row)
        } catch {
            report.rejected.append(error)
        }
    }

    private mutating func accept(_ row: CSVReader.Row) throws(ImportReport.Rejection) {
        let fields = try check(row)
        let phoneColumn = columns.names[columns.phone]
        let parsed: PhoneNumber.Parsed
        do {
            parsed = try PhoneNumber.parse(fields[columns.phone])
        } catch {
            let isMissing = error.reason == .noDigits && fields[columns.phone].trimmed.isEmpty
            throw ImportReport.Rejection(
                row: row.number, column: phoneColumn, reason: isMissing ? .missingNumber : .invalidNumber,
                detail: isMissing ? "no number" : error.description)
        }
        let zone = try timeZone(of: fields, row: row.number)
        if let first = firstRows[parsed.number] {
            report.duplicates.append(ImportReport.Duplicate(row: row.number, firstRow: first))
            return
        }
        firstRows[parsed.number] = row.number
        if parsed.assumedInternational { report.assumedInternational.append(row.number) }
        var context: [String: String] = [:]
        for (index, name) in columns.names.enumerated()
        where index != columns.phone && index != columns.timeZone {
            let isUnnamedAndEmpty = name == "column_\(index + 1)" && fields[index].isEmpty
            if !isUnnamedAndEmpty { context[name] = fields[index] }
        }
        recipients.append(
            Recipient(
                campaign: campaign, row: row.number, number: parsed.number, timeZone: zone, context: context))
        report.accepted += 1
    }

    /// As many fields as there are columns. Surplus empty ones, which spreadsheets like to write, do not matter.
    private func check(_ row: CSVReader.Row) throws(ImportReport.Rejection) -> [String] {
        switch row.content {
        case .success(var fields):
            let expected = columns.names.count
            while fields.count > expected, fields.last?.trimmed.isEmpty == true { fields.removeLast() }
            guard fields.count == expected else {
                throw ImportReport.Rejection(
                    row: row.number, column: nil, reason: .fieldCount,
                    detail: "\(fields.count) fields, the header has \(expected)")
            }
            return fields
        case .failure(let error):
            let column = error.column < columns.names.count ? columns.names[error.column] : nil
            throw ImportReport.Rejection(
                row: row.number, column: column, reason: error.rejection, detail: error.detail,
                byteOffset: error.byteOffset)
        }
    }

    private mutating func timeZone(of fields: [String], row: Int) throws(ImportReport.Rejection) -> String? {
        guard let column = columns.timeZone else { return nil }
        let name = fields[column].trimmed
        if name.isEmpty || knownZones.contains(name) { return name.isEmpty ? nil : name }
        guard TimeZone(identifier: name) != nil else {
            throw ImportReport.Rejection(
                row: row, column: columns.names[column], reason: .unknownTimeZone,
                detail: "not an IANA time zone such as America/New_York")
        }
        knownZones.insert(name)
        return name
    }
}

extension CSVRowError {
    var rejection: ImportReport.Reason {
        switch reason {
        case .unterminatedQuote, .textAfterQuote: .badQuotes
        case .invalidUTF8: .notUTF8
        case .fieldTooLong: .fieldTooLong
        case .tooManyColumns: .fieldCount
        }
    }

    var detail: String {
        switch reason {
        case .unterminatedQuote: "a quoted field does not end"
        case .textAfterQuote: "text follows the closing quote"
        case .invalidUTF8: "not UTF-8"
        case .fieldTooLong(let limit): "a field is longer than \(limit) bytes"
        case .tooManyColumns(let limit): "more than \(limit) fields"
        }
    }
}
