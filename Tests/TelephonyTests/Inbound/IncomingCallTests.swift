import SIPCore
import SansIO
import Testing

@testable import Telephony

@Suite("Who calls whom")
struct IncomingCallTests {
    private func request(
        uri: String = "sip:+15550100@192.0.2.7:5060", from: String = "<sip:+15557777@carrier.example>;tag=1",
        headers: [SIPHeaderField] = []
    ) -> ReceivedRequest {
        ReceivedRequest(
            method: "INVITE", requestURI: uri, from: from, to: "<\(uri)>", callID: "c@x", headers: headers,
            source: SocketAddress(ipv4: 0xC000_0207, port: 5060))
    }

    private func call(_ uri: String) -> IncomingCall {
        IncomingCall(request(uri: uri), id: "a", trunk: Trunk(name: "carrier", host: "192.0.2.7"))
    }

    @Test(
        "From gives address, user and name, escapes and quotes taken off",
        arguments: [
            ("<sip:+15557777@carrier.example>;tag=1", "sip:+15557777@carrier.example", "+15557777", ""),
            ("\"Doe, \\\"J\\\"\" <sip:jd@h>;tag=1", "sip:jd@h", "jd", "Doe, \"J\""),
            ("Jane Doe <sip:j%40d@h>", "sip:j%40d@h", "j@d", "Jane Doe"),
            ("sip:bob@h;tag=2", "sip:bob@h", "bob", ""),
            ("<tel:+1-555-7777>", "tel:+1-555-7777", "+1-555-7777", ""),
            ("<sip:h>", "sip:h", "", ""), ("<sip:a%00%0ab@h>", "sip:a%00%0ab@h", "ab", ""),
            ("<<", "", "", ""),
        ])
    func from(value: String, uri: String, user: String, name: String) {
        let caller = CallerIdentity(request(from: value), isTrunk: true)
        #expect(caller.uri == uri)
        #expect(caller.user == user)
        #expect(caller.displayName == name)
    }

    @Test("A trunk's assertion counts, anybody else's does not")
    func assertion() {
        let headers = [
            SIPHeaderField(name: "P-Asserted-Identity", value: "\"x\" <sip:+15551111@c>, <tel:+15552222>")
        ]
        let said = request(from: "<sip:anonymous@anonymous.invalid>;tag=1", headers: headers)
        let caller = CallerIdentity(said, isTrunk: true)
        #expect(caller.number == "+15551111")
        #expect(caller.isPrivate)
        #expect(CallerIdentity(said, isTrunk: false).number == "anonymous")
        #expect(!CallerIdentity(request(), isTrunk: true).isPrivate)
        #expect(
            CallerIdentity(
                request(headers: [SIPHeaderField(name: "Privacy", value: "header; id")]), isTrunk: true
            ).isPrivate)
    }

    @Test(
        "A route takes the numbers that its pattern names",
        arguments: [
            (.number("+15550100"), "sip:15550100@h", true),
            (.number("1 (555) 0100"), "sip:+15550100@h", true),
            (.number("+15550100"), "sip:+15550101@h", false), (.number("100"), "sip:+100@h", true),
            (.number("alice"), "sip:alice@h", true), (.number("alice"), "sip:Alice@h", false),
            (.prefix("+1555"), "sip:+15550100@h", true), (.prefix("+1555"), "sip:+1655@h", false),
            (.uri("sip:a@H.example"), "sip:a@h.EXAMPLE;transport=udp", true),
            (.uri("sip:a@h"), "sip:A@h", false), (.any, "sip:h", true), (.number(""), "sip:1@h", false),
            (.number("+15550100"), "sip:%2B15550100@h", true),
        ] as [(IncomingCallRouting.Pattern, String, Bool)])
    func pattern(pattern: IncomingCallRouting.Pattern, uri: String, matches: Bool) {
        #expect(pattern.matches(call(uri)) == matches)
    }

    @Test("The first route that fits decides; a number that none names has no route")
    func firstRoute() async {
        let routing = IncomingCallRouting([
            .init(.number("1")) { _ in .reject(status: 600) },
            .init(.prefix("1")) { _ in .reject(status: 603) },
        ])
        func status(_ uri: String) async -> Int? {
            guard case .reject(let status, _) = await routing.route(for: call(uri))?.decide(call(uri)) else {
                return nil
            }
            return status
        }
        #expect(await status("sip:1@h") == 600)
        #expect(await status("sip:12@h") == 603)
        #expect(await status("sip:2@h") == nil)
    }

    @Test("An address may call so often a second, and again when time has passed")
    func rate() {
        var gate = InboundGuard(rate: 10, salt: 1)
        let source = SocketAddress(ipv4: 0xC000_0201, port: 5060)
        var now = MonotonicInstant(nanoseconds: 0)
        func burst() -> Int {
            // Ports do not make it another source.
            (0..<30).count { gate.admits(source.with(port: UInt16(5_000 + $0)), at: now) }
        }
        let bursts = [
            burst(),
            {
                now = now.advanced(by: .milliseconds(250)); return burst()
            }(),
            {
                now = now.advanced(by: .seconds(3_600)); return burst()
            }(),
        ]
        #expect(bursts == [10, 2, 10])
        let other = gate.admits(SocketAddress(ipv4: 0xC000_0202, port: 5060), at: now)
        #expect(other)
    }

    @Test("Slow callers lose nothing to rounding: one every 100 ms is always let in at ten a second")
    func steadyRate() {
        var gate = InboundGuard(rate: 10, salt: 1)
        let source = SocketAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 1, port: 5060)
        for _ in 0..<20 { _ = gate.admits(source, at: MonotonicInstant(nanoseconds: 0)) }
        let admitted = (1...1_000).count {
            gate.admits(source, at: MonotonicInstant(nanoseconds: Int64($0) * 100_000_000))
        }
        #expect(admitted == 1_000)
    }

    @Test("Refusals are told once a second, with their number")
    func reports() {
        var gate = InboundGuard(rate: 10, salt: 1)
        let source = SocketAddress(ipv4: 0xC000_0201, port: 5060)
        let told = (0..<2_500).compactMap { step in
            gate.refuse(source, .stranger, at: MonotonicInstant(nanoseconds: Int64(step) * 1_000_000))
        }
        #expect(told.map(\.count) == [1, 1_000, 1_000])
    }
}
