import SIPCore
import SansIO
import Testing

@testable import Telephony

@Suite("Who calls")
struct IncomingCallerTests {
    private func caller(_ from: String, _ headers: [(String, String)] = []) -> IncomingCaller {
        IncomingCaller(
            ReceivedRequest(
                method: "INVITE", requestURI: "sip:+15550199@us.example", from: from,
                to: "<sip:+15550199@us.example>",
                callID: "a", headers: headers.map { SIPHeaderField(name: $0.0, value: $0.1) },
                source: .loopback(port: 5_060)))
    }

    @Test("The asserted number and name go before the claimed ones")
    func asserted() {
        let caller = caller(
            "\"Claimed\" <sip:+15550100@a.example>;tag=1",
            [
                ("P-Asserted-Identity", "\"Asserted\" <sip:+15550111@carrier.example>"),
                ("p-asserted-identity", "<tel:+15550111>, <sip:+15550122@carrier.example>"),
                ("P-Preferred-Identity", "<sip:+15550133@a.example>"),
            ])
        #expect(caller.number == "+15550111")
        #expect(caller.displayName == "Asserted")
        #expect(caller.asserted.map(\.uri) == ["sip:+15550111@carrier.example", "tel:+15550111"])
        #expect(caller.preferred?.number == "+15550133")
        #expect(caller.from?.displayName == "Claimed")
        #expect(!caller.isAnonymous)
    }

    @Test("From alone is a claim, and that is all there is")
    func claimed() {
        let plain = caller("<sip:5550100@pbx.example>;tag=x")
        #expect(plain.number == "5550100" && plain.displayName == "" && !plain.isAnonymous)
        #expect(plain.asserted.isEmpty && plain.diversions.isEmpty && plain.originallyCalled == nil)
        let broken = caller("\"open <sip:a@b>")
        #expect(broken.from == nil && broken.number == nil && broken.isAnonymous)
    }

    @Test("Whoever asks for privacy is anonymous, and the network still knows the number")
    func anonymous() {
        let hidden = caller(
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
            [("P-Asserted-Identity", "<tel:+15550111>"), ("Privacy", "id")])
        #expect(hidden.isAnonymous && hidden.number == "+15550111")
        #expect(caller("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1").isAnonymous)
        #expect(!caller("<sip:+15550100@x>;tag=1", [("Privacy", "none")]).isAnonymous)
    }

    @Test("How a call came here: the number called at first, by Diversion or History-Info")
    func diverted() {
        let diverted = caller(
            "<sip:+15550100@a.example>;tag=1",
            [
                ("Diversion", "<sip:+15550122@b.example>;reason=no-answer"),
                ("Diversion", "<tel:+15550111>;reason=unconditional"),
            ])
        #expect(diverted.diversions.map(\.reason) == ["no-answer", "unconditional"])
        #expect(diverted.originallyCalled == "+15550111")
        let forwarded = caller(
            "<sip:+15550100@a.example>;tag=1",
            [("History-Info", "<sip:+15550144@b.example>;index=1, <sip:+15550199@us.example>;index=1.1")])
        #expect(forwarded.originallyCalled == "+15550144")
    }
}

@Suite("Naming the caller")
struct IdentityPolicyTests {
    private func plan(
        _ identity: IdentityPolicy, numbers: [String] = ["+15550100"],
        _ change: (inout CallRequest) -> Void = { _ in }
    ) throws(CallError) -> DialPlan {
        var trunk = Trunk(name: "t", host: "carrier.example", numbers: numbers, callerName: "Acme")
        trunk.identity = identity
        var request = CallRequest(to: "+15551234567")
        change(&request)
        return try DialPlan(request, trunk: trunk, turn: 0)
    }

    private func lines(_ plan: DialPlan) -> [String] { plan.headers.map { "\($0.name): \($0.value)" } }

    @Test("P-Asserted-Identity and P-Preferred-Identity in their forms")
    func forms() throws {
        #expect(lines(try plan(.fromOnly)).isEmpty)
        #expect(
            lines(try plan(.asserted)) == ["P-Asserted-Identity: \"Acme\" <sip:+15550100@carrier.example>"])
        #expect(
            lines(try plan(IdentityPolicy(header: .asserted, form: .both))) == [
                "P-Asserted-Identity: \"Acme\" <sip:+15550100@carrier.example>",
                "P-Asserted-Identity: \"Acme\" <tel:+15550100>",
            ])
        #expect(
            lines(try plan(IdentityPolicy(header: .preferred, form: .tel))) == [
                "P-Preferred-Identity: \"Acme\" <tel:+15550100>"
            ])
    }

    @Test("Privacy makes From anonymous and keeps the asserted identity, RFC 3323 §4.1, RFC 3325 §9.3")
    func privacy() throws {
        let hidden = try plan(.asserted) { $0.privacy = .id }
        #expect(hidden.from == "\"Anonymous\" <sip:anonymous@anonymous.invalid>")
        #expect(
            lines(hidden) == [
                "P-Asserted-Identity: \"Acme\" <sip:+15550100@carrier.example>", "Privacy: id",
            ])
        #expect(hidden.callerNumber == "+15550100")
        let open = try plan(IdentityPolicy(privacy: .id)) { $0.privacy = SIPPrivacy.none }
        #expect(open.from == "\"Acme\" <sip:+15550100@carrier.example>")
        #expect(lines(open) == ["Privacy: none"])
    }

    @Test("Diversion and History-Info go out as given")
    func diversion() throws {
        let plan = try plan(.fromOnly) {
            $0.diversions = [
                Diversion(IdentityAddress(uri: "tel:+15550111"), reason: "unconditional", counter: 1)
            ]
            $0.history = [
                HistoryInfoEntry(IdentityAddress(uri: "sip:+15550111@a.example"), index: "1", cause: 302),
                HistoryInfoEntry(IdentityAddress(uri: "sip:+15550122@a.example"), index: "1.1"),
            ]
        }
        #expect(
            lines(plan) == [
                "Diversion: <tel:+15550111>;reason=unconditional;counter=1",
                "History-Info: <sip:+15550111@a.example?Reason=SIP%3Bcause%3D302>;index=1",
                "History-Info: <sip:+15550122@a.example>;index=1.1",
            ])
    }

    @Test("What cannot stand in its header is refused and named")
    func refused() {
        #expect(throws: CallError.self) {
            try plan(IdentityPolicy(header: .asserted, form: .tel), numbers: ["100"])
        }
        #expect(throws: CallError.self) {
            try plan(IdentityPolicy(header: .asserted, form: .tel), numbers: [])
        }
        #expect(throws: CallError.self) { try plan(IdentityPolicy(header: .preferred, form: .both)) }
        for uri in ["", "x", "sip:a@b>\r\nVia: x", "sip:a@b>,<sip:c@d", "sip:a b@c"] {
            #expect(throws: CallError.self) {
                try plan(.fromOnly) { $0.diversions = [Diversion(IdentityAddress(uri: uri))] }
            }
        }
        #expect(throws: CallError.self) {
            try plan(.fromOnly) {
                $0.diversions = Array(repeating: Diversion(IdentityAddress(uri: "tel:+1555")), count: 21)
            }
        }
    }

    @Test("Line breaks in a reason do not reach the wire")
    func injection() throws {
        let plan = try plan(.fromOnly) {
            $0.diversions = [Diversion(IdentityAddress(uri: "tel:+1555"), reason: "x\r\nVia: y")]
        }
        #expect(lines(plan) == ["Diversion: <tel:+1555>;reason=\"xVia: y\""])
    }

    @Test("A number that is to be avoided is not shown, and none left is an error of its own")
    func avoided() throws {
        let plan = try plan(.fromOnly, numbers: ["+15550100", "+15550101"]) {
            $0.avoidedCallers = ["+15550100"]
        }
        #expect(plan.callerNumber == "+15550101")
        #expect { try self.plan(.fromOnly) { $0.avoidedCallers = ["+15550100"] } } throws: {
            ($0 as? CallError)?.code == .noCallerNumber
        }
    }
}
