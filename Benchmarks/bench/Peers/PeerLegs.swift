internal import Foundation

/// The media leg beside one in C around the same libspeexdsp: parse, jitter buffer, µ-law, resample, µ-law, pack.
enum PeerLegs {
    static func run(in folder: URL) throws {
        // Their own folder may not be writable, and nothing is to be left in it.
        let copy = FileManager.default.temporaryDirectory.appending(path: "outdial-legs-\(getpid())")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: folder, to: copy.appending(path: "media"))
        try FileManager.default.copyItem(
            at: folder.deletingLastPathComponent().appending(path: "bench.h"),
            to: copy.appending(path: "bench.h"))
        let inside = copy.appending(path: "media")
        guard try PeerProcess("make", ["media_bench"], in: inside).wait().status == 0 else {
            throw BenchmarkFault("media_bench does not build: it needs libsoxr-dev and libsamplerate0-dev")
        }
        // Ours between two runs of theirs: neighbours on the machine come and go.
        let before = try figures(in: inside)
        let ours = try LegKind.allCases.map {
            (kind: $0, one: try one($0).median, many: try many($0).median)
        }
        let after = try figures(in: inside)
        let hot = (before.one + after.one) / 2
        let cold = (before.many + after.many) / 2
        print("\ntwo-way media leg, ns per 20 ms frame (median): one leg, 2,000 in turn, times the C leg")
        print(line("C, libspeexdsp q3", hot, cold))
        for leg in ours {
            print(
                line(leg.kind.rawValue, leg.one, leg.many)
                    + String(format: "   %.2f   %.2f", leg.one / hot, leg.many / cold))
        }
    }

    private static func line(_ name: String, _ one: Double, _ many: Double) -> String {
        "  " + name.padding(toLength: 24, withPad: " ", startingAt: 0)
            + String(format: "%8.0f %8.0f", one, many)
    }

    private static func figures(in folder: URL) throws -> (one: Double, many: Double) {
        let text = try PeerProcess("./media_bench", ["leg"], in: folder).wait().text
        func median(_ name: String) throws -> Double {
            for row in text.split(separator: "\n") {
                let fields = row.split(separator: ",")
                if fields.count >= 4, fields[1] == name, let value = Double(fields[3]) { return value }
            }
            throw BenchmarkFault("media_bench printed no row for \(name)")
        }
        return (
            try median("leg speex q3 (one leg hot)"), try median("leg speex q3 (2000 legs round robin)")
        )
    }
}
