#if os(Linux)
    /// What a ``SocketDriver`` has done since it was made.
    public struct SocketDriverStatistics: Hashable, Sendable {
        /// Turns of the loop.
        public var turns = 0
        /// Times that a client was woken.
        public var wakeUps = 0
        /// Datagrams handed to clients.
        public var datagramsReceived = 0
        /// Datagrams that the kernel took.
        public var datagramsSent = 0
        /// Datagrams dropped because they did not fit in the client's buffer.
        public var droppedOversize = 0
        /// Datagrams that the kernel refused (full buffer, no route, firewall) or whose socket was closed.
        public var sendFailures = 0
        /// Streams that others opened to us and that we took, and that were refused for want of descriptors or room.
        public var streamsAccepted = 0
        public var streamsRefused = 0
        /// Errors reported by the kernel on a socket when reading from it.
        public var receiveFailures = 0
    }
#endif
