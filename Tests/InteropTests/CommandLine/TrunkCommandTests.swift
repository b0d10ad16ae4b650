import CallSimulator
import Foundation
import SIPCore
import SansIO
import SocketDriver
import TestSupport
import Testing

@Suite("outdial trunk check", .timeLimit(.minutes(2)))
struct TrunkCommandTests {
    private struct Step: Decodable {
        var kind: String
        var subject: String
        var milliseconds: Double
        var findings: [String]
        var fault: String?
    }

    private struct Verdict: Decodable {
        var trunk: String
        var isUsable: Bool
    }

    /// Runs the check with `--json`.
    ///
    /// - Parameter timeout: Seconds for each answer; short where none is to come.
    private func check(
        _ file: [String: Any], _ options: [String] = [], timeout: Int = 10
    ) throws -> (steps: [Step], verdict: Verdict?, result: CommandLineTool.Result) {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            String(decoding: try JSONSerialization.data(withJSONObject: file), as: UTF8.self),
            to: "trunk.json")
        let result = try CommandLineTool.run(
            ["trunk", "check", path, "--json", "--timeout", "\(timeout)"] + options)
        let lines = result.output.split(separator: "\n").map { Data($0.utf8) }
        let decoder = JSONDecoder()
        return (
            lines.compactMap { try? decoder.decode(Step.self, from: $0) },
            lines.last.flatMap { try? decoder.decode(Verdict.self, from: $0) }, result
        )
    }

    private func peer(credentials: [SIPCredentials] = []) async throws -> (LoopbackPeer, SocketAddress) {
        var configuration = LoopbackPeer.Configuration()
        configuration.credentials = credentials
        let peer = LoopbackPeer(
            driver: try SocketDriver(), callee: CalleeScript(steps: [.answer]), configuration: configuration)
        return (peer, try await peer.start())
    }

    @Test("A trunk that answers OPTIONS is usable; the password stands nowhere")
    func usable() async throws {
        let (peer, address) = try await peer(credentials: [
            SIPCredentials(username: "u", password: "sesame-17")
        ])
        let found = try check([
            "host": "127.0.0.1", "port": Int(address.port), "username": "u", "password": "sesame-17",
        ])
        await peer.stop()
        #expect(found.result.code == 0)
        #expect(found.verdict?.isUsable == true)
        #expect(found.steps.map(\.kind) == ["resolve", "options"])
        let options = try #require(found.steps.last)
        #expect(options.subject == "udp 127.0.0.1:\(address.port)" && options.fault == nil)
        #expect(options.findings.first?.hasPrefix("200 ") == true && options.milliseconds > 0)
        #expect(!(found.result.output + found.result.errors).contains("sesame"))
    }

    @Test("A port where nobody listens is told as no answer, with exit code 1")
    func closed() throws {
        let found = try check(["host": "127.0.0.1", "port": 9], timeout: 1)
        #expect(found.result.code == 1)
        #expect(found.verdict?.isUsable == false)
        #expect(found.steps.last?.fault == "no answer")
    }

    @Test("NAPTR, SRV and addresses are shown in their order, and each server is asked")
    func services() async throws {
        let (peer, address) = try await peer()
        let service = { (priority: UInt16, port: UInt16) in
            DNSRecord.Value.service(
                DNSService(priority: priority, weight: 0, port: port, target: "sip.carrier.example"))
        }
        let rewrite = DNSRewrite(
            order: 1, preference: 1, flags: "S", services: "SIP+D2U", replacement: "_sip._udp.carrier.example"
        )
        let names = TestNameServer(
            driver: try SocketDriver(),
            records: [
                DNSRecord("carrier.example", .rewrite(rewrite)),
                DNSRecord("_sip._udp.carrier.example", service(1, 9)),
                DNSRecord("_sip._udp.carrier.example", service(2, address.port)),
                DNSRecord("sip.carrier.example", .address(.loopback(port: 0))),
            ])
        let server = try await names.start()
        let found = try check(["host": "carrier.example"], ["--name-server", "\(server)"], timeout: 3)
        await names.stop()
        await peer.stop()
        #expect(found.result.code == 0)
        #expect(
            found.steps.map(\.subject) == [
                "NAPTR carrier.example", "SRV _sip._udp.carrier.example", "AAAA sip.carrier.example",
                "A sip.carrier.example", "carrier.example", "udp 127.0.0.1:9",
                "udp 127.0.0.1:\(address.port)",
            ])
        #expect(found.steps[1].findings.first == "SRV 1 0 9 sip.carrier.example (300 s)")
        #expect(found.steps[5].fault == "no answer" && found.steps[6].fault == nil)
    }

    @Test("A name that does not exist, and a name server that lies, are told apart")
    func namesWithoutServers() async throws {
        let names = TestNameServer(driver: try SocketDriver(), records: [])
        let server = try await names.start()
        let absent = try check(["host": "none.example"], ["--name-server", "\(server)"])
        await names.stop()
        #expect(absent.result.code == 1 && absent.steps.last?.fault == "no address: no such name")

        let liar = TestNameServer(driver: try SocketDriver()) { query in
            .bytes([
                UInt8(query.id >> 8), UInt8(query.id & 255), 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12,
            ])
        }
        let address = try await liar.start()
        let lied = try check(["host": "carrier.example"], ["--name-server", "\(address)"])
        await liar.stop()
        #expect(lied.result.code == 1)
        #expect(lied.steps.last?.fault == "no address: malformed answer: bad compression pointer at octet 12")
    }

    @Test("Registering that the trunk refuses makes it unusable, and says why")
    func refusedRegistration() async throws {
        let (peer, address) = try await peer()
        let file: [String: Any] = [
            "host": "127.0.0.1", "port": Int(address.port), "username": "u", "password": "sesame-17",
        ]
        let found = try check(file, ["--register"])
        await peer.stop()
        #expect(found.result.code == 1)
        #expect(found.steps.last?.kind == "register")
        #expect(found.steps.last?.fault?.hasPrefix("refused: 405") == true)
        #expect(!(found.result.output + found.result.errors).contains("sesame"))
    }

    @Test("What people read has a line for each step and a verdict")
    func text() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(#"{ "host": "127.0.0.1", "port": 9 }"#, to: "trunk.json")
        let result = try CommandLineTool.run(["trunk", "check", path, "--timeout", "1"])
        #expect(result.code == 1)
        #expect(
            result.output.contains("FAULT") && result.output.contains("options   udp 127.0.0.1:9: no answer"))
        #expect(result.output.hasSuffix("127.0.0.1: not usable\n"))
        #expect(try CommandLineTool.run(["trunk", "sell", path]).code == 64)
    }

    @Test("Encryption of the audio is one of three words")
    func encryptionWord() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            #"{ "host": "127.0.0.1", "port": 9, "srtp": "perhaps" }"#, to: "trunk.json")
        let result = try CommandLineTool.run(["trunk", "check", path, "--timeout", "1"])
        #expect(result.code == 1)
        #expect(result.errors.contains("srtp is off, optional or required, not perhaps"))
    }

    #if Secure
        @Test("A call over a trunk with \"srtp\" is encrypted from one process to the other")
        func encryptedCall() throws {
            let folder = try TemporaryFolder()
            let port = try Stranger.freePort()
            let peer = try CommandLineTool.start([
                "callee", "confirms", "--port", "\(port)", "--srtp", "required",
            ])
            try peer.waitForOutput("listening")
            let trunk = try folder.write(
                #"{ "host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"], "srtp": "required" }"#,
                to: "trunk.json")
            let agent = try folder.write(
                #"{"steps": [{"say": "Hello."}, {"hangUp": {"status": "done"}}]}"#, to: "agent.json")
            let result = try CommandLineTool.run([
                "call", "+15551234567", "--trunk", trunk, "--from", "+15550100", "--agent", agent,
                "--ring-timeout", "5", "--json",
            ])
            #expect(result.code == 0, "\(result.output) \(result.errors)")
            #expect(result.output.contains(#""cryptoSuite":"AEAD_AES_256_GCM""#), "\(result.output)")
            #expect(!result.output.contains("inline:"))
        }
    #endif
}
