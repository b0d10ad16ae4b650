internal import SansIO

/// The protocol of an `m=` line that carries RTP. Keys by DTLS (`UDP/TLS/RTP/SAVP`) are another matter and not ours.
enum RTPProfile: String, Hashable, Sendable, CaseIterable {
    case plain = "RTP/AVP"
    /// RFC 4585. Audio alone needs no feedback messages, so it is answered and otherwise the same.
    case plainWithFeedback = "RTP/AVPF"
    /// RFC 3711 §12.
    case secure = "RTP/SAVP"
    /// RFC 5124.
    case secureWithFeedback = "RTP/SAVPF"

    init?(_ bytes: RawSpan, _ name: SDPSlice) {
        guard let profile = Self.allCases.first(where: { bytes.equalsIgnoringCase(name, $0.rawValue) }) else {
            return nil
        }
        self = profile
    }

    var isSecure: Bool { self == .secure || self == .secureWithFeedback }
}
