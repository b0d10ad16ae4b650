public import SansIO

/// What the network of a world has done.
public struct NetworkStatistics: Hashable, Sendable {
    /// Datagrams that left a host.
    public var sent = 0
    /// Datagrams that reached a socket; copies count.
    public var delivered = 0
    /// Datagrams that a host refused to send: no route, too long, closed socket.
    public var refused = 0
    /// Datagrams lost, by ``LossReason`` in order of declaration.
    private var losses: InlineArray<6, Int> = [0, 0, 0, 0, 0, 0]

    public init() {}

    /// Datagrams lost for `reason`.
    public func lost(_ reason: LossReason) -> Int { losses[Int(reason.rawValue)] }

    /// Datagrams lost for any reason.
    public var lost: Int { (0..<6).reduce(0) { $0 + losses[$1] } }

    mutating func count(_ reason: LossReason) { losses[Int(reason.rawValue)] += 1 }

    public static func == (left: Self, right: Self) -> Bool {
        left.sent == right.sent && left.delivered == right.delivered && left.refused == right.refused
            && (0..<6).allSatisfy { left.losses[$0] == right.losses[$0] }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(sent)
        hasher.combine(delivered)
        hasher.combine(lost)
    }
}

/// A datagram as a tap sees it, while it passes.
public struct DatagramView: ~Escapable {
    public let time: MonotonicInstant
    /// Position in the order of sending, from 1; copies have the number of their original.
    public let number: Int
    public let source: SocketAddress
    public let destination: SocketAddress
    /// The payload; valid during the call.
    public let bytes: RawSpan

    @_lifetime(copy bytes)
    init(
        time: MonotonicInstant, number: Int, source: SocketAddress, destination: SocketAddress, bytes: RawSpan
    ) {
        self.time = time
        self.number = number
        self.source = source
        self.destination = destination
        self.bytes = bytes
    }
}
