import SansIO
import SocketDriver

/// A client that keeps what it receives and answers when enough has come.
actor Probe: DriverClient {
    struct Datagram: Hashable, Sendable {
        var text: String
        var socket: SocketID
        var source: SocketAddress
    }

    nonisolated let driver: SocketDriver
    private nonisolated let loop: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var received: [Datagram] = []
    private(set) var wakeUps = 0
    private(set) var largestBatch = 0
    private var id: DriverClientID?
    private var buffer: OwnedBytes
    private var goal: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    private var deadline: (at: MonotonicInstant, continuation: CheckedContinuation<MonotonicInstant, Never>)?

    init(_ driver: SocketDriver, capacity: Int = 2_048) {
        self.driver = driver
        loop = driver.serialExecutor
        buffer = OwnedBytes(capacity: capacity)
    }

    func attach() { id = driver.attach(self) }

    func detach() {
        if let id { driver.detach(id) }
    }

    func bind(_ address: SocketAddress = .loopback(port: 0)) throws -> BoundSocket {
        guard let id else { throw DriverError(code: .system, message: "not attached") }
        return try driver.bind(address, for: id)
    }

    func close(_ socket: SocketID) { driver.close(socket) }

    func send(_ text: String, from socket: SocketID, to destination: SocketAddress) {
        driver.transmit(Array(text.utf8).span.bytes, from: socket, to: destination)
    }

    func send(byteCount: Int, from socket: SocketID, to destination: SocketAddress) {
        driver.transmit([UInt8](repeating: 7, count: byteCount).span.bytes, from: socket, to: destination)
    }

    /// Waits until `count` datagrams have been received in all.
    func receive(_ count: Int) async -> [Datagram] {
        if received.count < count {
            await withCheckedContinuation { goal = (count, $0) }
        }
        return received
    }

    /// Schedules a deadline and waits for it; returns when it fired.
    func fire(at instant: MonotonicInstant) async -> MonotonicInstant {
        await withCheckedContinuation { continuation in
            deadline = (instant, continuation)
            if let id { driver.schedule(id, at: instant) }
        }
    }

    nonisolated func wake() { assumeIsolated { $0.drain() } }

    private func drain() {
        wakeUps += 1
        guard let id else { return }
        var batch = 0
        while let datagram = driver.receive(for: id, into: &buffer) {
            batch += 1
            let text = String(
                decoding: (0..<buffer.count).map {
                    buffer.bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
                }, as: UTF8.self)
            received.append(Datagram(text: text, socket: datagram.socket, source: datagram.source))
        }
        largestBatch = max(largestBatch, batch)
        if let goal, received.count >= goal.count {
            self.goal = nil
            goal.continuation.resume()
        }
        if let deadline, driver.now >= deadline.at {
            self.deadline = nil
            deadline.continuation.resume(returning: driver.now)
        }
    }
}
