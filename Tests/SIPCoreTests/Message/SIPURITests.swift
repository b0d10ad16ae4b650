import SIPCore
import Testing

@Suite("SIP URIs, RFC 3261 §19.1")
struct SIPURITests {
    /// The parts of a URI as text.
    struct Parts: Equatable {
        var scheme: SIPURI.Scheme
        var user: String?
        var password: String?
        var host = ""
        var port: UInt16?
        var parameters = ""
        var headers = ""
    }

    private func cut(_ text: String, _ slice: SIPSlice) -> String {
        String(decoding: Array(text.utf8)[slice.range], as: UTF8.self)
    }

    private func parts(_ text: String) throws -> Parts {
        let uri = try SIPURI.parse(text)
        return Parts(
            scheme: uri.scheme, user: uri.user.map { cut(text, $0) },
            password: uri.password.map { cut(text, $0) },
            host: cut(text, uri.host), port: uri.port, parameters: cut(text, uri.parameters),
            headers: cut(text, uri.headers))
    }

    @Test(
        "Every part is found",
        arguments: [
            ("sip:alice@atlanta.com", Parts(scheme: .sip, user: "alice", host: "atlanta.com")),
            (
                "sip:alice:secretword@atlanta.com;transport=tcp",
                Parts(
                    scheme: .sip, user: "alice", password: "secretword", host: "atlanta.com",
                    parameters: ";transport=tcp")
            ),
            (
                "SIPS:alice@atlanta.com?subject=project%20x&priority=urgent",
                Parts(
                    scheme: .sips, user: "alice", host: "atlanta.com",
                    headers: "subject=project%20x&priority=urgent")
            ),
            (
                "sip:+1-212-555-1212:1234@gateway.com;user=phone",
                Parts(
                    scheme: .sip, user: "+1-212-555-1212", password: "1234", host: "gateway.com",
                    parameters: ";user=phone")
            ),
            (
                "sip:1212@[2001:db8::10]:5070",
                Parts(scheme: .sip, user: "1212", host: "2001:db8::10", port: 5070)
            ),
            ("sip:[2001:db8::10:5070]", Parts(scheme: .sip, host: "2001:db8::10:5070")),
            ("sip:192.0.2.4:0", Parts(scheme: .sip, host: "192.0.2.4", port: 0)),
            (
                "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
                Parts(
                    scheme: .sip, host: "atlanta.com", parameters: ";method=REGISTER",
                    headers: "to=alice%40atlanta.com")
            ),
            (
                "sip:alice;day=tuesday@atlanta.com",
                Parts(scheme: .sip, user: "alice;day=tuesday", host: "atlanta.com")
            ),
            (
                "sip:a?b/c;d@h;x?y=z",
                Parts(scheme: .sip, user: "a?b/c;d", host: "h", parameters: ";x", headers: "y=z")
            ),
            ("tel:+1-201-555-0123;ext=5", Parts(scheme: .tel, user: "+1-201-555-0123", parameters: ";ext=5")),
            ("urn:service:sos", Parts(scheme: .other, host: "service:sos")),
            ("soap.beep://192.0.2.103:3002", Parts(scheme: .other, host: "//192.0.2.103:3002")),
            ("sip:a:@h", Parts(scheme: .sip, user: "a", password: "", host: "h")),
            ("127.0.0.1:5060", Parts(scheme: .other, host: "127.0.0.1:5060")),
        ])
    func structure(text: String, expected: Parts) throws {
        #expect(try parts(text) == expected)
    }

    @Test(
        "A URI against the grammar is refused where it goes wrong",
        arguments: [
            ("", 0), ("sip:", 4), ("sip:@", 5), ("sip:a@", 6), ("sip:a b@h", 5), ("sip:h:port", 6),
            ("sip:h:65536", 6), ("sip:h:", 6), ("sip:[::1", 8), ("sip:[]", 5), ("sip:[g]", 5),
            ("sip:[::1]x", 9),
            ("sip:2001:db8::10", 9), ("sip:a@b@c", 7), ("sip:h/path", 5), ("tel:", 4), ("tel:x", 4),
            ("sip:a\r\nb@h", 5), ("sip:h;a=\"b", 8), ("sip:h<", 5), ("sip:h;\u{7F}", 6), ("urn:", 4),
            ("a b", 1),
        ])
    func malformed(text: String, offset: Int) {
        #expect(throws: SIPParseError(.malformedValue, at: offset)) { try SIPURI.parse(text) }
        #expect(!SIPURI.isValid(text))
    }

    @Test("Text is a URI only with a scheme")
    func validity() {
        #expect(SIPURI.isValid("sip:+15551234567@carrier.example"))
        #expect(SIPURI.isValid("tel:+15551234567"))
        #expect(!SIPURI.isValid("carrier.example"))
        #expect(!SIPURI.isValid("sip:a@b\r\nVia: x"))
    }

    @Test("Parameters are found by name in any case; a flag has an empty value")
    func parameters() throws {
        let text = "sip:h;lr;;Transport=TCP;maddr=192.0.2.1;x="
        let uri = try SIPURI.parse(text)
        func value(_ name: String) -> String? {
            uri.parameter(name, in: Array(text.utf8).span.bytes).map { cut(text, $0) }
        }
        #expect(value("lr") == "")
        #expect(value("transport") == "TCP")
        #expect(value("MADDR") == "192.0.2.1")
        #expect(value("x") == "")
        #expect(value("mad") == nil)
    }

    @Test(
        "Equivalence, the examples of RFC 3261 §19.1.4",
        arguments: [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true
            ),
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false),
            ("sip:bob@h", "sips:bob@h", false), ("sip:h", "sip:@h", false), ("sip:a@h", "sip:a:@h", false),
            ("urn:service:sos", "urn:service:sos", true), ("urn:service:sos", "urn:service:SOS", false),
        ])
    func equivalence(left: String, right: String, isEquivalent: Bool) throws {
        let (one, two) = (Array(left.utf8), Array(right.utf8))
        let (first, second) = (try SIPURI.parse(left), try SIPURI.parse(right))
        #expect(first.isEquivalent(in: one.span.bytes, to: second, in: two.span.bytes) == isEquivalent)
        #expect(second.isEquivalent(in: two.span.bytes, to: first, in: one.span.bytes) == isEquivalent)
    }
}
