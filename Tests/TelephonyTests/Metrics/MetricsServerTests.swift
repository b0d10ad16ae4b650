import SansIO
import Testing

@testable import Telephony

@Suite("Metrics over HTTP")
struct MetricsServerTests {
    /// Sends a request in pieces and gives all that comes back.
    private func ask(_ pieces: [String]) async throws -> String {
        let driver = try Dialer.makeDriver()
        let server = MetricsServer(MetricsObserver(), driver: driver)
        let address = try await server.open(port: 0)
        #expect(address.isLoopback)
        let caller = HTTPCaller(driver: driver, pieces: pieces)
        let answer = try await caller.ask(address)
        await server.close()
        return answer
    }

    @Test("GET /metrics gives the text, whole, and closes")
    func metrics() async throws {
        let answer = try await ask(["GET /met", "rics HTTP/1.1\r\nHost: x\r\n", "\r\n"])
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
        #expect(parts.count == 2)
        #expect(parts[0].hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(parts[0].contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)\r\n"))
        #expect(try ExpositionCheck(parts[1]).value("outdial_calls_active") == 0)
    }

    @Test(
        "Anything else is refused by its status",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", "404"), ("POST /metrics HTTP/1.1\r\n\r\n", "405"),
            ("x\r\n\r\n", "400"),
            ("GET /metrics SIP/2.0\r\n\r\n", "400"), ("\r\n\r\n", "400"),
            ("GET /metrics HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 2_000), "431"),
        ])
    func refused(request: String, status: String) async throws {
        #expect(try await ask([request]).hasPrefix("HTTP/1.1 \(status) "))
    }
}

/// One HTTP request over a stream of its own.
private actor HTTPCaller: DriverClient {
    private nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let pieces: [String]
    private var client: DriverClientID?
    private var answer: [UInt8] = []
    private var waiter: CheckedContinuation<Void, Never>?
    private var buffer = OwnedBytes(capacity: 4_096)

    init(driver: any Driver, pieces: [String]) {
        self.driver = driver
        self.pieces = pieces
        executor = driver.serialExecutor
    }

    func ask(_ server: SocketAddress) async throws -> String {
        let client = driver.attach(self)
        self.client = client
        _ = try driver.connect(to: server, from: nil, for: client)
        await withCheckedContinuation { waiter = $0 }
        driver.detach(client)
        return String(decoding: answer, as: UTF8.self)
    }

    nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        while let event = driver.receiveStream(for: client, into: &buffer) {
            switch event.kind {
            case .connected:
                for piece in pieces { _ = driver.send(Array(piece.utf8).span.bytes, on: event.stream) }
            case .received: answer += buffer.bytes.withUnsafeBytes { Array($0) }
            case .ended, .closed:
                waiter?.resume()
                waiter = nil
            case .accepted: break
            }
        }
    }
}
