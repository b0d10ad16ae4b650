private import Foundation
import Testing

/// Rules that the compiler does not know, read from the sources.
@Suite("Source rules")
struct SourceRulesTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private struct SourceFile {
        var path: String
        var lines: [String]
    }

    private static func swiftFiles(below folders: [String]) throws -> [SourceFile] {
        var files: [SourceFile] = []
        for folder in folders {
            let base = root.appending(path: folder)
            let enumerator = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)
            while let url = enumerator?.nextObject() as? URL {
                guard url.pathExtension == "swift" else { continue }
                let text = try String(contentsOf: url, encoding: .utf8)
                files.append(
                    SourceFile(
                        path: String(url.path.dropFirst(root.path.count + 1)),
                        lines: text.components(separatedBy: "\n")))
            }
        }
        #expect(!files.isEmpty, "no sources found below \(folders)")
        return files.sorted { $0.path < $1.path }
    }

    /// The code of a line: what stands before a comment.
    private static func code(_ line: String) -> String {
        guard let comment = line.range(of: "//") else { return line }
        return String(line[..<comment.lowerBound])
    }

    private static func matches(_ pattern: String, in files: [SourceFile]) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().compactMap { number, line in
                code(line).range(of: pattern, options: .regularExpression) != nil
                    ? "\(file.path):\(number + 1): \(line)" : nil
            }
        }
    }

    /// Library code, without the executors themselves, which are the clock.
    private static func libraryFiles() throws -> [SourceFile] {
        try swiftFiles(below: ["Sources", "Simulator/CallSimulator"]).filter {
            !$0.path.hasPrefix("Sources/outdial/")
        }
    }

    @Test("No unstructured task, real sleep, real clock or unseeded randomness in library code")
    func nothingOutsideTheVirtualClock() throws {
        let files = try Self.libraryFiles().filter {
            !$0.path.hasPrefix("Sources/SocketDriver/") && !$0.path.hasPrefix("Simulator/CallSimulator/World")
        }
        for pattern in [
            #"\bTask *\{"#, #"\bTask\.detached"#, #"\bTask\.sleep"#, #"\bDate\(\)"#,
            #"\bSystemRandomNumberGenerator\b"#, #"\bContinuousClock\b"#, #"\bSuspendingClock\b"#,
            #"\bDispatchQueue\b"#, #"\.random\(in: [^,)]*\)"#, #"\.shuffled\(\)"#, #"\.randomElement\(\)"#,
        ] {
            let found = Self.matches(pattern, in: files)
            #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
        }
    }

    @Test("The pure targets import nothing with a clock, a socket or a lock")
    func pureTargetsStayPure() throws {
        let files = try Self.swiftFiles(below: ["Sources/SIPCore", "Sources/RTPMedia"])
        let found = Self.matches(
            #"\bimport (Foundation|Glibc|Darwin|Dispatch|Synchronization)"#, in: files)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("Foundation stays out of Telephony and below")
    func foundationStaysAbove() throws {
        let files = try Self.swiftFiles(
            below: [
                "Sources/SansIO", "Sources/SIPCore", "Sources/RTPMedia", "Sources/SocketDriver",
                "Sources/Telephony",
            ])
        let found = Self.matches("import Foundation", in: files)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("Nothing unfinished is left in the sources")
    func nothingUnfinished() throws {
        let files = try Self.swiftFiles(below: ["Sources", "Simulator", "Benchmarks", "Examples"])
        let found = files.flatMap { file in
            file.lines.enumerated().compactMap { number, line in
                line.range(
                    of: #"\b(TODO|FIXME|XXX)\b|fatalError\("(contract|not implemented)|try!"#,
                    options: .regularExpression) != nil
                    ? "\(file.path):\(number + 1): \(line)" : nil
            }
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("A source file holds one concept: at most 450 lines")
    func filesStayShort() throws {
        let files = try Self.swiftFiles(below: ["Sources", "Simulator", "Benchmarks", "Examples"])
        let long = files.filter { $0.lines.count > 451 }.map { "\($0.path): \($0.lines.count) lines" }
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }

    @Test("The rules see an offence when there is one")
    func rulesCanFail() {
        let offence = SourceFile(
            path: "X.swift", lines: ["let task = Task { await run() }", "// Task { in a comment"])
        #expect(Self.matches(#"\bTask *\{"#, in: [offence]).count == 1)
    }
}
