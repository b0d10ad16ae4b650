public import SansIO

/// Two ends of a secured stream joined in memory, so that a handshake runs without sockets.
public final class SecurityPipe {
    public let client: any StreamSecuritySession
    public let server: any StreamSecuritySession
    /// What each end has read in the clear.
    public private(set) var clientText: [UInt8] = []
    public private(set) var serverText: [UInt8] = []
    /// Every byte that went from one end to the other.
    public private(set) var toServer: [UInt8] = []
    public private(set) var toClient: [UInt8] = []

    private var serverBacklog: [UInt8] = []
    private var clientBacklog: [UInt8] = []
    private let pieceBytes: Int

    /// - Parameter pieceBytes: The stream is cut into pieces of at most so many bytes.
    public init(
        client: any StreamSecuritySession, server: any StreamSecuritySession, pieceBytes: Int = 1_460
    ) {
        self.client = client
        self.server = server
        self.pieceBytes = pieceBytes
    }

    /// Starts both ends and carries bytes until none are left.
    public func shakeHands() {
        client.start(into: &serverBacklog)
        server.start(into: &clientBacklog)
        run()
    }

    /// Carries what waits, to and fro, until both directions are empty.
    public func run() {
        while !serverBacklog.isEmpty || !clientBacklog.isEmpty {
            let toServer = serverBacklog
            serverBacklog = []
            self.toServer += toServer
            for piece in pieces(toServer) {
                server.receive(piece.span.bytes, into: &serverText, outgoing: &clientBacklog)
            }
            let toClient = clientBacklog
            clientBacklog = []
            self.toClient += toClient
            for piece in pieces(toClient) {
                client.receive(piece.span.bytes, into: &clientText, outgoing: &serverBacklog)
            }
        }
    }

    /// Sends from the client and carries it.
    public func sendFromClient(_ text: [UInt8]) -> Bool {
        let isTaken = client.send(text.span.bytes, into: &serverBacklog)
        run()
        return isTaken
    }

    /// Sends from the server and carries it.
    public func sendFromServer(_ text: [UInt8]) -> Bool {
        let isTaken = server.send(text.span.bytes, into: &clientBacklog)
        run()
        return isTaken
    }

    /// The client says goodbye, and the server hears it.
    public func closeFromClient() {
        client.close(into: &serverBacklog)
        run()
    }

    private func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: pieceBytes).map {
            Array(bytes[$0..<min(bytes.count, $0 + pieceBytes)])
        }
    }
}
