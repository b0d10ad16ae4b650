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

    @Test("A comma in a quoted name separates no assertions")
    func quotedComma() {
        let headers = [
            SIPHeaderField(
                name: "P-Asserted-Identity", value: "\"Doe, Jane\" <sip:+15551111@c>, <tel:+15552222>")
        ]
        let caller = CallerIdentity(request(from: "<sip:x@h>;tag=1", headers: headers), isTrunk: true)
        #expect(caller.number == "+15551111")
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

    @Test("All addresses of an IPv6 network of 64 bits share one rate")
    func networkRate() throws {
        var gate = InboundGuard(rate: 1, salt: 1)
        func address(_ host: String) throws -> SocketAddress {
            try #require(SocketAddress(host: host, port: 1))
        }
        let now = MonotonicInstant(nanoseconds: 0)
        #expect(gate.admits(try address("2001:db8:0:1::1"), at: now))
        for number in 2..<100 { #expect(!gate.admits(try address("2001:db8:0:1::\(number)"), at: now)) }
        #expect(gate.admits(try address("2001:db8:0:2::1"), at: now))
        #expect(gate.admits(try address("192.0.2.1"), at: now))
    }

    @Test("Strangers open so many connections a second, in a burst and after it")
    func acceptRate() {
        var rate = AcceptRate(perSecond: 10)
        func taken(_ count: Int, milliseconds: Int64) -> Int {
            (0..<count).count { _ in rate.take(at: MonotonicInstant(nanoseconds: milliseconds * 1_000_000)) }
        }
        #expect(taken(50, milliseconds: 0) == 10)
        #expect(taken(50, milliseconds: 99) == 0)
        #expect(taken(50, milliseconds: 100) == 1)
        #expect(taken(50, milliseconds: 400) == 3)
        #expect(taken(50, milliseconds: 100_000) == 10)
    }

    @Test(
        "A source counts by its transport or a more secure one",
        arguments: [
            (SIPTransport.udp, [SIPTransport.udp, .tcp, .tls]), (.tcp, [.tcp, .tls]), (.tls, [.tls]),
        ])
    func leastTransport(least: SIPTransport, admitted: [SIPTransport]) throws {
        let range = try #require(AddressRange("192.0.2.0/24"))
        let source = SourceAdmission.Source(range, leastTransport: least)
        let address = SocketAddress(ipv4: 0xC000_0207, port: 5_060)
        #expect(SIPTransport.allCases.filter { source.contains(address, over: $0) } == admitted)
        #expect(!source.contains(SocketAddress(ipv4: 0xC000_0307, port: 5_060), over: .tls))
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
