import Foundation
import Testing

@Suite("outdial on the command line")
struct CommandLineTests {
    private static func json(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test(
        "Every command has a help text on standard output",
        arguments: [
            ["--help"], ["call", "--help"], ["campaign", "--help"], ["campaign", "run", "--help"],
            ["campaign", "status", "--help"], ["callee", "--help"], ["inspect", "--help"],
            ["demo", "--help"], ["trunk", "--help"], ["listen", "--help"],
        ])
    func help(words: [String]) throws {
        let result = try CommandLineTool.run(words)
        #expect(result.code == 0)
        #expect(result.output.contains("Usage: outdial"))
        #expect(result.errors.isEmpty)
    }

    @Test(
        "A command line that is not usable exits with 64 and says why on standard error",
        arguments: [
            (["shout"], "unknown command 'shout'"), (["call"], "missing NUMBER"),
            (["call", "+15551234567"], "--trunk is required"),
            (["call", "1", "2", "--trunk", "x"], "unexpected argument"),
            (["inspect", "sip"], "missing FILE"), (["listen"], "--trunk is required"),
            (["callee", "busy", "--port", "many"], "--port takes a whole number"),
            (["campaign", "juggle"], "unknown campaign command"),
        ])
    func usage(words: [String], message: String) throws {
        let result = try CommandLineTool.run(words)
        #expect(result.code == 64)
        #expect(result.errors.contains(message))
        #expect(result.output.isEmpty)
    }

    @Test("inspect number gives E.164, or the reason")
    func inspectNumber() throws {
        let result = try CommandLineTool.run(["inspect", "number", "(555) 123-4567", "12"])
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(result.code == 5)
        let good = try #require(try Self.json(lines[0])["value"] as? [String: Any])
        #expect(good["e164"] as? String == "+15551234567")
        #expect(try Self.json(lines[1])["error"] as? String == "2 digits, at least 10 are needed")
    }

    @Test("inspect sip gives the structure, or the error with its byte offset")
    func inspectMessage() throws {
        let folder = try TemporaryFolder()
        let head = "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
        let tail = "From: <sip:b@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: x@y\r\n"
        let good = try folder.write(head + tail + "CSeq: 7 OPTIONS\r\n\r\n", to: "good.sip")
        let bad = try folder.write(head + tail + "CSeq: seven OPTIONS\r\n\r\n", to: "bad.sip")
        let result = try CommandLineTool.run(["inspect", "sip", good, bad])
        let lines = try result.output.split(separator: "\n").map { try Self.json(String($0)) }
        #expect(result.code == 5)
        #expect((lines[0]["value"] as? [String: Any])?["callID"] as? String == "x@y")
        let offset = try #require(lines[1]["byteOffset"] as? Int)
        #expect((head + tail).utf8.count...(head + tail).utf8.count + 8 ~= offset)
        #expect(lines[1]["suggestedStatus"] as? Int == 400)
    }

    @Test("inspect sdp gives the streams, or the error with its byte offset")
    func inspectDescription() throws {
        let folder = try TemporaryFolder()
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        let good = try folder.write(text + "m=audio 4000 RTP/AVP 0\r\n", to: "good.sdp")
        let bad = try folder.write(text + "m=audio lots RTP/AVP 0\r\n", to: "bad.sdp")
        let result = try CommandLineTool.run(["inspect", "sdp", good, bad])
        let lines = try result.output.split(separator: "\n").map { try Self.json(String($0)) }
        #expect(result.code == 5)
        let media = (lines[0]["value"] as? [String: Any])?["media"] as? [[String: Any]]
        #expect(media?.first?["port"] as? Int == 4_000)
        #expect(try #require(lines[1]["byteOffset"] as? Int) >= text.utf8.count)
    }

    @Test(
        "A call to each kind of callee exits with its code",
        arguments: [
            ("confirms", 0), ("busy", 2), ("noAnswer", 3), ("declines", 4),
        ] as [(String, Int32)])
    func exitCodes(callee: String, code: Int32) throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let peer = try CommandLineTool.start(["callee", callee, "--port", "\(port)"])
        try peer.waitForOutput("listening")
        let trunk = try folder.write(
            #"{"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"]}"#, to: "trunk.json")
        let agent = try folder.write(
            #"{"steps": [{"say": "Hello."}, {"hangUp": {"status": "done"}}]}"#, to: "agent.json")
        let result = try CommandLineTool.run([
            "call", "(555) 123-4567", "--trunk", trunk, "--agent", agent, "--ring-timeout", "4", "--json",
        ])
        #expect(result.code == code, "\(result.errors)")
        let record = try Self.json(result.output)
        #expect(record["to"] as? String == "+15551234567")
    }

    @Test("A trunk's password comes from the environment, and its absence names the variable")
    func credentials() throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let peer = try CommandLineTool.start(
            ["callee", "confirms", "--port", "\(port)", "--user", "u", "--password-env", "PEER_PASSWORD"],
            environment: ["PEER_PASSWORD": "s3cret-w0rd"])
        try peer.waitForOutput("listening")
        let trunk = try folder.write(
            #"{"host": "127.0.0.1", "port": \#(port), "username": "u", "password": {"env": "TRUNK_PASSWORD_X"}, "numbers": ["+15550100"]}"#,
            to: "trunk.json")
        let words = ["call", "+15551234567", "--trunk", trunk, "--from", "+15550100", "--ring-timeout", "5"]
        let agent = try folder.write(#"{"steps": [{"hangUp": {"status": "done"}}]}"#, to: "agent.json")
        let absent = try CommandLineTool.run(words)
        #expect(absent.code == 1)
        #expect(absent.errors.contains("TRUNK_PASSWORD_X"))
        let wrong = try CommandLineTool.run(words, environment: ["TRUNK_PASSWORD_X": "guess"])
        #expect(wrong.code == 1)
        #expect(wrong.output.contains("forbidden"))
        #expect(!wrong.output.contains("guess") && !wrong.errors.contains("guess"))
        let right = try CommandLineTool.run(
            words + ["--agent", agent], environment: ["TRUNK_PASSWORD_X": "s3cret-w0rd"])
        #expect(right.code == 0, "\(right.output) \(right.errors)")
    }

    @Test("A call leaves a recording, a record, a ladder and a pcap when asked to")
    func files() throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let peer = try CommandLineTool.start(["callee", "confirms", "--port", "\(port)"])
        try peer.waitForOutput("listening")
        let trunk = try folder.write(
            #"{"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"]}"#, to: "trunk.json")
        let agent = try folder.write(#"{"steps": [{"say": "Hello there."}]}"#, to: "agent.json")
        let result = try CommandLineTool.run([
            "call", "+15551234567", "--trunk", trunk, "--agent", agent, "--record", folder.path("audio"),
            "--records", folder.path("records"), "--ladders", folder.path("ladders"), "--pcap",
            folder.path("call.pcap"),
        ])
        #expect(result.code == 0, "\(result.errors)")
        func names(_ name: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.path(name))
        }
        #expect(try names("audio").count == 1)
        #expect(try names("records").count == 1)
        let ladder = try #require(try names("ladders").first)
        let text = try String(contentsOfFile: folder.path("ladders") + "/" + ladder, encoding: .utf8)
        #expect(text.contains("INVITE") && text.contains("200") && text.contains("BYE"))
        let pcap = try Data(contentsOf: URL(filePath: folder.path("call.pcap")))
        #expect(pcap.count > 10_000)
    }

    @Test("A call leaves its figures for Prometheus, and a capture server that is away does not matter")
    func metrics() throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let peer = try CommandLineTool.start(["callee", "busy", "--port", "\(port)"])
        try peer.waitForOutput("listening")
        let trunk = try folder.write(
            #"{"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"]}"#, to: "trunk.json")
        let words = ["call", "+15551234567", "--trunk", trunk, "--metrics-file", folder.path("outdial.prom")]
        let result = try CommandLineTool.run(words + ["--hep", "127.0.0.1:9", "--hep-id", "7"])
        #expect(result.code == 2, "\(result.errors)")
        let text = try String(contentsOfFile: folder.path("outdial.prom"), encoding: .utf8)
        #expect(text.contains("outdial_calls_ended_total{disposition=\"busy\"} 1\n"))
        #expect(text.contains("outdial_sip_final_responses_total{class=\"4xx\",code=\"486\"} 1\n"))
        #expect(!text.contains("1555"))
        #expect(try CommandLineTool.run(words + ["--hep", "nowhere"]).code == 64)
        let absent = try CommandLineTool.run([
            "call", "+15551234567", "--trunk", trunk, "--metrics-file", "/no/such/folder/x.prom",
        ])
        #expect(absent.code == 1 && absent.errors.contains("/no/such/folder"))
    }
}
