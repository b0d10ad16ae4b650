#if Secure
    public import RTPMedia

    /// SRTP (RFC 3711) through libsrtp2: what ``MediaSecurityPolicy`` other than off needs.
    ///
    /// ```swift
    /// configuration.mediaSecurity = SRTPProvider()
    /// trunk.mediaSecurity = .required
    /// ```
    public struct SRTPProvider: MediaProtectionProvider {
        public let suites: [CryptoSuite]

        /// - Parameter suites: In the order in which to offer them; those that the installed libsrtp2 does not have are left
        ///   out, and when none is left `AES_CM_128_HMAC_SHA1_80`, which RFC 4568 §6.2 demands of everybody, remains.
        public init(
            suites: [CryptoSuite] = [
                .aes256GCM, .aes128GCM, .aes256CounterSHA1Tag80, .aes128CounterSHA1Tag80,
                .aes128CounterSHA1Tag32,
            ]
        ) {
            let available = suites.filter(Self.isAvailable)
            self.suites = available.isEmpty ? [.aes128CounterSHA1Tag80] : available
        }

        public func makeProtection(
            _ crypto: NegotiatedCrypto
        ) throws(MediaProtectionError) -> any MediaProtection {
            guard suites.contains(crypto.suite) else { throw .unsupportedSuite(crypto.suite) }
            return try SRTPProtection(crypto)
        }

        /// Whether the library makes a session with it: builds without OpenSSL or NSS have no GCM.
        private static func isAvailable(_ suite: CryptoSuite) -> Bool {
            let key = SRTPMasterKey(keyAndSalt: [UInt8](repeating: 0, count: suite.keyAndSaltByteCount))
            do throws(MediaProtectionError) {
                _ = try SRTPSession(suite, key, .outbound)
                return true
            } catch {
                return false
            }
        }
    }
#endif
