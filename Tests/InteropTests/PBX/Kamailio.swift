import Foundation
import SansIO
import Testing

/// kamailio as registrar and record-routing proxy of `pbx.test`, by a configuration of ours (`Fixtures/pbx.cfg`).
final class Kamailio: Sendable {
    static let password = "s3cret-w0rd"

    /// UDP and TCP.
    let port: UInt16
    /// TLS, where it was given a certificate.
    let securePort: UInt16
    private let stranger: Stranger
    private let folder: TemporaryFolder

    /// - Parameters:
    ///   - isOverloaded: Whether it answers every INVITE with 503 and `Retry-After: 2`.
    ///   - longestExpires: Seconds for which a registration holds at most.
    ///   - certificate: Folder with `pbx.pem`, `pbx.key` and `authority.pem`; with it, TLS is taken too.
    /// - Returns: `nil` when it is not installed.
    init?(isOverloaded: Bool = false, longestExpires: Int = 60, certificate: URL? = nil) throws {
        guard let program = try Stranger.find("kamailio"), try Stranger.find("kamcmd") != nil else {
            return nil
        }
        let folder = try TemporaryFolder()
        let securePort = try Stranger.freePort()
        (stranger, port) = try Stranger.listening("/bin/sh", in: folder.url) { port in
            let file = try Stranger.fixture(
                "pbx.cfg",
                replacing: [
                    "PBX_PORT": "\(port)", "TLS_PORT": "\(securePort)", "PASSWORD": Self.password,
                    "PBX_FOLDER": folder.url.path, "CERTIFICATES": certificate?.path ?? "",
                    "MAX_EXPIRES": "\(longestExpires)",
                ])
            try FileManager.default.moveItem(at: file, to: folder.url.appending(path: "\(port).cfg"))
            return [
                "-c", Self.keeper, program, "-f", folder.path("\(port).cfg"), "-DD", "-E", "-Y",
                folder.url.path,
                "-m", "32", "-M", "4",
            ]
                + (isOverloaded ? ["-A", "OVERLOADED"] : []) + (certificate == nil ? [] : ["-A", "WITH_TLS"])
        }
        self.folder = folder
        self.securePort = securePort
        let deadline = Date().addingTimeInterval(10)
        while !FileManager.default.fileExists(atPath: folder.path("ctl")), Date() < deadline {
            usleep(20_000)
        }
    }

    /// A shell that waits for it: it closes every descriptor that it inherits, by which `Process` tells that a program
    /// has ended, and would then wait for it on the thread that watches all others.
    private static let keeper = #""$0" "$@" & wait"#

    deinit { stranger.stop() }

    /// What it has printed so far.
    var output: String { stranger.output }

    /// The lines of its script that begin like this, without what stands before.
    func lines(_ start: String) -> [Substring] {
        output.split(separator: "\n").compactMap { line in
            line.range(of: "<script>: \(start)").map {
                line[line.index($0.lowerBound, offsetBy: "<script>: ".count)...]
            }
        }
    }

    /// Where a user is registered, by its own location table.
    func contacts(of user: String) throws -> [String] {
        let path = try #require(try Stranger.find("kamcmd"))
        let command = try Stranger(path, ["-s", "unix:\(folder.path("ctl"))", "ul.lookup", "location", user])
        _ = command.waitForExit(limit: 10)
        return command.output.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count == 2 && words[0] == "Address:" ? String(words[1]) : nil
        }
    }
}
