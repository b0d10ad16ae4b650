import SIPCore
import SansIO
import Testing

@testable import Telephony

@Suite("Headers of an outcome")
struct OutcomeHeaderTests {
    /// 2026-03-25 12:00:00 UTC.
    private static let now = WallClockInstant(secondsSinceEpoch: 1_774_440_000)

    private func seconds(_ value: String, at now: WallClockInstant? = now) -> Int? {
        RetryAfterHeader.seconds(in: [SIPHeaderField(name: "Retry-After", value: value)], at: now)
    }

    @Test(
        "Retry-After: seconds with comment and parameters, RFC 3261 §20.33, or a date as HTTP has it",
        arguments: [
            ("120", 120), ("18000;duration=3600", 18_000), ("120 (I'm in a meeting)", 120),
            ("0", 0), ("4294967295", 2_147_483_647), ("99999999999999999999", nil), ("soon", nil), ("", nil),
            ("-5", nil),
            ("Wed, 25 Mar 2026 12:10:00 GMT", 600),
            ("Wednesday, 25-Mar-26 12:00:30 GMT", 30),
            ("Wed Mar 25 12:01:00 2026", 60),
            // In the past: at once.
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sat, 28 Feb 2026 24:00:00 GMT", nil), ("Wed, 99 Mar 2026 12:00:00 GMT", nil),
            ("Wed, 25 Foo 2026 12:00:00 GMT", nil), ("Wed, 25 Mar 2026 12:00:00 CET", nil),
            ("Wed, 25 Mar 99999 12:00:00 GMT", nil), ("Wed,,,,", nil),
        ] as [(String, Int?)])
    func retryAfter(value: String, expected: Int?) {
        #expect(seconds(value) == expected)
    }

    @Test("A date without a clock beside it says nothing")
    func dateWithoutClock() {
        #expect(seconds("Wed, 25 Mar 2026 12:10:00 GMT", at: nil) == nil)
        #expect(HTTPDate.secondsSinceEpoch("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.secondsSinceEpoch("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(HTTPDate.secondsSinceEpoch("Tue, 29 Feb 2000 00:00:00 GMT") == 951_782_400)
    }

    @Test(
        "Warning: code, agent, text; what does not follow the grammar is passed over",
        arguments: [
            (
                "304 sbc.example.com \"Media type \\\"text\\\" not available\"",
                CallWarning(code: 304, agent: "sbc.example.com", text: "Media type \"text\" not available")
            ),
            ("370 [2001:db8::1]:5060", CallWarning(code: 370, agent: "[2001:db8::1]:5060", text: "")),
            (
                "301 isi.edu \"one\", 399 b \"two\"", CallWarning(code: 301, agent: "isi.edu", text: "one")
            ),
            ("30 a \"x\"", nil), ("abc a \"x\"", nil), ("304", nil), ("", nil),
        ] as [(String, CallWarning?)])
    func warning(value: String, expected: CallWarning?) {
        #expect(CallWarning(in: [SIPHeaderField(name: "warning", value: value)]) == expected)
    }

    @Test("The notice of a block keeps where to complain")
    func redress() {
        func contact(_ text: String) -> String? {
            ReasonHeader(in: [SIPHeaderField(name: "Reason", value: "Q.850;cause=21;text=\"\(text)\"")])
                .redressContact
        }
        #expect(
            contact("v=analytics1;url=https://redress.example/?a=b;tel=+15550100")
                == "https://redress.example/?a=b")
        #expect(contact("tel=+15550100;v=analytics1") == "tel:+15550100")
        #expect(contact("v=analytics1; email=help@redress.example") == "mailto:help@redress.example")
        #expect(contact("v=analytics1;url=") == nil)
        #expect(contact("url=https://elsewhere.example") == nil)
    }

    @Test("What a carrier says in its own header is kept, and cut")
    func carrierError() {
        let long = String(repeating: "x", count: 1_000)
        let cause = CallCause(
            ReceivedResponse(
                status: 503, reasonPhrase: "No",
                headers: [
                    SIPHeaderField(name: "X-Other", value: "1"),
                    SIPHeaderField(name: "X-Twilio-Error", value: "32203 \(long)"),
                ]))
        #expect(cause.carrierError?.hasPrefix("X-Twilio-Error: 32203 xxx") == true)
        #expect(cause.carrierError?.count == 200)
    }

    @Test(
        "A BYE that names a fault of the network ends a call that was lost; any other end is a hang-up",
        arguments: [
            ("Q.850;cause=16", CallDisposition.answered), ("Q.850;cause=31", .answered),
            ("Q.850;cause=127", .answered), ("Q.850;cause=38", .dropped), ("Q.850;cause=41", .dropped),
            ("Q.850;cause=102", .dropped), ("SIP;cause=503;text=\"RTP timeout\"", .dropped),
            ("SIP;cause=408", .dropped), ("SIP;cause=200;text=\"Call completed elsewhere\"", .answered),
            ("", .answered),
        ])
    func goodbye(reason: String, disposition: CallDisposition) {
        let end = CallConclusion(.byRemote(headers: [SIPHeaderField(name: "Reason", value: reason)]))
        #expect(end.disposition == disposition)
        #expect(end.endedBy == (disposition == .dropped ? .network : .callee))
        #expect(CallConclusion(SessionEnd.lost(status: 481)).disposition == .dropped)
    }
}
