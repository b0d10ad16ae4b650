/// Our master keys for one session, one for each suite: those of an offer and of the answers to later offers.
///
/// They stay the same for the whole session, so that holding and resuming changes nothing, and two lines of an offer
/// never share a key. It does not show itself.
public struct SRTPKeyring: Hashable, Sendable {
    /// Random octets that a keyring is made of.
    public static let byteCount = CryptoSuite.allCases.reduce(0) { $0 + $1.keyAndSaltByteCount }

    private let octets: [UInt8]

    /// - Parameter secret: ``byteCount`` octets from a generator fit for keys; fewer are a mistake of ours and trap.
    public init(secret: [UInt8]) {
        precondition(secret.count >= Self.byteCount, "a keyring has a key for every suite")
        octets = secret
    }

    /// Our key for a suite.
    public subscript(suite: CryptoSuite) -> SRTPMasterKey {
        let start = CryptoSuite.allCases.prefix { $0 != suite }.reduce(0) { $0 + $1.keyAndSaltByteCount }
        return SRTPMasterKey(keyAndSalt: Array(octets[start..<start + suite.keyAndSaltByteCount]))
    }
}

extension SRTPKeyring: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "keys of a session" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
