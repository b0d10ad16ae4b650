import SansIO

@testable import Telephony

/// The real driver with the faults of a confined machine: how many sockets it grants, and what names resolve to.
final class ConfinedDriver: Driver {
    private let driver: any Driver
    private let names: [String: [SocketAddress]]
    // Guards what is left; binding happens on the loop, tests are elsewhere.
    private let socketsLeft: Locked<Int>
    // Guards work that is held back; `nil`: none is.
    private let heldWork: Locked<[@Sendable () -> Void]?>

    /// - Parameter holdsBlockingWork: Whether posted blocking work waits for ``runHeldWork()``, as behind a slow disk.
    init(
        sockets: Int = .max, names: [String: [SocketAddress]] = [:], holdsBlockingWork: Bool = false
    ) throws {
        heldWork = Locked(holdsBlockingWork ? [] : nil)
        driver = try Dialer.makeDriver()
        socketsLeft = Locked(sockets)
        self.names = names
    }

    func bind(_ address: SocketAddress, for client: DriverClientID) throws(DriverError) -> BoundSocket {
        try grant()
        return try driver.bind(address, for: client)
    }

    func bindPolled(_ address: SocketAddress, for client: DriverClientID) throws(DriverError) -> BoundSocket {
        try grant()
        return try driver.bindPolled(address, for: client)
    }

    func poll(_ socket: SocketID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
        driver.poll(socket, into: &buffer)
    }

    private func grant() throws(DriverError) {
        let isGranted = socketsLeft.withLock { left in
            defer { left = max(0, left - 1) }
            return left > 0
        }
        guard isGranted else { throw DriverError(code: .tooManyDescriptors, message: "out of descriptors") }
    }

    func resolve(_ host: String, port: UInt16) async throws -> [SocketAddress] {
        guard let known = names[host] else { return try await driver.resolve(host, port: port) }
        return known.map { $0.with(port: port) }
    }

    var serialExecutor: any SerialExecutor { driver.serialExecutor }
    var taskExecutor: (any TaskExecutor)? { driver.taskExecutor }
    var now: MonotonicInstant { driver.now }
    var wallClock: WallClockInstant { driver.wallClock }
    func makeGenerator(label: String) -> SeededGenerator { driver.makeGenerator(label: label) }
    func makeSecret(byteCount: Int) -> [UInt8] { driver.makeSecret(byteCount: byteCount) }
    func attach(_ client: any DriverClient) -> DriverClientID { driver.attach(client) }
    func detach(_ client: DriverClientID) { driver.detach(client) }
    func close(_ socket: SocketID) { driver.close(socket) }
    func receive(for client: DriverClientID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
        driver.receive(for: client, into: &buffer)
    }
    func transmit(_ bytes: RawSpan, from socket: SocketID, to destination: SocketAddress) {
        driver.transmit(bytes, from: socket, to: destination)
    }
    func schedule(_ client: DriverClientID, at deadline: MonotonicInstant?) {
        driver.schedule(client, at: deadline)
    }
    func post(_ job: @escaping @Sendable () -> Void) { driver.post(job) }
    func sleep(until deadline: MonotonicInstant) async throws { try await driver.sleep(until: deadline) }
    func sourceAddress(toReach destination: SocketAddress) -> SocketAddress? {
        driver.sourceAddress(toReach: destination)
    }
    func runBlocking<Value: Sendable>(
        lane: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await driver.runBlocking(lane: lane, work)
    }

    func postBlocking(lane: String, _ work: @escaping @Sendable () -> Void) {
        let isHeld = heldWork.withLock { held in
            held?.append(work)
            return held != nil
        }
        if !isHeld { driver.postBlocking(lane: lane, work) }
    }

    /// - Returns: How many jobs there were.
    func runHeldWork() -> Int {
        let jobs = heldWork.withLock { held in
            defer { held = held.map { _ in [] } }
            return held ?? []
        }
        for job in jobs { job() }
        return jobs.count
    }
}
