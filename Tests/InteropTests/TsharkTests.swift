import Foundation
import SansIO
import Telephony
import Testing

/// What Wireshark says of the captures.
@Suite("tshark", .timeLimit(.minutes(2)))
struct TsharkTests {
    /// Lines that tshark prints for a filter over a capture, with the media ports of a call taken as RTP from its SDP.
    ///
    /// - Parameter options: Further ones.
    static func lines(
        _ tshark: String, _ capture: String, filter: String, fields: [String] = [], options: [String] = []
    ) throws -> [String] {
        var arguments = ["-r", capture, "-Y", filter] + options
        if !fields.isEmpty { arguments += ["-T", "fields"] + fields.flatMap { ["-e", $0] } }
        let stranger = try Stranger(tshark, arguments)
        let code = stranger.waitForExit(limit: 60)
        #expect(code == 0)
        return stranger.output.split(separator: "\n").map(String.init).filter {
            !$0.contains("Running as user") && !$0.isEmpty
        }
    }

    /// Any free port may be one at which tshark expects something else than SIP, and then it knows no RTP either.
    static func decoding<Value>(_ run: SippRun<Value>) -> [String] { ["-d", "udp.port==\(run.port),sip"] }

    @Test("A captured call has SIP, SDP and RTP, and nothing malformed")
    func nothingMalformed() async throws {
        guard let tshark = try Stranger.find("tshark") else { return }
        let path = URL.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString).pcap").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let capture = try PcapObserver(path: path)
        let run = try await SippRun.call(
            scenario: "callee-answers.xml", options: ["-rtp_echo"], observers: [capture]
        ) { call in
            try await call.answered()
            try await call.audio.write([Int16](repeating: 1_000, count: 16_000))
            try call.sendDigits("1#")
            try await call.sleep(for: .seconds(2))
        }
        guard let run else { return }
        capture.flush()
        let options = Self.decoding(run)
        #expect(try Self.lines(tshark, path, filter: "_ws.malformed", options: options).isEmpty)
        #expect(
            try Self.lines(tshark, path, filter: "_ws.expert.severity >= 8388608", options: options).isEmpty)
        #expect(
            try Self.lines(tshark, path, filter: "sip.Method == \"INVITE\" && sdp", options: options).count
                == 1)
        #expect(try Self.lines(tshark, path, filter: "rtp", options: options).count > 80)
        let digits = try Self.lines(
            tshark, path, filter: "rtpevent && rtpevent.end_of_event == 1", fields: ["rtpevent.event_id"],
            options: options)
        #expect(Set(digits) == ["1", "11"])
    }
}
