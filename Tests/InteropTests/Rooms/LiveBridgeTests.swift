import CallSimulator
import Foundation
import RTPMedia
import SansIO
import SocketDriver
import Telephony
import TestSupport
import Testing

@Suite("Bridges over real sockets", .serialized, .timeLimit(.minutes(1)))
struct LiveBridgeTests {
    private static let pitches = [500.0, 830]

    @Test(
        "The tone of one far end is heard at the other, both ways, on one media loop and on two",
        arguments: [1, 2])
    func bridge(loops: Int) async throws {
        var hosting = LoopbackPeer.Configuration()
        hosting.keepsAudio = true
        let scripts = Self.pitches.enumerated().map { index, hertz in
            ("\(index)", CalleeScript(steps: [.answer, .beep(hertz: hertz, .seconds(30))]))
        }
        let peer = LoopbackPeer(
            driver: try SocketDriver(), directory: CalleeDirectory(Dictionary(uniqueKeysWithValues: scripts)),
            configuration: hosting)
        let address = try await peer.start()
        var configuration = DialerConfiguration()
        configuration.mediaLoops = loops
        let dialer = Dialer(
            trunk: Trunk(name: "loopback", host: address.host, port: address.port, numbers: ["+15550100"]),
            configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            _ = try await dialer.call(CallRequest(to: "0")) { first in
                try await first.answered()
                _ = try await dialer.call(CallRequest(to: "1")) { second in
                    try await second.answered()
                    try await withThrowingTaskGroup(of: Void.self) { bridge in
                        bridge.addTask { try await first.bridge(with: second) }
                        try await first.sleep(for: .milliseconds(1_500))
                        bridge.cancelAll()
                    }
                }
            }
            await dialer.shutDown()
            try await group.waitForAll()
        }
        await peer.stop()
        for report in peer.reports {
            let other = Self.pitches[report.number == "0" ? 1 : 0]
            // A crowded machine may lose a frame here and there.
            let heard = report.heard.samples.suffix(10_000).dropLast(1_600)
            #expect(Pitch.level(of: other, in: heard, rateHertz: 8_000) > -26, "\(report.number)")
            #expect(Pitch.level(of: 1_210, in: heard, rateHertz: 8_000) < -45)
        }
        #expect(peer.reports.count == 2)
    }

    @Test("outdial call --bridge-to connects two numbers: the tone of one is in the recording of the other")
    func commandLine() throws {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let script = CalleeScript(steps: [
            .answer, .wait(.milliseconds(300)), .beep(hertz: 700, .seconds(2)), .hangUp,
        ])
        let callee = try folder.write(
            String(decoding: try JSONEncoder().encode(script), as: UTF8.self), to: "callee.json")
        let peer = try CommandLineTool.start(["callee", callee, "--port", "\(port)"])
        try peer.waitForOutput("listening")
        let trunk = try folder.write(
            #"{"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"]}"#, to: "trunk.json")
        let result = try CommandLineTool.run([
            "call", "+15551234567", "--trunk", trunk, "--bridge-to", "+15557654321", "--record",
            folder.path("audio"), "--max-duration", "30", "--json",
        ])
        #expect(result.output.contains(#""to":"+15551234567""#), "\(result.output) \(result.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("audio"))
        #expect(names.count == 2)
        for name in names {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.path("audio") + "/" + name)))
            let file = try WAVFile(parsing: bytes)
            for channel in 0..<2 {
                let tone = file.channel(channel).filter { $0.magnitude > 500 }
                #expect(tone.count > 8_000, "a second of the other's tone at least in channel \(channel)")
            }
        }
    }
}
