internal import Foundation

/// Parsing and writing the four messages: other libraries beside ours.
enum PeerParsers {
    /// Figures of one program: nanoseconds by `library case`.
    private struct Row {
        var library: String
        var name: String
        var nanoseconds: Double
    }

    static func run(in folder: URL) throws {
        // Their own folder may not be writable, and nothing is to be left in it.
        let copy = FileManager.default.temporaryDirectory.appending(path: "outdial-peers-\(getpid())")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: folder, to: copy.appending(path: "sip-parse"))
        try? FileManager.default.copyItem(
            at: folder.deletingLastPathComponent().appending(path: "bench.h"),
            to: copy.appending(path: "bench.h"))
        let inside = copy.appending(path: "sip-parse")
        var rows: [Row] = []
        for program in ["osip_bench", "sofia_bench", "limit_bench"] {
            guard try PeerProcess("make", [program], in: inside).wait().status == 0 else {
                print("\(program) does not build here: its library is not installed")
                continue
            }
            let messages = ["invite", "200", "register", "486"].map { "corpus/\($0).sip" }
            let text = try PeerProcess("./\(program)", messages, in: inside).wait().text
            rows += text.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: ",")
                guard fields.count >= 4, let median = Double(fields[3]) else { return nil }
                return Row(library: String(fields[0]), name: String(fields[1]), nanoseconds: median)
            }
        }
        let ours = try parseFigures() + SIPFixture.allCases.map(printParsed)
        print("\nparse and write, ns a message (median), and how many times ours")
        for figure in ours { show(figure, beside: rows) }
    }

    private static func show(_ figure: Measurement, beside rows: [Row]) {
        var line = "  \(figure.name.padding(toLength: 24, withPad: " ", startingAt: 0))"
        line += String(format: "%7.0f", figure.median)
        let parts = figure.name.split(separator: ".")
        guard parts.count == 3 else { return print(line) }
        for row in rows where row.name == caseName(parts) {
            line +=
                "   \(row.library) \(String(format: "%.0f (%.1f x)", row.nanoseconds, row.nanoseconds / figure.median))"
        }
        print(line)
    }

    /// Their name of `sip.parse.invite+sdp`: `parse+sdp invite.sip`.
    private static func caseName(_ parts: [Substring]) -> String {
        let message = parts[2].split(separator: "+")
        let work = parts[1] == "print" ? "serialise" : parts[1]
        return "\(work)\(message.count == 2 ? "+sdp" : "") \(message[0]).sip"
    }
}
