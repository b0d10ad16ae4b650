/// Why an offer and an answer do not meet.
@nonexhaustive
public enum AudioNegotiationError: Error, Hashable, Sendable {
    /// Not SDP; the byte offset of the fault and what was expected there.
    case malformed(offset: Int, expected: String)
    /// No audio stream over RTP, or it was refused with port 0.
    case noAudio
    /// No codec in common.
    case noCommonCodec
    /// A stream address that is a name or not usable.
    case unusableAddress
    /// One side wants encryption, and the other does not.
    case security(AudioSecurityError)
}

/// Why two sides do not agree on encryption (RFC 4568).
@nonexhaustive
public enum AudioSecurityError: Error, Hashable, Sendable {
    /// Encryption is required here, or the stream's protocol demands it, and there is no `a=crypto` line.
    case missingKey
    /// There are `a=crypto` lines and none is of use; what is wrong with the first.
    case unusableKey(CryptoAttributeError)
    /// The far end insists on encryption, and here it is off.
    case unwanted
    /// An answer chose a tag or a suite that was not offered.
    case unofferedSuite
}

extension AudioNegotiationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let offset, let expected): "at byte \(offset): expected \(expected)"
        case .noAudio: "no audio stream"
        case .noCommonCodec: "no codec in common"
        case .unusableAddress: "an unusable stream address"
        case .security(let reason): reason.description
        }
    }

    init(_ error: SDPError) { self = .malformed(offset: error.offset, expected: error.expected) }
}

extension AudioSecurityError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingKey: "encryption (SRTP) is required, and the far end gave no key"
        case .unusableKey(let error):
            "encryption (SRTP) is required, and no key of the far end is usable: \(error)"
        case .unwanted: "the far end insists on encryption (SRTP), which is off"
        case .unofferedSuite: "the far end chose an encryption (SRTP) that was not offered"
        }
    }
}
