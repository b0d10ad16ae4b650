#if Secure
    public import SansIO

    /// TLS 1.2 and 1.3 through OpenSSL 3, for SIP over streams (RFC 3261 §26.2, RFC 5922).
    ///
    /// Certificates and keys are read here and kept; after a renewal make a new provider. Sessions are not resumed, nothing is
    /// renegotiated, nothing is compressed.
    public struct TLSProvider: StreamSecurityProvider {
        private let contexts: TLSContexts

        /// Reads every file that `configuration` names; may block while it does.
        ///
        /// - Throws: ``SansIO/StreamSecurityError/configuration(_:)`` naming the file or variable and what is wrong with it.
        public init(_ configuration: TLSConfiguration = TLSConfiguration()) throws(StreamSecurityError) {
            contexts = TLSContexts(
                client: try TLSContext.make(configuration, .client),
                server: try TLSContext.make(configuration, .server),
                configuration: configuration)
        }

        public func makeSession(
            _ role: StreamSecurityRole
        ) throws(StreamSecurityError) -> any StreamSecuritySession {
            try TLSSession(contexts, role)
        }
    }

    /// What all sessions of a provider share.
    final class TLSContexts: Sendable {
        let client: TLSContext
        let server: TLSContext
        let configuration: TLSConfiguration

        init(client: consuming TLSContext, server: consuming TLSContext, configuration: TLSConfiguration) {
            self.client = client
            self.server = server
            self.configuration = configuration
        }
    }
#endif
