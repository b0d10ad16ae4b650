import SIPCore
import Testing

@testable import Telephony

@Suite("Keys in INFO")
struct InfoDigitsTests {
    @Test(
        "A key is read from the bodies that gateways send",
        arguments: [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
            ("application/dtmf-relay", "Signal= *\r\nDuration= 250", "*"),
            ("Application/DTMF-Relay; charset=utf-8", "duration=1\nSIGNAL=d\n", "D"),
            ("application/dtmf-relay", "Signal=11", "#"), ("application/dtmf", "7", "7"),
            ("application/dtmf", " # \r\n", "#"), ("application/dtmf", "16", nil),
            ("application/dtmf", "", nil), ("application/dtmf-relay", "Signal=", nil),
            ("application/dtmf-relay", "Signal=55", nil), ("application/dtmf-relay", "no signal", nil),
            ("text/plain", "Signal=5", nil), ("application/dtmf", "é", nil),
        ] as [(String, String, Character?)])
    func key(type: String, text: String, key: Character?) {
        #expect(InfoDigits.digit(in: SIPBody(contentType: type, bytes: Array(text.utf8))) == key)
    }

    @Test("A key of ours is application/dtmf-relay with its duration, and is read again")
    func body() {
        let body = InfoDigits.body(of: "#")
        #expect(
            body
                == SIPBody(
                    contentType: "application/dtmf-relay", bytes: Array("Signal=#\r\nDuration=160\r\n".utf8)))
        #expect(InfoDigits.digit(in: body) == "#")
    }
}
