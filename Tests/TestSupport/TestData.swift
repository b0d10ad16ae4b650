public import Foundation

/// Real material that lies outside the repository, read in place.
public enum TestData {
    /// The corpus folder is required and absent.
    public struct Missing: Error, CustomStringConvertible {
        public var description: String
    }

    private static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `OUTDIAL_TESTDATA`, or `../shared/testdata` beside the package.
    public static var root: URL {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["OUTDIAL_TESTDATA"] { return URL(filePath: path) }
        return packageRoot.deletingLastPathComponent().appending(path: "shared/testdata")
    }

    /// The file or folder at `path` below the root; `nil`, with a printed line, when it is absent.
    ///
    /// - Throws: ``Missing`` instead when `OUTDIAL_REQUIRE_TESTDATA=1`.
    public static func url(_ path: String, for purpose: String = #function) throws -> URL? {
        try existing(root.appending(path: path), for: purpose)
    }

    /// A file or folder that a package of the system brings, such as sipp's captures; `nil`, with a printed line, when it
    /// is absent.
    ///
    /// - Throws: ``Missing`` instead when `OUTDIAL_REQUIRE_TESTDATA=1`.
    public static func installed(_ path: String, for purpose: String = #function) throws -> URL? {
        try existing(URL(filePath: path), for: purpose)
    }

    private static func existing(_ url: URL, for purpose: String) throws -> URL? {
        if FileManager.default.fileExists(atPath: url.path) { return url }
        let line = "skipped \(purpose): no test data at \(url.path)"
        if ProcessInfo.processInfo.environment["OUTDIAL_REQUIRE_TESTDATA"] == "1" {
            throw Missing(description: line)
        }
        print(line)
        return nil
    }

    /// The bytes of a file.
    public static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

    /// The rows of a CSV file with a header line (RFC 4180), as dictionaries.
    public static func rows(_ url: URL) throws -> [[String: String]] {
        let records = parseCSV(String(decoding: try Data(contentsOf: url), as: UTF8.self))
        guard let header = records.first else { return [] }
        return records.dropFirst().map { record in
            Dictionary(zip(header, record), uniquingKeysWith: { first, _ in first })
        }
    }

    private static func parseCSV(_ text: String) -> [[String]] {
        var records: [[String]] = []
        var record: [String] = []
        var field = ""
        var isQuoted = false
        var scalars = text.unicodeScalars.makeIterator()
        var pending: UnicodeScalar?
        while let scalar = pending ?? scalars.next() {
            pending = nil
            switch (scalar, isQuoted) {
            case ("\"", true):
                pending = scalars.next()
                if pending == "\"" {
                    field.unicodeScalars.append("\"")
                    pending = nil
                } else {
                    isQuoted = false
                }
            case ("\"", false): isQuoted = true
            case (",", false):
                record.append(field)
                field = ""
            case ("\r", false): break
            case ("\n", false):
                record.append(field)
                records.append(record)
                record = []
                field = ""
            default: field.unicodeScalars.append(scalar)
            }
        }
        if !field.isEmpty || !record.isEmpty { records.append(record + [field]) }
        return records
    }
}
