import Foundation
import SansIO
import TestSupport

/// The UDP datagrams of a capture file: classic pcap, Ethernet or Linux cooked, IPv4.
struct PacketCapture {
    struct Datagram {
        var arrival: MonotonicInstant
        var source: SocketAddress
        var destination: SocketAddress
        var payload: [UInt8]
    }

    var datagrams: [Datagram] = []

    init?(named name: String) throws {
        guard let url = try TestData.url("rtp/captures/\(name)") else { return nil }
        try self.init(url)
    }

    init?(_ url: URL) throws {
        let bytes = try TestData.bytes(url)
        func little(_ offset: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        guard bytes.count >= 24, little(0) == 0xA1B2_C3D4 else { return nil }
        let linkHeader = little(20) == 113 ? 16 : 14
        var offset = 24
        while offset + 16 <= bytes.count {
            let length = little(offset + 8)
            guard offset + 16 + length <= bytes.count else { break }
            let nanoseconds = Int64(little(offset)) * 1_000_000_000 + Int64(little(offset + 4)) * 1_000
            let frame = Array(bytes[offset + 16..<offset + 16 + length])
            if var datagram = Self.udp(frame, linkHeader: linkHeader) {
                datagram.arrival = MonotonicInstant(nanoseconds: nanoseconds)
                datagrams.append(datagram)
            }
            offset += 16 + length
        }
    }

    private static func udp(_ frame: [UInt8], linkHeader: Int) -> Datagram? {
        func big(_ offset: Int, _ width: Int) -> UInt32 {
            (0..<width).reduce(0) { $0 << 8 | UInt32(frame[offset + $1]) }
        }
        guard frame.count >= linkHeader + 28, big(linkHeader - 2, 2) == 0x0800 else { return nil }
        let header = linkHeader + 4 * Int(frame[linkHeader] & 0x0F)
        guard frame[linkHeader + 9] == 17, frame.count >= header + 8 else { return nil }
        let end = header + Int(big(header + 4, 2))
        guard end >= header + 8, end <= frame.count else { return nil }
        return Datagram(
            arrival: MonotonicInstant(nanoseconds: 0),
            source: SocketAddress(ipv4: big(linkHeader + 12, 4), port: UInt16(big(header, 2))),
            destination: SocketAddress(ipv4: big(linkHeader + 16, 4), port: UInt16(big(header + 2, 2))),
            payload: Array(frame[header + 8..<end]))
    }
}
