import SIPCore
import SansIO
import TestSupport
import Testing

@testable import Telephony

@Suite("HEP")
struct HEPTests {
    private static let instant = WallClockInstant(nanosecondsSinceEpoch: 1_700_000_000_123_456_789)

    @Test("One SIP message over IPv4, chunk by chunk")
    func ipv4() {
        var bytes: [UInt8] = [0xFF]
        let payload = Array("hi".utf8)
        let writer = HEPWriter(captureID: 0x0102_0304, authenticationKey: "key")
        #expect(
            writer.append(
                payload.span.bytes, kind: .sip, from: SocketAddress(ipv4: 0xC000_0201, port: 5_060),
                to: SocketAddress(ipv4: 0xC633_6402, port: 5_070), at: Self.instant, correlationID: "a@b",
                into: &bytes))
        let chunks: [[UInt8]] = [
            [0, 0, 0, 1, 0, 7, 2], [0, 0, 0, 2, 0, 7, 17],
            [0, 0, 0, 3, 0, 10, 192, 0, 2, 1], [0, 0, 0, 4, 0, 10, 198, 51, 100, 2],
            [0, 0, 0, 7, 0, 8, 0x13, 0xC4], [0, 0, 0, 8, 0, 8, 0x13, 0xCE],
            [0, 0, 0, 9, 0, 10, 0x65, 0x53, 0xF1, 0x00], [0, 0, 0, 10, 0, 10, 0, 1, 0xE2, 0x40],
            [0, 0, 0, 11, 0, 7, 1], [0, 0, 0, 12, 0, 10, 1, 2, 3, 4],
            [0, 0, 0, 14, 0, 9, 0x6B, 0x65, 0x79], [0, 0, 0, 17, 0, 9, 0x61, 0x40, 0x62],
            [0, 0, 0, 15, 0, 8, 0x68, 0x69],
        ]
        let body = chunks.flatMap { $0 }
        #expect(bytes == [0xFF, 0x48, 0x45, 0x50, 0x33, 0, UInt8(6 + body.count)] + body)
    }

    @Test(
        "IPv6 addresses have chunks of their own; families are not mixed, and what is too long is refused whole"
    )
    func limits() {
        let writer = HEPWriter()
        let one = SocketAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 1, port: 1)
        var bytes: [UInt8] = []
        let payload: [UInt8] = [0x80, 201]
        #expect(
            writer.append(
                payload.span.bytes, kind: .rtcp, from: one, to: one, at: Self.instant, correlationID: nil,
                into: &bytes))
        #expect(bytes[6..<13] == [0, 0, 0, 1, 0, 7, 10])
        #expect(bytes[20..<26] == [0, 0, 0, 5, 0, 22])
        #expect(bytes[26..<42] == [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        let before = bytes
        #expect(
            !writer.append(
                payload.span.bytes, kind: .sip, from: one, to: .loopback(port: 1), at: Self.instant,
                correlationID: nil, into: &bytes))
        let long = [UInt8](repeating: 0, count: 65_500)
        #expect(
            !writer.append(
                long.span.bytes, kind: .sip, from: one, to: one, at: Self.instant, correlationID: nil,
                into: &bytes))
        #expect(bytes == before)
    }

    @Test("The key never shows in a description")
    func secret() {
        let writer = HEPWriter(captureID: 7, authenticationKey: "swordfish")
        #expect(!"\(writer)".contains("swordfish") && !String(reflecting: writer).contains("swordfish"))
        var dump = ""
        Swift.dump(writer, to: &dump)
        #expect(!dump.contains("swordfish"))
    }

    @Test("A call's messages reach the capture server with its Call-ID; a server that is away costs nothing")
    func call() async throws {
        let driver = try Dialer.makeDriver()
        let server = DatagramCollector(driver: driver)
        let address = try await server.open()
        let observer = HEPObserver(server: address)
        let records = RecordingObserver()
        let away = HEPObserver(server: .loopback(port: 9))
        try await withDialer(observers: [observer, records, away]) { dialer, _ in
            _ = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
        }
        let callID = try #require(records.records.first?.sipCallID)
        let packets = await server.finish()
        #expect(packets.count >= 5, "INVITE, 100 or 180, 200, ACK, BYE, 200")
        #expect(observer.packetsSent >= packets.count && observer.packetsLost == 0)
        let correlation = [0, 0, 0, 17, 0, UInt8(6 + callID.utf8.count)] + Array(callID.utf8)
        for packet in packets {
            #expect(packet.starts(with: [0x48, 0x45, 0x50, 0x33]))
            #expect(Int(packet[4]) << 8 | Int(packet[5]) == packet.count)
            #expect(packet.firstRange(of: correlation) != nil)
        }
        #expect(away.packetsSent > 0)
    }
}

/// Takes whatever comes to a socket of its own.
actor DatagramCollector: DriverClient {
    private nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var client: DriverClientID?
    private var datagrams: [[UInt8]] = []

    init(driver: any Driver) {
        self.driver = driver
        executor = driver.serialExecutor
    }

    func open() throws -> SocketAddress {
        let client = driver.attach(self)
        self.client = client
        return try driver.bind(.loopback(port: 0), for: client).localAddress
    }

    /// What came, once no more is under way.
    func finish() -> [[UInt8]] {
        collect()
        if let client { driver.detach(client) }
        return datagrams
    }

    nonisolated func wake() { assumeIsolated { $0.collect() } }

    private func collect() {
        guard let client else { return }
        var buffer = OwnedBytes(capacity: 65_536)
        while driver.receive(for: client, into: &buffer) != nil {
            datagrams.append(buffer.bytes.withUnsafeBytes { Array($0) })
        }
    }
}
