import SIPCore
import Testing

@testable import Telephony

@Suite("From a request to the fields of an INVITE")
struct DialPlanTests {
    private let trunk = Trunk(
        name: "test", host: "192.0.2.1", domain: "carrier.example",
        numbers: ["+15550100", "+15550101"], callerName: "Acme \"Clinic\"")

    @Test("A number goes to the trunk's domain, without its visual separators")
    func number() throws {
        let plan = try DialPlan(CallRequest(to: "+1 (555) 123-4567"), trunk: trunk, turn: 3)
        #expect(plan.requestURI == "sip:+15551234567@carrier.example")
        #expect(plan.to == "<sip:+15551234567@carrier.example>")
        #expect(plan.from == "\"Acme \\\"Clinic\\\"\" <sip:+15550101@carrier.example>")
        #expect(plan.callerNumber == "+15550101")
    }

    @Test("A whole SIP URI is dialed as it stands")
    func uri() throws {
        let plan = try DialPlan(
            CallRequest(to: "SIP:alice@192.0.2.7:5070;transport=udp", from: "*31#100", callerName: "A\\B"),
            trunk: trunk, turn: 0)
        #expect(plan.requestURI == "sip:alice@192.0.2.7:5070;transport=udp")
        #expect(plan.from == "\"A\\\\B\" <sip:*31%23100@carrier.example>")
    }

    @Test("Without numbers the caller is the account, escaped; an address literal is the domain")
    func noNumbers() throws {
        let trunk = Trunk(
            name: "t", host: "2001:db8::1", credentials: SIPCredentials(username: "me@home", password: "x"))
        let plan = try DialPlan(CallRequest(to: "100"), trunk: trunk, turn: 0)
        #expect(plan.from == "<sip:me%40home@[2001:db8::1]>")
        #expect(plan.requestURI == "sip:100@[2001:db8::1]")
        #expect(plan.callerNumber == "")
    }

    @Test(
        "What could break out of its field is refused",
        arguments: [
            "", "+", "abc", "+1555\r\nX: y", "555>1", "sip:", "sip:a b@c", "sip:a@b>\r\nVia: x",
            "sip:a@b?Route=x",
            "sip:@", "sip:a@:5060", "12345678901234567890123456789012345678901",
        ])
    func refused(to: String) {
        #expect(throws: CallError.self) { try DialPlan(CallRequest(to: to), trunk: trunk, turn: 0) }
    }

    @Test("A quote or backslash with a combining accent is still escaped, and cannot end the display name")
    func accentedQuote() throws {
        let plan = try DialPlan(
            CallRequest(to: "100", callerName: "A\"\u{301}<sip:b@c>\\\u{301}"), trunk: trunk, turn: 0)
        #expect(plan.from == "\"A\\\"\u{301}<sip:b@c>\\\\\u{301}\" <sip:+15550100@carrier.example>")
    }

    @Test("A display name cannot carry a line break")
    func displayName() {
        #expect(throws: CallError.self) {
            try DialPlan(CallRequest(to: "100", callerName: "a\r\nb"), trunk: trunk, turn: 0)
        }
    }

    @Test("Limits of a request are checked, with the defaults of the dialer filled in")
    func limits() throws {
        func plan(_ request: CallRequest) throws -> CallPlan {
            try CallPlan(
                request, trunks: [trunk], configuration: DialerConfiguration(), handlerRate: 24_000)
        }
        let defaults = try plan(CallRequest(to: "100"))
        #expect(defaults.ringTimeout == .seconds(60))
        #expect(defaults.maximumDuration == .seconds(600))
        #expect(defaults.audioRateHertz == 24_000, "the handler's rate goes before the dialer's")
        #expect(throws: CallError.self) { try plan(CallRequest(to: "100", ringTimeout: .zero)) }
        #expect(throws: CallError.self) { try plan(CallRequest(to: "100", maximumDuration: .seconds(29))) }
        #expect(throws: CallError.self) { try plan(CallRequest(to: "100", maximumDuration: .seconds(3_601))) }
        #expect(throws: CallError.self) { try plan(CallRequest(to: "100", audioRateHertz: 11_025)) }
        #expect(throws: CallError.self) { try plan(CallRequest(to: "100", id: CallID(""))) }
    }

    @Test(
        "A recording's file name holds nothing of an id that a path could mean",
        arguments: [
            ("abc-1.2_X", "abc-1.2_X"), ("../../etc/passwd", "_._.._etc_passwd"), ("a/b\0c", "a_b_c"),
        ])
    func fileName(id: String, name: String) {
        let recording = CallRecording(.stereoWAV(directory: "/tmp/r"), id: CallID(id))
        #expect(recording?.paths == ["/tmp/r/\(name).wav"])
    }

    @Test("A sips URI is dialed over TLS alone; a trunk of sips URIs has them everywhere")
    func secureURIs() throws {
        var trunk = Trunk(name: "t", host: "carrier.example", numbers: ["+15550100"], transport: .tls)
        let plan = try DialPlan(CallRequest(to: "SIPS:alice@example.com"), trunk: trunk, turn: 0)
        #expect(plan.requestURI == "sips:alice@example.com")
        #expect(plan.to == "<sips:alice@example.com>")
        #expect(plan.isSecure)
        trunk.usesSecureURIs = true
        let number = try DialPlan(CallRequest(to: "+15550199"), trunk: trunk, turn: 0)
        #expect(number.requestURI == "sips:+15550199@carrier.example")
        #expect(number.from == "<sips:+15550100@carrier.example>")
        #expect(trunk.fault() == nil)
        trunk.transport = .tcp
        #expect(trunk.fault() == "`usesSecureURIs` needs the transport TLS")
        trunk.usesSecureURIs = false
        #expect(throws: CallError.self) {
            try DialPlan(CallRequest(to: "sips:alice@example.com"), trunk: trunk, turn: 0)
        }
    }
}
