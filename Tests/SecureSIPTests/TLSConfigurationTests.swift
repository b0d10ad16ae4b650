#if Secure
    internal import Foundation
    internal import SansIO
    internal import SecureSIP
    internal import TestSupport
    internal import Testing

    @Suite("TLS settings")
    struct TLSConfigurationTests {
        private let certificates: TLSTestCertificates

        init() throws { certificates = try TLSTestCertificates.shared.get() }

        private func fault(_ configuration: TLSConfiguration) -> String {
            do {
                _ = try TLSProvider(configuration)
                return "none"
            } catch {
                return error.description
            }
        }

        @Test("A file that is missing or holds something else is named")
        func files() throws {
            let missing = TLSConfiguration(trust: .only(.file("/nonexistent/ca.pem")))
            #expect(fault(missing) == "cannot read the file /nonexistent/ca.pem")
            let key = certificates.good.key
            #expect(
                fault(TLSConfiguration(trust: .only(.file(key))))
                    == "there is no PEM certificate in the file \(key)")
            let swapped = TLSConfiguration.Identity(
                certificateChain: .file(certificates.good.certificate),
                privateKey: .file(certificates.authorityFile))
            #expect(
                fault(TLSConfiguration(identity: swapped))
                    == "there is no readable PEM private key in the file \(certificates.authorityFile)")
            #expect(
                fault(TLSConfiguration(trust: .only(.environment("OUTDIAL_NO_SUCH_VARIABLE"))))
                    == "the environment variable OUTDIAL_NO_SUCH_VARIABLE is not set")
        }

        @Test("A key that belongs to another certificate is told")
        func mismatch() {
            let identity = TLSConfiguration.Identity(
                certificateChain: .file(certificates.good.certificate),
                privateKey: .file(certificates.client.key))
            #expect(
                fault(TLSConfiguration(identity: identity)).contains("does not belong to the certificate"))
        }

        @Test("An encrypted key opens with its passphrase and nobody is asked for it")
        func passphrase() throws {
            let encrypted = certificates.workshop.path("encrypted-\(UUID().uuidString).key")
            try certificates.workshop.openssl(
                [
                    "pkey", "-in", certificates.good.key, "-aes256", "-passout", "pass:opensesame", "-out",
                    encrypted,
                ])
            var identity = TLSConfiguration.Identity(
                certificateChain: .file(certificates.good.certificate), privateKey: .file(encrypted),
                passphrase: "opensesame")
            #expect(fault(TLSConfiguration(identity: identity)) == "none")
            identity.passphrase = "wrong"
            #expect(
                fault(TLSConfiguration(identity: identity))
                    == "there is no readable PEM private key in the file \(encrypted), or the passphrase is wrong"
            )
            identity.passphrase = nil
            #expect(
                fault(TLSConfiguration(identity: identity))
                    == "there is no readable PEM private key in the file \(encrypted)")
        }

        @Test("Certificates and keys may be given as text, which no description shows")
        func text() throws {
            let certificate = try String(contentsOfFile: certificates.good.certificate, encoding: .utf8)
            let key = try String(contentsOfFile: certificates.good.key, encoding: .utf8)
            let identity = TLSConfiguration.Identity(
                certificateChain: .text(certificate), privateKey: .text(key), passphrase: "opensesame")
            #expect(fault(TLSConfiguration(identity: identity)) == "none")
            var shown = "\(identity) \(String(reflecting: identity)) \(TLSConfiguration(identity: identity))"
            dump(TLSConfiguration(identity: identity), to: &shown)
            #expect(!shown.contains("opensesame"))
            #expect(!shown.contains("BEGIN"))
        }

        @Test("A server needs a certificate, a client a host")
        func roles() throws {
            let provider = try TLSProvider(TLSConfiguration())
            #expect(throws: StreamSecurityError.configuration("a TLS server needs a certificate and its key"))
            {
                try provider.makeSession(.server)
            }
            for host in ["", "a b", "a\0b", "sip:example.com", String(repeating: "a", count: 254)] {
                #expect(throws: StreamSecurityError.self) { try provider.makeSession(.client(host: host)) }
            }
        }
    }

    extension TLSTestCertificates {
        var authorityFile: String { workshop.authority }
    }
#endif
