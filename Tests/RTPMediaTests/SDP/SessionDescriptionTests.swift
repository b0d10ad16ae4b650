import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("Session description, RFC 8866")
struct SessionDescriptionTests {
    @Test("Every line of a real offer is read, and written back as it stood")
    func roundTrip() throws {
        let text =
            "v=0\r\no=alice 2890844526 2890844527 IN IP4 host.atlanta.example.com\r\ns= \r\n"
            + "c=IN IP4 192.0.2.7\r\nb=AS:64\r\nt=0 0\r\na=tool:x\r\ny=what is this\r\n"
            + "m=audio 49170/2 RTP/AVP 0 8 97 101\r\ni=voice\r\na=rtpmap:97 iLBC/8000\r\n"
            + "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:30\r\na=sendonly\r\n"
            + "m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n"
        let description = try SessionDescription(parsing: Array(text.utf8))
        #expect(description.text == text)
        #expect(
            description.origin
                == SessionDescription.Origin(
                    username: "alice", sessionID: "2890844526", sessionVersion: "2890844527",
                    addressType: "IP4", address: "host.atlanta.example.com"))
        #expect(description.attributes == ["tool:x"])
        let audio = try #require(description.media.first)
        #expect(audio.port == 49_170)
        #expect(audio.portCount == 2)
        #expect(audio.formats == ["0", "8", "97", "101"])
        #expect(audio.codecs.map(\.encodingName) == ["PCMU", "PCMA", "iLBC", "telephone-event"])
        #expect(audio.formatParameters(of: 101) == "0-15")
        #expect(audio.packetTimeMilliseconds == 30)
        #expect(description.direction(of: audio) == .sendonly)
        #expect(description.connection(of: audio)?.address == "192.0.2.7")
        #expect(description.connection(of: description.media[1])?.address == "2001:db8::1")
        #expect(description.direction(of: description.media[1]) == .sendrecv)
    }

    @Test(
        "Lines may end with CRLF, LF or CR, and the last with nothing", arguments: ["\r\n", "\n", "\r"])
    func lineEnds(_ end: String) throws {
        let lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=audio 9 RTP/AVP 0"]
        let description = try SessionDescription(parsing: Array(lines.joined(separator: end).utf8))
        #expect(description.media.map(\.port) == [9])
    }

    @Test(
        "A fault is reported with its byte offset",
        arguments: [
            ("", 0, "v=0"),
            ("o=- 1 1 IN IP4 h\r\n", 0, "v=0"),
            ("v=1\r\n", 2, "version 0"),
            ("v=0\r\ns=-\r\n", 10, "o= line"),
            ("v=0\r\no=- 1 1 IN IP4\r\n", 19, "six fields in o="),
            ("v=0\r\no=- 1x 1 IN IP4 h\r\n", 10, "a number in o="),
            ("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 65536 RTP/AVP 0\r\n", 31, "a port, 0...65535"),
            ("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1/0 RTP/AVP 0\r\n", 33, "a number of ports, 1...65535"),
            ("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1\r\n", 32, "media, port and protocol in m="),
            (
                "v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4\r\n", 31,
                "network type, address type and address in c="
            ),
            ("v=0\r\nm=audio 1 RTP/AVP 0\r\n", 5, "o= before m="),
            ("v=0\r\nhello\r\n", 6, "="),
            ("v=0\r\n =x\r\n", 5, "a type letter"),
            ("v=0\r\no=- 1 1 IN IP4 h\r\no=- 1 1 IN IP4 h\r\n", 23, "one o= line"),
            ("v=0\r\no=- 1 \u{0} IN IP4 h\r\n", 11, "no NUL"),
        ])
    func faults(text: String, offset: Int, expected: String) {
        #expect(throws: SDPError(offset: offset, expected: expected)) {
            try SessionDescription(parsing: Array(text.utf8))
        }
    }

    @Test("Size, lines and media are bounded")
    func limits() {
        let head = "v=0\no=- 1 1 IN IP4 h\n"
        func refusal(_ text: String) -> String? {
            do {
                _ = try SessionDescription(parsing: Array(text.utf8))
                return nil
            } catch {
                return error.expected
            }
        }
        #expect(refusal(head + String(repeating: "m=audio 1 RTP/AVP 0\n", count: 64)) == nil)
        #expect(refusal(head + String(repeating: "m=a 1 b 0\n", count: 65)) == "at most 64 m= lines")
        #expect(refusal(head + String(repeating: "a=\n", count: 4_095)) == "at most 4096 lines")
        #expect(refusal(head + String(repeating: " ", count: 65_536)) == "at most 65535 bytes")
    }

    @Test("RTCP's own port and address are read, RFC 3605")
    func rtcpAttribute() throws {
        let head = "v=0\no=- 1 1 IN IP4 h\nm=audio 9 RTP/AVP 0\na=rtcp:"
        func rtcp(_ value: String) throws -> String? {
            let media = try SessionDescription(parsing: Array((head + value).utf8)).media[0]
            return media.rtcp.map { "\($0.port) \($0.connection?.address ?? "-")" }
        }
        #expect(try rtcp("53020") == "53020 -")
        #expect(try rtcp("53020 IN IP4 126.16.64.4") == "53020 126.16.64.4")
        #expect(try rtcp("0") == nil)
        #expect(try rtcp("70000") == nil)
    }

    @Test("A summary holds what holds for each stream")
    func summary() throws {
        let text =
            "v=0\no=bob 5 6 IN IP4 h\ns=x\nc=IN IP4 192.0.2.7\na=recvonly\n"
            + "m=audio 9 RTP/AVP 8 96\na=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1\n"
        let summary = try SDPSummary(parsing: Array(text.utf8))
        #expect(summary.sessionID == "5")
        #expect(summary.address == "192.0.2.7")
        let audio = try #require(summary.media.first)
        #expect(audio.address == "192.0.2.7")
        #expect(audio.direction == .recvonly)
        #expect(audio.codecs.map(\.name) == ["PCMA", "opus"])
        #expect(audio.codecs.map(\.channels) == [1, 2])
        #expect(audio.codecs[1].parameters == "useinbandfec=1")
    }
}
