#if Secure
    import Foundation
    import SIPCore
    import SansIO
    import SecureSIP
    import Telephony
    import TestSupport
    import Testing

    /// baresip and a dialer call each other over every transport.
    @Suite("baresip over UDP, TCP and TLS", .serialized)
    struct BaresipTransportTests {
        private let workshop: CertificateWorkshop

        init() throws { workshop = try CertificateWorkshop() }

        private func configuration(
            identity: CertificateWorkshop.Pair, handler: (any CallHandler)? = nil
        ) throws -> DialerConfiguration {
            var configuration = DialerConfiguration()
            configuration.localPort = try Stranger.freePort()
            configuration.inbound = handler.map {
                InboundPolicy(IncomingCallRouting([.init(.any, handler: $0)]))
            }
            configuration.streamSecurity = try TLSProvider(
                TLSConfiguration(
                    trust: .only(.file(workshop.authority)),
                    identity: .init(
                        certificateChain: .file(identity.certificate), privateKey: .file(identity.key))))
            return configuration
        }

        private func phone(_ transport: SIPTransport) throws -> Baresip? {
            let own = try workshop.issued("phone", names: ["IP:127.0.0.1"])
            let chain =
                try String(contentsOfFile: own.certificate, encoding: .utf8)
                + String(contentsOfFile: own.key, encoding: .utf8)
            try chain.write(toFile: workshop.path("phone-chain.pem"), atomically: true, encoding: .utf8)
            return try Baresip(
                account: "<sip:phone@127.0.0.1;transport=\(transport)>;regint=0",
                certificate: workshop.path("phone-chain.pem"), authority: workshop.authority)
        }

        @Test(
            "baresip calls us: the agent answers, with audio both ways", .timeLimit(.minutes(1)),
            arguments: [SIPTransport.udp, .tcp, .tls])
        func called(transport: SIPTransport) async throws {
            defer { workshop.remove() }
            guard let phone = try phone(transport) else { return }
            let talk = ToneTalk()
            let configuration = try configuration(
                identity: workshop.issued("ours", names: ["IP:127.0.0.1"]), handler: talk)
            let trunk = Trunk(name: "phone", host: "127.0.0.1", port: phone.port, transport: transport)
            let port = configuration.localPort + (transport == .tls ? 1 : 0)
            let statistics = try await Dialer(trunk: trunk, configuration: configuration).serving { dialer in
                try phone.run("dial", "sip:+15550100@127.0.0.1:\(port)")
                _ = try await eventually(15) { talk.shares.withLock { !$0.isEmpty } }
                return try await dialer.statistics()
            }
            #expect(statistics.inbound.accepted == 1, "\(phone.output)")
            #expect((talk.shares.withLock { $0.first } ?? 0) > 0.8, "\(phone.output)")
            #expect(BaresipTests.share(of: 1_000, in: try phone.heard()[...], rateHertz: 8_000) > 0.5)
        }

        @Test(
            "Through kamailio over TLS with a certificate that we check; the phone behind it hangs up",
            .timeLimit(.minutes(1)))
        func throughProxy() async throws {
            defer { workshop.remove() }
            _ = try workshop.issued("pbx", names: ["IP:127.0.0.1"])
            guard let pbx = try Kamailio(certificate: workshop.folder),
                let phone = try await KamailioTests.phone(pbx)
            else { return }
            let talk = ToneTalk(staysOn: true)
            let configuration = try configuration(
                identity: workshop.issued("ours", names: ["IP:127.0.0.1"]))
            let dialer = Dialer(trunk: KamailioTests.trunk(pbx, .tls), configuration: configuration)
            let outcome = try await phone.isCalled(by: dialer, at: "sip:phone@pbx.test", talk)
            #expect(outcome.disposition == .answered, "\(outcome.cause) \(phone.output) \(pbx.output)")
            #expect(outcome.endedBy == .callee)
            #expect((talk.shares.withLock { $0.first } ?? 0) > 0.8, "\(phone.output)")
            #expect(pbx.lines("routed ACK").count == 1 && pbx.lines("routed BYE").count == 1)
        }

        @Test("We call baresip over TCP: audio both ways, and it hangs up", .timeLimit(.minutes(1)))
        func calls() async throws {
            defer { workshop.remove() }
            guard let phone = try phone(.tcp) else { return }
            let trunk = Trunk(
                name: "phone", host: "127.0.0.1", port: phone.port, numbers: ["+15550100"], transport: .tcp)
            let talk = ToneTalk(staysOn: true)
            let outcome = try await phone.isCalled(by: Dialer(trunk: trunk), talk)
            #expect(outcome.disposition == .answered, "\(outcome.cause) \(phone.output)")
            #expect(outcome.endedBy == .callee)
            #expect((talk.shares.withLock { $0.first } ?? 0) > 0.8, "\(phone.output)")
            #expect(BaresipTests.share(of: 1_000, in: try phone.heard()[...], rateHertz: 8_000) > 0.5)
        }
    }
#endif
