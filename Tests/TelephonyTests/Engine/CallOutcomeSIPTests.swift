import SIPCore
import Testing

@testable import Telephony

@Suite("From SIP results to outcomes")
struct CallOutcomeSIPTests {
    @Test(
        "A Q.850 cause refines general statuses, and names a bad number under any",
        arguments: [
            (500, 17, .busy), (480, 17, .busy), (503, 34, .trunkFault), (480, 19, .noAnswer),
            (500, 21, .declined), (403, 1, .badNumber), (503, 28, .badNumber), (486, 16, .busy),
            (603, 17, .declined), (500, 16, .trunkFault),
        ] as [(Int, Int, CallDisposition)])
    func cause(code: Int, q850: Int, disposition: CallDisposition) {
        #expect(CallDisposition(finalStatus: code, q850: q850) == disposition)
    }

    @Test("Failures without a status: silence is the trunk's, refused credentials and abandoned are ours")
    func failures() {
        #expect(CallConclusion(.timedOut).disposition == .trunkFault)
        #expect(CallConclusion(.abandoned).disposition == .cancelled)
        let refused = CallConclusion(
            .credentialsRefused(ReceivedResponse(status: 407, reasonPhrase: "Proxy Authentication Required")))
        #expect(refused.disposition == .forbidden)
        #expect(
            refused.cause
                == CallCause(sipStatus: 407, text: "credentials refused: Proxy Authentication Required"))
    }

    @Test(
        "Reason header fields, RFC 3326",
        arguments: [
            ("Q.850;cause=16;text=\"Terminated\"", 16, "Terminated"),
            ("SIP ;cause=600 ;text=\"Busy, Everywhere; now\", Q.850;cause=17", 17, "Busy, Everywhere; now"),
            ("q.850 ; cause = 1 ; text=\"a \\\"quoted\\\" word\"", 1, "a \"quoted\" word"),
            ("Q.850;cause=0", nil, ""), ("Q.850;cause=128", nil, ""), ("Q.850;cause=x", nil, ""),
            ("Q.850;cause=99999999999999999999", nil, ""), (";;;", nil, ""), ("", nil, ""),
            ("Q.850;text=\"open", nil, "\"open"),
        ] as [(String, Int?, String)])
    func reason(value: String, cause: Int?, text: String) {
        let reason = ReasonHeader(in: [
            SIPHeaderField(name: "Server", value: "x"), SIPHeaderField(name: "reason", value: value),
        ])
        #expect(reason.q850 == cause)
        #expect(reason.text == text)
    }
}
