import SIPCore
import Testing

@Suite("Replaces and Refer-To, RFC 3891 §6.1, RFC 3515 §2.1")
struct TransferValueTests {
    @Test(
        "Values of Replaces as RFC 3891 §6.1 writes them",
        arguments: [
            (
                "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff", "98732@sip.example.com", "ff87ff",
                "r33th4x0r", false
            ),
            ("12adf2f34456gs5;to-tag=12345;from-tag=54321", "12adf2f34456gs5", "12345", "54321", false),
            (
                "87134@171.161.34.23;to-tag=24796;from-tag=0;early-only", "87134@171.161.34.23", "24796", "0",
                true
            ),
            ("a@b ; To-Tag=1 ; FROM-TAG=2 ; x=y", "a@b", "1", "2", false),
        ])
    func replaces(value: String, callID: String, to: String, from: String, isEarlyOnly: Bool) {
        let read = SIPReplaces(value)
        #expect(read == SIPReplaces(callID: callID, toTag: to, fromTag: from, isEarlyOnly: isEarlyOnly))
        #expect(read.flatMap { SIPReplaces($0.headerValue) } == read)
    }

    @Test(
        "No value of Replaces",
        arguments: [
            "", "a@b", "a@b;to-tag=1", "a@b;from-tag=1", "a@b;to-tag=1;to-tag=2;from-tag=3",
            "a@b;to-tag=1;from-tag=2;from-tag=2", ";to-tag=1;from-tag=2", "a b;to-tag=1;from-tag=2",
            "a@b;to-tag=;from-tag=2", "a@b;to-tag;from-tag=2",
            "a@b;to-tag=1;from-tag=2, c@d;to-tag=3;from-tag=4",
            "a@b;to-tag=\"1\";from-tag=2", "a@b;to-tag=1;from-tag=2;;",
        ])
    func notReplaces(value: String) { #expect(SIPReplaces(value) == nil) }

    @Test("A Refer-To with an escaped Replaces, as in RFC 3891 §2.1 and RFC 5589 §7.1")
    func attended() throws {
        let target = try #require(
            ReferTarget(
                "<sips:482n4z24kdg@chicago.example.com?Replaces="
                    + "090459243588173445%3Bto-tag%3D9m2n3wq%3Bfrom-tag%3D763231>"))
        #expect(target.uri == "sips:482n4z24kdg@chicago.example.com")
        #expect(target.method == .invite)
        #expect(
            target.replaces
                == SIPReplaces(callID: "090459243588173445", toTag: "9m2n3wq", fromTag: "763231"))
        #expect(
            target.headerValue
                == "<sips:482n4z24kdg@chicago.example.com?Replaces="
                + "090459243588173445%3Bto-tag%3D9m2n3wq%3Bfrom-tag%3D763231>")
        let built = ReferTarget(
            uri: "sip:b@192.0.2.2:5060;transport=tcp",
            replacing: SIPReplaces(callID: "a%b@c&d", toTag: "1", fromTag: "2", isEarlyOnly: true))
        #expect(
            built.headerValue
                == "<sip:b@192.0.2.2:5060;transport=tcp?Replaces=a%25b%40c%26d%3Bto-tag%3D1%3Bfrom-tag%3D2%3Bearly-only>"
        )
        #expect(ReferTarget(built.headerValue) == built)
    }

    @Test("Values of Refer-To as RFC 3515 §2.1 writes them, and as they are met")
    func values() throws {
        let subscribe = try #require(ReferTarget("<sip:alice@atlanta.example.com;method=SUBSCRIBE>"))
        #expect(subscribe.method == .subscribe)
        #expect(subscribe.uri == "sip:alice@atlanta.example.com")
        #expect(subscribe.headerValue == "<sip:alice@atlanta.example.com;method=SUBSCRIBE>")
        let mixed = try #require(ReferTarget("<sip:a@b;transport=tcp;Method=INVITE;lr?Subject=x>"))
        #expect(mixed.uri == "sip:a@b;transport=tcp;lr" && mixed.method == .invite)
        #expect(mixed.headerValue == "<sip:a@b;transport=tcp;lr?Subject=x>")
        let headers = try #require(
            ReferTarget(
                "<sip:bob@biloxi.example.net?Accept-Contact=sip:bobsdesk.biloxi.example.net&Call-ID%3D55432%40alicepc.atlanta.example.com>"
            ))
        #expect(
            headers.headers == [
                SIPHeaderField(name: "Accept-Contact", value: "sip:bobsdesk.biloxi.example.net")
            ])
        #expect(ReferTarget("sip:+15550100@192.0.2.9")?.uri == "sip:+15550100@192.0.2.9")
        #expect(ReferTarget("\"A, B\" <tel:+15550100>")?.displayName == "\"A, B\"")
        #expect(ReferTarget("http://example.com/x")?.uri == "http://example.com/x")
        for bad in ["", "<>", "bob", "<sip:a@b", "<sip:a@b>, <sip:c@d>", "<sip:a@b;method=A/B>"] {
            #expect(ReferTarget(bad) == nil, "\(bad)")
        }
    }

    @Test("Header fields of a Refer-To cannot smuggle a line break, and are counted")
    func smuggling() throws {
        let target = try #require(
            ReferTarget("<sip:a@b?X=1%0D%0AVia:%20x&Y%0D=2&Z=%00&Good=yes&=v>"))
        #expect(target.headers == [SIPHeaderField(name: "Good", value: "yes")])
        let many = "<sip:a@b?" + (0..<100).map { "H\($0)=1" }.joined(separator: "&") + ">"
        #expect(ReferTarget(many)?.headers.count == 16)
    }

    @Test(
        "The status line in a sipfrag, RFC 3420",
        arguments: [
            ("message/sipfrag", "SIP/2.0 100 Trying", 100, "Trying"),
            ("message/sipfrag;version=2.0", "SIP/2.0 603 Declined\r\nFrom: x\r\n\r\n", 603, "Declined"),
            ("Message/SIPfrag", "sip/2.0 200\n", 200, ""),
            ("text/plain", "SIP/2.0 200 OK", nil, ""), ("message/sipfrag", "HTTP/1.1 200 OK", nil, ""),
            ("message/sipfrag", "SIP/2.0 2000 OK", nil, ""), ("message/sipfrag", "SIP/2.0 099 OK", nil, ""),
            ("message/sipfrag", "", nil, ""), ("message/sipfrag", "SIP/2.0", nil, ""),
        ] as [(String, String, Int?, String)])
    func fragment(type: String, text: String, status: Int?, reason: String) {
        let read = SIPFragment.status(of: SIPBody(contentType: type, bytes: Array(text.utf8)))
        #expect(read?.status == status)
        #expect((read?.reason ?? "") == reason)
    }

    @Test("A sipfrag of ours is one line whatever the reason holds")
    func writing() {
        #expect(
            SIPFragment.body(status: 180).bytes == Array("SIP/2.0 180 Ringing\r\n".utf8))
        #expect(
            SIPFragment.body(status: 486, reason: "Busy\r\nX: y").bytes
                == Array("SIP/2.0 486 Busy  X: y\r\n".utf8))
    }
}
