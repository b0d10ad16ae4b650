import Foundation
import SIPCore
import SansIO
import TestSupport
import Testing

@Suite("Writing messages")
struct SIPSerializerTests {
    private func write(_ body: (inout SIPSerializer) -> Void) throws -> String {
        var bytes: [UInt8] = []
        let range = try SIPSerializer.append(to: &bytes, body)
        #expect(range == 0..<bytes.count)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("A request stands as it was written, piece by piece")
    func request() throws {
        let text = try write { message in
            message.requestLine(.invite, uri: "sip:bob@biloxi.example")
            message.beginHeader(.via)
            message.append("SIP/2.0/UDP pc33.atlanta.example:")
            message.append(number: 5060)
            message.endHeader(.via)
            message.header(.maxForwards, 70)
            message.header(.callID, "a84b4c76e66710")
            message.header(named: "X-Campaign", "spring")
            message.headers([SIPHeaderField(name: "Subject", value: "")])
            message.end(SIPBody(contentType: "application/sdp", bytes: Array("v=0\r\n".utf8)))
        }
        #expect(
            text == """
                INVITE sip:bob@biloxi.example SIP/2.0\r
                Via: SIP/2.0/UDP pc33.atlanta.example:5060\r
                Max-Forwards: 70\r
                Call-ID: a84b4c76e66710\r
                X-Campaign: spring\r
                Subject: \r
                Content-Type: application/sdp\r
                Content-Length: 5\r
                \r
                v=0\r

                """)
    }

    @Test("A status line carries the registered phrase or ours; a message without body says so")
    func response() throws {
        #expect(
            try write {
                $0.statusLine(.busyHere)
                $0.end()
            } == "SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n")
        #expect(
            try write {
                $0.statusLine(.ok, reason: "Fine")
                $0.end(nil)
            } == "SIP/2.0 200 Fine\r\nContent-Length: 0\r\n\r\n")
    }

    @Test("Numbers are written in decimal, whatever their length and sign")
    func numbers() throws {
        let text = try write { message in
            for number in [0, 7, 10, 314_159, -42, Int.max, Int.min] {
                message.append(number: number)
                message.append(" ")
            }
        }
        #expect(text == "0 7 10 314159 -42 9223372036854775807 -9223372036854775808 ")
    }

    @Test("A message goes behind what the array holds, and a failed one leaves it as it was")
    func appendsAndRollsBack() throws {
        var bytes: [UInt8] = Array("before".utf8)
        let range = try SIPSerializer.append(to: &bytes) {
            $0.statusLine(.trying)
            $0.end()
        }
        #expect(range.lowerBound == 6)
        let whole = bytes
        #expect(throws: SIPSerializeError.lineBreak(field: "Subject")) {
            try SIPSerializer.append(to: &bytes) {
                $0.statusLine(.trying)
                $0.header(.subject, "x\r\nVia: evil")
            }
        }
        #expect(bytes == whole)
    }

    @Test(
        "No value can become a second header field",
        arguments: [
            "a\r\nb", "a\nb", "a\rb", "long enough for a whole word of eight\n", "\u{E9}\u{E9}\u{E9}\u{E9}\n",
        ])
    func injection(value: String) {
        var bytes: [UInt8] = []
        #expect(throws: SIPSerializeError.lineBreak(field: "To")) {
            try SIPSerializer.append(to: &bytes) { $0.header(.to, value) }
        }
        #expect(throws: SIPSerializeError.lineBreak(field: "X-A")) {
            try SIPSerializer.append(to: &bytes) { $0.header(named: "X-A", value) }
        }
        #expect(throws: SIPSerializeError.lineBreak(field: "reason phrase")) {
            try SIPSerializer.append(to: &bytes) { $0.statusLine(.ok, reason: value) }
        }
        #expect(throws: SIPSerializeError.invalidStartLine) {
            try SIPSerializer.append(to: &bytes) { $0.requestLine(.bye, uri: value) }
        }
        #expect(bytes.isEmpty)
    }

    @Test("A name is a token, a URI has no space, a message fits a datagram")
    func refusals() {
        var bytes: [UInt8] = []
        for name in ["", "A B", "A:", "A\r\n"] {
            #expect(throws: SIPSerializeError.invalidName(name)) {
                try SIPSerializer.append(to: &bytes) { $0.header(named: name, "x") }
            }
        }
        for uri in ["", "sip:a b", "sip:a\u{7F}"] {
            #expect(throws: SIPSerializeError.invalidStartLine) {
                try SIPSerializer.append(to: &bytes) { $0.requestLine(.bye, uri: uri) }
            }
        }
        #expect(throws: SIPSerializeError.messageTooLarge(bytes: 70_011)) {
            try SIPSerializer.append(to: &bytes) {
                $0.header(.subject, String(repeating: "x", count: 70_000))
            }
        }
    }

    private let options = Array(
        """
        OPTIONS sip:bob@192.0.2.7 SIP/2.0\r
        Via: SIP/2.0/UDP 10.0.0.9:5070;rport;branch=z9hG4bKa , SIP/2.0/TCP [2001:db8::1];branch=z9hG4bKb\r
        v: SIP/2.0/UDP last.example\r
        From: <sip:a@example.com>;tag=1\r
        To: Bob\r
          <sip:bob@example.com>\r
        Call-ID: x@10.0.0.9\r
        CSeq: 7 OPTIONS\r
        \r

        """.utf8)

    @Test("A response names the source of the request in the topmost Via, RFC 3581")
    func responseVias() throws {
        let source = try #require(SocketAddress(host: "192.0.2.33", port: 40_000))
        let text = try withParsed(options) { request in
            try write { message in
                message.copyVias(from: request, receivedFrom: source)
                message.copyTo(from: request, tag: "abc")
                message.copyHeaders(.cSeq, from: request)
            }
        }
        #expect(
            text == """
                Via: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKa;received=192.0.2.33;rport=40000\r
                Via: SIP/2.0/TCP [2001:db8::1];branch=z9hG4bKb\r
                Via: SIP/2.0/UDP last.example\r
                To: Bob <sip:bob@example.com>;tag=abc\r
                CSeq: 7 OPTIONS\r

                """)
    }

    @Test("Real messages parsed, written and parsed again keep every field")
    func roundTrip() throws {
        guard let list = try TestData.url("sip/messages.csv") else { return }
        var count = 0
        for row in try TestData.rows(list) where row["expect"] == "accept" {
            let file = try #require(row["file"])
            let url = list.deletingLastPathComponent().appending(path: "messages/\(file)")
            let octets = try TestData.bytes(url)
            var written: [UInt8] = []
            let before = try withParsed(octets) { message in
                _ = try SIPSerializer.append(to: &written) { $0.copy(message) }
                return (SIPMessageSummary(message), message.octets(of: message.body))
            }
            let after = try withParsed(written) { ($0.summary, $0.octets(of: $0.body)) }
            #expect(before.1 == after.1, "\(file)")
            #expect(before.0.withoutSpelling == after.0.withoutSpelling, "\(file)")
            count += 1
        }
        #expect(count == 289)
    }
}

extension SIPMessage {
    var summary: SIPMessageSummary { SIPMessageSummary(self) }

    func octets(of slice: SIPSlice) -> [UInt8] { bytes(of: slice).withUnsafeBytes { Array($0) } }
}

extension SIPMessageSummary {
    /// Without what writing changes on purpose: spelling of known names, Content-Length.
    fileprivate var withoutSpelling: Self {
        var copy = self
        copy.contentLength = nil
        copy.headers = headers.map { Header(name: SIPHeaderName($0.name).description, value: $0.value) }
            .filter { $0.name != "Content-Length" }
        return copy
    }
}
