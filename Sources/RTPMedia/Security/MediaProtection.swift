public import SansIO

/// Makes what encrypts the audio of a call: the seam to a library for SRTP.
///
/// Called by media engines on their loops, once per leg; `SRTPProvider` in SecureMedia is the one there is.
public protocol MediaProtectionProvider: Sendable {
    /// What it can do, in the order in which to offer it; never empty.
    var suites: [CryptoSuite] { get }

    /// Protection of one leg, both ways.
    ///
    /// - Throws: ``MediaProtectionError`` when a suite is not among ``suites``, a key has another length, or the library
    ///   fails.
    func makeProtection(_ crypto: NegotiatedCrypto) throws(MediaProtectionError) -> any MediaProtection
}

/// Encrypts and decrypts the packets of one leg in place (RFC 3711); belongs to the loop of its engine.
///
/// Called once per packet, so an implementation should not allocate; what the library beneath it does is its own (libsrtp2 over OpenSSL 3
/// asks for memory with each packet). What cannot be protected must not be sent, and what cannot be verified must not be heard.
public protocol MediaProtection: AnyObject {
    /// Protects an RTP packet; at least ``MediaProtectionLimit/trailerByteCount`` octets of room are needed behind it.
    ///
    /// - Returns: False when it must not be sent; the block is empty then.
    func protectRTP(_ packet: inout OwnedBytes) -> Bool
    /// The same for a compound RTCP packet.
    func protectRTCP(_ packet: inout OwnedBytes) -> Bool

    /// Verifies an SRTP packet and decrypts it.
    ///
    /// - Returns: `nil` when it is sound; else why it must be dropped, and what it holds is undefined.
    func unprotectRTP(_ packet: inout OwnedBytes) -> MediaProtectionFault?
    /// The same for SRTCP.
    func unprotectRTCP(_ packet: inout OwnedBytes) -> MediaProtectionFault?

    /// Takes what a re-INVITE agreed on. A direction whose key and suite stay the same goes on: its roll-over counter and
    /// replay window are kept, as RFC 4568 §7.1.4 wants and the safety of the key demands.
    ///
    /// - Throws: ``MediaProtectionError``; both directions are unchanged then.
    func renegotiate(_ crypto: NegotiatedCrypto) throws(MediaProtectionError)
}

/// Bounds of protected packets.
public enum MediaProtectionLimit {
    /// Most octets that protection adds: tag 16, key identifier 128, SRTCP index 4.
    public static let trailerByteCount = 148
}

/// Why a received packet was dropped.
public enum MediaProtectionFault: Hashable, Sendable {
    /// It does not bear the far end's signature: another key, or a stranger.
    case authentication
    /// It came before, or is older than the replay window.
    case replay
    /// Too short or otherwise no packet.
    case malformed
    /// The library failed.
    case library(code: Int32)
}

/// Why audio cannot be protected: our own side's failure.
public enum MediaProtectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Encryption was agreed on, and there is no provider.
    case noProvider
    case unsupportedSuite(CryptoSuite)
    case keyLength(expected: Int, found: Int)
    /// The library's code.
    case library(code: Int32)

    public var description: String {
        switch self {
        case .noProvider: "there is no provider for encrypted audio"
        case .unsupportedSuite(let suite): "\(suite.rawValue) is not supported"
        case .keyLength(let expected, let found): "a key of \(found) octets instead of \(expected)"
        case .library(let code): "the SRTP library failed with code \(code)"
        }
    }
}
