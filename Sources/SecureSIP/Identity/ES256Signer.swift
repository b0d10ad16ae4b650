#if Secure
    private import COpenSSL
    public import SIPCore

    /// Signs PASSporTs with a private key on P-256, read once.
    public final class ES256Signer: PASSporTSigning {
        public let certificateURL: String
        private let key: KeyHandle

        /// Reads the key; may block while it does.
        ///
        /// - Parameters:
        ///   - key: An elliptic-curve private key on P-256, PEM.
        ///   - passphrase: Opens an encrypted key.
        ///   - certificateURL: Where others find the certificate of the key: an https URL.
        /// - Throws: ``CredentialError`` naming the source and what is wrong with it.
        public init(
            key source: PEMSource, passphrase: String? = nil, certificateURL: String
        ) throws(CredentialError) {
            guard certificateURL.lowercased().hasPrefix("https://"),
                certificateURL.utf8.allSatisfy({ (33...126).contains($0) && !"<>\"".utf8.contains($0) })
            else { throw CredentialError("the certificate's address is not an https URL") }
            self.certificateURL = certificateURL
            let key: KeyHandle
            do {
                key = try PEMReader(source).privateKey(passphrase: passphrase)
            } catch {
                throw CredentialError(error.message)
            }
            guard ES256.isOnP256(key.pointer) else {
                throw CredentialError("the key in \(source) is not an elliptic-curve key on P-256")
            }
            self.key = key
        }

        public func sign(_ bytes: [UInt8]) throws(PASSporTSigningError) -> [UInt8] {
            guard let signature = ES256.sign(bytes, with: key) else {
                throw PASSporTSigningError("OpenSSL refuses the key")
            }
            return signature
        }
    }
#endif
