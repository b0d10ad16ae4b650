import SIPCore
import Testing

/// A complete OPTIONS request with `lines` among its header fields.
func request(_ lines: String..., method: String = "OPTIONS", body: String = "") -> [UInt8] {
    let head = [
        "\(method) sip:bob@example.com SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK1",
        "From: <sip:a@example.com>;tag=1", "To: <sip:bob@example.com>", "Call-ID: call@192.0.2.4",
        "CSeq: 1 \(method)",
    ]
    return Array(((head + lines).joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
}

@Suite("Typed header fields")
struct TypedHeaderTests {
    struct Address: Equatable {
        var name: String
        var uri: String
        var tag: String?
        var parameters: String
    }

    private func address(_ text: String) throws -> Address {
        let address = try NameAddress.parse(text)
        func cut(_ slice: SIPSlice) -> String {
            String(decoding: Array(text.utf8)[slice.range], as: UTF8.self)
        }
        return Address(
            name: cut(address.displayName), uri: cut(address.uri.text), tag: address.tag.map(cut),
            parameters: cut(address.parameters.slice))
    }

    @Test(
        "Addresses with and without brackets, names and parameters",
        arguments: [
            (
                "\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s",
                Address(
                    name: "\"A. G. Bell\"", uri: "sip:agb@bell-telephone.com", tag: "a48s",
                    parameters: ";tag=a48s")
            ),
            (
                "sip:+12125551212@server.phone2net.com;tag=887s",
                Address(
                    name: "", uri: "sip:+12125551212@server.phone2net.com", tag: "887s",
                    parameters: ";tag=887s")
            ),
            (
                "Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8",
                Address(
                    name: "Anonymous", uri: "sip:c8oqz84zk7z@privacy.org", tag: "hyh8",
                    parameters: ";tag=hyh8")
            ),
            (
                "<sip:a@b;lr;tag=no>", Address(name: "", uri: "sip:a@b;lr;tag=no", tag: nil, parameters: "")
            ),
            (
                "caller<sip:caller@example.com>",
                Address(name: "caller", uri: "sip:caller@example.com", tag: nil, parameters: "")
            ),
            (
                "\"a \\\" < , ; b\" < sip:x@y >; TAG = t ; q=\"1;2\"",
                Address(
                    name: "\"a \\\" < , ; b\"", uri: "sip:x@y", tag: "t", parameters: "; TAG = t ; q=\"1;2\"")
            ),
            ("<sip:bar@foo>;", Address(name: "", uri: "sip:bar@foo", tag: nil, parameters: ";")),
            (
                "L16/8000/2 <sip:a@b>;tag",
                Address(name: "L16/8000/2", uri: "sip:a@b", tag: "", parameters: ";tag")
            ),
        ])
    func addresses(text: String, expected: Address) throws {
        #expect(try address(text) == expected)
        #expect(NameAddress.isValid(text))
    }

    @Test(
        "Malformed addresses say where",
        arguments: [
            ("", 0), ("\"open <sip:a@b>", 0), ("name", 4), ("<sip:a@b", 1), ("<>", 1), ("<sip:a@b>;;x", 10),
            ("<sip:a@b>;=x", 10), ("<sip:a@b> x", 10), ("sip:a@b?c=d", 7), ("\"n\" sip:a@b", 4),
            ("<sip:a@b>;x=\"y", 14), ("<sip:a@b>, <sip:c@d>", 9), ("a, b <sip:c@d>", 1),
        ])
    func malformedAddresses(text: String, offset: Int) {
        #expect(throws: SIPParseError(.malformedValue, at: offset)) { try NameAddress.parse(text) }
        #expect(!NameAddress.isValid(text))
    }

    struct ViaParts: Equatable {
        var transport: Via.Transport
        var host: String
        var port: UInt16?
        var branch: String?
        var received: String?
        var hasRport = false
        var rport: UInt16?
        var ttl: UInt8?
    }

    @Test(
        "Via values",
        arguments: [
            (
                "SIP/2.0/UDP h:5060;branch=z9hG4bK1",
                ViaParts(transport: .udp, host: "h", port: 5060, branch: "z9hG4bK1")
            ),
            (
                "SIP / 2.0 / TCP \t h : 65535 ; branch = b ; rport",
                ViaParts(transport: .tcp, host: "h", port: 65_535, branch: "b", hasRport: true)
            ),
            (
                "SIP/2.0/TLS [2001:db8::9:1]:5061;RECEIVED=[2001:db8::9:255];rport=12;branch=x",
                ViaParts(
                    transport: .tls, host: "2001:db8::9:1", port: 5061, branch: "x",
                    received: "[2001:db8::9:255]",
                    hasRport: true, rport: 12)
            ),
            ("SIP/2.0/sctp h;ttl=16;maddr=224.2.0.1", ViaParts(transport: .sctp, host: "h", ttl: 16)),
            (
                "SIP/2.0/WSS df7jal23ls0d.invalid;branch=q",
                ViaParts(transport: .wss, host: "df7jal23ls0d.invalid", branch: "q")
            ),
            ("SIP/2.0/UNKNOWN h;rport=x;ttl=999", ViaParts(transport: .other, host: "h", hasRport: true)),
            (
                "SIP/2.0/192.0.2.1:9091;branch=b",
                ViaParts(transport: .other, host: "192.0.2.1", port: 9091, branch: "b")
            ),
        ])
    func vias(value: String, expected: ViaParts) throws {
        let octets = Array(value.utf8)
        let via = try Via.parse(octets.span.bytes, SIPSlice(offset: 0, length: UInt16(octets.count)))
        func cut(_ slice: SIPSlice) -> String { String(decoding: octets[slice.range], as: UTF8.self) }
        #expect(
            ViaParts(
                transport: via.transport, host: cut(via.host), port: via.port, branch: via.branch.map(cut),
                received: via.received.map(cut), hasRport: via.hasRport, rport: via.rport, ttl: via.ttl)
                == expected)
    }

    @Test(
        "Malformed Via values say where",
        arguments: [
            ("", 0), ("SIP/2.0", 7), ("SIP/2.0/UDP", 11), ("SIP/2.0/UDP ", 12), ("SIP/2.0/UDP h:x", 14),
            ("SIP/2.0/UDP h:65536", 14), ("SIP/2.0/UDP 2001:db8::1", 17), ("SIP/2.0/UDP h;;x", 14),
            ("SIP/2.0/UDP h;,", 14), ("SIP/2.0/UDP h x", 14),
        ])
    func malformedVias(value: String, offset: Int) {
        let octets = Array(value.utf8)
        #expect(throws: SIPParseError(.malformedValue, at: offset)) {
            try Via.parse(octets.span.bytes, SIPSlice(offset: 0, length: UInt16(octets.count)))
        }
    }

    @Test("A branch names a transaction only with something after the magic cookie")
    func magicCookie() throws {
        for (branch, isUnique) in [
            ("z9hG4bK", false), ("z9hG4bKx", true), ("1234567890", false), ("Z9HG4BKx", true),
        ] {
            let octets = Array("SIP/2.0/UDP h;branch=\(branch)".utf8)
            let via = try Via.parse(octets.span.bytes, SIPSlice(offset: 0, length: UInt16(octets.count)))
            #expect(via.hasUniqueBranch(in: octets.span.bytes) == isUnique, "\(branch)")
        }
    }

    @Test("Lists divide at commas outside quotes and brackets, over several fields")
    func lists() throws {
        let octets = request(
            "Allow: INVITE, ACK,, BYE ,", "aLLOW: NOTIFY", "k: 100rel, \"a,b\"",
            "Record-Route: <sip:p1.example.com;lr>,\r\n <sip:p2.example.com;x=a,b;lr>",
            "Record-Route: <sip:p3.example.com;lr>")
        try withParsed(octets) { message in
            #expect(message.list(of: .allow) == ["INVITE", "ACK", "BYE", "NOTIFY"])
            #expect(message.contains("bye", in: .allow) == true)
            #expect(message.contains("INFO", in: .allow) == false)
            #expect(message.list(of: .supported) == ["100rel", "\"a,b\""])
            #expect(message.list(of: .require) == [])
            #expect(
                message.routeSet() == [
                    "<sip:p1.example.com;lr>", "<sip:p2.example.com;x=a,b;lr>", "<sip:p3.example.com;lr>",
                ])
            var routes = message.values(of: .recordRoute)
            var hosts: [String] = []
            while let route = message.nextAddress(&routes) { hosts.append(message.string(route.uri.host)) }
            #expect(hosts == ["p1.example.com", "p2.example.com", "p3.example.com"])
        }
    }

    @Test("Numbers, reasons, warnings, session timers, acknowledgements of provisional responses")
    func values() throws {
        let octets = request(
            "Expires: 99999999999999999999", "Retry-After: 120 (in a meeting);duration=60",
            "RAck: 776656 1 INVITE", "RSeq: 988789", "x: 1800;refresher=uas", "Min-SE: 90",
            "Timestamp: 54.21 0.5",
            "Reason: SIP ;cause=200 ;text=\"Call completed elsewhere\", Q.850;cause=16;text=\"say \\\"hi\\\"\"",
            "Reason: preemption",
            "Warning: 307 isi.edu \"Session parameter 'foo' not understood\", 1812 overture \"x\"",
            "X-Unknown: one", "x-unknown: two")
        try withParsed(octets) { message in
            #expect(message.expires == .max)
            #expect(message.retryAfter == 120)
            #expect(message.rAck == SIPRAck(responseNumber: 776_656, cSeqNumber: 1, method: .invite))
            #expect(message.rSeq == 988_789)
            #expect(message.sessionExpires == SIPSessionExpires(seconds: 1800, refresher: .uas))
            #expect(message.minimumSessionExpires == 90)
            #expect(message.timestamp == 54.21)
            #expect(
                message.reasons() == [
                    SIPReason(protocolName: "SIP", cause: 200, text: "Call completed elsewhere"),
                    SIPReason(protocolName: "Q.850", cause: 16, text: "say \"hi\""),
                    SIPReason(protocolName: "preemption"),
                ])
            #expect(
                message.warnings() == [
                    SIPWarning(code: 307, agent: "isi.edu", text: "Session parameter 'foo' not understood")
                ])
            #expect(message.value(named: "X-UNKNOWN").map { message.string($0) } == "one")
            #expect(message.value(named: "X-None") == nil)
        }
    }

    @Test("Absent and malformed fields give nil")
    func absent() throws {
        let octets = request(
            "Expires: soon", "RAck: 1 INVITE", "Session-Expires: ;refresher=uac", "Timestamp:", "Warning: x y"
        )
        try withParsed(octets) { message in
            #expect(message.expires == nil && message.rAck == nil && message.sessionExpires == nil)
            #expect(message.timestamp == nil && message.retryAfter == nil && message.rSeq == nil)
            #expect(message.warnings().isEmpty && message.reasons().isEmpty)
            #expect(message.contact == nil && message.maxForwards == nil && message.contentType == nil)
        }
    }

    @Test("Contact is an address, several, or a star")
    func contacts() throws {
        try withParsed(request("m: *")) { #expect($0.hasWildcardContact && $0.contact == nil) }
        let octets = request(
            "Contact: \"Mr. Watson\" <sip:watson@worcester.bell-telephone.com>\r\n ;q=0.7; expires=3600,",
            "Contact: \"Mr. Watson\" <mailto:watson@bell-telephone.com> ;q=0.1")
        try withParsed(octets) { message in
            let first = message.contact
            let contact = try #require(first)
            #expect(message.string(contact.uri.host) == "worcester.bell-telephone.com")
            let expires = contact.parameters.first("EXPIRES", in: message.bytes)?.value
            #expect(expires.map { message.string($0) } == "3600")
            #expect(message.list(of: .contact).count == 2)
        }
    }

    @Test("A media type is compared in any case and keeps its parameters")
    func mediaType() throws {
        try withParsed(request("c: Application/SDP ; charset=\"utf-8\"")) { message in
            let parsed = message.contentType
            let type = try #require(parsed)
            #expect(type.isEqual("application/sdp", in: message.bytes) == true)
            #expect(type.isEqual("application/sd", in: message.bytes) == false)
            let charset = type.parameters.first("charset", in: message.bytes)?.value
            #expect(charset.map { message.unquoted($0) } == "utf-8")
        }
    }

    @Test("Methods: registered ones by name, others by token, case kept")
    func methods() {
        for name in [
            "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "MESSAGE",
            "NOTIFY",
            "SUBSCRIBE", "REFER", "PUBLISH", "invite", "X", "RE%47IST%45R",
        ] {
            #expect(SIPMethod(name)?.description == name)
        }
        #expect(SIPMethod("INVITE") == .invite)
        #expect(SIPMethod("invite") != .invite)
        #expect(SIPMethod("A B") == nil && SIPMethod("") == nil && SIPMethod("A\r\n") == nil)
    }

    @Test("Header names: long and compact forms in any case")
    func headerNames() {
        for (text, name) in [
            ("Via", SIPHeaderName.via), ("v", .via), ("VIA", .via), ("call-id", .callID), ("I", .callID),
            ("www-authenticate", .wwwAuthenticate), ("P-ASSERTED-IDENTITY", .pAssertedIdentity),
            ("p-access-network-info", .pAccessNetworkInfo), ("x", .sessionExpires), ("vi", .unknown),
            ("", .unknown),
            ("Vias", .unknown), ("P-Access-Network-Infos", .unknown),
        ] {
            #expect(SIPHeaderName(text) == name, "\(text)")
        }
        #expect(SIPHeaderName("cseq").description == "CSeq")
    }

    @Test("A status has three digits; its class says what it is")
    func statuses() {
        #expect(SIPStatus(99) == nil && SIPStatus(700) == nil)
        #expect(SIPStatus(486)?.description == "486 Busy Here")
        #expect(SIPStatus(499)?.reasonPhrase == "Bad Request")
        #expect(SIPStatus.ringing.isProvisional && SIPStatus.ok.isSuccess && SIPStatus.decline.isFinal)
        #expect(SIPStatus.unauthorized.isChallenge && !SIPStatus.notFound.isChallenge)
        #expect(SIPStatus(302)?.isRedirection == true && SIPStatus.ok < .busyHere)
    }
}
