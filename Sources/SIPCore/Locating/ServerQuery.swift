public import SansIO

/// What is to be located (RFC 3263 §4): the parts of a SIP URI that decide where a request goes, and what we can speak.
public struct ServerQuery: Hashable, Sendable {
    /// Name, or address literal with or without brackets.
    public var host: String
    /// Of the URI; `nil` when it names none.
    public var port: UInt16?
    /// Of the URI's `transport` parameter; `nil` when it names none.
    public var transport: SIPTransport?
    /// The URI is `sips:`: TLS all the way.
    public var isSecure: Bool
    /// Transports that we speak, most wanted first.
    public var supported: [SIPTransport]
    /// Families that we can send from, most wanted first.
    public var families: [SocketAddress.Family]

    public init(
        host: String, port: UInt16? = nil, transport: SIPTransport? = nil, isSecure: Bool = false,
        supported: [SIPTransport] = [.udp], families: [SocketAddress.Family] = [.ipv6, .ipv4]
    ) {
        self.host = host
        self.port = port
        self.transport = transport
        self.isSecure = isSecure
        self.supported = supported
        self.families = families
    }

    /// What the URI of a name-addr or addr-spec asks for: a Route value, a Contact, a Request-URI.
    ///
    /// - Returns: `nil` for what is not a `sip:` or `sips:` URI, and for transports that are not spoken here.
    public init?(
        uri text: String, supported: [SIPTransport] = [.udp],
        families: [SocketAddress.Family] = [.ipv6, .ipv4]
    ) {
        let request: Self? = withUTF8(text) { (bytes: RawSpan) in
            guard bytes.byteCount <= 65_535 else { return nil }
            let slice = SIPSlice(0, bytes.byteCount)
            let isNamed = text.utf8.contains(ASCII.less)
            let uri = isNamed ? try? NameAddress.parse(bytes, slice).uri : try? SIPURI.parse(bytes, slice)
            guard let uri, uri.isSIP else { return nil }
            // The `maddr` parameter names the server in place of the host (RFC 3263 §4).
            let server = uri.parameter("maddr", in: bytes) ?? uri.host
            var transport: SIPTransport?
            if let name = uri.parameter("transport", in: bytes) {
                transport = SIPTransport(name: bytes.rawString(name))
                if transport == nil { return nil }
            }
            return Self(
                host: bytes.rawString(server), port: uri.port, transport: transport,
                isSecure: uri.scheme == .sips, supported: supported, families: families)
        }
        guard let request else { return nil }
        self = request
    }

    /// The transport where neither URI nor DNS name one (RFC 3263 §4.1); `nil` when it is not among ours.
    var defaultTransport: SIPTransport? {
        if isSecure { return supported.contains(.tls) ? .tls : nil }
        if let transport { return supported.contains(transport) ? transport : nil }
        return supported.contains(.udp) ? .udp : supported.first
    }
}

/// Why no server was found.
@nonexhaustive
public enum LocatingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The DNS has no address for it, for this reason.
    case noAddress(DNSFailure)
    /// The domain says that it offers no SIP service (RFC 2782: a target of `.`).
    case notOffered
    /// Only transports or address families that we do not have lead there.
    case notSupported

    public var description: String {
        switch self {
        case .noAddress(let failure): "no address: \(failure)"
        case .notOffered: "the domain offers no SIP service"
        case .notSupported: "it is reached only by transports or addresses that are not to be had here"
        }
    }
}
