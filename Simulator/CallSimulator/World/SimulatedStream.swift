internal import SansIO

/// One end of a byte stream of the simulated network, or a listener.
final class SimulatedStream {
    enum State: Hashable {
        case listening, connecting, open
        /// The far end has said its last word.
        case ended
        /// To be reported, then forgotten.
        case failed(StreamFailure)
    }

    let id: SocketID
    let host: Int32
    let client: DriverClientID
    let localAddress: SocketAddress
    var state: State
    /// The other end, and the link to its host; what it was stays here when it is gone.
    var peer: SocketID?
    var peerHost: Int32 = -1
    /// Bytes that have come and were not taken, from `taken` on.
    var inbox: [UInt8] = []
    var taken = 0
    /// Whether its client has been told of them.
    var isNoted = false
    /// Bytes sent that have not come to the other end.
    var underWay = 0
    var hasEndedSending = false
    /// When the latest of what it sent arrives: nothing overtakes it.
    var lastArrival = MonotonicInstant(nanoseconds: .min)

    init(
        id: SocketID, host: Int32, client: DriverClientID, localAddress: SocketAddress, state: State
    ) {
        self.id = id
        self.host = host
        self.client = client
        self.localAddress = localAddress
        self.state = state
    }

    var isWritable: Bool { (state == .open || state == .ended) && !hasEndedSending }
}

/// What a client has to be told of its streams.
enum StreamNote {
    case event(StreamEvent)
    /// There are bytes in this stream.
    case bytes(SocketID)
}
