/// Why a stream is not secure, said so precisely that an operator knows what to repair.
@nonexhaustive
public enum StreamSecurityError: Error, Hashable, Sendable {
    /// The far end's certificate, or one of those that vouch for it, has run out.
    case certificateExpired
    /// The same before its first day; as a rule one of the two clocks is wrong.
    case certificateNotYetValid
    /// The certificate is good, but for others than the host that was asked for.
    case wrongHostName(asked: String)
    /// The certificate vouches for itself and is not among those trusted.
    case selfSigned
    /// The certificate's issuer is not among those trusted, or the chain to it is incomplete.
    case unknownAuthority
    /// The issuer has taken the certificate back.
    case certificateRevoked
    /// A certificate that cannot be used here: made for another purpose, weak, badly signed. The text says which.
    case certificateUnusable(String)
    /// The far end was to show a certificate and has none.
    case noPeerCertificate
    /// The far end refused us or our handshake with an alert.
    case alertReceived(StreamSecurityAlert)
    /// There is no version of the protocol or cipher that both ends accept.
    case nothingInCommon
    /// The bytes are not those of the protocol: most often the port speaks no TLS.
    case notTheProtocol
    /// The far end broke the protocol. The text says how.
    case protocolViolation(String)
    /// The stream ended without goodbye: it may have been cut off.
    case truncated
    /// Our own settings are wrong; never a key or password in the text.
    case configuration(String)
}

/// What the far end says before it hangs up (RFC 8446 §6).
public struct StreamSecurityAlert: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// 40: nothing was acceptable.
    public static let handshakeFailure = Self(rawValue: 40)
    /// 42: our certificate is damaged.
    public static let badCertificate = Self(rawValue: 42)
    /// 45: our certificate has run out.
    public static let certificateExpired = Self(rawValue: 45)
    /// 46: our certificate is not accepted for another reason.
    public static let certificateUnknown = Self(rawValue: 46)
    /// 48: the issuer of our certificate is not trusted there.
    public static let unknownAuthority = Self(rawValue: 48)
    /// 70: our version of the protocol is not spoken there.
    public static let protocolVersion = Self(rawValue: 70)
    /// 112: the name that we asked for is not served there.
    public static let unrecognizedName = Self(rawValue: 112)
    /// 116: we were to show a certificate and have none.
    public static let certificateRequired = Self(rawValue: 116)

    /// The registered name, or the number.
    public var description: String {
        switch rawValue {
        case 10: "unexpected_message"
        case 20: "bad_record_mac"
        case 22: "record_overflow"
        case 40: "handshake_failure"
        case 42: "bad_certificate"
        case 43: "unsupported_certificate"
        case 44: "certificate_revoked"
        case 45: "certificate_expired"
        case 46: "certificate_unknown"
        case 47: "illegal_parameter"
        case 48: "unknown_ca"
        case 49: "access_denied"
        case 50: "decode_error"
        case 51: "decrypt_error"
        case 70: "protocol_version"
        case 71: "insufficient_security"
        case 80: "internal_error"
        case 86: "inappropriate_fallback"
        case 90: "user_canceled"
        case 109: "missing_extension"
        case 110: "unsupported_extension"
        case 112: "unrecognized_name"
        case 116: "certificate_required"
        case 120: "no_application_protocol"
        default: "alert \(rawValue)"
        }
    }
}

extension StreamSecurityError: CustomStringConvertible {
    /// The fault and what to do about it, one line.
    public var description: String {
        switch self {
        case .certificateExpired:
            "the far end's certificate has expired: its operator has to renew it"
        case .certificateNotYetValid:
            "the far end's certificate is not valid yet: check the clocks of both ends"
        case .wrongHostName(let asked):
            "the far end's certificate is not for \(asked): use the host name that the carrier gives"
        case .selfSigned:
            "the far end's certificate is self-signed: trust it by naming its file, or have it replaced"
        case .unknownAuthority:
            "the far end's certificate comes from an authority that is not trusted: name the authority's file"
        case .certificateRevoked:
            "the far end's certificate has been revoked"
        case .certificateUnusable(let why):
            "the far end's certificate cannot be used: \(why)"
        case .noPeerCertificate:
            "the far end shows no certificate, and one is required"
        case .alertReceived(let alert):
            "the far end refuses the secure connection: \(alert)\(Self.advice(on: alert))"
        case .nothingInCommon:
            "no version of TLS or cipher that both ends accept; TLS 1.2 is the least"
        case .notTheProtocol:
            "the far end does not speak TLS: check the port and the transport"
        case .protocolViolation(let how):
            "the far end breaks the TLS protocol: \(how)"
        case .truncated:
            "the secure connection was cut off without goodbye"
        case .configuration(let what):
            what
        }
    }

    private static func advice(on alert: StreamSecurityAlert) -> String {
        switch alert {
        case .certificateRequired: " (it wants a client certificate)"
        case .badCertificate, .certificateExpired, .certificateUnknown, .unknownAuthority:
            " (it does not accept our certificate)"
        case .unrecognizedName: " (it does not serve the name asked for)"
        default: ""
        }
    }
}
