import Foundation
import SIPCore
import SansIO
import Telephony
import Testing

/// One call of a dialer to a sipp that runs one scenario of `Fixtures/dialog` once, and what both sides say of it.
struct SippDialog<Value: Sendable>: Sendable {
    var result: CallResult<Value>
    var events: [CallEvent.Kind]
    /// sipp's own counters at its end, by the names of its statistics file.
    var counters: [String: Int]
    /// 0 when its scenario went through to the end.
    var exitCode: Int32?
    var output: String

    /// sipp is content: its scenario went through, and it got nothing that it did not expect.
    var isClean: Bool {
        exitCode == 0 && counters["SuccessfulCall(C)"] == 1 && counters["FailedCall(C)"] == 0
            && counters["OutOfCallMsgs(C)"] == 0
    }

    /// What to print when it is not.
    var report: String {
        "exit code \(exitCode.map { "\($0)" } ?? "none"), \(result.outcome.disposition) \(result.outcome.cause), "
            + "\(counters.filter { $0.value != 0 && $0.key.hasSuffix("(C)") }), \(output)"
    }

    /// - Parameters:
    ///   - settings: Changes the trunk before it is used.
    ///   - perform: What is done with the call.
    /// - Returns: `nil` when sipp is not installed.
    static func call(
        _ name: String, replacing words: [String: String] = [:], transport: SIPTransport = .udp,
        ringTimeout: Duration = .seconds(10),
        settings: (inout Trunk) -> Void = { _ in },
        perform: @escaping @Sendable (Call) async throws -> Value
    ) async throws -> Self? {
        guard let sipp = try Stranger.find("sipp") else { return nil }
        let folder = try TemporaryFolder()
        let scenario = try SippScript.file(name, replacing: words)
        defer { try? FileManager.default.removeItem(at: scenario) }
        let port = try Stranger.freePort()
        let stranger = try Stranger(
            sipp,
            [
                "-sf", scenario.path, "-i", "127.0.0.1", "-p", "\(port)", "-mi", "127.0.0.1", "-mp",
                "\(try Stranger.freePort())", "-t", transport == .udp ? "u1" : "t1", "-m", "1", "-nostdin",
                "-timeout", "25s", "-trace_stat", "-stf", folder.path("statistics.csv"), "-trace_err",
                "-error_file", folder.path("errors"), "-trace_msg", "-message_file", folder.path("messages"),
            ], in: folder.url)
        let listens = transport == .udp ? Stranger.waitForUDP(port: port) : Stranger.waitForTCP(port: port)
        try #require(listens, "\(stranger.output)")

        var trunk = Trunk(
            name: "sipp", host: "127.0.0.1", port: port, numbers: ["+15550100"], transport: transport)
        settings(&trunk)
        let recorder = EventRecorder()
        let dialer = Dialer(trunk: trunk, observers: [recorder])
        let result = try await dialer.serving { dialer in
            let result = try await dialer.call(
                CallRequest(to: "+15551234567", ringTimeout: ringTimeout), perform: perform)
            // What crosses the end of the call, a second answer for one, is still to be dealt with.
            _ = try await eventually(3) {
                try await dialer.statistics().userAgent.liveTransactions == 0 || !stranger.isRunning
            }
            return result
        }
        let exitCode = stranger.waitForExit(limit: 15)
        let errors = Self.text(folder.path("errors"))
        let messages = exitCode == 0 ? "" : Self.text(folder.path("messages"))
        return Self(
            result: result, events: recorder.events,
            counters: Self.counters(in: Self.text(folder.path("statistics.csv"))), exitCode: exitCode,
            output: stranger.output.suffix(500) + errors + messages.suffix(6_000))
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// The last row of a statistics file, as far as it is numbers.
    private static func counters(in text: String) -> [String: Int] {
        let rows = text.split(separator: "\n").map {
            $0.split(separator: ";", omittingEmptySubsequences: false)
        }
        guard let names = rows.first, let last = rows.last, rows.count > 1 else { return [:] }
        var counters: [String: Int] = [:]
        for (name, value) in zip(names, last) { counters[String(name)] = Int(value) }
        return counters
    }
}

/// Keeps the events of calls.
final class EventRecorder: CallObserver {
    private let kept = Locked<[CallEvent.Kind]>([])

    var events: [CallEvent.Kind] { kept.withLock { $0 } }

    func call(_ id: CallID, did event: CallEvent) { kept.withLock { $0.append(event.kind) } }
}
