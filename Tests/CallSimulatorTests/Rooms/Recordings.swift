import Foundation
import RTPMedia

/// Files that a test lets be made, and reads.
enum Recordings {
    static func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = URL.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }

    static func wav(_ path: String) throws -> WAVFile {
        try WAVFile(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
    }

    static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }
}
