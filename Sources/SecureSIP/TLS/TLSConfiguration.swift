#if Secure
    public import SansIO

    /// How TLS is spoken: whom to trust, who we are, what we ask of those who connect.
    public struct TLSConfiguration: Hashable, Sendable {
        /// Whose certificates vouch for others.
        public enum Trust: Hashable, Sendable {
            /// The authorities that the system trusts (or `SSL_CERT_FILE` names).
            case system
            /// Only the certificates in this source: authorities, or a self-signed certificate of the far end itself.
            case only(PEMSource)
        }

        /// Our own certificate and its key.
        public struct Identity: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
            CustomReflectable
        {
            /// Our certificate first, then those that lead to the authority.
            public var certificateChain: PEMSource
            public var privateKey: PEMSource
            /// Opens an encrypted key; `nil` when it is not encrypted.
            public var passphrase: String?

            public init(certificateChain: PEMSource, privateKey: PEMSource, passphrase: String? = nil) {
                self.certificateChain = certificateChain
                self.privateKey = privateKey
                self.passphrase = passphrase
            }

            public var description: String { "certificate from \(certificateChain), key from \(privateKey)" }
            public var debugDescription: String { description }
            public var customMirror: Mirror { Mirror(self, children: ["certificateChain": certificateChain]) }
        }

        /// What a server asks of those who connect.
        public enum ClientCertificates: Hashable, Sendable {
            /// Nothing.
            case notAsked
            /// A certificate; those who have none may pass, those whose certificate is bad may not.
            case optional
            /// A certificate that our trust vouches for.
            case required
        }

        /// The oldest version spoken.
        public enum LeastVersion: Hashable, Sendable {
            case tls12, tls13
        }

        /// Whom we trust as client, and as server when we ask for certificates.
        public var trust: Trust
        /// Shown as server always, as client when asked (mutual TLS); `nil` for none.
        public var identity: Identity?
        public var clientCertificates: ClientCertificates
        public var leastVersion: LeastVersion
        /// Whether `*.example.com` stands for one label before `example.com`. RFC 5922 §7.2 forbids it to SIP; carriers do it.
        public var allowsWildcards: Bool
        /// The instant at which certificates are judged; `nil` for the system's clock.
        public var verificationTime: WallClockInstant?

        public init(
            trust: Trust = .system, identity: Identity? = nil,
            clientCertificates: ClientCertificates = .notAsked, leastVersion: LeastVersion = .tls12,
            allowsWildcards: Bool = true, verificationTime: WallClockInstant? = nil
        ) {
            self.trust = trust
            self.identity = identity
            self.clientCertificates = clientCertificates
            self.leastVersion = leastVersion
            self.allowsWildcards = allowsWildcards
            self.verificationTime = verificationTime
        }
    }
#endif
