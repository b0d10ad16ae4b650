#if os(Linux)
    internal import SansIO

    /// A client as the loop sees it: its readable sockets, in turn, and what was fetched from one of them.
    ///
    /// Confined to the loop.
    final class LoopClient {
        /// Datagrams that one client gets in one turn, so that a flood cannot keep the loop from deadlines.
        static let datagramsPerTurn = 512
        /// Events of streams that one client gets in one turn.
        static let streamEventsPerTurn = 256

        let client: any DriverClient
        let id: DriverClientID
        var isAttached = true
        /// True while it stands in the loop's list of clients to wake.
        var isDue = false
        /// What is left of ``datagramsPerTurn``.
        var share = 0
        /// What is left of ``streamEventsPerTurn``.
        var streamShare = 0

        private let batch = ReceiveBatch()
        /// A socket that may have more goes to the end.
        private var readable = ReadyQueue<UDPSocket>()
        /// Streams and listeners of which the kernel has said something.
        private var streams = ReadyQueue<StreamSocket>()

        init(_ client: any DriverClient, id: DriverClientID) {
            self.client = client
            self.id = id
        }

        /// Whether something that the kernel reported has not been taken yet.
        var hasMore: Bool { !batch.isEmpty || !readable.isEmpty || !streams.isEmpty }

        func addReady(_ stream: StreamSocket) {
            guard !stream.isReady else { return }
            stream.isReady = true
            streams.append(stream)
        }

        /// The next stream that may have something; it may have been closed since.
        func takeReadyStream() -> StreamSocket? {
            guard let stream = streams.takeFirst() else { return nil }
            stream.isReady = false
            return stream
        }

        func addReadable(_ socket: UDPSocket) {
            guard !socket.isReadable else { return }
            socket.isReadable = true
            readable.append(socket)
        }

        func forget(_ socket: UDPSocket) {
            if batch.socket == socket.id { batch.removeAll() }
            guard socket.isReadable else { return }
            readable.removeAll { $0 === socket }
        }

        func receive(
            into buffer: inout OwnedBytes, counting statistics: inout SocketDriverStatistics
        ) -> ReceivedDatagram? {
            while share > 0 {
                while share > 0, !batch.isEmpty {
                    share -= 1
                    if let datagram = batch.takeFirst(into: &buffer) {
                        statistics.datagramsReceived += 1
                        return datagram
                    }
                    statistics.droppedOversize += 1
                }
                guard batch.isEmpty, let socket = takeReadable() else { return nil }
                let count = batch.fill(from: socket)
                if count == ReceiveBatch.capacity { addReadable(socket) }
                if count < 0 { statistics.receiveFailures += 1 }
            }
            return nil
        }

        private func takeReadable() -> UDPSocket? {
            guard let socket = readable.takeFirst() else { return nil }
            socket.isReadable = false
            return socket
        }
    }
#endif
