public import SansIO

/// Serves the figures of a ``MetricsObserver`` over HTTP on this machine alone, for a Prometheus beside it: `GET /metrics`.
///
/// As much of HTTP/1.1 (RFC 9112) as that takes: one request per connection, no body, the answer closes it. Bounded: so many connections at
/// once, a request of 8 KiB, five seconds for each.
public actor MetricsServer: DriverClient {
    private struct Connection {
        var request: [UInt8] = []
        var isAnswered = false
        var deadline: MonotonicInstant
    }

    private static let mostConnections = 16
    private static let mostRequestBytes = 8_192
    private static let patience = Duration.seconds(5)

    private nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let metrics: MetricsObserver
    private var client: DriverClientID?
    private var connections = OrderedTable<SocketID, Connection>()
    private var buffer = OwnedBytes(capacity: 4_096)

    public init(_ metrics: MetricsObserver, driver: any Driver) {
        self.metrics = metrics
        self.driver = driver
        executor = driver.serialExecutor
    }

    /// Listens on the loopback address.
    ///
    /// - Parameter port: 0 lets the system choose.
    /// - Returns: The address it has got.
    /// - Throws: ``DriverError``, as when the port is taken.
    public func open(port: UInt16) throws(DriverError) -> SocketAddress {
        let client = self.client ?? driver.attach(self)
        self.client = client
        return try driver.listen(.loopback(port: port), for: client).localAddress
    }

    /// Closes everything; requests under way are cut off.
    public func close() {
        if let client { driver.detach(client) }
        client = nil
        connections = OrderedTable()
    }

    public nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        let now = driver.now
        while let event = driver.receiveStream(for: client, into: &buffer) { handle(event, at: now) }
        for (stream, connection) in connections.entries where connection.deadline <= now { drop(stream) }
        driver.schedule(client, at: connections.values.map(\.deadline).min())
    }

    private func handle(_ event: StreamEvent, at now: MonotonicInstant) {
        switch event.kind {
        case .accepted:
            guard connections.count < Self.mostConnections else { return driver.close(event.stream) }
            connections[event.stream] = Connection(deadline: now.advanced(by: Self.patience))
        case .received: read(event.stream)
        case .ended: drop(event.stream)
        case .closed: connections[event.stream] = nil
        case .connected: break
        }
    }

    private func drop(_ stream: SocketID) {
        guard connections[stream] != nil else { return }
        connections[stream] = nil
        driver.close(stream)
    }

    private func read(_ stream: SocketID) {
        guard var connection = connections[stream], !connection.isAnswered else { return }
        let bytes = buffer.bytes
        unsafe bytes.withUnsafeBytes { unsafe connection.request.append(contentsOf: $0) }
        if Self.isWhole(connection.request) {
            answer(stream, Self.status(of: connection.request))
            connection.isAnswered = true
        } else if connection.request.count > Self.mostRequestBytes {
            answer(stream, 431)
            connection.isAnswered = true
        }
        // It may have been dropped with the answer.
        if connections[stream] != nil { connections[stream] = connection }
    }

    private func answer(_ stream: SocketID, _ status: Int) {
        let body = status == 200 ? metrics.text : ""
        var text = "HTTP/1.1 \(status) \(Self.phrase(status))\r\n"
        text += "Content-Type: \(PrometheusText.contentType)\r\nContent-Length: \(body.utf8.count)\r\n"
        if status == 405 { text += "Allow: GET\r\n" }
        text += "Connection: close\r\n\r\n\(body)"
        let bytes = Array(text.utf8)
        guard driver.send(bytes.span.bytes, on: stream) else { return drop(stream) }
        driver.endSending(on: stream)
    }

    /// Whether the empty line behind the header fields has come.
    private static func isWhole(_ request: [UInt8]) -> Bool {
        request.suffix(4) == [13, 10, 13, 10] || request.firstRange(of: [13, 10, 13, 10]) != nil
    }

    private static func status(of request: [UInt8]) -> Int {
        let line = String(decoding: request.prefix { $0 != 13 }, as: UTF8.self)
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return 400 }
        guard words[0] == "GET" else { return 405 }
        return words[1] == "/metrics" || words[1].hasPrefix("/metrics?") ? 200 : 404
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 431: "Request Header Fields Too Large"
        default: "Bad Request"
        }
    }
}
