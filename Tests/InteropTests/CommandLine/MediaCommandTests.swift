import Foundation
import Testing

@Suite("What trunk files and options say of the media, on the command line")
struct MediaCommandTests {
    @Test(
        "A value that is not usable is refused, naming its field",
        arguments: [
            (#""codecs": ["PCMU", "vorbis"]"#, "trunk.json: codecs: 'vorbis' is none of "),
            (#""codecs": []"#, "trunk.json: `codecs` is empty"),
            (#""ptime": 25"#, "trunk.json: ptime is 10, 20, 30, 40, 50 or 60, not 25"),
            (#""comfortNoise": "yes""#, "trunk.json: comfortNoise: "),
            (#""srtp": "perhaps""#, "trunk.json: srtp is off, optional or required, not perhaps"),
            (#""rtcpMux": "maybe""#, "trunk.json: rtcpMux is off, answered or offered, not maybe"),
            (#""extendedReports": 1"#, "trunk.json: extendedReports: "),
            (
                #""mediaTimeout": 0.5"#,
                "trunk.json: mediaTimeout is 1 to 3600 seconds, or 0 for never, not 0.5"
            ),
        ])
    func refused(field: String, message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(#"{"host": "127.0.0.1", "port": 9, \#(field)}"#, to: "trunk.json")
        let result = try CommandLineTool.run(["call", "+15551234567", "--trunk", path])
        #expect(result.code == 1)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(
        "Options that are not usable name themselves",
        arguments: [
            (["callee", "confirms", "--codecs", "PCMU,vorbis"], Int32(1), "--codecs: 'vorbis' is none of "),
            (["callee", "confirms", "--codecs", ","], 1, "--codecs: it names no codec"),
            (
                ["call", "+15551234567", "--trunk", "TRUNK", "--media-timeout", "0.5"], 64,
                "--media-timeout takes 0, or"
            ),
            (
                ["call", "+15551234567", "--trunk", "TRUNK", "--media-timeout", "3601"], 64,
                "--media-timeout takes a number"
            ),
        ])
    func options(words: [String], code: Int32, message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(#"{"host": "127.0.0.1", "port": 9}"#, to: "trunk.json")
        let result = try CommandLineTool.run(words.map { $0 == "TRUNK" ? path : $0 })
        #expect(result.code == code)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test(
        "A trunk's codecs, packet time, comfort noise and RTCP are offered; the call takes what the callee has, and says how it sounded"
    )
    func call() throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let peer = try CommandLineTool.start([
            "callee", "confirms", "--port", "\(port)", "--codecs", "PCMA,PCMU", "--calls", "1",
        ])
        try peer.waitForOutput("listening")
        let trunk = try folder.write(
            #"""
            {"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"], "codecs": ["L16", "PCMU"], "ptime": 30,
             "comfortNoise": true, "rtcpMux": "offered", "extendedReports": true, "mediaTimeout": 20}
            """#, to: "trunk.json")
        let agent = try folder.write(
            #"{"steps": [{"say": "Hello."}, {"wait": {"seconds": 1}}, {"hangUp": {"status": "done"}}]}"#,
            to: "agent.json")
        let result = try CommandLineTool.run([
            "call", "+15551234567", "--trunk", trunk, "--agent", agent, "--ring-timeout", "5", "--pcap",
            folder.path("call.pcap"), "--records", folder.path("records"), "--media-timeout", "30",
        ])
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.contains(", MOS "), "\(result.output)")
        let offered = String(
            decoding: try Data(contentsOf: URL(filePath: folder.path("call.pcap"))), as: UTF8.self)
        for line in ["L16/16000", "a=ptime:30", "CN/8000", "a=rtcp-mux", "a=rtcp-xr:voip-metrics"] {
            #expect(offered.contains(line), "\(line)")
        }
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("records")).first)
        let record = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(filePath: folder.path("records") + "/" + name))) as? [String: Any])
        #expect((record["media"] as? [String: Any])?["codec"] as? String == "PCMU")
        let quality = (record["outcome"] as? [String: Any])?["quality"] as? [String: Any]
        #expect(try #require(quality?["inbound"] as? Double) > 3.5)
        #expect(try peer.finish().code == 0)
    }
}
