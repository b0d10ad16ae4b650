import SansIO

/// A client on any driver that keeps what happens to it, in order.
actor DriverProbe: DriverClient {
    nonisolated let driver: any Driver
    private nonisolated let loop: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var texts: [String] = []
    private(set) var sources: [SocketAddress] = []
    private(set) var firedAt: [MonotonicInstant] = []
    private(set) var wakeUps = 0
    private var echoes = false
    private var id: DriverClientID?
    private var deadline: MonotonicInstant?
    private var buffer: OwnedBytes
    private var waiter: (texts: Int, deadlines: Int, continuation: CheckedContinuation<Void, Never>)?

    init(_ driver: any Driver, capacity: Int = 2_048) {
        self.driver = driver
        loop = driver.serialExecutor
        buffer = OwnedBytes(capacity: capacity)
    }

    func attach() { id = driver.attach(self) }

    func detach() {
        if let id { driver.detach(id) }
        id = nil
    }

    func bind(_ address: SocketAddress) throws(DriverError) -> BoundSocket {
        guard let id else { throw DriverError(code: .system, message: "not attached") }
        return try driver.bind(address, for: id)
    }

    func bindPolled(_ address: SocketAddress) throws(DriverError) -> BoundSocket {
        guard let id else { throw DriverError(code: .system, message: "not attached") }
        return try driver.bindPolled(address, for: id)
    }

    /// Everything that waits in a polled socket.
    func poll(_ socket: SocketID) -> [(text: String, datagram: ReceivedDatagram)] {
        var found: [(text: String, datagram: ReceivedDatagram)] = []
        while let datagram = driver.poll(socket, into: &buffer) {
            let bytes = (0..<buffer.count).map { buffer.bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
            found.append((String(decoding: bytes, as: UTF8.self), datagram))
        }
        return found
    }

    func close(_ socket: SocketID) { driver.close(socket) }

    /// From now on every datagram goes back to where it came from.
    func echo() { echoes = true }

    func send(_ text: String, from socket: SocketID, to destination: SocketAddress) {
        driver.transmit(Array(text.utf8).span.bytes, from: socket, to: destination)
    }

    func send(_ texts: [String], from socket: SocketID, to destination: SocketAddress) {
        for text in texts { send(text, from: socket, to: destination) }
    }

    func schedule(at instant: MonotonicInstant?) {
        deadline = instant
        if let id { driver.schedule(id, at: instant) }
    }

    /// Waits until so many datagrams have come and deadlines have fired, counted from the start.
    func wait(texts: Int = 0, deadlines: Int = 0) async {
        guard self.texts.count < texts || firedAt.count < deadlines else { return }
        await withCheckedContinuation { waiter = (texts, deadlines, $0) }
    }

    nonisolated func wake() { assumeIsolated { $0.drain() } }

    private func drain() {
        wakeUps += 1
        guard let id else { return }
        while let datagram = driver.receive(for: id, into: &buffer) {
            let bytes = (0..<buffer.count).map { buffer.bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
            texts.append(String(decoding: bytes, as: UTF8.self))
            sources.append(datagram.source)
            if echoes { driver.transmit(buffer.bytes, from: datagram.socket, to: datagram.source) }
        }
        if let deadline, driver.now >= deadline {
            self.deadline = nil
            firedAt.append(driver.now)
        }
        if let waiter, texts.count >= waiter.texts, firedAt.count >= waiter.deadlines {
            self.waiter = nil
            waiter.continuation.resume()
        }
    }
}
