internal import SIPCore

internal import SansIO

/// A trunk that can be dialed: its name is resolved, and an engine has its local address.
struct TrunkLine: Sendable {
    /// Of the dialer's trunks.
    var index: Int
    var trunk: Trunk
    var route: TrunkRoute
    var engine: SignallingEngine
}

extension TrunkLine {
    /// The trunk's servers as they are known, in order; at least one.
    var servers: [SIPTarget] {
        [SIPTarget(transport: trunk.transport, address: route.trunk, host: trunk.host)] + route.alternatives
    }
}
