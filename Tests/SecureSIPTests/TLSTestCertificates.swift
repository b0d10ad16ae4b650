#if Secure
    internal import SansIO
    internal import SecureSIP
    internal import TestSupport
    internal import Testing

    /// The certificates of the TLS tests, made once per process.
    struct TLSTestCertificates: Sendable {
        let workshop: CertificateWorkshop
        let good: CertificateWorkshop.Pair
        let expired: CertificateWorkshop.Pair
        let selfSigned: CertificateWorkshop.Pair
        let strange: CertificateWorkshop.Pair
        let client: CertificateWorkshop.Pair
        let address: CertificateWorkshop.Pair
        let wildcard: CertificateWorkshop.Pair
        let domain: CertificateWorkshop.Pair

        static let shared = Result { try TLSTestCertificates() }

        private init() throws {
            workshop = try CertificateWorkshop()
            good = try workshop.issued("good", names: ["DNS:sip.example.com"])
            expired = try workshop.issued("expired", names: ["DNS:sip.example.com"], days: -1)
            selfSigned = try workshop.selfSigned(
                "self", subject: "/CN=sip.example.com", extensions: ["subjectAltName=DNS:sip.example.com"])
            strange = try workshop.issued("strange", names: ["DNS:sip.example.com"], by: "stranger")
            client = try workshop.issued("client", names: ["DNS:dialer.example.com"])
            address = try workshop.issued("address", names: ["IP:192.0.2.7", "IP:2001:db8::7"])
            wildcard = try workshop.issued("wildcard", names: ["DNS:*.carrier.example"])
            domain = try workshop.issued("domain", names: ["URI:sip:example.com", "DNS:edge7.example.net"])
        }

        func identity(_ pair: CertificateWorkshop.Pair) -> TLSConfiguration.Identity {
            TLSConfiguration.Identity(
                certificateChain: .file(pair.certificate), privateKey: .file(pair.key))
        }

        /// Trusts the test's authority.
        var trust: TLSConfiguration.Trust { .only(.file(workshop.authority)) }

        /// A client's and a server's session joined in memory.
        func pipe(
            asked host: String = "sip.example.com", server pair: CertificateWorkshop.Pair? = nil,
            client: TLSConfiguration? = nil,
            clientCertificates: TLSConfiguration.ClientCertificates = .notAsked,
            least: TLSConfiguration.LeastVersion = .tls12, pieceBytes: Int = 1_460
        ) throws -> SecurityPipe {
            let server = try TLSProvider(
                TLSConfiguration(
                    trust: trust, identity: identity(pair ?? good), clientCertificates: clientCertificates,
                    leastVersion: least))
            let client = try TLSProvider(client ?? TLSConfiguration(trust: trust))
            return SecurityPipe(
                client: try client.makeSession(.client(host: host)), server: try server.makeSession(.server),
                pieceBytes: pieceBytes)
        }
    }
#endif
