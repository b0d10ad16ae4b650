internal import SIPCore
internal import SansIO

/// How the trunk is reached, once its name is resolved.
struct TrunkRoute: Hashable, Sendable {
    var trunk: SocketAddress
    /// Its further servers, in the order in which to try them.
    var alternatives: [SIPTarget] = []
    /// The address that its signalling binds; port 0 lets the system choose.
    var local: SocketAddress
    /// Host of Via and Contact, as it stands in a URI.
    var advertisedHost: String
    /// Host of the session descriptions; its port means nothing.
    var advertisedMedia: SocketAddress
}
