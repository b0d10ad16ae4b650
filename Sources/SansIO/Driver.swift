/// Names a socket of a driver.
public struct SocketID: Hashable, Sendable {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// Names a client of a driver.
public struct DriverClientID: Hashable, Sendable {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// Where a received datagram came from, through which socket it came, and when.
public struct ReceivedDatagram: Hashable, Sendable {
    public var socket: SocketID
    public var source: SocketAddress
    /// Of a polled socket when it reached this machine, of another when it was fetched; on the driver's clock, never
    /// later than now.
    public var arrival: MonotonicInstant

    @inlinable public init(socket: SocketID, source: SocketAddress, arrival: MonotonicInstant) {
        self.socket = socket
        self.source = source
        self.arrival = arrival
    }
}

/// What a driver calls: an engine, which is an actor on the driver's serial executor.
public protocol DriverClient: AnyObject, Sendable {
    /// Something is due: datagrams wait, or the scheduled deadline has passed, or both.
    ///
    /// Called on the driver's executor, at most once per turn of its loop. The client enters its isolation once,
    /// pulls every datagram with ``Driver/receive(for:into:)`` and every event of its streams, fires what is due and schedules its next deadline.
    nonisolated func wake()
}

/// Everything an engine needs from the outside: time, packets, randomness, threads.
///
/// There are two: `SocketDriver` (epoll, real time) and the simulator's driver (virtual time). Engines are actors
/// whose executor is ``serialExecutor``; members marked *on the loop* are called from there only.
public protocol Driver: AnyObject, Sendable {
    /// Executor of the actors that belong to this driver. One thread runs it.
    var serialExecutor: any SerialExecutor { get }

    /// Executor preferred by the tasks that run user code; `nil` for the global pool (live).
    var taskExecutor: (any TaskExecutor)? { get }

    /// The monotonic clock. Any thread. Live it is read at each call; in simulation it stands still within a step.
    var now: MonotonicInstant { get }

    /// The wall clock. Any thread.
    var wallClock: WallClockInstant { get }

    /// A new generator, seeded from the system's entropy (live) or from the world's seed and `label`.
    func makeGenerator(label: String) -> SeededGenerator

    /// Octets for keys: from the system's entropy (live), or from the world's seed (simulated). On the loop.
    ///
    /// A ``SeededGenerator`` is no source of keys: what it has given for other purposes betrays what comes next.
    ///
    /// - Parameter byteCount: At least 1.
    func makeSecret(byteCount: Int) -> [UInt8]

    /// Registers a client; it is kept alive until ``detach(_:)``. Any thread.
    func attach(_ client: any DriverClient) -> DriverClientID

    /// Forgets a client, its deadline and its sockets. On the loop.
    func detach(_ client: DriverClientID)

    /// Opens a UDP socket on `address`; port 0 lets the system choose. On the loop.
    ///
    /// - Throws: ``DriverError`` when the address is in use, not ours, or descriptors have run out.
    func bind(_ address: SocketAddress, for client: DriverClientID) throws(DriverError) -> BoundSocket

    /// Opens a UDP socket as ``bind(_:for:)``, but one that wakes nobody: what comes waits in it, with the instant of its
    /// arrival, until ``poll(_:into:)`` asks. For clients that have a deadline of their own every few milliseconds.
    ///
    /// What it holds is bounded, by some hundred datagrams; what comes beyond is lost.
    func bindPolled(_ address: SocketAddress, for client: DriverClientID) throws(DriverError) -> BoundSocket

    /// Takes the next datagram that waits in a polled socket, in order of arrival. On the loop.
    ///
    /// A datagram longer than `buffer.capacity` is dropped and counted by the driver. How many are taken in one turn is the
    /// client's to bound.
    ///
    /// - Returns: `nil` once there are no more, or the socket is not open or not a polled one.
    func poll(_ socket: SocketID, into buffer: inout OwnedBytes) -> ReceivedDatagram?

    /// Closes a socket, a listener or a stream, and no event comes of it any more. On the loop.
    ///
    /// Datagrams that wait in it are lost. Of a stream, bytes still in the driver's own queue are lost; what the system has
    /// taken goes out, then the far end sees the end.
    func close(_ socket: SocketID)

    /// Takes the next datagram that waits for `client`, in order of arrival per socket. On the loop.
    ///
    /// A datagram longer than `buffer.capacity` is dropped and counted by the driver. Sockets take turns.
    ///
    /// - Returns: `nil` once every socket of the client is drained, or the client has had its share of this turn; it is
    ///   woken again for the rest.
    func receive(for client: DriverClientID, into buffer: inout OwnedBytes) -> ReceivedDatagram?

    /// Sends one datagram; a failure is counted by the driver and otherwise looks like loss. On the loop.
    func transmit(_ bytes: RawSpan, from socket: SocketID, to destination: SocketAddress)

    /// Listens for streams (TCP) on `address`; port 0 lets the system choose. On the loop.
    ///
    /// Each stream that comes is a ``StreamEvent/Kind/accepted(listener:source:)``. When descriptors run out, streams
    /// are refused and counted until some are free again.
    ///
    /// - Throws: ``DriverError`` as ``bind(_:for:)``.
    func listen(_ address: SocketAddress, for client: DriverClientID) throws(DriverError) -> BoundSocket

    /// Begins to open a stream to `destination`. On the loop.
    ///
    /// ``StreamEvent/Kind/connected`` or ``StreamEvent/Kind/closed(_:)`` follows; how long that may take is the client's to
    /// decide.
    ///
    /// - Parameter local: Our address, port 0 for any port; `nil` lets the system choose.
    /// - Throws: ``DriverError`` when it cannot even begin: descriptors, or an address that is not ours.
    func connect(
        to destination: SocketAddress, from local: SocketAddress?, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket

    /// Puts bytes at the end of an open stream. On the loop.
    ///
    /// - Returns: False, with nothing taken, when the stream is not open or would have more than
    ///   ``Driver/streamQueueLimit`` bytes waiting: the far end does not read.
    func send(_ bytes: RawSpan, on stream: SocketID) -> Bool

    /// Tells the far end that no more will come, after what is queued; receiving goes on. On the loop.
    func endSending(on stream: SocketID)

    /// Takes the next thing that has happened to a stream of `client`, in order per stream. On the loop.
    ///
    /// - Parameter buffer: Filled for ``StreamEvent/Kind/received``, with as much as there is and fits.
    /// - Returns: `nil` once there is nothing more, or the client has had its share of this turn; it is woken again for
    ///   the rest.
    func receiveStream(for client: DriverClientID, into buffer: inout OwnedBytes) -> StreamEvent?

    /// Sets (or with `nil` clears) the one deadline of `client`. On the loop.
    func schedule(_ client: DriverClientID, at deadline: MonotonicInstant?)

    /// Runs `job` on the loop, after the step that is running, in the order of posting. Any thread.
    func post(_ job: @escaping @Sendable () -> Void)

    /// Suspends the calling task until `deadline`. Any task.
    ///
    /// - Throws: `CancellationError` at once when the task is cancelled.
    func sleep(until deadline: MonotonicInstant) async throws

    /// The local address from which `destination` is reached, port 0; `nil` when there is no route. Any thread.
    func sourceAddress(toReach destination: SocketAddress) -> SocketAddress?

    /// Resolves a host name or literal to addresses (A/AAAA), off the loop.
    ///
    /// - Throws: ``DriverError`` with code ``DriverError/Code/nameNotFound``.
    func resolve(_ host: String, port: UInt16) async throws -> [SocketAddress]

    /// A driver with a loop of its own on the same machine, for work that shall not wait for this one's. Any thread.
    ///
    /// Live it has a thread of its own and ends when it is released; in simulation the world's one loop serves both.
    ///
    /// - Throws: ``DriverError`` when the process has no descriptors left.
    func makeLoop() throws(DriverError) -> any Driver

    /// Asks the DNS for the records of one type at `name`, off the loop.
    ///
    /// Every way in which the DNS can fail is an answer, silence included: a driver has a deadline of its own, some seconds.
    ///
    /// - Throws: `CancellationError` at once when the task is cancelled; ``DriverError`` when too many questions wait.
    func queryDNS(_ name: String, type: DNSRecordType) async throws -> DNSAnswer

    /// Runs work that may block (files, databases) off the loop; inline in simulation.
    ///
    /// Jobs with the same `lane` run one after another in the order of the calls.
    func runBlocking<Value: Sendable>(
        lane: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value

    /// Like ``runBlocking(lane:_:)``, for callers that do not wait, on the loop too. Inline in simulation. Any thread.
    ///
    /// What waits is the caller's to bound.
    func postBlocking(lane: String, _ work: @escaping @Sendable () -> Void)
}

/// A socket as bound: its name and the address it got.
public struct BoundSocket: Hashable, Sendable {
    public var id: SocketID
    public var localAddress: SocketAddress

    @inlinable public init(id: SocketID, localAddress: SocketAddress) {
        self.id = id
        self.localAddress = localAddress
    }
}

/// A failure of the driver's own side: sockets, names, descriptors.
public struct DriverError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Hashable, Sendable {
        case addressInUse, addressNotAvailable, permissionDenied, tooManyDescriptors, nameNotFound, system
    }

    public var code: Code
    /// What failed and what to do about it; never a credential.
    public var message: String

    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

extension Driver {
    /// A driver with one loop serves with that.
    public func makeLoop() throws(DriverError) -> any Driver { self }

    /// For drivers without threads: at once.
    public func postBlocking(lane: String, _ work: @escaping @Sendable () -> Void) { work() }

    /// For drivers without a DNS of their own: addresses as ``resolve(_:port:)`` knows them, and no other records.
    public func queryDNS(_ name: String, type: DNSRecordType) async throws -> DNSAnswer {
        guard type == .a || type == .aaaa else { return .failed(.noData) }
        do {
            let found = try await resolve(name, port: 0).map { DNSRecord(name, .address($0)) }
            let records = found.filter { $0.type == type }
            return records.isEmpty ? .failed(.noData) : .records(records)
        } catch let error as DriverError where error.code == .nameNotFound {
            return .failed(.noSuchName)
        }
    }

    /// Bytes that wait in one stream at most, for the far end to read: 256 KiB, some hundred SIP messages.
    public static var streamQueueLimit: Int { 262_144 }

    /// Suspends the calling task for `duration`.
    public func sleep(for duration: Duration) async throws {
        try await sleep(until: now.advanced(by: duration))
    }
}
