/// A master key with its salt (RFC 3711 §4.3). It never shows itself: descriptions and reflections are redacted.
public struct SRTPMasterKey: Hashable, Sendable {
    /// Names the key in each packet (RFC 3711 §3.1), big-endian, 1...128 octets.
    public var identifier: [UInt8]?
    /// Key, then salt, as long as the suite wants it.
    public var keyAndSalt: [UInt8]

    public init(keyAndSalt: [UInt8], identifier: [UInt8]? = nil) {
        self.keyAndSalt = keyAndSalt
        self.identifier = identifier
    }
}

extension SRTPMasterKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "a key of \(keyAndSalt.count) octets" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The cipher of a stream and the keys of its two directions.
public struct NegotiatedCrypto: Hashable, Sendable {
    public var suite: CryptoSuite
    /// Protects what we send; it stays the same for the whole session.
    public var local: SRTPMasterKey
    /// Protects what the far end sends; a re-INVITE may bring another.
    public var remote: SRTPMasterKey

    public init(suite: CryptoSuite, local: SRTPMasterKey, remote: SRTPMasterKey) {
        self.suite = suite
        self.local = local
        self.remote = remote
    }
}
