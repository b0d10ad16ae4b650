#if os(Linux)
    public import SansIO

    /// The live driver: real time, UDP sockets and TCP streams, served by one thread that waits in epoll.
    ///
    /// Actors on ``serialExecutor`` run on that thread; user code runs on the global pool. Deadlines are kept to
    /// some ten microseconds of the system clock, as far as the machine has a processor free. A client that is flooded gets at most
    /// 512 datagrams per turn, then the others, the deadlines and the posted work have theirs.
    ///
    /// The thread starts on first use and ends with ``shutDown()`` or when the driver is released.
    public final class SocketDriver: Driver {
        private let loop: EventLoop
        private let lanes = BlockingLanes()
        private let names: NameService

        /// - Parameters:
        ///   - nameServers: Asked in place of those of the system, which are then left aside with its hosts file; for
        ///     tests and for machines with several views of the world. Empty for what the system is configured with.
        ///   - namePatience: The longest that a question to the name servers may take.
        /// - Throws: ``DriverError`` when the process has no descriptors left.
        public init(
            nameServers: [SocketAddress] = [], namePatience: Duration = .seconds(5)
        ) throws(DriverError) {
            loop = try EventLoop()
            names = NameService(nameServers: nameServers, patience: namePatience)
        }

        private init(names: NameService) throws(DriverError) {
            loop = try EventLoop()
            self.names = names
        }

        deinit { loop.stop() }

        /// Closes every socket, forgets every client and ends every sleep with `CancellationError`. Returns at once.
        ///
        /// For when nothing uses the driver any more; jobs of its actors still run afterwards, binding fails.
        public func shutDown() { loop.stop() }

        /// Counters as of the end of the loop's last turn. Any thread.
        public var statistics: SocketDriverStatistics { loop.publishedStatistics() }

        // MARK: Executors, clocks, randomness

        public var serialExecutor: any SerialExecutor { loop }

        public var taskExecutor: (any TaskExecutor)? { nil }

        public var now: MonotonicInstant { System.now }

        public var wallClock: WallClockInstant { System.wallClock }

        public func makeGenerator(label: String) -> SeededGenerator {
            SeededGenerator(seed: System.entropy, label: label)
        }

        public func makeSecret(byteCount: Int) -> [UInt8] {
            var octets: [UInt8] = []
            octets.reserveCapacity(byteCount + 7)
            while octets.count < byteCount {
                withUnsafeBytes(of: System.entropy) { octets.append(contentsOf: $0) }
            }
            return Array(octets.prefix(byteCount))
        }

        // MARK: Clients and sockets

        public func attach(_ client: any DriverClient) -> DriverClientID { loop.attach(client) }

        public func detach(_ client: DriverClientID) { loop.detach(client) }

        public func bind(
            _ address: SocketAddress, for client: DriverClientID
        ) throws(DriverError) -> BoundSocket {
            try loop.bind(address, for: client, isPolled: false)
        }

        public func bindPolled(
            _ address: SocketAddress, for client: DriverClientID
        ) throws(DriverError) -> BoundSocket {
            try loop.bind(address, for: client, isPolled: true)
        }

        public func poll(_ socket: SocketID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
            loop.poll(socket, into: &buffer)
        }

        public func close(_ socket: SocketID) { loop.close(socket) }

        public func receive(
            for client: DriverClientID, into buffer: inout OwnedBytes
        ) -> ReceivedDatagram? {
            loop.receive(for: client, into: &buffer)
        }

        public func transmit(_ bytes: RawSpan, from socket: SocketID, to destination: SocketAddress) {
            loop.transmit(bytes, from: socket, to: destination)
        }

        public func schedule(_ client: DriverClientID, at deadline: MonotonicInstant?) {
            loop.schedule(client, at: deadline)
        }

        public func listen(
            _ address: SocketAddress, for client: DriverClientID
        ) throws(DriverError) -> BoundSocket {
            try loop.listen(address, for: client)
        }

        public func connect(
            to destination: SocketAddress, from local: SocketAddress?, for client: DriverClientID
        ) throws(DriverError) -> BoundSocket {
            try loop.connect(to: destination, from: local, for: client)
        }

        public func send(_ bytes: RawSpan, on stream: SocketID) -> Bool { loop.send(bytes, on: stream) }

        public func endSending(on stream: SocketID) { loop.endSending(on: stream) }

        public func receiveStream(
            for client: DriverClientID, into buffer: inout OwnedBytes
        ) -> StreamEvent? {
            loop.receiveStream(for: client, into: &buffer)
        }

        // MARK: Other threads and tasks

        public func post(_ job: @escaping @Sendable () -> Void) { loop.put(.post(job)) }

        public func sleep(until deadline: MonotonicInstant) async throws {
            let sleeper = Sleeper()
            await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    if sleeper.begin(continuation) {
                        loop.put(.sleep(sleeper, until: deadline))
                    } else {
                        continuation.resume()
                    }
                }
            } onCancel: {
                if sleeper.cancel() { loop.put(.forget(sleeper)) }
            }
            if sleeper.isCancelled { throw CancellationError() }
        }

        public func sourceAddress(toReach destination: SocketAddress) -> SocketAddress? {
            System.source(toReach: destination)
        }

        public func resolve(_ host: String, port: UInt16) async throws -> [SocketAddress] {
            if let literal = SocketAddress(host: host, port: port) { return [literal] }
            if names.isOverridden { return try await addresses(of: host, port: port) }
            // A lane per name: one slow name server does not hold up the others.
            return try await lanes.run(lane: "resolve \(host)") { try System.resolve(host, port: port) }
        }

        public func makeLoop() throws(DriverError) -> any Driver { try SocketDriver(names: names) }

        private func addresses(of host: String, port: UInt16) async throws -> [SocketAddress] {
            var found: [SocketAddress] = []
            for type in [DNSRecordType.aaaa, .a] {
                guard case .records(let records, _) = try await names.ask(DNSQuestion(host, type)) else {
                    continue
                }
                for record in records {
                    if case .address(let address) = record.value { found.append(address.with(port: port)) }
                }
            }
            guard found.isEmpty else { return found }
            throw DriverError(code: .nameNotFound, message: "no address found for the host \(host)")
        }

        public func queryDNS(_ name: String, type: DNSRecordType) async throws -> DNSAnswer {
            try await names.ask(DNSQuestion(name, type))
        }

        public func runBlocking<Value: Sendable>(
            lane: String, _ work: @escaping @Sendable () throws -> Value
        ) async throws -> Value {
            try await lanes.run(lane: lane, work)
        }

        public func postBlocking(lane: String, _ work: @escaping @Sendable () -> Void) {
            lanes.submit(lane: lane, work)
        }
    }
#endif
