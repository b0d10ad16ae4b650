import SansIO

/// A client on any driver that keeps what happens to its streams, in order.
actor StreamProbe: DriverClient {
    nonisolated let driver: any Driver
    private nonisolated let loop: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var events: [StreamEvent] = []
    private var known: Set<StreamEvent> = []
    /// What has come, by stream.
    private(set) var texts: [SocketID: String] = [:]
    private(set) var pieces = 0
    private var echoes = false
    private var id: DriverClientID?
    private var buffer: OwnedBytes
    private var waiter:
        (condition: @Sendable (isolated StreamProbe) -> Bool, continuation: CheckedContinuation<Void, Never>)?

    init(_ driver: any Driver, capacity: Int = 2_048) {
        self.driver = driver
        loop = driver.serialExecutor
        buffer = OwnedBytes(capacity: capacity)
    }

    private func client() throws(DriverError) -> DriverClientID {
        let id = self.id ?? driver.attach(self)
        self.id = id
        return id
    }

    func detach() {
        if let id { driver.detach(id) }
        id = nil
    }

    func listen(_ address: SocketAddress) throws(DriverError) -> BoundSocket {
        try driver.listen(address, for: client())
    }

    func connect(to destination: SocketAddress, from local: SocketAddress? = nil) throws(DriverError)
        -> BoundSocket
    {
        try driver.connect(to: destination, from: local, for: client())
    }

    func close(_ socket: SocketID) { driver.close(socket) }

    func endSending(_ stream: SocketID) { driver.endSending(on: stream) }

    @discardableResult
    func send(_ text: String, on stream: SocketID) -> Bool {
        driver.send(Array(text.utf8).span.bytes, on: stream)
    }

    /// From now on everything goes back on its stream, and a stream that the far end has ended is closed.
    func echo() { echoes = true }

    /// Streams that others have opened, in order.
    var accepted: [SocketID] {
        events.compactMap { event in if case .accepted = event.kind { event.stream } else { nil } }
    }

    func has(_ kind: StreamEvent.Kind, _ stream: SocketID) -> Bool {
        known.contains(StreamEvent(stream: stream, kind: kind))
    }

    func wait(until condition: @escaping @Sendable (isolated StreamProbe) -> Bool) async {
        guard !condition(self) else { return }
        await withCheckedContinuation { waiter = (condition, $0) }
    }

    func wait(for kind: StreamEvent.Kind, _ stream: SocketID) async {
        await wait { $0.has(kind, stream) }
    }

    func wait(for text: String, on stream: SocketID) async {
        await wait { $0.texts[stream] == text }
    }

    nonisolated func wake() { assumeIsolated { $0.drain() } }

    private func drain() {
        guard let id else { return }
        while let event = driver.receiveStream(for: id, into: &buffer) {
            if case .received = event.kind {
                pieces += 1
                let bytes = (0..<buffer.count).map {
                    buffer.bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
                }
                texts[event.stream, default: ""] += String(decoding: bytes, as: UTF8.self)
                if echoes { _ = driver.send(buffer.bytes, on: event.stream) }
            } else {
                events.append(event)
                known.insert(event)
                if echoes, event.kind == .ended { driver.close(event.stream) }
            }
        }
        if let waiter, waiter.condition(self) {
            self.waiter = nil
            waiter.continuation.resume()
        }
    }
}
