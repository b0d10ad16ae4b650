/// What has happened to a byte stream of a driver (TCP), as ``Driver/receiveStream(for:into:)`` tells it.
public struct StreamEvent: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The far end, at `source`, has connected to a listener of ours. The stream is open.
        case accepted(listener: SocketID, source: SocketAddress)
        /// The far end has taken our connection. The stream is open.
        case connected
        /// Bytes have come, at least one; they are in the buffer.
        case received
        /// The far end sends no more; it may still listen. Close the stream when nothing is left to say.
        case ended
        /// The stream is gone and its id names nothing any more.
        case closed(StreamFailure)
    }

    public var stream: SocketID
    public var kind: Kind

    @inlinable public init(stream: SocketID, kind: Kind) {
        self.stream = stream
        self.kind = kind
    }
}

/// Why a byte stream is gone.
public enum StreamFailure: String, Hashable, Sendable {
    /// Nobody listens there.
    case refused
    /// No way leads there.
    case unreachable
    /// The far end does not answer.
    case timedOut
    /// The far end, or something between, has cut the stream off; bytes may be lost.
    case reset
    /// The machine lacks something.
    case system
}

extension Driver {
    // A driver without streams.

    public func listen(_ address: SocketAddress, for client: DriverClientID) throws(DriverError)
        -> BoundSocket
    {
        throw DriverError(code: .system, message: "listen \(address): this driver has no streams")
    }

    public func connect(
        to destination: SocketAddress, from local: SocketAddress?, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        throw DriverError(code: .system, message: "connect \(destination): this driver has no streams")
    }

    public func send(_ bytes: RawSpan, on stream: SocketID) -> Bool { false }

    public func endSending(on stream: SocketID) {}

    public func receiveStream(for client: DriverClientID, into buffer: inout OwnedBytes) -> StreamEvent? {
        nil
    }
}
