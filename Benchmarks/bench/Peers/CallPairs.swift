internal import Foundation
private import Glibc

/// INVITE, 200, ACK, BYE, 200 over UDP on loopback at a steady rate: our user agent against sipp, and sipp against itself.
enum CallPairs {
    /// Calls per second, and how many.
    private static let rate = 5_000
    private static let count = 50_000

    /// What one run showed.
    private struct Figures {
        var caller: Double
        var callee: Double
        var failed: Int
        var retransmissions: Int
    }

    static func run() throws {
        print("\ncalls over UDP loopback, \(rate) a second, CPU us per call and side")
        show("sipp calls sipp", try sippCallsServer("sipp", sippServer), "sipp", "sipp")
        show("sipp calls Outdial", try sippCallsServer(itself, ["--call-server"]), "sipp", "Outdial")
        show("Outdial calls sipp", try outdialCallsSipp(), "Outdial", "sipp")
    }

    private static func show(_ name: String, _ figures: Figures, _ caller: String, _ callee: String) {
        print(
            "  \(name.padding(toLength: 20, withPad: " ", startingAt: 0))"
                + String(format: "%@ %5.1f   %@ %5.1f", caller, figures.caller, callee, figures.callee)
                + "   failed \(figures.failed), retransmissions \(figures.retransmissions)")
    }

    private static var itself: String { CommandLine.arguments[0] }
    private static let sippServer = ["-sn", "uas", "-i", "127.0.0.1", "-nostdin", "-buff_size", "4000000"]
    private static let serverPort = 15_071
    private static let clientPort = 15_072

    private static func sippCallsServer(_ server: String, _ arguments: [String]) throws -> Figures {
        let port = server == "sipp" ? ["-p", "\(serverPort)"] : ["\(serverPort)"]
        let callee = try PeerProcess(server, arguments + port)
        defer { callee.stop() }
        usleep(600_000)
        let before = callee.cpuSeconds
        let statistics = FileManager.default.temporaryDirectory.appending(
            path: "outdial-sipp-\(getpid()).csv")
        defer { try? FileManager.default.removeItem(at: statistics) }
        let start = Self.childSeconds
        let caller = try PeerProcess(
            "sipp",
            [
                "-sn", "uac", "-i", "127.0.0.1", "-p", "\(clientPort)", "-r", "\(rate)", "-m", "\(count)",
                "-l", "\(rate)", "-d", "0", "-nostdin", "-buff_size", "4000000", "-timeout", "60",
                "-trace_stat", "-stf", statistics.path, "-fd", "1", "127.0.0.1:\(serverPort)",
            ])
        _ = caller.wait()
        let callerSeconds = Self.childSeconds - start
        usleep(300_000)
        let calleeSeconds = callee.cpuSeconds - before
        let table = String(decoding: try Data(contentsOf: statistics), as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: ";", omittingEmptySubsequences: false) }
        func last(_ name: Substring) -> Int {
            guard let column = table.first?.firstIndex(of: name), let row = table.last, column < row.count
            else { return -1 }
            return Int(row[column]) ?? -1
        }
        return Figures(
            caller: callerSeconds * 1e6 / Double(count), callee: calleeSeconds * 1e6 / Double(count),
            failed: last("FailedCall(C)"), retransmissions: last("Retransmissions(C)"))
    }

    /// CPU time of the children that have ended.
    private static var childSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func outdialCallsSipp() throws -> Figures {
        let callee = try PeerProcess("sipp", sippServer + ["-p", "\(serverPort)"])
        defer { callee.stop() }
        usleep(600_000)
        let before = callee.cpuSeconds
        let caller = try PeerProcess(itself, ["--call-client", "\(serverPort)", "\(rate)", "\(count)"])
        let words = caller.wait().text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard words.count == 3 else { throw BenchmarkFault("our side did not finish") }
        return Figures(
            caller: words[0], callee: (callee.cpuSeconds - before) * 1e6 / Double(count),
            failed: Int(words[1]), retransmissions: Int(words[2]))
    }

    /// `--media-peer PORT`.
    ///
    /// - Returns: The exit code.
    static func runMediaPeer(arguments: [String]) -> Int32 {
        guard let port = arguments.first.flatMap({ UInt16($0) }) else { return 64 }
        do {
            try MediaPeer.serve(port: port)
            return 0
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            return 1
        }
    }

    // MARK: Our side, in a process of its own

    /// `--call-server PORT` or `--call-client PORT RATE COUNT`.
    ///
    /// - Returns: The exit code.
    static func runSide(_ side: String, arguments: [String]) -> Int32 {
        let numbers = arguments.compactMap { Int($0) }
        guard let port = numbers.first.flatMap({ UInt16(exactly: $0) }) else { return 64 }
        do {
            if side == "--call-server" {
                try CallSide.serve(port: port)
            } else if numbers.count == 3 {
                let end = try CallSide.call(port: port, rate: numbers[1], count: numbers[2])
                print(end.microsecondsPerCall, end.failed, end.retransmissions)
            }
            return 0
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            return 1
        }
    }
}
