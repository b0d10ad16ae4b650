#if Secure
    import AgentBridge
    import CallSimulator
    import Foundation
    import SIPCore
    import SansIO
    import SecureSIP
    import SocketDriver
    import Telephony
    import TestSupport
    import Testing

    /// TLS on loopback: ourselves on both ends, and programs of others at one end.
    @Suite("TLS", .serialized)
    struct TLSTests {
        private let workshop: CertificateWorkshop
        private let good: CertificateWorkshop.Pair

        init() throws {
            workshop = try CertificateWorkshop()
            good = try workshop.issued("good", names: ["IP:127.0.0.1"])
        }

        private func provider(_ identity: CertificateWorkshop.Pair? = nil) throws -> TLSProvider {
            try TLSProvider(
                TLSConfiguration(
                    trust: .only(.file(workshop.authority)),
                    identity: identity.map {
                        .init(certificateChain: .file($0.certificate), privateKey: .file($0.key))
                    }))
        }

        /// Calls over TLS and hangs up once `body` is done.
        private func call<Value: Sendable>(
            _ destination: String, port: UInt16, host: String = "127.0.0.1", provider: TLSProvider,
            _ body: @escaping @Sendable (Call) async throws -> Value
        ) async throws -> CallResult<Value> {
            let trunk = Trunk(name: "tls", host: host, port: port, numbers: ["+15550100"], transport: .tls)
            var configuration = DialerConfiguration()
            configuration.streamSecurity = provider
            let dialer = Dialer(trunk: trunk, configuration: configuration)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                let result = try await dialer.call(
                    CallRequest(to: destination, ringTimeout: .seconds(5)), perform: body)
                await dialer.shutDown()
                try await group.waitForAll()
                return result
            }
        }

        @Test("Ourselves on both ends: a call with keys over one secured connection", .timeLimit(.minutes(1)))
        func loopback() async throws {
            defer { workshop.remove() }
            var configuration = LoopbackPeer.Configuration()
            configuration.acceptsStreams = true
            configuration.streamSecurity = try provider(good)
            let peer = LoopbackPeer(
                driver: try SocketDriver(), callee: .answers(after: .zero).presses("7"),
                configuration: configuration)
            try await peer.start()
            let address = try #require(await peer.secureAddress)
            let result = try await call("+15550101", port: address.port, provider: provider()) { call in
                try await call.answered()
                for await event in call.events {
                    if case .digit(let digit) = event.kind { return "\(digit)" }
                }
                return "none"
            }
            let statistics = await peer.streamStatistics
            await peer.stop()
            #expect(result.outcome.disposition == .answered, "\(result.outcome.cause.text)")
            #expect(result.value?.contains("7") == true)
            #expect(statistics.accepted == 1)
            #expect(peer.reports.first?.end == .callerHungUp)
        }

        @Test("baresip answers over TLS and hears our tone", .timeLimit(.minutes(1)))
        func baresip() async throws {
            defer { workshop.remove() }
            guard let program = try Stranger.find("baresip") else { return }
            let chain =
                try String(contentsOfFile: good.certificate, encoding: .utf8)
                + String(contentsOfFile: good.key, encoding: .utf8)
            try chain.write(toFile: workshop.path("baresip.pem"), atomically: true, encoding: .utf8)
            let (baresip, port) = try Stranger.listening(program, in: workshop.folder) { port in
                try Self.writeConfiguration(to: workshop.folder, port: port)
                return ["-f", workshop.folder.path]
            }
            // baresip takes TLS on the port above.
            let result = try await call("sip:phone@127.0.0.1", port: port + 1, provider: provider()) { call in
                try await call.answered()
                var loudest: Int16 = 0
                var heard = 0
                while heard < 16_000, let samples = await call.audio.read() {
                    heard += samples.count
                    loudest = max(loudest, samples.max() ?? 0)
                }
                return loudest
            }
            #expect(result.outcome.disposition == .answered, "\(result.outcome.cause.text) \(baresip.output)")
            #expect(try #require(result.value) > 2_000)
        }

        private static func writeConfiguration(to folder: URL, port: UInt16) throws {
            try """
            sip_listen 127.0.0.1:\(port)
            sip_certificate \(folder.path)/baresip.pem
            audio_player aufile,\(folder.path)/played.wav
            audio_source ausine,440
            ausrc_srate 48000
            ausrc_channels 2
            net_interface 127.0.0.1
            audio_alert aufile,\(folder.path)/alert.wav
            rtp_ports 10000-19998
            module_path /usr/lib/baresip/modules
            module g711.so
            module ausine.so
            module aufile.so
            module_app account.so
            module_app menu.so
            """.write(to: folder.appending(path: "config"), atomically: true, encoding: .utf8)
            try "<sip:phone@127.0.0.1;transport=tls>;regint=0;answermode=auto;audio_codecs=PCMU\n"
                .write(to: folder.appending(path: "accounts"), atomically: true, encoding: .utf8)
            try "".write(to: folder.appending(path: "contacts"), atomically: true, encoding: .utf8)
        }

        /// `openssl s_server` with a certificate, and what our outcome says of it.
        private func cause(
            of pair: CertificateWorkshop.Pair, options: [String] = [], provider: TLSProvider
        ) async throws -> (disposition: CallDisposition, text: String) {
            let path = try #require(try Stranger.find("openssl"))
            let port = try Stranger.freePort()
            let server = try Stranger(
                path,
                [
                    "s_server", "-accept", "127.0.0.1:\(port)", "-www", "-cert", pair.certificate, "-key",
                    pair.key,
                ]
                    + options, in: workshop.folder)
            #expect(Stranger.waitForTCP(port: port), "\(server.output)")
            let result = try await call("+15550101", port: port, provider: provider) { call in
                try await call.answered()
            }
            return (result.outcome.disposition, result.outcome.cause.text)
        }

        @Test("What is wrong with a server's certificate stands in the outcome", .timeLimit(.minutes(1)))
        func faults() async throws {
            defer { workshop.remove() }
            guard try Stranger.find("openssl") != nil else { return }
            let address = ["IP:127.0.0.1"]
            let cases: [(CertificateWorkshop.Pair, StreamSecurityError)] = [
                (try workshop.issued("expired", names: address, days: -1), .certificateExpired),
                (
                    try workshop.issued("other", names: ["DNS:example.com"]),
                    .wrongHostName(asked: "127.0.0.1")
                ),
                (try workshop.issued("strange", names: address, by: "stranger"), .unknownAuthority),
                (
                    try workshop.selfSigned(
                        "self", subject: "/CN=x", extensions: ["subjectAltName=IP:127.0.0.1"]),
                    .selfSigned
                ),
            ]
            for (pair, error) in cases {
                let cause = try await cause(of: pair, provider: provider())
                #expect(cause.disposition == .trunkFault)
                #expect(cause.text == "no connection to the trunk: \(error)")
            }
        }

        @Test("A server that requires a client certificate refuses us without one", .timeLimit(.minutes(1)))
        func clientCertificate() async throws {
            defer { workshop.remove() }
            guard try Stranger.find("openssl") != nil else { return }
            let options = ["-Verify", "2", "-verify_return_error", "-CAfile", workshop.authority]
            let cause = try await cause(of: good, options: options, provider: provider())
            #expect(cause.disposition == .trunkFault)
            #expect(
                cause.text
                    == "no connection to the trunk: \(StreamSecurityError.alertReceived(.certificateRequired))"
            )
        }

        @Test("A port that speaks no TLS is told as such", .timeLimit(.minutes(1)))
        func plainPort() async throws {
            defer { workshop.remove() }
            var configuration = LoopbackPeer.Configuration()
            configuration.acceptsStreams = true
            let peer = LoopbackPeer(
                driver: try SocketDriver(), callee: .answers(after: .zero), configuration: configuration)
            let address = try await peer.start()
            let result = try await call("+15550101", port: address.port, provider: provider()) { call in
                try await call.answered()
            }
            await peer.stop()
            #expect(result.outcome.disposition == .trunkFault)
        }
    }
#endif
