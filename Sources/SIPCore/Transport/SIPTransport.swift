/// How SIP messages travel (RFC 3261 §18).
public enum SIPTransport: UInt8, Hashable, Sendable, CaseIterable {
    case udp, tcp
    /// TLS over TCP (RFC 3261 §26.2).
    case tls

    /// As a Via names it: `SIP/2.0/UDP` (RFC 3261 §20.42).
    public var viaToken: String {
        switch self {
        case .udp: "UDP"
        case .tcp: "TCP"
        case .tls: "TLS"
        }
    }

    /// As a URI names it: `;transport=tcp` (RFC 3261 §19.1.1).
    public var uriParameter: String {
        switch self {
        case .udp: "udp"
        case .tcp: "tcp"
        case .tls: "tls"
        }
    }

    /// Reads a URI parameter's or a Via's word, in any case; `nil` for transports that are not spoken here.
    public init?(name: some StringProtocol) {
        switch name.lowercased() {
        case "udp": self = .udp
        case "tcp": self = .tcp
        case "tls": self = .tls
        default: return nil
        }
    }

    /// Whether the transport itself sees to it that a message arrives, or fails (RFC 3261 §17).
    @inlinable public var isReliable: Bool { self != .udp }

    /// 5060, and 5061 for TLS (RFC 3261 §19.1.2).
    @inlinable public var defaultPort: UInt16 { self == .tls ? 5061 : 5060 }

    /// What a Contact of ours adds to its URI; nothing for UDP, which is the default (RFC 3263 §4.1).
    public var contactParameter: String { self == .udp ? "" : ";transport=\(uriParameter)" }
}
