public import SansIO

/// One place to send a request to: what locating a server (RFC 3263) yields.
public struct SIPTarget: Hashable, Sendable {
    public var transport: SIPTransport
    public var address: SocketAddress
    /// The name that was asked for, not the one that it led to: what a TLS peer's certificate must show
    /// (RFC 5922 §4) and what connections are told apart by.
    public var host: String

    public init(transport: SIPTransport, address: SocketAddress, host: String) {
        self.transport = transport
        self.address = address
        self.host = host
    }
}
