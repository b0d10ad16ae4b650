import Foundation
import SansIO
import Telephony
import TestSupport
import Testing

/// Telephone keys to and from sipp, which sends those of its own captures.
@Suite("sipp and telephone keys", .serialized, .timeLimit(.minutes(1)))
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
        let events = EventRecorder()
        let keys = KeyPackets()
        let run = try await SippRun.call(
            scenario: "callee-plays.xml", replacing: ["PCAP": played.path],
            observers: [capture, events, keys]
        ) { call in
            try await call.answered()
            try call.sendDigits("4*")
            _ = try await eventually(20) {
                let isHeard = events.events.contains { if case .digit = $0 { true } else { false } }
                return isHeard && keys.sent >= 14
            }
            // A copy of the key that is taken for another one would come by then.
            try await call.sleep(for: .milliseconds(300))
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
                options: TsharkTests.decoding(run)))
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

/// Counts the packets of telephone events that a dialer sends.
private final class KeyPackets: CallObserver {
    /// Their payload type in the answers of our scenarios.
    private static let payloadType: UInt8 = 101
    // Guards the count; the dialer's loop writes, the test reads.
    private let count = Locked(0)

    let wantsDatagrams = true
    var sent: Int { count.withLock { $0 } }

    func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        guard direction == .sent, kind == .rtp, bytes.byteCount > 12 else { return }
        let type = bytes.withUnsafeBytes { $0[1] & 0x7F }
        if type == Self.payloadType { count.withLock { $0 += 1 } }
    }
}
