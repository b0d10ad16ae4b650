internal import SansIO

/// How the trunk is reached, once its name is resolved.
struct TrunkRoute: Hashable, Sendable {
    var trunk: SocketAddress
    /// The address that we bind, port 0.
    var local: SocketAddress
    /// Host of Via and Contact, as it stands in a URI.
    var advertisedHost: String
    /// Host of the session descriptions, port 0.
    var advertisedMedia: SocketAddress
}
