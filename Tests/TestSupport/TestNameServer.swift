public import SansIO

/// A name server of a test's own, over datagrams: it answers what it is told to, or nothing, or nonsense.
public actor TestNameServer: DriverClient {
    /// What a question gets.
    public enum Reply: Sendable {
        case message(DNSMessage)
        case bytes([UInt8])
        case silence
    }

    private nonisolated let driver: any Driver
    private nonisolated let loop: any SerialExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let answer: @Sendable (DNSMessage) -> Reply
    private var buffer = OwnedBytes(capacity: 2_048)
    private var client: DriverClientID?
    /// What was asked, in order.
    public private(set) var questions: [DNSQuestion] = []

    public init(driver: any Driver, answer: @escaping @Sendable (DNSMessage) -> Reply) {
        self.driver = driver
        self.answer = answer
        loop = driver.serialExecutor
    }

    /// Answers from `records`, and says "no such name" to all others.
    public init(driver: any Driver, records: [DNSRecord]) {
        self.init(driver: driver) { query in
            guard let question = query.question else { return .silence }
            let ofName = records.filter { $0.name == question.name }
            let found = ofName.filter { $0.type == question.type || $0.type == .cname }
            return .message(
                DNSMessage(
                    to: query, code: ofName.isEmpty ? 3 : 0, answers: found,
                    negativeTimeToLive: found.isEmpty ? .seconds(60) : nil))
        }
    }

    /// Starts to serve on a loopback port of the system's choice.
    public func start() throws -> SocketAddress {
        let id = driver.attach(self)
        client = id
        return try driver.bind(.loopback(port: 0), for: id).localAddress
    }

    public func stop() {
        if let client { driver.detach(client) }
        client = nil
    }

    public nonisolated func wake() { assumeIsolated { $0.serve() } }

    private func serve() {
        guard let client else { return }
        while let datagram = driver.receive(for: client, into: &buffer) {
            let copy = (0..<buffer.count).map {
                buffer.bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
            }
            guard let query = try? DNSMessage(parsing: copy) else { continue }
            if let question = query.question { questions.append(question) }
            switch answer(query) {
            case .message(let message): send(message.serialized() ?? [], after: datagram)
            case .bytes(let raw): send(raw, after: datagram)
            case .silence: break
            }
        }
    }

    private func send(_ reply: [UInt8], after query: ReceivedDatagram) {
        driver.transmit(reply.span.bytes, from: query.socket, to: query.source)
    }
}
