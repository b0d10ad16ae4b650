/// The hash of a digest authentication (RFC 7616 §3.3, RFC 8760 §2), weakest first.
public enum DigestAlgorithm: Int, Hashable, Comparable, Sendable, CaseIterable, CustomStringConvertible {
    case md5
    /// The session form: the first hash takes both nonces in.
    case md5Session
    case sha256
    case sha256Session
    case sha512_256
    case sha512_256Session

    /// - Parameter name: As registered, in any case; `nil` for an algorithm that the library does not have.
    public init?(name: String) {
        let upper = name.uppercased()
        guard let match = Self.allCases.first(where: { $0.description.uppercased() == upper }) else {
            return nil
        }
        self = match
    }

    /// The registered name: `SHA-256`.
    public var description: String {
        switch self {
        case .md5: "MD5"
        case .md5Session: "MD5-sess"
        case .sha256: "SHA-256"
        case .sha256Session: "SHA-256-sess"
        case .sha512_256: "SHA-512-256"
        case .sha512_256Session: "SHA-512-256-sess"
        }
    }

    /// By strength: any SHA-2 is above MD5.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    var isSession: Bool { self == .md5Session || self == .sha256Session || self == .sha512_256Session }

    /// The hash of `input` in lowercase hexadecimal.
    func hash(_ input: [UInt8]) -> String {
        switch self {
        case .md5, .md5Session: MessageDigest.hexadecimal(MD5.hash(input))
        case .sha256, .sha256Session: MessageDigest.hexadecimal(SHA256.hash(input))
        case .sha512_256, .sha512_256Session: MessageDigest.hexadecimal(SHA512_256.hash(input))
        }
    }

    func hash(_ parts: String...) -> String { hash(Array(parts.joined(separator: ":").utf8)) }
}

/// What a digest protects (RFC 7616 §3.3, `qop`).
public enum DigestProtection: String, Hashable, Sendable {
    /// The request line.
    case authentication = "auth"
    /// The request line and the body.
    case integrity = "auth-int"
}
