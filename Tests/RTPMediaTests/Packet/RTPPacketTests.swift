import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("RTP packets, RFC 3550 §5.1")
struct RTPPacketTests {
    private func parse(_ text: String) throws(RTPPacketError) -> RTPPacket {
        try RTPPacket(parsing: octets(text).span.bytes)
    }

    @Test("CSRC, extension and padding are skipped; the header's fields come out")
    func everyPart() throws {
        // V=2 P X CC=2, M PT=0; 1-word extension; payload 0a0b0c; padding 2.
        let packet = try parse("b280 1234 89abcdef 01020304 11111111 22222222 bede0001 12005600 0a0b0c 0002")
        #expect(
            packet.header
                == RTPHeader(
                    marker: true, payloadType: 0, sequence: SequenceNumber(0x1234),
                    timestamp: RTPTimestamp(0x89AB_CDEF), synchronizationSource: 0x0102_0304))
        #expect(packet.payload == 28..<31)
    }

    @Test("A bare header has an empty payload")
    func emptyPayload() throws {
        #expect(try parse("8000 0001 00000002 00000003").payload == 12..<12)
    }

    @Test(
        "Lengths that do not add up are named",
        arguments: [
            ("", RTPPacketError.tooShort(byteCount: 0)),
            ("8000 0001 00000002 000000", .tooShort(byteCount: 11)),
            ("0000 0001 00000002 00000003 00", .unsupportedVersion(0)),
            ("4000 0001 00000002 00000003 00", .unsupportedVersion(1)),
            ("c000 0001 00000002 00000003 00", .unsupportedVersion(3)),
            ("8200 0001 00000002 00000003 11111111 222222", .truncatedContributingSources(count: 2)),
            ("8f00 0001 00000002 00000003", .truncatedContributingSources(count: 15)),
            ("9000 0001 00000002 00000003 bede00", .truncatedExtension(offset: 12)),
            ("9000 0001 00000002 00000003 bede0001 001122", .truncatedExtension(offset: 12)),
            ("9000 0001 00000002 00000003 bedeffff 00112233", .truncatedExtension(offset: 12)),
            ("a000 0001 00000002 00000003 0a0b0c00", .invalidPadding(count: 0)),
            ("a000 0001 00000002 00000003 0a0b0c05", .invalidPadding(count: 5)),
            ("a000 0001 00000002 00000003", .invalidPadding(count: 3)),
            ("a000 0001 00000002 00000003 0a0b0cff", .invalidPadding(count: 255)),
            ("b000 0001 00000002 00000003 bede0001 00000008", .invalidPadding(count: 8)),
        ])
    func malformed(text: String, error: RTPPacketError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test("Padding may take all of the payload, and no more")
    func paddingOnly() throws {
        #expect(try parse("a000 0001 00000002 00000003 00000004").payload == 12..<12)
    }

    @Test("A packed packet is these octets; one that does not fit leaves nothing")
    func pack() {
        let header = RTPHeader(
            marker: true, payloadType: 8, sequence: SequenceNumber(0xFFFE),
            timestamp: RTPTimestamp(0x0102_0304),
            synchronizationSource: 0xDEAD_BEEF)
        var packet = OwnedBytes(capacity: 15)
        #expect(header.pack(octets("d5d5d5").span.bytes, into: &packet))
        #expect(LegPair.copy(packet) == octets("8088fffe 01020304 deadbeef d5d5d5"))
        #expect(!header.pack(octets("d5d5d5d5").span.bytes, into: &packet))
        #expect(packet.count == 0)
    }

    @Test("Real and fuzzed datagrams parse or are refused, as computed from their octets by hand")
    func corpus() throws {
        guard let table = try TestData.url("rtp/packets.csv") else { return }
        let accepted = [
            "2050580a99e4": 132, "26799bb4996e": 0, "27d818fe9f89": 1129, "34970ff07fdf": 564,
            "596ca828451e": 2,
            "61754d97d66b": 1, "8b223b6329b1": 7, "a19206ef8b3b": 7, "a3183876c406": 0, "d7193ce0e6b7": 1,
            "dd2fa788fb0d": 1,
        ]
        var seen = 0
        for row in try TestData.rows(table) {
            guard let file = row["file"], let url = try TestData.url("rtp/packets/\(file)") else { continue }
            let bytes = try TestData.bytes(url)
            let packet = try? RTPPacket(parsing: bytes.span.bytes)
            _ = try? RTCPPacket.parseCompound(bytes.span.bytes)
            guard file.hasPrefix("rtp/") else { continue }
            seen += 1
            let name = String(file.dropFirst(4).dropLast(4))
            #expect(packet?.payload.count == accepted[name], "\(name)")
        }
        #expect(seen == 17)
    }

    @Test("No cut and no flipped octet of a packet with every part traps")
    func mutations() {
        let whole = octets("b280 1234 89abcdef 01020304 11111111 22222222 bede0001 12005600 0a0b0c 0002")
        var generator = SeededGenerator(seed: 7)
        for length in 0...whole.count {
            for _ in 0..<200 {
                var bytes = Array(whole[..<length])
                if !bytes.isEmpty {
                    bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(
                        truncatingIfNeeded: generator.next())
                }
                if let packet = try? RTPPacket(parsing: bytes.span.bytes) {
                    #expect(packet.payload.lowerBound >= 12 && packet.payload.upperBound <= bytes.count)
                }
            }
        }
    }
}

@Suite("Sequence numbers and timestamps wrap, RFC 1982")
struct SerialArithmeticTests {
    @Test(
        "Distance takes the short way round",
        arguments: [
            (UInt16(65_535), UInt16(0), 1), (0, 65_535, -1), (10, 10, 0), (0, 32_767, 32_767),
            (0, 32_768, -32_768),
        ])
    func sequence(from: UInt16, to: UInt16, distance: Int) {
        #expect(SequenceNumber(from).distance(to: SequenceNumber(to)) == distance)
        #expect(SequenceNumber(from).advanced(by: distance) == SequenceNumber(to))
    }

    @Test(
        "Timestamps likewise",
        arguments: [
            (UInt32.max, UInt32(159), 160), (159, UInt32.max, -160), (0, 0x7FFF_FFFF, 0x7FFF_FFFF),
        ])
    func timestamp(from: UInt32, to: UInt32, distance: Int) {
        #expect(RTPTimestamp(from).distance(to: RTPTimestamp(to)) == distance)
        #expect(RTPTimestamp(from).advanced(by: distance) == RTPTimestamp(to))
    }
}
