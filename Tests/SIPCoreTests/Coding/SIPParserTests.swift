import SIPCore
import TestSupport
import Testing

@Suite("Parsing datagrams")
struct SIPParserTests {
    @Test("The INVITE of RFC 3261 §24.2, F1")
    func example() throws {
        let text = """
            INVITE sip:bob@biloxi.com SIP/2.0\r
            Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8\r
            Max-Forwards: 70\r
            To: Bob <sip:bob@biloxi.com>\r
            From: Alice <sip:alice@atlanta.com>;tag=1928301774\r
            Call-ID: a84b4c76e66710\r
            CSeq: 314159 INVITE\r
            Contact: <sip:alice@pc33.atlanta.com>\r
            Content-Type: application/sdp\r
            Content-Length: 4\r
            \r
            v=0

            """
        let summary = try withParsed(Array(text.utf8)) { SIPMessageSummary($0) }
        var expected = summary
        expected.kind = "request"
        expected.startLine = "INVITE sip:bob@biloxi.com SIP/2.0"
        expected.method = "INVITE"
        expected.requestURI = "sip:bob@biloxi.com"
        expected.callID = "a84b4c76e66710"
        expected.cSeqNumber = 314_159
        expected.cSeqMethod = "INVITE"
        expected.fromURI = "sip:alice@atlanta.com"
        expected.fromTag = "1928301774"
        expected.toURI = "sip:bob@biloxi.com"
        expected.toTag = nil
        expected.viaCount = 1
        expected.branch = "z9hG4bKnashds8"
        expected.contact = "sip:alice@pc33.atlanta.com"
        expected.maxForwards = 70
        expected.contentType = "application/sdp"
        expected.contentLength = 4
        expected.bodyBytes = 4
        expected.status = nil
        expected.reasonPhrase = nil
        #expect(summary == expected)
        #expect(
            summary.headers.map(\.name) == [
                "Via", "Max-Forwards", "To", "From", "Call-ID", "CSeq", "Contact", "Content-Type",
                "Content-Length",
            ])
        #expect(summary.headers[2].value == "Bob <sip:bob@biloxi.com>")
    }

    @Test("A response: status, phrase, method of its CSeq; an empty or absent phrase")
    func responses() throws {
        for (line, phrase) in [
            ("SIP/2.0 486 Busy Here", "Busy Here"), ("SIP/2.0 486 ", ""), ("SIP/2.0 486", ""),
            ("sip/2.0 486 x", "x"),
        ] {
            var octets = request(method: "INVITE")
            octets.replaceSubrange(0..<octets.firstIndex(of: 13)!, with: Array(line.utf8))
            try withParsed(octets) { message in
                #expect(message.isResponse && message.status == .busyHere && message.method == .invite)
                #expect(message.string(message.reasonPhrase) == phrase)
            }
        }
    }

    @Test("Line ends before the message are skipped, octets after it dropped, bare line feeds pass")
    func framing() throws {
        let octets = request("Content-Length: 3", body: "abcdef")
        try withParsed([13, 10, 13, 10] + octets) { message in
            #expect(message.octets(of: message.body) == Array("abc".utf8))
            #expect(message.string(message.startLine) == "OPTIONS sip:bob@example.com SIP/2.0")
        }
        try withParsed(request(body: "all of it")) {
            #expect($0.octets(of: $0.body) == Array("all of it".utf8))
        }
        try withParsed(octets.filter { $0 != 13 }) { #expect($0.body.length == 3) }
    }

    @Test("A workspace is as new for each message, also after one that failed")
    func reuse() throws {
        var message = SIPMessage()
        try message.parse(request("Contact: <sip:a@b>", "Max-Forwards: 9", body: "x").span.bytes)
        #expect(message.contact != nil && message.maxForwards == 9)
        try message.parse(request().span.bytes)
        #expect(message.contact == nil && message.maxForwards == nil && message.body.isEmpty)
        #expect(throws: SIPParseError.self) { try message.parse([1, 2, 3].span.bytes) }
        #expect(message.kind == .none && message.headerCount == 0)
        message.reset()
        #expect(message.bytes.byteCount == 0)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var from: String
        var to: String
        var error: SIPParseError
        var testDescription: String { name }
    }

    /// `request()` with one place changed. There the header fields start at octets 37 (Via), 81 (From), 114 (To),
    /// 141 (Call-ID) and 166 (CSeq), and the whole has 185.
    static let faults = [
        Fault(
            name: "no version", from: " SIP/2.0", to: "",
            error: .init(.malformedStartLine, at: 27, suggestedStatus: .badRequest)),
        Fault(
            name: "SIP/7.0", from: "m SIP/2.0", to: "m SIP/7.0",
            error: .init(.unsupportedVersion, at: 28, suggestedStatus: .versionNotSupported)),
        Fault(
            name: "brackets", from: "sip:bob@example.com S", to: "<sip:b@example.com> S",
            error: .init(.invalidRequestURI, at: 8, suggestedStatus: .badRequest)),
        Fault(
            name: "headers in the URI", from: "@example.com S", to: "@h.com?Rou=x S",
            error: .init(.invalidRequestURI, at: 22, suggestedStatus: .badRequest)),
        Fault(
            name: "two spaces", from: "OPTIONS ", to: "OPTIONS  ",
            error: .init(.malformedStartLine, at: 9, suggestedStatus: .badRequest)),
        Fault(
            name: "CSeq 2^31", from: "CSeq: 1 ", to: "CSeq: 2147483648 ",
            error: .init(.numberOutOfRange, at: 172, header: .cSeq, suggestedStatus: .badRequest)),
        Fault(
            name: "CSeq without number", from: "CSeq: 1 ", to: "CSeq: ",
            error: .init(.malformedValue, at: 172, header: .cSeq, suggestedStatus: .badRequest)),
        Fault(
            name: "method of CSeq", from: "CSeq: 1 OPTIONS", to: "CSeq: 1 INVITE",
            error: .init(.methodMismatch, at: 174, header: .cSeq, suggestedStatus: .badRequest)),
        Fault(
            name: "no From", from: "From", to: "Fron",
            error: .init(.missingHeader, at: 185, header: .from)),
        Fault(
            name: "no Via", from: "Via", to: "Vib", error: .init(.missingHeader, at: 185, header: .via)),
        Fault(
            name: "two To", from: "Call-ID: ", to: "To: <sip:x@y>\r\nCall-ID: ",
            error: .init(.duplicateHeader, at: 141, header: .to, suggestedStatus: .badRequest)),
        Fault(
            name: "no colon", from: "Call-ID: ", to: "Foobar roobar\r\nCall-ID: ",
            error: .init(.malformedHeader, at: 148, suggestedStatus: .badRequest)),
        Fault(
            name: "open quote", from: "To: ", to: "To: \"",
            error: .init(.malformedValue, at: 118, header: .to, suggestedStatus: .badRequest)),
        Fault(
            name: "lone CR", from: "tag=1", to: "tag=\r1",
            error: .init(.bareCarriageReturn, at: 111, suggestedStatus: .badRequest)),
        Fault(
            name: "broken Via", from: "192.0.2.4;", to: "192.0.2.4;;",
            error: .init(.malformedValue, at: 64, header: .via)),
    ]

    @Test("Each fault has its kind, offset, header and status", arguments: faults)
    func fault(_ fault: Fault) throws {
        let text = String(decoding: request(), as: UTF8.self)
        #expect(text.utf8.count == 185)
        let changed = text.replacing(fault.from, with: fault.to, maxReplacements: 1)
        #expect(changed != text)
        var error = fault.error
        #expect(parseError(Array(changed.utf8)) == error)
        // Line ends before the message move the offset along.
        error.byteOffset += 2
        #expect(parseError([13, 10] + Array(changed.utf8)) == error)
    }

    @Test("Nothing is suggested for a response or an ACK")
    func noAnswer() throws {
        let ack = String(decoding: request(method: "ACK"), as: UTF8.self)
        #expect(parseError(Array(ack.replacing("1 ACK", with: "x ACK").utf8))?.suggestedStatus == nil)
        let response = ack.replacing("ACK sip:bob@example.com SIP/2.0", with: "SIP/2.0 200 OK")
        #expect(parseError(Array(response.replacing("1 ACK", with: "x ACK").utf8))?.suggestedStatus == nil)
    }

    @Test("What a response needs stays readable after an error")
    func readableAfterError() throws {
        var message = SIPMessage()
        let octets = request("Max-Forwards: 300", "Contact: <")
        #expect(throws: SIPParseError.self) { try message.parse(octets.span.bytes) }
        #expect(message.text(of: .callID) == "call@192.0.2.4")
        #expect(message.string(message.topVia.host) == "192.0.2.4")
        #expect(message.method == .options)
    }

    @Test(
        "Content-Length",
        arguments: [
            ("Content-Length: 6", "abcde", SIPParseError.Kind.truncatedBody), ("l: -1", "", .malformedValue),
            ("l: 99999999999999999999999", "", .numberOutOfRange), ("l: 1 2", "ab", .malformedValue),
            ("l:", "", .malformedValue), ("l: 0x", "", .malformedValue),
        ])
    func contentLength(line: String, body: String, kind: SIPParseError.Kind) {
        let error = parseError(request(line, body: body))
        #expect(
            error?.kind == kind && error?.header == .contentLength && error?.suggestedStatus == .badRequest)
    }

    @Test(
        "Max-Forwards is at most 255, Content-Length stands once",
        arguments: [
            (["Max-Forwards: 256"], SIPParseError.Kind.numberOutOfRange),
            (["Max-Forwards: x"], .malformedValue),
            (["Max-Forwards: 1", "Max-Forwards: 1"], .duplicateHeader),
            (["l: 0", "Content-Length: 0"], .duplicateHeader),
            (["Content-Type: text"], .malformedValue), (["Route: <sip:a"], .malformedValue),
            (["Contact: sip:a@b?c=d"], .malformedValue), (["Bad Name: x"], .malformedHeader),
            ([": x"], .malformedHeader),
        ])
    func otherFields(lines: [String], kind: SIPParseError.Kind) {
        let error = parseError(request(lines.joined(separator: "\r\n")))
        #expect(error?.kind == kind && error?.suggestedStatus == .badRequest)
    }

    @Test(
        "Not a message at all",
        arguments: [
            ("", SIPParseError.Kind.empty), ("\r\n\r\n", .empty), ("\n", .empty),
            ("hello", .malformedStartLine),
            ("\0\0\0\0", .malformedStartLine), ("INVITE", .malformedStartLine),
            ("SIP/2.0", .malformedStartLine),
            ("SIP/2.0 20 OK\r\n\r\n", .invalidStatusCode),
            ("SIP/2.0 4294967301 x\r\n\r\n", .invalidStatusCode),
            ("SIP/2.0 700 x\r\n\r\n", .invalidStatusCode), ("SIP/3.0 200 OK\r\n\r\n", .unsupportedVersion),
            ("SIP/2.0 200OK\r\n\r\n", .malformedStartLine), ("SIP/2.0 \r\n\r\n", .malformedStartLine),
            ("OPTIONS sip:a@b SIP/2.0\r\n\r\n", .missingHeader),
            ("OPTIONS sip:a@b SIP/2.0\r\nA: b\r\n", .missingHeaderEnd),
            ("OPTIONS sip:a@b SIP/2.0\rA: b\r\r", .bareCarriageReturn),
            ("GET / HTTP/1.1\r\n\r\n", .malformedStartLine),
        ])
    func garbage(text: String, kind: SIPParseError.Kind) {
        #expect(parseError(Array(text.utf8))?.kind == kind)
    }

    @Test("Limits: message, header count, header length, URI, body")
    func limits() {
        var limits = SIPParserLimits()
        limits.maximumMessageBytes = 184
        #expect(parseError(request(), limits: limits)?.kind == .messageTooLarge)
        limits.maximumMessageBytes = 185
        #expect(parseError(request(), limits: limits) == nil)

        limits = SIPParserLimits()
        limits.maximumHeaders = 5
        #expect(parseError(request(), limits: limits) == nil)
        #expect(
            parseError(request("A: b"), limits: limits)
                == SIPParseError(.tooManyHeaders, at: 183, suggestedStatus: .messageTooLarge))

        limits = SIPParserLimits()
        limits.maximumHeaderBytes = 60
        let long = "X: " + String(repeating: "x", count: 56)
        #expect(parseError(request(long.dropLast().description), limits: limits) == nil)
        #expect(
            parseError(request(long), limits: limits)
                == SIPParseError(.headerTooLong, at: 183, suggestedStatus: .messageTooLarge))

        limits = SIPParserLimits()
        limits.maximumURIBytes = 18
        #expect(
            parseError(request(), limits: limits)
                == SIPParseError(.uriTooLong, at: 8, suggestedStatus: .requestURITooLong))

        limits = SIPParserLimits()
        limits.maximumBodyBytes = 2
        #expect(parseError(request("l: 2", body: "xxx"), limits: limits) == nil)
        #expect(parseError(request(body: "xxx"), limits: limits)?.suggestedStatus == .requestEntityTooLarge)
        #expect(parseError([UInt8](repeating: 65, count: 70_000))?.kind == .messageTooLarge)
    }
}
