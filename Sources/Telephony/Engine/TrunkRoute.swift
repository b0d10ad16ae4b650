internal import RTPMedia
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
    /// What its calls offer and accept.
    var capabilities = AudioCapabilities()
    var dtmf = DTMFMode.auto
    /// `nil`: a silent far end is waited for.
    var mediaTimeout: Duration?

    /// Takes from the trunk what its calls' media go by.
    mutating func setMedia(of trunk: Trunk, _ configuration: DialerConfiguration) {
        capabilities = AudioCapabilities(trunk, configuration)
        dtmf = trunk.dtmf
        let wanted = trunk.mediaTimeout == .zero ? nil : trunk.mediaTimeout ?? configuration.mediaTimeout
        mediaTimeout = wanted.map { max($0, .seconds(1)) }
    }
}
