#if Secure
    internal import SansIO
    internal import SecureSIP
    internal import TestSupport
    internal import Testing

    @Suite("TLS through OpenSSL, over memory")
    struct TLSSessionTests {
        private let certificates: TLSTestCertificates

        init() throws { certificates = try TLSTestCertificates.shared.get() }

        @Test(
            "A good certificate opens both directions, cut at any place",
            arguments: [1, 5, 100, 1_460, 65_536])
        func establishes(pieceBytes: Int) throws {
            let pipe = try certificates.pipe(pieceBytes: pieceBytes)
            pipe.shakeHands()
            #expect(pipe.client.state == .established)
            #expect(pipe.server.state == .established)
            #expect(pipe.client.peer?.names == ["sip.example.com"])
            #expect(pipe.client.peer?.protocolName.hasPrefix("TLSv1.3 ") == true)
            #expect(pipe.server.peer == nil)
            let request = Array("OPTIONS sip:example.com SIP/2.0\r\n\r\n".utf8)
            #expect(pipe.sendFromClient(request))
            #expect(pipe.serverText == request)
            let long = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(pipe.sendFromServer(long))
            #expect(pipe.clientText == long)
        }

        @Test("Text never crosses in the clear")
        func hidesText() throws {
            let pipe = try certificates.pipe()
            pipe.shakeHands()
            let secret = Array("INVITE sip:+15550100@example.com SIP/2.0".utf8)
            #expect(pipe.sendFromClient(secret))
            #expect(!String(decoding: pipe.toServer, as: UTF8.self).contains("+15550100"))
        }

        @Test("Goodbye is heard and answered; then nothing can be sent, and the end is no cut")
        func goodbye() throws {
            let pipe = try certificates.pipe()
            pipe.shakeHands()
            pipe.closeFromClient()
            #expect(pipe.client.state == .closed)
            #expect(pipe.server.state == .closed)
            #expect(!pipe.sendFromServer([1]))
            pipe.server.receiveEnd()
            #expect(pipe.server.state == .closed)
        }

        @Test("An end without goodbye is told as a cut, before and after the handshake")
        func truncation() throws {
            let pipe = try certificates.pipe()
            pipe.client.receiveEnd()
            #expect(pipe.client.state == .failed(.truncated))
            let established = try certificates.pipe()
            established.shakeHands()
            established.server.receiveEnd()
            #expect(established.server.state == .failed(.truncated))
        }

        @Test("Nothing can be sent before the handshake is over")
        func notYet() throws {
            let pipe = try certificates.pipe()
            #expect(!pipe.sendFromClient([1]))
            #expect(!pipe.sendFromServer([1]))
        }

        // MARK: Certificates

        @Test("An expired certificate is told as expired")
        func expired() throws {
            let pipe = try certificates.pipe(server: certificates.expired)
            pipe.shakeHands()
            #expect(pipe.client.state == .failed(.certificateExpired))
            #expect(pipe.server.state == .failed(.alertReceived(.certificateExpired)))
        }

        @Test("A certificate judged before its first day is told as not yet valid, after its last as expired")
        func clocks() throws {
            let early = WallClockInstant(secondsSinceEpoch: 1_000_000_000)
            let late = WallClockInstant(secondsSinceEpoch: 4_000_000_000)
            for (time, error) in [
                (early, StreamSecurityError.certificateNotYetValid), (late, .certificateExpired),
            ] {
                let client = TLSConfiguration(trust: certificates.trust, verificationTime: time)
                let pipe = try certificates.pipe(client: client)
                pipe.shakeHands()
                #expect(pipe.client.state == .failed(error))
            }
        }

        @Test("A certificate for another host is refused, naming the host that was asked for")
        func wrongName() throws {
            for host in ["other.example.com", "example.com", "sip.example.com.evil.example", "192.0.2.7"] {
                let pipe = try certificates.pipe(asked: host)
                pipe.shakeHands()
                #expect(pipe.client.state == .failed(.wrongHostName(asked: host)))
                #expect(pipe.server.state == .failed(.alertReceived(.badCertificate)))
            }
        }

        @Test("A self-signed certificate is refused as such, and taken when its own file is trusted")
        func selfSigned() throws {
            let refused = try certificates.pipe(server: certificates.selfSigned)
            refused.shakeHands()
            #expect(refused.client.state == .failed(.selfSigned))
            #expect(refused.server.state == .failed(.alertReceived(.unknownAuthority)))
            let trust = TLSConfiguration.Trust.only(.file(certificates.selfSigned.certificate))
            let taken = try certificates.pipe(
                server: certificates.selfSigned, client: TLSConfiguration(trust: trust))
            taken.shakeHands()
            #expect(taken.client.state == .established)
        }

        @Test("A certificate can be trusted by itself, whoever issued it")
        func pinned() throws {
            let trust = TLSConfiguration.Trust.only(.file(certificates.strange.certificate))
            let pipe = try certificates.pipe(
                server: certificates.strange, client: TLSConfiguration(trust: trust))
            pipe.shakeHands()
            #expect(pipe.client.state == .established)
        }

        @Test("An issuer that is not trusted is told as such, also with the system's trust")
        func unknownAuthority() throws {
            for trust in [certificates.trust, .system] {
                let pipe = try certificates.pipe(
                    server: certificates.strange, client: TLSConfiguration(trust: trust))
                pipe.shakeHands()
                #expect(pipe.client.state == .failed(.unknownAuthority))
            }
        }

        @Test(
            "An address is checked against the addresses of the certificate",
            arguments: ["192.0.2.7", "2001:db8::7"])
        func addresses(host: String) throws {
            let pipe = try certificates.pipe(asked: host, server: certificates.address)
            pipe.shakeHands()
            #expect(pipe.client.state == .established)
            #expect(pipe.client.peer?.names == ["192.0.2.7", "2001:db8::7"])
            let other = try certificates.pipe(asked: "192.0.2.8", server: certificates.address)
            other.shakeHands()
            #expect(other.client.state == .failed(.wrongHostName(asked: "192.0.2.8")))
        }

        @Test("A wildcard stands for one label, unless forbidden")
        func wildcards() throws {
            let fits = try certificates.pipe(asked: "pop1.carrier.example.", server: certificates.wildcard)
            fits.shakeHands()
            #expect(fits.client.state == .established)
            for (host, allowsWildcards) in [("a.b.carrier.example", true), ("pop1.carrier.example", false)] {
                let client = TLSConfiguration(trust: certificates.trust, allowsWildcards: allowsWildcards)
                let pipe = try certificates.pipe(asked: host, server: certificates.wildcard, client: client)
                pipe.shakeHands()
                #expect(pipe.client.state == .failed(.wrongHostName(asked: host)))
            }
        }

        @Test("A certificate names a SIP domain as a URI, RFC 5922 §7.1")
        func sipDomain() throws {
            let pipe = try certificates.pipe(asked: "Example.com", server: certificates.domain)
            pipe.shakeHands()
            #expect(pipe.client.state == .established)
            #expect(pipe.client.peer?.names == ["sip:example.com", "edge7.example.net"])
            let other = try certificates.pipe(asked: "www.example.com", server: certificates.domain)
            other.shakeHands()
            #expect(other.client.state == .failed(.wrongHostName(asked: "www.example.com")))
        }

        // MARK: Mutual TLS

        @Test("A server that requires a client certificate knows its names")
        func mutual() throws {
            let client = TLSConfiguration(
                trust: certificates.trust, identity: certificates.identity(certificates.client))
            let pipe = try certificates.pipe(client: client, clientCertificates: .required)
            pipe.shakeHands()
            #expect(pipe.server.state == .established)
            #expect(pipe.server.peer?.names == ["dialer.example.com"])
        }

        @Test(
            "A client without certificate is refused where one is required, and passes where it is optional")
        func missingClientCertificate() throws {
            let refused = try certificates.pipe(clientCertificates: .required)
            refused.shakeHands()
            #expect(refused.server.state == .failed(.noPeerCertificate))
            #expect(refused.client.state == .failed(.alertReceived(.certificateRequired)))
            let passes = try certificates.pipe(clientCertificates: .optional)
            passes.shakeHands()
            #expect(passes.server.state == .established)
        }

        @Test("A client certificate that is not vouched for is refused, also where it is optional")
        func strangeClient() throws {
            let client = TLSConfiguration(
                trust: certificates.trust, identity: certificates.identity(certificates.strange))
            let pipe = try certificates.pipe(client: client, clientCertificates: .optional)
            pipe.shakeHands()
            #expect(pipe.server.state == .failed(.unknownAuthority))
            #expect(pipe.client.state == .failed(.alertReceived(.unknownAuthority)))
        }
    }
#endif
