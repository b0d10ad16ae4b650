internal import Foundation
private import RTPMedia

/// One recording of what a caller hears after the answer, and what it is.
struct LabelledAnswer {
    var name: String
    /// `human`, `machine`, `beep`, `fax`, or a tone or noise of the line.
    var label: String
    /// Mono, 8,000 Hz.
    var samples: [Int16]
    /// Milliseconds from the answer.
    var speechStart: Int?
    /// End of the first utterance.
    var speechEnd: Int?
    var beepEnd: Int?

    /// Every recording that `labels.csv` names, in its order.
    ///
    /// Its columns are found by their names: `file`, `label`, and where known `speech_start_ms`, `speech_segments` and
    /// `beep_end_ms`.
    static func all(in folder: URL) throws -> [Self] {
        let text = String(decoding: try Data(contentsOf: folder.appending(path: "labels.csv")), as: UTF8.self)
        let rows = CommaSeparated.rows(text)
        guard let header = rows.first, let file = header.firstIndex(of: "file"),
            let label = header.firstIndex(of: "label")
        else { throw BenchmarkFault("labels.csv needs the columns file and label") }
        let speech = header.firstIndex(of: "speech_start_ms")
        let segments = header.firstIndex(of: "speech_segments")
        let beep = header.firstIndex(of: "beep_end_ms")
        return try rows.dropFirst().filter { $0.count > max(file, label) }.map { row in
            func number(_ column: Int?) -> Int? { column.flatMap { $0 < row.count ? Int(row[$0]) : nil } }
            let audio = try WAVFile(parsing: [UInt8](try Data(contentsOf: folder.appending(path: row[file]))))
            guard audio.rateHertz == 8_000 else { throw BenchmarkFault("\(row[file]) is not at 8,000 Hz") }
            // `1658-3398;4958-5358`
            let firstEnd = segments.flatMap { column -> Int? in
                guard column < row.count, let first = row[column].split(separator: ";").first else {
                    return nil
                }
                return first.split(separator: "-").last.flatMap { Int($0) }
            }
            return Self(
                name: row[file], label: row[label], samples: audio.samples, speechStart: number(speech),
                speechEnd: firstEnd, beepEnd: number(beep))
        }
    }
}

/// Comma-separated values with quoted fields (RFC 4180).
private enum CommaSeparated {
    static func rows(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        var isQuoted = false
        for character in text {
            switch (character, isQuoted) {
            // A doubled quote goes out and in again; the text between is kept, the quote itself is not needed here.
            case ("\"", _): isQuoted.toggle()
            case (",", false):
                row.append(field)
                field = ""
            case ("\n", false), ("\r\n", false):
                rows.append(row + [field])
                row = []
                field = ""
            default: field.append(character)
            }
        }
        return field.isEmpty && row.isEmpty ? rows : rows + [row + [field]]
    }
}
