import Foundation
import SansIO
import Telephony
import Testing

/// Kamailio takes the copies that the HEP observer sends.
@Suite("HEP to a capture server", .timeLimit(.minutes(1)))
struct HEPCaptureTests {
    @Test(
        "Every message of a call is unpacked by a capture server, with its Call-ID and the address that sent it"
    )
    func call() async throws {
        guard let kamailio = try Stranger.find("kamailio") else { return }
        let folder = try TemporaryFolder()
        let (server, port) = try Stranger.listening(kamailio) { port in
            let configuration = try Stranger.fixture(
                "hep-capture.cfg", replacing: ["CAPTURE_PORT": "\(port)", "CAPTURE_FOLDER": folder.path("")])
            try FileManager.default.moveItem(
                at: configuration, to: URL(filePath: folder.path("\(port).cfg")))
            return ["-f", folder.path("\(port).cfg"), "-D", "-E"]
        }
        defer { server.stop() }
        // Its script prints SIP alone; a call that is long enough ends with RTCP too.
        let observer = HEPObserver(
            server: .loopback(port: port), writer: HEPWriter(captureID: 42, authenticationKey: "key"),
            kinds: [.sip])
        let ladder = Locked<[CallID: String]>([:])
        let keeper = LadderObserver { _, found in
            ladder.withLock { $0["ladder"] = found.entries.map(\.startLine).joined(separator: "\n") }
        }
        let run = try await SippRun.call(scenario: "callee-answers.xml", observers: [observer, keeper]) {
            call in
            try await call.answered()
        }
        guard run != nil else { return }
        let messages = ladder.withLock { $0["ladder"] ?? "" }.split(separator: "\n")
        #expect(messages.count >= 5)
        // Messages that come after a call's end are in no ladder.
        let sent = observer.packetsSent
        #expect(sent >= messages.count && observer.packetsLost == 0)
        let deadline = Date().addingTimeInterval(10)
        func captured() -> [String] {
            server.output.split(separator: "\n").filter { $0.contains("captured ") }.map(String.init)
        }
        while captured().count < sent, Date() < deadline { usleep(20_000) }
        let lines = captured()
        #expect(lines.count == sent, "\(server.output)")
        for word in ["captured INVITE ", "captured 200 ", "captured ACK ", "captured BYE "] {
            #expect(
                lines.contains { $0.contains(word) && $0.contains(" from 127.0.0.1:") }, "\(word): \(lines)")
        }
        let identifiers = Set(
            lines.compactMap { line -> String? in
                line.components(separatedBy: "captured ").last?.split(separator: " ").dropFirst().first.map(
                    String.init)
            })
        #expect(identifiers.count == 1, "one Call-ID: \(identifiers)")
    }
}
