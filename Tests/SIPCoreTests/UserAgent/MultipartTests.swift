import SIPCore
import SansIO
import Testing

@Suite("Session descriptions among other parts, RFC 5621, RFC 2046 §5.1")
struct MultipartTests {
    /// An INVITE with `body`, parts divided by `--b1`.
    private func labels(_ body: String, type: String = "multipart/mixed;boundary=b1") -> (Wire, SIPBody?) {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        let text = Scripted.request("INVITE", body: body).replacing(
            "application/sdp\r\nContent-Length", with: "\(type)\r\nContent-Length")
        wire.inject(text, to: .callee)
        guard case .incoming(_, let request)? = wire.calleeEvents.first else { return (wire, nil) }
        return (wire, request.body)
    }

    private static let sdp = "--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n"
    private static let isup = "--b1\r\nContent-Type: application/isup\r\n\r\n\u{01}\u{02}\r\n"

    @Test(
        "The part with the description is the offer",
        arguments: [
            isup + sdp + "--b1--\r\n", sdp + isup + "--b1--",
            "preamble\r\n" + sdp + "--b1 \t\r\n\r\nx\r\n--b1--",
            sdp.replacing("Content-Type", with: "c").replacing("application/sdp", with: "Application/SDP")
                + "--b1--",
        ])
    func found(body: String) {
        let (wire, offer) = labels(body)
        #expect(wire.sent(by: .callee) == ["100 INVITE"])
        #expect(offer == SIPBody(contentType: "application/sdp", bytes: Array("v=0\r\ns=-".utf8)))
    }

    @Test("A quoted boundary is one without its quotes")
    func quoted() {
        let (_, offer) = labels(Self.sdp + "--b1--", type: "multipart/mixed; boundary=\"b1\"")
        #expect(offer?.contentType == "application/sdp")
    }

    @Test(
        "Parts without a description that can be read are no offer",
        arguments: [
            isup + "--b1--", "", "--b1", "--b1--", sdp, "--b2" + sdp.dropFirst(4) + "--b2--",
            sdp.replacing("\r\n\r\n", with: "\r\nContent-Transfer-Encoding: base64\r\n\r\n") + "--b1--",
            String(repeating: isup, count: 16) + sdp + "--b1--",
        ])
    func missing(body: String) {
        let (wire, _) = labels(body + "x")
        #expect(wire.sent(by: .callee) == ["415 INVITE"])
    }

    @Test("Without a boundary there are no parts")
    func noBoundary() {
        #expect(labels(Self.sdp + "--b1--", type: "multipart/mixed").0.sent(by: .callee) == ["415 INVITE"])
    }
}
