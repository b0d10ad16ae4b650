/// A cipher with its authentication, by its name in `a=crypto` (RFC 4568 §6.2, RFC 6188 §3, RFC 7714 §14).
@nonexhaustive
public enum CryptoSuite: String, Hashable, Sendable, Codable, CaseIterable {
    case aes128CounterSHA1Tag80 = "AES_CM_128_HMAC_SHA1_80"
    case aes128CounterSHA1Tag32 = "AES_CM_128_HMAC_SHA1_32"
    case aes256CounterSHA1Tag80 = "AES_256_CM_HMAC_SHA1_80"
    case aes128GCM = "AEAD_AES_128_GCM"
    case aes256GCM = "AEAD_AES_256_GCM"

    /// Octets of the master key.
    public var keyByteCount: Int {
        switch self {
        case .aes128CounterSHA1Tag80, .aes128CounterSHA1Tag32, .aes128GCM: 16
        case .aes256CounterSHA1Tag80, .aes256GCM: 32
        }
    }

    /// Octets of the master salt.
    public var saltByteCount: Int {
        switch self {
        case .aes128CounterSHA1Tag80, .aes128CounterSHA1Tag32, .aes256CounterSHA1Tag80: 14
        case .aes128GCM, .aes256GCM: 12
        }
    }

    /// Octets that `inline:` carries: key, then salt.
    public var keyAndSaltByteCount: Int { keyByteCount + saltByteCount }
}
