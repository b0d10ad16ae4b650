public import SansIO

/// A driver on one host of a ``World``: virtual time, simulated sockets, randomness from the seed.
///
/// Blocking work runs at once, on the spot. Its members are called from inside the world or, before and after a run,
/// from the thread that owns it; only ``post(_:)``, ``now`` and ``wallClock`` may be used from elsewhere.
public final class SimulatedDriver: Driver {
    let world: World
    let hostIndex: Int32
    /// The address of the driver's host, port 0.
    public let hostAddress: SocketAddress

    init(world: World, host: SimulatedHost) {
        self.world = world
        hostIndex = host.index
        hostAddress = host.address
    }

    private var host: SimulatedHost { world.network.hosts[Int(hostIndex)] }

    public var serialExecutor: any SerialExecutor { world.loop.serialSide }

    public var taskExecutor: (any TaskExecutor)? { world.loop.taskSide }

    public var now: MonotonicInstant { world.loop.now }

    public var wallClock: WallClockInstant { world.loop.wallClock }

    /// The stream for `label` on this host; asked for again, a new one, as from the system's entropy.
    public func makeGenerator(label: String) -> SeededGenerator {
        checkThread()
        let uses = host.generatorUses[label, default: 0]
        host.generatorUses[label] = uses + 1
        let name = "\(host.name) \(label)"
        return SeededGenerator(seed: world.seed, label: uses == 0 ? name : "\(name) \(uses)")
    }

    public func makeSecret(byteCount: Int) -> [UInt8] {
        var generator = makeGenerator(label: "secret")
        return (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 56) }
    }

    public func attach(_ client: any DriverClient) -> DriverClientID {
        checkThread()
        return world.network.attach(client)
    }

    public func detach(_ client: DriverClientID) {
        checkThread()
        world.network.detach(client)
    }

    public func bind(
        _ address: SocketAddress, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        checkThread()
        return try world.network.bind(address, on: host, for: client, isPolled: false)
    }

    public func bindPolled(
        _ address: SocketAddress, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        checkThread()
        return try world.network.bind(address, on: host, for: client, isPolled: true)
    }

    public func poll(_ socket: SocketID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
        world.network.poll(socket, into: &buffer)
    }

    public func close(_ socket: SocketID) {
        checkThread()
        world.network.close(socket)
    }

    public func receive(
        for client: DriverClientID, into buffer: inout OwnedBytes
    ) -> ReceivedDatagram? {
        world.network.receive(for: client, into: &buffer)
    }

    public func transmit(_ bytes: RawSpan, from socket: SocketID, to destination: SocketAddress) {
        checkThread()
        world.network.transmit(bytes, from: socket, to: destination)
    }

    public func listen(
        _ address: SocketAddress, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        checkThread()
        return try world.network.listen(address, on: host, for: client)
    }

    public func connect(
        to destination: SocketAddress, from local: SocketAddress?, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        checkThread()
        return try world.network.connect(to: destination, from: local, on: host, for: client)
    }

    public func send(_ bytes: RawSpan, on stream: SocketID) -> Bool {
        checkThread()
        return world.network.send(bytes, on: stream)
    }

    public func endSending(on stream: SocketID) {
        checkThread()
        world.network.endSending(on: stream)
    }

    public func receiveStream(
        for client: DriverClientID, into buffer: inout OwnedBytes
    ) -> StreamEvent? {
        world.network.receiveStream(for: client, into: &buffer)
    }

    public func schedule(_ client: DriverClientID, at deadline: MonotonicInstant?) {
        checkThread()
        guard let client = world.network.clients[client.rawValue] else { return }
        world.loop.agenda.arm(client.deadlineKey, at: deadline.map { max($0, world.now) })
    }

    public func post(_ job: @escaping @Sendable () -> Void) { world.loop.post(job) }

    public func sleep(until deadline: MonotonicInstant) async throws {
        checkThread()
        let name = world.makeSleeper()
        await withTaskCancellationHandler {
            await withUnsafeContinuation { world.sleep(name, until: deadline, $0) }
        } onCancel: {
            world.cancelSleep(name)
        }
        if world.endSleep(name) { throw CancellationError() }
    }

    public func sourceAddress(toReach destination: SocketAddress) -> SocketAddress? {
        if destination.isLoopback { return .loopback(port: 0) }
        guard destination.family == hostAddress.family else { return nil }
        return hostAddress
    }

    public func runBlocking<Value: Sendable>(
        lane: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try work()
    }

    func checkThread() {
        precondition(
            world.loop.isOnLoop,
            "a simulated driver was used on a thread that does not run its world: some task or callback has left it"
        )
    }
}
