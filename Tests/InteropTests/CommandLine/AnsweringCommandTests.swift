import Foundation
import Testing

@Suite("Who answered and who calls, on the command line")
struct AnsweringCommandTests {
    private func trunk(_ folder: TemporaryFolder, port: UInt16, _ more: String = "") throws -> String {
        try folder.write(
            #"{"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"]\#(more)}"#, to: "trunk.json")
    }

    @Test(
        "A voicemail gets the message of the command line, and the record says who answered and what was left"
    )
    func message() throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let callee = try folder.write(
            #"{"steps": [{"answer": {}}, {"say": "Leave a message."}, {"beep": {}}, {"wait": {"seconds": 60}}]}"#,
            to: "callee.json")
        let peer = try CommandLineTool.start(["callee", callee, "--port", "\(port)"])
        try peer.waitForOutput("listening")
        let result = try CommandLineTool.run([
            "call", "+15551234567", "--trunk", try trunk(folder, port: port), "--message",
            "Hello {{name|there}}, call us.", "--speak", "verdict", "--context", "name=Jane", "--json",
        ])
        #expect(result.code == 0, "\(result.errors)")
        let record = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let outcome = try #require(record["outcome"] as? [String: Any])
        #expect(outcome["answeredBy"] as? String == "voicemail")
        let agent = try #require(outcome["agentResult"] as? [String: Any])
        #expect(agent["status"] as? String == "messageLeft")
        let verdict = try #require(record["verdict"] as? [String: Any])
        #expect((verdict["evidence"] as? String)?.isEmpty == false)
    }

    @Test("inspect audio names the tones of a recording in words, and who answered")
    func inspectAudio() throws {
        // Silence, then the three pitches of a special information tone: mono, 8 kHz, 16 bits.
        var samples: [Int16] = []
        for hertz: Double in [0, 950, 1_400, 1_800, 0] {
            for index in 0..<2_640 {
                let turns: Double = hertz * Double(index) / 8_000
                samples.append(Int16(6_000 * sin(2 * Double.pi * turns)))
            }
        }
        var bytes = Data("RIFF".utf8)
        func add(_ value: UInt32, _ size: Int = 4) {
            for place in 0..<UInt32(size) { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
        }
        add(UInt32(36 + 2 * samples.count))
        bytes += Data("WAVEfmt ".utf8)
        let format: [(value: UInt32, size: Int)] = [
            (16, 4), (1, 2), (1, 2), (8_000, 4), (16_000, 4), (2, 2), (16, 2),
        ]
        for field in format { add(field.value, field.size) }
        bytes += Data("data".utf8)
        add(UInt32(2 * samples.count))
        for sample in samples { add(UInt32(UInt16(bitPattern: sample)), 2) }
        let folder = try TemporaryFolder()
        try bytes.write(to: URL(filePath: folder.path("line.wav")))
        let result = try CommandLineTool.run(["inspect", "audio", folder.path("line.wav")])
        #expect(result.code == 0, "\(result.errors)")
        let line = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let value = try #require(line["value"] as? [String: Any])
        let tones = try #require(value["tones"] as? [[String: Any]])
        #expect(tones.map { $0["tone"] as? String } == ["special information tone: general"])
        #expect(value["answeredBy"] as? String == "unknown")
        #expect(value["milliseconds"] as? Int == 1_650)
    }

    @Test(
        "An action that is none, and words that are missing, name their option",
        arguments: [
            (["--on-voicemail", "sing"], "--on-voicemail takes one of message, hangup, converse"),
            (["--on-voicemail", "message"], "needs --message TEXT"),
            (["--on-screening", "introduce"], "needs --introduction TEXT"),
            (["--on-menu", "press"], "--on-menu takes hangup, converse, or telephone keys"),
            (["--speak", "now"], "--speak takes answer or verdict"),
        ])
    func refused(words: [String], text: String) throws {
        let folder = try TemporaryFolder()
        let result = try CommandLineTool.run(
            ["call", "+15551234567", "--trunk", try trunk(folder, port: 9)] + words)
        #expect(result.code == 64)
        #expect(result.errors.contains(text), "\(result.errors)")
    }

    @Test("Campaign settings with a misspelt answering policy are refused, naming file and field")
    func campaignSettings() throws {
        let folder = try TemporaryFolder()
        let settings = try folder.write(#"{"answering": {"voicemail": "shout"}}"#, to: "settings.json")
        let people = try folder.write("phone\n+15551234567\n", to: "people.csv")
        let result = try CommandLineTool.run([
            "campaign", "run", people, "--store", folder.path("store.sqlite"), "--trunk",
            try trunk(folder, port: 9), "--settings", settings,
        ])
        #expect(result.code == 1)
        #expect(
            result.errors.contains("settings.json: answering.voicemail: must be message, hangUp, converse"),
            "\(result.errors)")
    }

    @Test("The trunk's file says how the caller is named and what is withheld; an unknown word is refused")
    func callerIdentity() throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let peer = try CommandLineTool.start(["callee", "busy", "--port", "\(port)"])
        try peer.waitForOutput("listening")
        let file = try trunk(
            folder, port: port,
            #", "callerIdentity": {"header": "asserted", "form": "tel", "privacy": "id"}"#)
        let words = ["call", "+15551234567", "--trunk", file]
        let result = try CommandLineTool.run(words + ["--pcap", folder.path("call.pcap")])
        #expect(result.code == 2, "\(result.errors)")
        let pcap = String(
            decoding: try Data(contentsOf: URL(filePath: folder.path("call.pcap"))), as: UTF8.self)
        #expect(pcap.contains("P-Asserted-Identity: <tel:+15550100>\r\n"))
        #expect(pcap.contains("Privacy: id\r\n"))
        #expect(pcap.contains("anonymous.invalid"))
        _ = try trunk(folder, port: port, #", "callerIdentity": {"privacy": "id; secret"}"#)
        let refused = try CommandLineTool.run(words)
        #expect(refused.code == 1)
        #expect(refused.errors.contains("callerIdentity: privacy is of header"), "\(refused.errors)")
    }
}
