#if Secure
    internal import SansIO
    internal import SecureSIP
    internal import TestSupport
    internal import Testing

    @Suite("TLS and bytes that are not TLS")
    struct TLSHostilityTests {
        private let certificates: TLSTestCertificates

        init() throws { certificates = try TLSTestCertificates.shared.get() }

        private func server() throws -> any StreamSecuritySession {
            try TLSProvider(TLSConfiguration(identity: certificates.identity(certificates.good)))
                .makeSession(.server)
        }

        private func client() throws -> any StreamSecuritySession {
            let session = try TLSProvider(TLSConfiguration(trust: certificates.trust))
                .makeSession(.client(host: "sip.example.com"))
            var outgoing: [UInt8] = []
            session.start(into: &outgoing)
            #expect(!outgoing.isEmpty)
            return session
        }

        private func feed(_ bytes: [UInt8], to session: any StreamSecuritySession, pieceBytes: Int) -> Int {
            var text: [UInt8] = []
            var outgoing: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
                let piece = Array(bytes[start..<min(bytes.count, start + pieceBytes)])
                session.receive(piece.span.bytes, into: &text, outgoing: &outgoing)
            }
            #expect(text.isEmpty)
            return outgoing.count
        }

        @Test("SIP in the clear, HTTP and noise are told as another protocol, at both ends")
        func otherProtocols() throws {
            for text in [
                "OPTIONS sip:example.com SIP/2.0\r\nVia: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            ] {
                for session in [try server(), try client()] {
                    _ = feed(Array(text.utf8), to: session, pieceBytes: 7)
                    #expect(session.state == .failed(.notTheProtocol))
                }
            }
        }

        @Test("Noise of every beginning fails or waits, and never traps")
        func noise() throws {
            var generator = SeededGenerator(seed: 7)
            let server = try TLSProvider(TLSConfiguration(identity: certificates.identity(certificates.good)))
            for first in UInt8.min...UInt8.max {
                var bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                bytes[0] = first
                let session = try server.makeSession(.server)
                _ = feed(bytes, to: session, pieceBytes: Int(first % 13) + 1)
                #expect(session.state != .established)
                #expect(session.state != .closed)
            }
        }

        @Test("A handshake with one octet turned over fails at one end or is not noticed, and never traps")
        func mutations() throws {
            // A recorded client flight, damaged at every place, before a server.
            let server = try TLSProvider(TLSConfiguration(identity: certificates.identity(certificates.good)))
            let client = try TLSProvider(TLSConfiguration(trust: certificates.trust))
                .makeSession(.client(host: "sip.example.com"))
            var hello: [UInt8] = []
            client.start(into: &hello)
            for index in hello.indices {
                var damaged = hello
                damaged[index] ^= 0xFF
                let session = try server.makeSession(.server)
                _ = feed(damaged, to: session, pieceBytes: 1_460)
                #expect(session.state != .established)
            }
        }

        @Test("A handshake cut at every place is a cut")
        func cuts() throws {
            let server = try TLSProvider(TLSConfiguration(identity: certificates.identity(certificates.good)))
            let client = try TLSProvider(TLSConfiguration(trust: certificates.trust))
                .makeSession(.client(host: "sip.example.com"))
            var hello: [UInt8] = []
            client.start(into: &hello)
            for count in stride(from: 0, to: hello.count, by: 3) {
                let session = try server.makeSession(.server)
                _ = feed(Array(hello[..<count]), to: session, pieceBytes: 64)
                #expect(session.state == .handshaking)
                session.receiveEnd()
                #expect(session.state == .failed(.truncated))
            }
        }

        @Test("A damaged record ends an established stream, without text of it")
        func damagedRecord() throws {
            let pipe = try certificates.pipe()
            pipe.shakeHands()
            var sealed: [UInt8] = []
            #expect(pipe.client.send([1, 2, 3].span.bytes, into: &sealed))
            sealed[sealed.count - 1] ^= 1
            #expect(feed(sealed, to: pipe.server, pieceBytes: 5) > 0)
            guard case .failed(.protocolViolation) = pipe.server.state else {
                Issue.record("the state is \(pipe.server.state)")
                return
            }
            var outgoing: [UInt8] = []
            #expect(!pipe.server.send([1].span.bytes, into: &outgoing))
        }

        @Test("A peer that announces a huge handshake is refused, not stored")
        func hugeHandshake() throws {
            // A handshake record that announces a ClientHello of 16 MiB, then as many records as it likes.
            var record: [UInt8] = [22, 3, 1, 0x40, 0x00, 1, 0xFF, 0xFF, 0xFF]
            record += [UInt8](repeating: 0, count: 0x4000 - 4)
            let session = try server()
            var fed = 0
            while session.state == .handshaking, fed < 1_000_000 {
                _ = feed(record, to: session, pieceBytes: 10_000)
                fed += record.count
            }
            #expect(fed < 200_000)
            #expect(session.state != .handshaking)
        }
    }
#endif
