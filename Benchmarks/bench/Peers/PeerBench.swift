internal import Foundation

/// `bench --peers [DIR]`: the libraries and programs that one would take instead, in the same run.
///
/// DIR holds C harnesses, each with a Makefile, that print `name,case,ns_min,ns_med,ns_max,…`; sipp comes from the system.
enum PeerBench {
    /// - Returns: The exit code.
    static func run(folder: String?) -> Int32 {
        let folder = folder ?? "../shared/peers"
        var hasFailed = false
        do {
            try PeerParsers.run(in: URL(filePath: folder + "/sip-parse"))
        } catch {
            print("parsers of others: left out (\(error))")
            hasFailed = true
        }
        do {
            try PeerLegs.run(in: URL(filePath: folder + "/media"))
        } catch {
            print("media legs of others: left out (\(error))")
            hasFailed = true
        }
        do {
            try CallPairs.run()
        } catch {
            print("calls against sipp: left out (\(error))")
            hasFailed = true
        }
        return hasFailed ? 1 : 0
    }
}

/// A program that is started, waited for and never left behind.
struct PeerProcess {
    private let process = Process()
    private let output = Pipe()

    init(_ executable: String, _ arguments: [String], in folder: URL? = nil) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [executable] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        if let folder { process.currentDirectoryURL = folder }
        try process.run()
    }

    /// What it printed, once it has ended.
    func wait() -> (text: String, status: Int32) {
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (String(decoding: data, as: UTF8.self), process.terminationStatus)
    }

    /// At once: started from a pool thread the program has inherited its signal mask, in which SIGTERM is blocked.
    func stop() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// CPU time of all its threads so far, in seconds: the scheduler's own count.
    var cpuSeconds: Double {
        let tasks = "/proc/\(process.processIdentifier)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        var nanoseconds = 0.0
        for thread in threads.sorted() {
            guard let data = FileManager.default.contents(atPath: "\(tasks)/\(thread)/schedstat") else {
                continue
            }
            nanoseconds +=
                Double(String(decoding: data, as: UTF8.self).split(separator: " ").first ?? "0") ?? 0
        }
        return nanoseconds / 1e9
    }
}
