import SIPCore
import SansIO
import Testing

@Suite("Forks and routes, RFC 3261 §12, §13.2.2.4")
struct ForkTests {
    private let contact = "Contact: <sip:bob@198.51.100.7:5070>"

    private func calling() throws -> (Wire, String) {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        try wire.call()
        return (wire, wire.datagrams[0].text)
    }

    @Test(
        "The first 2xx wins; that of another fork is acknowledged and ended with BYE, its copies acknowledged again"
    )
    func secondFork() throws {
        let (wire, invite) = try calling()
        wire.inject(Scripted.response(180, to: invite, tag: "one", headers: [contact]), to: .caller)
        wire.inject(Scripted.response(180, to: invite, tag: "two", headers: [contact]), to: .caller)
        wire.inject(
            Scripted.response(200, to: invite, tag: "two", headers: [contact], body: "answer"), to: .caller)
        let late = Scripted.response(200, to: invite, tag: "one", headers: [contact], body: "other")
        wire.inject(late, to: .caller)
        wire.inject(late, to: .caller)
        #expect(wire.callerLabels == ["provisional 180", "provisional 180", "answered 200"])
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "ACK", "BYE", "ACK"])
        let tags = wire.datagrams.dropFirst().map {
            Scripted.parameter("tag", of: Scripted.header("To", of: $0.text))
        }
        #expect(tags == ["two", "one", "one", "one"])
        guard case .answered(let session, _)? = wire.callerEvents.last else { return }
        wire.inject(Scripted.response(200, to: wire.datagrams[3].text), to: .caller)  // The fork's BYE.
        #expect(wire.callerLabels.last == "answered 200")
        wire.end(.caller, session)
        let bye = wire.datagrams.last?.text ?? ""
        #expect(Scripted.parameter("tag", of: Scripted.header("To", of: bye)) == "two")
        wire.inject(Scripted.response(200, to: bye), to: .caller)
        #expect(wire.callerLabels.last == "ended by us")
    }

    @Test("Requests in the dialog follow the route set, and go to the first hop's address")
    func looseRoute() throws {
        let (wire, invite) = try calling()
        wire.inject(
            Scripted.response(
                200, to: invite,
                headers: [
                    contact, "Record-Route: <sip:198.51.100.2;lr>, <sip:p2.example;lr>",
                    "Record-Route: <sip:198.51.100.9:5080;lr>",
                ], body: "answer"), to: .caller)
        let ack = wire.datagrams[1]
        #expect(ack.text.hasPrefix("ACK sip:bob@198.51.100.7:5070 SIP/2.0\r\n"))
        let routes = ack.text.split(separator: "\r\n").filter { $0.hasPrefix("Route:") }
        #expect(
            routes == [
                "Route: <sip:198.51.100.9:5080;lr>", "Route: <sip:p2.example;lr>",
                "Route: <sip:198.51.100.2;lr>",
            ])
        #expect(ack.destination == SocketAddress(ipv4: 0xC633_6409, port: 5080))
    }

    @Test("A strict router becomes the Request-URI, and the remote target the last Route")
    func strictRoute() throws {
        let (wire, invite) = try calling()
        wire.inject(
            Scripted.response(
                200, to: invite,
                headers: [contact, "Record-Route: <sip:p1.example;lr>, <sip:198.51.100.9;x=y>"],
                body: "answer"), to: .caller)
        let ack = wire.datagrams[1]
        #expect(ack.text.hasPrefix("ACK sip:198.51.100.9;x=y SIP/2.0\r\n"))
        let routes = ack.text.split(separator: "\r\n").filter { $0.hasPrefix("Route:") }
        #expect(routes == ["Route: <sip:p1.example;lr>", "Route: <sip:bob@198.51.100.7:5070>"])
    }

    @Test(
        "Without routes a request goes to the Contact's address, and to where the peer is if that is a name",
        arguments: [
            ("<sip:bob@198.51.100.7:5070>", SocketAddress(ipv4: 0xC633_6407, port: 5070)),
            ("sip:bob@198.51.100.7;x=y", SocketAddress(ipv4: 0xC633_6407, port: 5060)),
            (
                "<sip:bob@[2001:db8::7]:5070>",
                SocketAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 7, port: 5070)
            ),
            ("<sip:bob@pbx.example>", Wire.Side.callee.address),
            ("<sips:bob@198.51.100.7>", Wire.Side.callee.address),
            ("<sip:bob@0.0.0.0>", Wire.Side.callee.address),
            ("<tel:+15550100>", Wire.Side.callee.address),
        ])
    func nextHop(contact: String, destination: SocketAddress) throws {
        let (wire, invite) = try calling()
        wire.inject(
            Scripted.response(200, to: invite, headers: ["Contact: \(contact)"], body: "a"), to: .caller)
        #expect(wire.datagrams.last?.name == "ACK")
        #expect(wire.datagrams.last?.destination == destination)
    }

    @Test("A response with a second Via, without branch or of an unknown transaction is stray")
    func stray() throws {
        let (wire, invite) = try calling()
        let ringing = Scripted.response(180, to: invite)
        let second = ringing.replacing(
            "\r\nFrom:", with: "\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nFrom:")
        wire.inject(second, to: .caller)
        wire.inject(ringing.replacing("z9hG4bK", with: "z9hG4bKx"), to: .caller)
        wire.inject(ringing.replacing(" INVITE\r\n", with: " BYE\r\n"), to: .caller)
        #expect(wire.caller.statistics.stray == 3)
        #expect(wire.callerEvents.isEmpty)
    }

    @Test("More forks than are kept are not taken up, and the first is not hurt")
    func manyForks() throws {
        let (wire, invite) = try calling()
        for fork in 0..<100 {
            wire.inject(
                Scripted.response(180, to: invite, tag: "fork\(fork)", headers: [contact]), to: .caller)
        }
        for fork in 0..<100 {
            wire.inject(
                Scripted.response(200, to: invite, tag: "fork\(99 - fork)", headers: [contact]), to: .caller)
        }
        #expect(wire.callerLabels.filter { $0 == "answered 200" }.count == 1)
        #expect(wire.sent(by: .caller).filter { $0 == "BYE" }.count == 99)
    }
}
