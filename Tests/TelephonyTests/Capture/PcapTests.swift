import Foundation
import SansIO
import Telephony
import Testing

/// A folder of its own for one test; removed with it.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appending(path: name))) }
    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
}

@Suite("Packet capture")
struct PcapTests {
    private static let a = SocketAddress(ipv4: 0xC000_0201, port: 5_060)
    private static let b = SocketAddress(ipv4: 0xC633_6409, port: 5_062)
    private static let instant = WallClockInstant(nanosecondsSinceEpoch: 1_700_000_000_123_456_789)
    private static let fileHeader: [UInt8] = [
        0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0,
    ]
    /// 1,700,000,000 s and 123,456,789 ns, 33 bytes of 33.
    private static let recordHeader: [UInt8] = [
        0x00, 0xF1, 0x53, 0x65, 0x15, 0xCD, 0x5B, 0x07, 33, 0, 0, 0, 33, 0, 0, 0,
    ]
    private static let packet: [UInt8] = [
        0x45, 0x00, 0x00, 0x21, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x4E, 0x8E, 0xC0, 0x00, 0x02, 0x01,
        0xC6, 0x33, 0x64, 0x09, 0x13, 0xC4, 0x13, 0xC6, 0x00, 0x0D, 0xA8, 0x39, 0x68, 0x65, 0x6C, 0x6C,
        0x6F,
    ]

    private func record(
        _ payload: [UInt8], _ source: SocketAddress, _ destination: SocketAddress,
        _ writer: PcapWriter = PcapWriter()
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        writer.append(payload.span.bytes, from: source, to: destination, at: Self.instant, into: &bytes)
        return bytes
    }

    @Test("A datagram over IPv4 has the headers it would have had on the wire")
    func ipv4() {
        #expect(PcapWriter().header == Self.fileHeader)
        #expect(record(Array("hello".utf8), Self.a, Self.b) == Self.recordHeader + Self.packet)
    }

    @Test("Microseconds and Ethernet are there for tools that want them")
    func ethernet() {
        let writer = PcapWriter(linkType: .ethernet, resolution: .microseconds)
        #expect(writer.header.prefix(4) == [0xD4, 0xC3, 0xB2, 0xA1])
        #expect(writer.header.suffix(4) == [1, 0, 0, 0])
        let bytes = record(Array("hello".utf8), Self.a, Self.b, writer)
        #expect(bytes[4..<16] == [0x40, 0xE2, 0x01, 0x00, 47, 0, 0, 0, 47, 0, 0, 0])
        #expect(bytes[16..<30] == [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00])
        #expect(Array(bytes[30...]) == Self.packet)
    }

    @Test("A datagram over IPv6 has its mandatory checksum")
    func ipv6() {
        let one = SocketAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 1, port: 4_000)
        let two = SocketAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 2, port: 4_002)
        let expected: [UInt8] = [
            0x60, 0x00, 0x00, 0x00, 0x00, 0x0A, 0x11, 0x40, 0x20, 0x01, 0x0D, 0xB8, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01, 0x0D, 0xB8, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x0F, 0xA0, 0x0F, 0xA2, 0x00, 0x0A, 0x05, 0x23,
            0x80, 0x00,
        ]
        #expect(Array(record([0x80, 0x00], one, two)[16...]) == expected)
    }

    @Test("A checksum that comes out as 0 is sent as 0xFFFF, RFC 768")
    func zeroChecksum() {
        let bytes = record([0x01, 0xD5], .loopback(port: 1), .loopback(port: 2))
        #expect(bytes[42...43] == [0xFF, 0xFF])
    }

    @Test("Payloads up to the limit of UDP are taken, longer ones are not")
    func limits() {
        #expect(record([UInt8](repeating: 0xFF, count: 65_507), Self.a, Self.b).count == 65_551)
        #expect(record([UInt8](repeating: 0, count: 65_508), Self.a, Self.b).isEmpty)
        #expect(record([], Self.a, Self.b).count == 44)
    }

    @Test("The observer writes what was sent and received, once flushed")
    func observer() throws {
        let folder = try TemporaryFolder()
        let observer = try PcapObserver(path: folder.path("all.pcap"), kinds: [.sip])
        #expect(try folder.bytes("all.pcap") == Self.fileHeader)
        let payload = Array("hello".utf8)
        observer.datagram(
            .sent, payload.span.bytes, local: Self.a, remote: Self.b, kind: .sip, call: nil, at: Self.instant)
        observer.datagram(
            .received, payload.span.bytes, local: Self.b, remote: Self.a, kind: .sip, call: nil,
            at: Self.instant)
        observer.datagram(
            .sent, payload.span.bytes, local: Self.a, remote: Self.b, kind: .rtp, call: nil, at: Self.instant)
        observer.flush()
        let record = Self.recordHeader + Self.packet
        #expect(try folder.bytes("all.pcap") == Self.fileHeader + record + record)
        #expect(observer.datagrams == 2)
    }

    @Test("A file that cannot be made says so; one that cannot be written says so once")
    func failures() throws {
        #expect(throws: FileError.self) { try PcapObserver(path: "/no/such/folder/x.pcap") }
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        #expect(throws: FileError.self) { try PcapObserver(path: "/dev/full") }
    }
}
