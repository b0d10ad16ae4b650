import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("Compound RTCP, RFC 3550 §6 and §A.2")
struct RTCPPacketTests {
    private func parse(_ text: String) throws(RTCPError) -> [RTCPPacket] {
        try RTCPPacket.parseCompound(octets(text).span.bytes)
    }

    private let emptyReport = "80c90001 01020304"

    @Test("A sender report with one block, as pjsip sent it")
    func senderReport() throws {
        let packets = try parse(
            """
            81c8000c 66f00c9a e796981d 7bc3f811 0008e72e 00000093 0001ef45
            73332166 00000000 000054d5 00000080 98188b46 0004b85d
            """)
        let information = SenderInformation(
            ntpTimestamp: 0xE796_981D_7BC3_F811, rtpTimestamp: RTPTimestamp(0x0008_E72E), packetCount: 147,
            octetCount: 126_789)
        let block = ReceptionReport(
            synchronizationSource: 0x7333_2166, fractionLost: 0, cumulativeLost: 0,
            extendedHighestSequence: 21_717,
            jitter: 128, lastSenderReport: 0x9818_8B46, delaySinceLastSenderReport: 0x0004_B85D)
        #expect(packets == [.senderReport(synchronizationSource: 0x66F0_0C9A, information, [block])])
        #expect(information.middleNTP == 0x981D_7BC3)
    }

    @Test("Report, description and BYE, as Janus sent them")
    func reportDescriptionGoodbye() throws {
        let packets = try parse(
            "80c90001 1ca57379 81ca0006 1ca57379 01106a316f6b526c6534675345494d774d4f 0000 81cb0001 1ca57379")
        #expect(
            packets == [
                .receiverReport(synchronizationSource: 0x1CA5_7379, []),
                .sourceDescription([
                    SourceDescription(synchronizationSource: 0x1CA5_7379, canonicalName: "j1okRle4gSEIMwMO")
                ]),
                .goodbye(synchronizationSources: [0x1CA5_7379], reason: nil),
            ])
    }

    @Test("Feedback and unknown types are stepped over by their length")
    func others() throws {
        #expect(
            try parse(
                emptyReport
                    + "8fce0003 12345678 00000000 52454d42 80d60000 81cb0003 12345678 0461616161000000")
                == [
                    .receiverReport(synchronizationSource: 0x0102_0304, []), .other(type: 206),
                    .other(type: 214),
                    .goodbye(synchronizationSources: [0x1234_5678], reason: "aaaa"),
                ])
    }

    @Test("Chunks of a description are padded one by one")
    func chunks() throws {
        let packets = try parse(
            emptyReport + """
                86ca0010 12345678 01016100 12345679 01026162 00000000 1234567a 01036162 63000000
                1234567b 01046162 63640000 1234567c 01056162 63646500 1234567d 00000000
                """)
        guard case .sourceDescription(let chunks) = packets[1] else {
            Issue.record("no description")
            return
        }
        #expect(chunks.map(\.canonicalName) == ["a", "ab", "abc", "abcd", "abcde", nil])
        #expect(chunks.map(\.synchronizationSource) == (0x1234_5678...0x1234_567D).map { UInt32($0) })
    }

    @Test(
        "Cumulative loss is a signed number of 24 bits",
        arguments: [
            ("00000001", Int32(1)), ("00ffffff", -1), ("007fffff", 8_388_607), ("00800000", -8_388_608),
        ])
    func cumulativeLoss(field: String, value: Int32) throws {
        let packets = try parse("81c90007 00000001 00000002 \(field) 00000000 00000000 00000000 00000000")
        guard case .receiverReport(_, let blocks) = packets[0] else { return }
        #expect(blocks[0].cumulativeLost == value)
    }

    @Test(
        "Each rule of §A.2 is kept",
        arguments: [
            ("", RTCPError.truncatedHeader(offset: 0)),
            ("80c900", .truncatedHeader(offset: 0)),
            ("40c90001 01020304", .unsupportedVersion(offset: 0)),
            ("81cb0001 01020304", .doesNotStartWithReport(type: 203)),
            ("a0c90002 01020304 00000004", .invalidPadding(offset: 0)),
            ("80c90002 01020304", .truncatedPacket(offset: 0)),
            ("80c9ffff 01020304", .truncatedPacket(offset: 0)),
            ("80c90000", .truncatedBlocks(offset: 0)),
            ("9fc90001 01020304", .truncatedBlocks(offset: 0)),
            ("80c80001 01020304", .truncatedBlocks(offset: 0)),
            ("80c90001 01020304 80c9", .truncatedHeader(offset: 8)),
            ("80c90001 01020304 00cb0000", .unsupportedVersion(offset: 8)),
            ("80c90001 01020304 a0cb0001 00000004 80cb0000", .invalidPadding(offset: 8)),
            ("80c90001 01020304 a0cb0001 00000008", .invalidPadding(offset: 8)),
            ("80c90001 01020304 a0cb0001 00000000", .invalidPadding(offset: 8)),
            ("80c90001 01020304 82cb0001 00000001", .truncatedBlocks(offset: 8)),
            ("80c90001 01020304 80cb0001 05616161", .truncatedBlocks(offset: 8)),
            ("80c90001 01020304 81ca0001 00000001", .truncatedBlocks(offset: 8)),
            ("80c90001 01020304 81ca0002 00000001 01ff6161", .truncatedBlocks(offset: 8)),
            ("80c90001 01020304 81ca0002 00000001 01026161", .truncatedBlocks(offset: 8)),
        ])
    func malformed(text: String, error: RTCPError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test("Of the datagrams of others, those that begin with a sound report are taken")
    func corpus() throws {
        guard let table = try TestData.url("rtp/packets.csv") else { return }
        var accepted: Set<String> = []
        for row in try TestData.rows(table) {
            guard let file = row["file"], file.hasPrefix("rtcp/"),
                let url = try TestData.url("rtp/packets/\(file)")
            else { continue }
            let bytes = try TestData.bytes(url)
            if (try? RTCPPacket.parseCompound(bytes.span.bytes)) != nil {
                accepted.insert(String(file.dropFirst(5).dropLast(4)))
            }
        }
        #expect(
            accepted == [
                "34347d49a67e", "5db3f2ee9e99", "61ab4ae6678e", "a5acf6c925cd", "b6dae1da0499",
                "f2d50b1d942e",
            ])
    }

    @Test("What is built is these octets")
    func build() {
        var block = OwnedBytes(capacity: RTCPPacket.maximumCompound)
        let report = ReceptionReport(
            synchronizationSource: 0x0A0B_0C0D, fractionLost: 64, cumulativeLost: -2,
            extendedHighestSequence: 0x0001_0002, jitter: 3, lastSenderReport: 4,
            delaySinceLastSenderReport: 5)
        let information = SenderInformation(
            ntpTimestamp: 0x1122_3344_5566_7788, rtpTimestamp: RTPTimestamp(160), packetCount: 2,
            octetCount: 320)
        RTCPPacket.buildCompound(
            [
                .senderReport(synchronizationSource: 1, information, [report]),
                .sourceDescription([SourceDescription(synchronizationSource: 1, canonicalName: "ab@c")]),
                .goodbye(synchronizationSources: [1], reason: "end"),
            ], into: &block)
        #expect(
            LegPair.copy(block)
                == octets(
                    """
                    81c8000c 00000001 11223344 55667788 000000a0 00000002 00000140
                    0a0b0c0d 40fffffe 00010002 00000003 00000004 00000005
                    81ca0003 00000001 01046162 40630000
                    81cb0002 00000001 03656e64
                    """))
    }

    @Test("No cut and no flipped octet of a compound traps")
    func mutations() {
        let whole = octets(
            """
            81c8000c 66f00c9a e796981d 7bc3f811 0008e72e 00000093 0001ef45 73332166 00000000 000054d5 00000080
            98188b46 0004b85d 81ca0003 00000001 01046162 40630000 81cb0002 00000001 03656e64
            """)
        var generator = SeededGenerator(seed: 11)
        for length in 0...whole.count {
            for _ in 0..<300 {
                var bytes = Array(whole[..<length])
                for _ in 0..<min(2, bytes.count) {
                    bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(
                        truncatingIfNeeded: generator.next())
                }
                _ = try? RTCPPacket.parseCompound(bytes.span.bytes)
            }
        }
    }
}
