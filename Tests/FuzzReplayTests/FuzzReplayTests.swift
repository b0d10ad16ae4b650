import Foundation
import FuzzTargets
import SansIO
import Testing

/// `Fuzz/Inputs/<target>/`: seeds and every input that once broke a promise.
@Suite("Fuzz targets")
struct FuzzReplayTests {
    private static let inputs = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzz/Inputs")

    private static func files(of target: FuzzTarget) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: inputs.appending(path: target.rawValue), includingPropertiesForKeys: nil
        ).sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    @Test("Every kept input is taken without a broken promise", arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let files = try Self.files(of: target)
        #expect(!files.isEmpty, "\(target.rawValue) has no inputs")
        for file in files { target.run(Array(try Data(contentsOf: file))) }
    }

    @Test("Changed copies of the kept inputs are taken as well", arguments: FuzzTarget.allCases)
    func mutations(_ target: FuzzTarget) throws {
        var generator = SeededGenerator(seed: 20, label: target.rawValue)
        for file in try Self.files(of: target) {
            let original = Array(try Data(contentsOf: file))
            for _ in 0..<50 {
                var bytes = original
                for _ in 0..<1 + Int(generator.next() % 4) where !bytes.isEmpty {
                    let place = Int(generator.next() % UInt64(bytes.count))
                    switch generator.next() % 4 {
                    case 0: bytes.remove(at: place)
                    case 1: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
                    default: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                    }
                }
                target.run(bytes)
            }
        }
    }
}
