import SansIO
import Testing

@testable import SIPCore

@Suite("Dialogs, RFC 3261 §12")
struct DialogTests {
    private let peer = MessageRoute(destination: .loopback(port: 5070), socket: SocketID(rawValue: 1))

    private func dialog(target: String = "sip:bob@pbx.example", routes: [String] = [], cSeq: UInt32 = 7)
        -> Dialog
    {
        Dialog(
            remoteTag: Array("far".utf8), remoteParty: "<sip:bob@example.com>;tag=far", remoteTarget: target,
            routeSet: routes, peer: peer, localCSeq: cSeq)
    }

    @Test("Our sequence numbers grow by one, and stay below 2^31")
    func localNumbers() {
        var dialog = dialog()
        #expect([dialog.nextCSeq(), dialog.nextCSeq(), dialog.nextCSeq()] == [8, 9, 10])
        var last = self.dialog(cSeq: 0x7FFF_FFFE)
        #expect([last.nextCSeq(), last.nextCSeq()] == [0x7FFF_FFFF, 1])
    }

    @Test("The far end's sequence numbers may jump but not stand or fall")
    func remoteNumbers() {
        var dialog = dialog()
        let verdicts = [5, 5, 6, 4, 100, 99, 101].map { dialog.accept(remoteCSeq: $0) }
        #expect(verdicts == [true, false, true, false, true, false, true])
        #expect(dialog.remoteCSeq == 101)
    }

    @Test(
        "Loose routes leave the target in the Request-URI; a strict one takes its place",
        arguments: [
            ([], "sip:bob@pbx.example", []),
            (["<sip:p1;lr>", "<sip:p2>"], "sip:bob@pbx.example", ["<sip:p1;lr>", "<sip:p2>"]),
            (["\"P\" <sip:p1;LR=on>"], "sip:bob@pbx.example", ["\"P\" <sip:p1;LR=on>"]),
            (["<sip:p1>", "<sip:p2;lr>"], "sip:p1", ["<sip:p2;lr>", "<sip:bob@pbx.example>"]),
            (["<sip:p1>;lr"], "sip:p1", ["<sip:bob@pbx.example>"]),
            (["nonsense"], "sip:bob@pbx.example", ["nonsense"]),
        ] as [([String], String, [String])])
    func path(routes: [String], requestURI: String, rest: [String]) {
        let path = dialog(routes: routes).path
        #expect(path.requestURI == requestURI)
        #expect(path.routes == rest)
    }

    @Test("A target refresh keeps the old target when the new one is empty")
    func refresh() {
        var dialog = dialog()
        dialog.refresh(remoteTarget: "")
        #expect(dialog.remoteTarget == "sip:bob@pbx.example")
        dialog.refresh(remoteTarget: "sip:bob@192.0.2.9:5090")
        #expect(dialog.nextHop.destination == SocketAddress(ipv4: 0xC000_0209, port: 5090))
    }

    @Test("Port 0 and the unspecified address are nowhere to send to")
    func nowhere() {
        for target in ["sip:bob@192.0.2.9:0", "sip:bob@0.0.0.0", "sip:[::]", "", "<>"] {
            #expect(dialog(target: target).nextHop == peer)
        }
    }

    @Test(
        "The next hop takes the transport that its URI names, else the peer's where the host is the same, else UDP",
        arguments: [
            ("sip:bob@192.0.2.9", SIPTransport.udp, 5060), ("sip:bob@192.0.2.9;transport=TCP", .tcp, 5060),
            ("sips:bob@192.0.2.9", .tcp, 5070), ("sip:bob@127.0.0.1:5066", .tcp, 5066),
            ("sip:bob@127.0.0.1:5066;transport=udp", .udp, 5066), ("sip:bob@[2001:db8::9]", .udp, 5060),
            ("sip:bob@pbx.example", .tcp, 5070),
        ])
    func nextHopTransport(target: String, transport: SIPTransport, port: UInt16) {
        var dialog = dialog(target: target)
        dialog.peer.transport = .tcp
        #expect(dialog.nextHop.transport == transport)
        #expect(dialog.nextHop.destination.port == port)
    }
}
