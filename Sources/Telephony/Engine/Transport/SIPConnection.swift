package import SIPCore
package import SansIO

/// One connection that carries SIP. Its policy is ``SIPConnections``.
struct SIPConnection {
    enum State: Hashable {
        case connecting
        /// Open, being secured.
        case securing
        case open
    }

    /// What connections are found by: those to one address under two names are two, since the certificate was checked
    /// against one of them.
    struct Key: Hashable {
        var transport: SIPTransport
        var address: SocketAddress
        var host: String?
    }

    let id: SocketID
    let key: Key
    /// Our end.
    let local: SocketAddress
    let isOurs: Bool
    /// Opened by a host that we do not know, which nothing has been taken from yet.
    var isStrange = false
    /// Opened by us to give a response back.
    var isForResponse = false
    var state: State
    var framer = SIPStreamFramer()
    var security: (any StreamSecuritySession)?
    /// Whole messages that wait until it is open.
    var queue: [UInt8] = []
    /// Something was sent that may still fail.
    var hasSent = false
    var hasMessage = false
    /// The far end has been seen to answer pings.
    var answersPings = false
    var isPinged = false
    var timers = TimerTable<Timer>()

    enum Timer: Int, CaseIterable {
        /// Opening or securing takes too long.
        case opening
        /// A message takes too long.
        case message
        /// A ping is due.
        case ping
        /// A pong is overdue.
        case pong
        /// Nothing is said any more.
        case idle
    }
}

/// By which way a message has come over a stream.
package struct StreamArrival {
    package var source: SocketAddress
    /// Our end of the connection.
    package var local: SocketAddress
    package var connection: SocketID
    package var transport: SIPTransport
}

/// A connection that is gone, with what was sent by it.
struct SIPConnectionFailure: Hashable {
    var transport: SIPTransport
    var address: SocketAddress
    /// `nil` when none was opened.
    var connection: SocketID?
    /// Whether it never was open.
    var wasOpening: Bool
    /// For people: what was wrong.
    var text: String
}
