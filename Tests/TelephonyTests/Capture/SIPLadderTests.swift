import SansIO
import Telephony
import Testing

@Suite("SIP ladder")
struct SIPLadderTests {
    private static let us = SocketAddress(ipv4: 0x7F00_0001, port: 5_080)
    private static let trunk = SocketAddress(ipv4: 0x7F00_0001, port: 5_060)

    private static func at(_ milliseconds: Int64) -> WallClockInstant {
        WallClockInstant(nanosecondsSinceEpoch: 1_700_000_000_000_000_000 + milliseconds * 1_000_000)
    }

    private static let invite = Array(
        ("INVITE sip:+15550100@127.0.0.1 SIP/2.0\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n"
            + "v=0\r\nCSeq: 9 WRONG\r\n").utf8)
    private static let ok = Array("SIP/2.0 200 OK\r\ncseq:1 INVITE\r\nc: application/sdp\r\n\r\n".utf8)
    private static let bye = Array("BYE sip:a@127.0.0.1:5080 SIP/2.0\nCSeq : 7 BYE\n\n".utf8)

    @Test("One line a message: time, arrow, start line, CSeq")
    func text() {
        var ladder = SIPLadder()
        ladder.append(Self.invite.span.bytes, from: Self.us, to: Self.trunk, at: Self.at(0))
        ladder.append(Self.ok.span.bytes, from: Self.trunk, to: Self.us, at: Self.at(1_234))
        ladder.append(Self.bye.span.bytes, from: Self.trunk, to: Self.us, at: Self.at(12_000))
        let expected = """
                                127.0.0.1:5080                127.0.0.1:5060
            +0.000000                  |------- INVITE (SDP) ------->|   INVITE sip:+15550100@127.0.0.1 SIP/2.0  [1 INVITE]
            +1.234000                  |<------ 200 OK (SDP) --------|   SIP/2.0 200 OK  [1 INVITE]
            +12.000000                 |<----------- BYE ------------|   BYE sip:a@127.0.0.1:5080 SIP/2.0  [7 BYE]

            """
        #expect(ladder.text == expected)
    }

    @Test("Three participants have three lifelines")
    func participants() {
        var ladder = SIPLadder()
        let other = SocketAddress(ipv4: 0x7F00_0002, port: 5_060)
        ladder.append(Self.invite.span.bytes, from: Self.us, to: Self.trunk, at: Self.at(0))
        ladder.append(Self.bye.span.bytes, from: other, to: Self.us, at: Self.at(0))
        let lines = ladder.text.split(separator: "\n")
        #expect(lines[0].hasSuffix("127.0.0.2:5060"))
        #expect(lines[1].contains(">|                             |"))
        #expect(lines[2].contains("|<-------------------------- BYE"))
    }

    @Test("Whatever arrives makes one line, and no more lines than the limit")
    func bounds() {
        var ladder = SIPLadder(limit: 3)
        let messages: [[UInt8]] = [
            [], [0, 1, 2, 0xFF, 0x1B], [UInt8](repeating: 0x41, count: 60_000), Self.bye, Self.bye,
        ]
        for message in messages {
            ladder.append(message.span.bytes, from: Self.us, to: Self.us, at: Self.at(0))
        }
        #expect(ladder.entries.count == 3)
        #expect(ladder.omitted == 2)
        #expect(ladder.entries[1].startLine.hasPrefix("..."))
        #expect(ladder.entries[2].startLine.count == 160)
        #expect(ladder.text.split(separator: "\n").count == 5)
        #expect(ladder.text.hasSuffix("(2 more)\n"))
    }

    private static func ended(_ id: CallID) -> CallRecord {
        CallRecord(
            id: id, sipCallID: "x", to: "1", from: "2",
            outcome: CallOutcome(id: id, disposition: .answered, endedBy: .us))
    }

    @Test("The observer hands over each call's ladder when it ends, and forgets the oldest call at its limit")
    func observer() {
        let ladders = Locked<[(CallID, SIPLadder)]>([])
        let observer = LadderObserver(callLimit: 2) { id, ladder in
            ladders.withLock { $0.append((id, ladder)) }
        }
        func message(_ id: String?, _ kind: DatagramKind = .sip) {
            observer.datagram(
                .sent, Self.bye.span.bytes, local: Self.us, remote: Self.trunk, kind: kind,
                call: id.map { CallID($0) }, at: Self.at(0))
        }
        message("one")
        message("two")
        message("two")
        message("two", .rtp)
        message(nil)
        message("three")
        #expect(observer.ladder(of: CallID("two"))?.entries.count == 2)
        for id in ["one", "two", "three"] { observer.callEnded(Self.ended(CallID(id))) }
        let found = ladders.withLock { $0 }
        #expect(found.map(\.0) == [CallID("two"), CallID("three")])
        #expect(found.map(\.1.entries.count) == [2, 1])
        #expect(observer.ladder(of: CallID("two")) == nil)
    }

    @Test(
        "Ladders go to files named after the call, wherever its id would lead; the first failure is reported")
    func files() throws {
        let folder = try TemporaryFolder()
        let observer = LadderObserver(directory: folder.path("."))
        let id = CallID("../evil id")
        observer.datagram(
            .received, Self.ok.span.bytes, local: Self.us, remote: Self.trunk, kind: .sip, call: id,
            at: Self.at(0))
        observer.callEnded(Self.ended(id))
        #expect(try folder.text("_._evil_id.ladder.txt").contains("200 OK"))

        let failures = Locked(0)
        let broken = LadderObserver(directory: "/no/such/folder") { _ in failures.withLock { $0 += 1 } }
        for id in ["a", "b"] {
            broken.datagram(
                .sent, Self.ok.span.bytes, local: Self.us, remote: Self.trunk, kind: .sip, call: CallID(id),
                at: Self.at(0))
            broken.callEnded(Self.ended(CallID(id)))
        }
        #expect(failures.withLock { $0 } == 1)
    }
}
