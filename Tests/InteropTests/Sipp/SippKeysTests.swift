import Foundation
import SansIO
import Telephony
import TestSupport
import Testing

/// Telephone keys to and from sipp, which sends those of its own captures.
@Suite("sipp and telephone keys", .serialized)
struct SippKeysTests {
    @Test(
        "A key of sipp's capture is heard once; ours go out on the timeline of RFC 4733",
        arguments: ["7", "#"])
    func keys(key: Character) async throws {
        let name = key == "#" ? "pound" : String(key)
        guard let tshark = try Stranger.find("tshark"),
            let played = try TestData.installed("/usr/share/sip-tester/dtmf_2833_\(name).pcap")
        else { return }
        // sipp plays captures through a raw socket.
        guard geteuid() == 0 else { return print("skipped \(#function): sipp plays captures as root alone") }
        let path = URL.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString).pcap").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let capture = try PcapObserver(path: path)
        let run = try await SippRun.call(
            scenario: "callee-plays.xml", replacing: ["PCAP": played.path], observers: [capture]
        ) { call in
            try await call.answered()
            try call.sendDigits("4*")
            try await call.sleep(for: .milliseconds(600))
            call.hangUp()
            var heard = ""
            for await event in call.events {
                if case .digit(let digit) = event.kind { heard.append(digit) }
            }
            return heard
        }
        guard let run else { return }
        capture.flush()
        #expect(run.result.outcome.disposition == .answered)
        #expect(run.exitCode == 0, "\(run.output)")
        #expect(run.result.value == String(key), "\(run.output)")
        try Self.checkTimeline(
            of: TsharkTests.lines(
                tshark, path, filter: "rtpevent && rtp.ssrc != 0x0e05384e",
                fields: [
                    "rtpevent.event_id", "rtp.marker", "rtpevent.end_of_event", "rtpevent.volume",
                    "rtpevent.duration", "rtp.seq", "rtp.timestamp",
                ],
                // Any free port may be one at which tshark expects something else than SIP, and then it knows no RTP.
                options: ["--enable-heuristic", "rtp_udp"]))
    }

    /// - Parameter lines: Event, marker, end, volume, duration, sequence and timestamp of each packet of ours.
    private static func checkTimeline(of lines: [String]) throws {
        let packets = lines.map { $0.split(separator: "\t").compactMap { Int($0) } }
        try #require(packets.count == 14 && packets.allSatisfy { $0.count == 7 }, "\(lines)")
        #expect(packets.map { $0[0] } == Array(repeating: 4, count: 7) + Array(repeating: 10, count: 7))
        for key in [packets[..<7], packets[7...]] {
            #expect(key.map { $0[1] } == [1, 0, 0, 0, 0, 0, 0])
            #expect(key.map { $0[2] } == [0, 0, 0, 0, 1, 1, 1])
            #expect(key.allSatisfy { $0[3] == 10 })
            #expect(key.map { $0[4] } == [160, 320, 480, 640, 800, 800, 800])
            #expect(Set(key.map { $0[6] }).count == 1)
            let first = try #require(key.first)
            #expect(key.map { ($0[5] - first[5]) & 0xFFFF } == [0, 1, 2, 3, 4, 5, 6])
        }
        // 100 ms of the key and 100 ms to the next, three packets of audio among them.
        #expect((packets[7][6] - packets[0][6]) & 0xFFFF_FFFF == 1_600)
        #expect((packets[7][5] - packets[0][5]) & 0xFFFF == 10)
    }
}
