#if Secure
    private import COpenSSL
    public import SIPCore
    public import SansIO

    /// Checks PASSporTs against one public key that is known beforehand, whatever certificate they name: between partners who
    /// have exchanged keys, and in tests.
    public final class ES256Verifier: PASSporTVerifying {
        private let key: KeyHandle

        /// - Parameter source: A public key on P-256, PEM (`PUBLIC KEY`).
        /// - Throws: ``CredentialError`` naming the source and what is wrong with it.
        public init(publicKey source: PEMSource) throws(CredentialError) {
            let key: KeyHandle
            do {
                key = try PEMReader(source).publicKey()
            } catch {
                throw CredentialError(error.message)
            }
            guard ES256.isOnP256(key.pointer) else {
                throw CredentialError("the key in \(source) is not an elliptic-curve key on P-256")
            }
            self.key = key
        }

        public func verify(
            _ signature: [UInt8], over bytes: [UInt8], certificateURL: String, now: WallClockInstant
        ) -> CredentialVerdict {
            ES256.isValid(signature, over: bytes, key: key.pointer) ? .valid : .wrongSignature
        }
    }
#endif
