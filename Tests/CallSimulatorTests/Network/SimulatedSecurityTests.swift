internal import CallSimulator
internal import SansIO
internal import TestSupport
internal import Testing

@Suite("Simulated stream security")
struct SimulatedSecurityTests {
    private func pipe(
        asked host: String = "sip.example.com", server: SimulatedSecurity,
        client: SimulatedSecurity = SimulatedSecurity(), pieceBytes: Int = 1_460
    ) throws -> SecurityPipe {
        SecurityPipe(
            client: try client.makeSession(.client(host: host)), server: try server.makeSession(.server),
            pieceBytes: pieceBytes)
    }

    private let good = SimulatedSecurity(certificate: .init(name: "sip.example.com"))

    @Test("A good certificate opens both directions, cut at any place", arguments: [1, 2, 3, 7, 1_460])
    func establishes(pieceBytes: Int) throws {
        let pipe = try pipe(server: good, pieceBytes: pieceBytes)
        pipe.shakeHands()
        #expect(pipe.client.state == .established)
        #expect(pipe.server.state == .established)
        #expect(pipe.client.peer?.names == ["sip.example.com"])
        let long = [UInt8](repeating: 0x41, count: 40_000)
        #expect(pipe.sendFromClient(long))
        #expect(pipe.sendFromServer([1, 2, 3]))
        #expect(pipe.serverText == long)
        #expect(pipe.clientText == [1, 2, 3])
        pipe.closeFromClient()
        #expect(pipe.client.state == .closed)
        #expect(pipe.server.state == .closed)
        #expect(!pipe.sendFromServer([1]))
    }

    @Test("The handshake is three short records, and text does not cross in the clear")
    func wireForm() throws {
        let pipe = try pipe(asked: "a.b", server: SimulatedSecurity(certificate: .init(name: "a.b")))
        pipe.shakeHands()
        #expect(pipe.sendFromClient([0x00, 0xF0]))
        #expect(pipe.toServer == [1, 0, 3, 0x61, 0x2E, 0x62, 3, 0, 0, 23, 0, 2, 0xFF, 0x0F])
        #expect(pipe.toClient == [2, 0, 5, 0, 0, 0x61, 0x2E, 0x62])
    }

    @Test(
        "A certificate's fault is told by name, and the server hears of it",
        arguments: [
            (SimulatedSecurity.Condition.expired, StreamSecurityError.certificateExpired, UInt8(45)),
            (.notYetValid, .certificateNotYetValid, 45), (.selfSigned, .selfSigned, 48),
            (.unknownAuthority, .unknownAuthority, 48), (.revoked, .certificateRevoked, 44),
        ])
    func faults(
        condition: SimulatedSecurity.Condition, error: StreamSecurityError, alert: UInt8
    ) throws {
        let server = SimulatedSecurity(certificate: .init(name: "sip.example.com", condition: condition))
        let pipe = try pipe(server: server)
        pipe.shakeHands()
        #expect(pipe.client.state == .failed(error))
        #expect(pipe.server.state == .failed(.alertReceived(StreamSecurityAlert(rawValue: alert))))
        #expect(!pipe.sendFromClient([1]))
    }

    @Test("A certificate for another name is refused, naming the host that was asked for")
    func wrongName() throws {
        let pipe = try pipe(asked: "other.example.com", server: good)
        pipe.shakeHands()
        #expect(pipe.client.state == .failed(.wrongHostName(asked: "other.example.com")))
    }

    @Test("A server that wants a client certificate gets it, or refuses")
    func mutual() throws {
        var server = good
        server.requiresClientCertificate = true
        let known = SimulatedSecurity(certificate: .init(name: "dialer.example.com"))
        let accepted = try pipe(server: server, client: known)
        accepted.shakeHands()
        #expect(accepted.server.peer?.names == ["dialer.example.com"])
        let refused = try pipe(server: server)
        refused.shakeHands()
        #expect(refused.server.state == .failed(.noPeerCertificate))
        #expect(refused.client.state == .failed(.alertReceived(.certificateRequired)))
    }

    @Test("Garbage fails the session, an end without goodbye is a cut")
    func garbage() throws {
        let pipe = try pipe(server: good)
        var text: [UInt8] = []
        var outgoing: [UInt8] = []
        pipe.server.receive(
            Array("OPTIONS sip:a SIP/2.0\r\n".utf8).span.bytes, into: &text, outgoing: &outgoing)
        #expect(pipe.server.state == .failed(.notTheProtocol))
        #expect(outgoing == [21, 0, 1, 10])
        #expect(text.isEmpty)
        pipe.client.receiveEnd()
        #expect(pipe.client.state == .failed(.truncated))
    }

    @Test("A server without certificate and a client without host cannot be made")
    func misuse() {
        #expect(throws: StreamSecurityError.self) { try SimulatedSecurity().makeSession(.server) }
        #expect(throws: StreamSecurityError.self) {
            try SimulatedSecurity().makeSession(.client(host: ""))
        }
    }
}
