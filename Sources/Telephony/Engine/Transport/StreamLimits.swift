/// Times and limits of the connections (TCP, TLS) of one local address.
public struct StreamLimits: Hashable, Sendable {
    /// How long opening a connection may take; then what waits for it has failed, or goes by UDP.
    public var connectTimeout = Duration.seconds(3)
    /// How long securing an open connection may take.
    public var handshakeTimeout = Duration.seconds(5)
    /// How long the far end may take for one message, from its first octet to its last.
    public var messageTimeout = Duration.seconds(10)
    /// Silence after which a connection of ours is pinged (CRLF CRLF, RFC 5626 §4.4.1).
    public var pingInterval = Duration.seconds(95)
    /// How long the answer to a ping may take, where the far end has been seen to answer pings.
    public var pongTimeout = Duration.seconds(10)
    /// Time without any message after which a connection is closed. While there are calls those of ours are kept.
    public var idleTimeout = Duration.seconds(600)
    /// Time that a connection opened to us has for its first message; for one from a host that we do not know, until its
    /// first request that is let in.
    public var firstMessageTimeout = Duration.seconds(30)
    /// Connections opened to us that are kept at once, in all and from one host (an IPv6 network of 64 bits counts as
    /// one); more are closed as they come.
    public var maximumAccepted = 4_096
    public var maximumAcceptedPerHost = 128
    /// Of ``maximumAccepted``, the places that are kept for hosts that we know, the trunks; half of them at most.
    public var reservedForKnown = 1_024
    /// Connections per second that others may open; more are closed as they come. The trunks do not count.
    public var maximumAcceptsPerSecond = 100
    /// Connections of ours at once.
    public var maximumOpened = 1_024
    /// Of those, the ones opened because a response had lost the connection of its request (RFC 3261 §18.2.2). They
    /// are opened to the trunks alone.
    public var maximumOpenedForResponses = 32
    /// Octets that wait for one connection to open; what is beyond has failed.
    public var maximumQueuedBytes = 262_144

    public init() {}
}

/// What the connections of a local address have done.
public struct StreamStatistics: Hashable, Sendable {
    /// Alive now.
    public var live = 0
    public var opened = 0
    public var accepted = 0
    /// Opened to us above a limit, and closed at once.
    public var refused = 0
    /// Ours that could not be opened or secured.
    public var failed = 0
    /// Lost after they had been open.
    public var lost = 0
    /// Responses dropped because the connection of their request was gone and none may be opened for them.
    public var withheld = 0
    /// Closed by us because the far end did not keep to the framing or the times.
    public var expelled = 0

    public init() {}

    mutating func add(_ other: Self) {
        live += other.live
        opened += other.opened
        accepted += other.accepted
        refused += other.refused
        failed += other.failed
        lost += other.lost
        withheld += other.withheld
        expelled += other.expelled
    }
}
