import Testing

@testable import Telephony

@Suite("The Call-ID of a datagram, for observers")
struct CallIDFieldTests {
    @Test(
        "Found in either form and any case, before the body, and nowhere else",
        arguments: [
            ("INVITE sip:a SIP/2.0\r\nVia: x\r\nCall-ID: abc@h\r\n\r\n", "abc@h"),
            ("SIP/2.0 200 OK\r\ncAlL-iD \t:  abc \r\n\r\n", "abc"),
            ("SIP/2.0 200 OK\ni:abc\nCall-ID: second\n\n", "abc"),
            ("SIP/2.0 200 OK\r\nInfo: x\r\nCall-IDs: x\r\n\r\nCall-ID: body\r\n", nil),
            ("SIP/2.0 200 OK\r\nCall-ID", nil), ("i", nil), ("i:", ""), ("\r\n", nil), ("", nil),
        ] as [(String, String?)])
    func value(message: String, value: String?) {
        let bytes = Array(message.utf8)
        #expect(CallIDField.value(in: bytes.span) == value)
    }
}
