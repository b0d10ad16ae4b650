import Foundation
import Testing

/// Strangers call `outdial listen`.
@Suite("outdial listen", .serialized, .timeLimit(.minutes(2)))
struct ListenTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A listener whose trunk is 127.0.0.1.
    private func listen(
        _ options: [String] = [], environment: [String: String] = [:]
    ) throws -> (tool: CommandLineTool.Running, port: UInt16) {
        let port = try Stranger.freePort()
        let trunk = try folder.write(#"{"host": "127.0.0.1", "numbers": ["+15551234567"]}"#, to: "trunk.json")
        let tool = try CommandLineTool.start(
            ["listen", "--trunk", trunk, "--agent", "echo", "--port", "\(port)"] + options,
            environment: environment)
        if !Stranger.waitForListener(port: port, table: "udp", while: { tool.process.isRunning }) {
            throw Stranger.Missing(description: "not listening: \(tool.output.text) \(tool.errors.text)")
        }
        return (tool, port)
    }

    private func sipp(
        _ scenario: String, to port: UInt16, number: String = "15551234567", host: String = "127.0.0.1",
        calls: Int = 1, _ options: [String] = []
    ) throws -> (code: Int32?, output: String)? {
        guard let program = try Stranger.find("sipp") else { return nil }
        let file = try Stranger.fixture(scenario)
        defer { try? FileManager.default.removeItem(at: file) }
        let stranger = try Stranger(
            program,
            [
                "-sf", file.path, "-s", number, "-i", host, "-p", "\(try Stranger.freePort())", "-mi", host,
                "-mp", "\(try Stranger.freePort())", "-m", "\(calls)", "-r", "5", "-rtp_echo", "-nostdin",
                "-timeout", "20s", "127.0.0.1:\(port)",
            ] + options, in: folder.url)
        let code = stranger.waitForExit(limit: 25)
        return (code, stranger.output)
    }

    private func records(_ name: String) throws -> [[String: Any]] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(name)).map { file in
            let data = try Data(contentsOf: URL(filePath: folder.path(name)).appending(path: file))
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
    }

    /// Waits until a call is recorded, as it is once it has been answered and talks.
    private func isRecording(into name: String) -> Bool {
        let deadline = Date().addingTimeInterval(15)
        while Date() < deadline {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path(name))) ?? []
            let sizes = files.map { file in
                (try? Data(contentsOf: folder.url.appending(path: "\(name)/\(file)")).count) ?? 0
            }
            if sizes.contains(where: { $0 > 1_000 }) { return true }
            usleep(20_000)
        }
        return false
    }

    @Test("sipp calls five times, its audio is echoed, and every call leaves record, ladder and pcap")
    func answers() throws {
        let (tool, port) = try listen([
            "--calls", "5", "--records", folder.path("records"), "--ladders", folder.path("ladders"),
            "--pcap", folder.path("calls.pcap"), "--record", folder.path("audio"),
        ])
        guard let stranger = try sipp("caller.xml", to: port, calls: 5) else { return }
        #expect(stranger.code == 0, "\(stranger.output)")
        let result = try tool.finish()
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 6, "\(result.output)")
        let records = try records("records")
        #expect(records.count == 5)
        for record in records {
            #expect(record["direction"] as? String == "inbound")
            let outcome = try #require(record["outcome"] as? [String: Any])
            #expect(outcome["disposition"] as? String == "answered")
            #expect(outcome["endedBy"] as? String == "caller")
            let media = try #require(record["media"] as? [String: Any])
            #expect(try #require(media["packetsReceived"] as? Int) > 20, "sipp echoes what we send")
        }
        let ladders = try FileManager.default.contentsOfDirectory(atPath: folder.path("ladders"))
        #expect(ladders.count == 5)
        let ladder = try String(contentsOfFile: folder.path("ladders/\(ladders[0])"), encoding: .utf8)
        #expect(ladder.contains("INVITE"), "the call's first message is in its ladder")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("audio")).count == 5)
        #expect(FileManager.default.fileExists(atPath: folder.path("calls.pcap")))
    }

    @Test(
        "A trunk by TLS needs a certificate of ours to call us; without one listen says so and does not start"
    )
    func needsCertificate() throws {
        let trunk = try folder.write(#"{"host": "127.0.0.1", "transport": "tls"}"#, to: "tls.json")
        let result = try CommandLineTool.run(
            ["listen", "--trunk", trunk, "--agent", "echo", "--port", "\(try Stranger.freePort())"])
        #expect(result.code != 0)
        #expect(
            result.errors.contains("to be called over TLS, certificateFile and keyFile are needed"),
            "\(result.errors)")
    }

    @Test("Listen keeps figures for Prometheus")
    func metrics() throws {
        let (tool, _) = try listen(["--metrics-file", folder.path("figures.prom")])
        try tool.waitForOutput("listening")
        tool.process.interrupt()
        let result = try tool.finish()
        #expect(result.code == 0, "\(result.errors)")
        let figures = try String(contentsOfFile: folder.path("figures.prom"), encoding: .utf8)
        #expect(figures.contains("# TYPE outdial_"))
    }

    @Test("A caller that is not the trunk gets 403 and no call")
    func unknownSource() throws {
        let (tool, port) = try listen(["--host", "127.0.0.1"])
        guard let stranger = try sipp("caller-refused.xml", to: port, host: "127.0.0.2", calls: 3) else {
            return
        }
        #expect(stranger.code == 0, "\(stranger.output)")
        tool.process.interrupt()
        let result = try tool.finish()
        #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
        #expect(result.errors.contains("refused (stranger), last from 127.0.0.2"))
    }

    @Test("A caller from elsewhere that knows name and password is let in")
    func digest() throws {
        let (tool, port) = try listen(
            ["--calls", "2", "--user", "alice", "--password-env", "CALLERS", "--host", "127.0.0.1", "--md5"],
            environment: ["CALLERS": "secret"])
        guard
            let stranger = try sipp(
                "caller-digest.xml", to: port, host: "127.0.0.2", calls: 2, ["-au", "alice", "-ap", "secret"])
        else { return }
        #expect(stranger.code == 0, "\(stranger.output)")
        let result = try tool.finish()
        #expect(result.code == 0)
        #expect(result.output.components(separatedBy: "answered").count == 3, "\(result.output)")
        #expect(!(result.output + result.errors).contains("secret"))
    }

    @Test("A number that is not served is 404; ^C hangs up what runs")
    func notServedAndInterrupt() throws {
        guard let program = try Stranger.find("sipp") else { return }
        let (tool, port) = try listen(["--record", folder.path("audio")])
        let missing = try sipp("caller.xml", to: port, number: "999")
        #expect(missing?.code != 0)
        try tool.waitForOutput("declined, SIP 404")
        let file = try Stranger.fixture(
            "caller.xml", replacing: ["milliseconds=\"1000\"": "milliseconds=\"60000\""])
        defer { try? FileManager.default.removeItem(at: file) }
        let stranger = try Stranger(
            program,
            [
                "-sf", file.path, "-s", "15551234567", "-i", "127.0.0.1", "-p", "\(try Stranger.freePort())",
                "-m", "1", "-nostdin", "-timeout", "20s", "127.0.0.1:\(port)",
            ], in: folder.url)
        #expect(isRecording(into: "audio"))
        tool.process.interrupt()
        let result = try tool.finish()
        #expect(result.code == 0)
        #expect(result.output.contains("answered"), "\(result.output)")
        stranger.stop()
    }

    @Test("baresip calls, hears its own tone come back, and hangs up")
    func baresip() throws {
        guard let program = try Stranger.find("baresip") else { return }
        let (tool, port) = try listen(["--calls", "1", "--records", folder.path("records")])
        let local = try Stranger.freePort()
        try BaresipTests.writeConfiguration(to: folder.url, port: local)
        let baresip = try Stranger(
            program,
            ["-f", folder.url.path, "-e", "/dial sip:+15551234567@127.0.0.1:\(port)", "-t", "4"],
            in: folder.url)
        let result = try tool.finish(limit: 25)
        #expect(result.code == 0, "\(result.errors) \(baresip.output)")
        let record = try #require(try records("records").first)
        let outcome = try #require(record["outcome"] as? [String: Any])
        #expect(outcome["disposition"] as? String == "answered", "\(baresip.output)")
        let media = try #require(record["media"] as? [String: Any])
        #expect(try #require(media["packetsReceived"] as? Int) > 50)
    }
}
