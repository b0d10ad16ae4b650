public import SansIO

/// Why an Identity header field does not vouch for its call (RFC 8224 §6.2).
@nonexhaustive
public enum IdentityFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// It cannot be read.
    case malformed(String)
    /// It is signed with something else than ES256.
    case unsupportedAlgorithm(String)
    /// It is of a type that we do not know: neither plain nor `shaken`.
    case unsupportedType(String)
    /// What stands in the parameters contradicts what is signed.
    case contradiction(String)
    /// It is too old, or from the future: seconds between its time and ours, negative when it is ahead of us.
    case stale(seconds: Int64)
    /// It vouches for another caller.
    case otherCaller
    /// It vouches for a call to somebody else.
    case otherDestination
    /// The request lacks what the compact form leaves out: a Date.
    case noDate
    /// The certificate cannot be had.
    case certificateUnavailable
    /// The certificate is there and not to be trusted: expired, of an unknown authority, not for this use.
    case certificateRefused(String)
    /// The signature does not fit what was signed.
    case wrongSignature

    /// What to answer when the call is to be refused for it (RFC 8224 §6.2.2).
    public var status: SIPStatus {
        switch self {
        case .stale, .noDate: SIPStatus(known: 403)
        case .certificateUnavailable: SIPStatus(known: 436)
        case .certificateRefused, .unsupportedAlgorithm, .unsupportedType: SIPStatus(known: 437)
        case .malformed, .contradiction, .otherCaller, .otherDestination, .wrongSignature:
            SIPStatus(known: 438)
        }
    }

    /// One line, without numbers of telephones.
    public var description: String {
        switch self {
        case .malformed(let what): "the Identity header is malformed: \(what)"
        case .unsupportedAlgorithm(let name): "the Identity header is signed with \(name), not ES256"
        case .unsupportedType(let type): "the Identity header is of the unknown type \(type)"
        case .contradiction(let what): "the Identity header contradicts itself: \(what)"
        case .stale(let seconds):
            seconds < 0
                ? "the Identity header is dated \(0 &- seconds) s in the future"
                : "the Identity header is \(seconds) s old"
        case .otherCaller: "the Identity header vouches for another caller"
        case .otherDestination: "the Identity header vouches for a call to another number"
        case .noDate: "the Identity header is compact, and the request has no Date"
        case .certificateUnavailable: "the signer's certificate cannot be had"
        case .certificateRefused(let why): "the signer's certificate is refused: \(why)"
        case .wrongSignature: "the signature of the Identity header is wrong"
        }
    }
}

/// What the Identity header fields of a call are worth.
public struct IdentityVerdict: Hashable, Sendable {
    /// As the `verstat` parameter says it (3GPP TS 24.229 §7.2A.20).
    public enum Status: String, Hashable, Sendable, CaseIterable {
        /// The caller's number is vouched for.
        case passed = "TN-Validation-Passed"
        /// There is an Identity header field, and none is good.
        case failed = "TN-Validation-Failed"
        /// There was nothing to verify: no Identity header field, or none of a type that we know.
        case none = "No-TN-Validation"
    }

    public var status: Status
    /// What the good one says; `nil` unless passed.
    public var passport: PASSporT?
    /// Why the others are not, in the order of the request.
    public var faults: [IdentityFault]

    public init(status: Status, passport: PASSporT? = nil, faults: [IdentityFault] = []) {
        self.status = status
        self.passport = passport
        self.faults = faults
    }

    /// How far the signer vouches; `nil` unless passed with the `shaken` extension.
    public var attestation: Attestation? { passport?.shaken?.attestation }
}

/// What can be said about a signature without knowing what was signed.
@nonexhaustive
public enum CredentialVerdict: Hashable, Sendable {
    /// The certificate is trusted and the signature is its own.
    case valid
    case wrongSignature
    /// The certificate of that URL is not at hand.
    case unavailable
    /// The certificate is not to be trusted; the text says why.
    case refused(String)
}

/// Checks signatures with the certificates that tokens name.
///
/// Called on the signalling loop; it must not block. Certificates are fetched beforehand, or the verdict is
/// ``CredentialVerdict/unavailable``.
public protocol PASSporTVerifying: Sendable {
    /// - Parameters:
    ///   - signature: r and s, 32 octets each.
    ///   - bytes: What was signed.
    ///   - certificateURL: Where the token says its certificate is.
    func verify(
        _ signature: [UInt8], over bytes: [UInt8], certificateURL: String, now: WallClockInstant
    ) -> CredentialVerdict
}
