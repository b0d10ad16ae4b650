import RTPMedia
import SansIO
import Testing

@Suite("Extended reports, RFC 3611")
struct ExtendedReportTests {
    private func blocks(_ text: String) throws -> [ExtendedReportBlock] {
        let body = octets(text)
        let words = UInt16(body.count / 4 + 1)
        let bytes =
            octets("80c90001 01020304") + [0x80, 207, UInt8(words >> 8), UInt8(words & 0xFF)]
            + octets("0a0b0c0d") + body
        guard
            case .extendedReport(0x0A0B_0C0D, let blocks) = try RTCPPacket.parseCompound(bytes.span.bytes)[1]
        else { return [] }
        return blocks
    }

    private let metrics =
        "07000008 11223344 0a05401a 00c81388 007800a0 e2ba7f10 5d7f2a29 b0000028 005003e8"

    @Test("VoIP metrics octet by octet, both ways")
    func voipMetrics() throws {
        var expected = VoIPMetrics(synchronizationSource: 0x1122_3344)
        (expected.lossRate, expected.discardRate, expected.burstDensity, expected.gapDensity) = (
            10, 5, 64, 26
        )
        (expected.burstMilliseconds, expected.gapMilliseconds) = (200, 5_000)
        (expected.roundTripMilliseconds, expected.endSystemMilliseconds) = (120, 160)
        (expected.signalLevel, expected.noiseLevel) = (-30, -70)
        expected.residualEchoReturnLoss = nil
        expected.gapThreshold = 16
        (expected.rFactor, expected.externalRFactor) = (93, nil)
        (expected.listeningQuality, expected.conversationalQuality) = (4.2, 4.1)
        (expected.concealment, expected.isJitterBufferAdaptive) = (.enhanced, true)
        expected.jitterBufferNominalMilliseconds = 40
        expected.jitterBufferMaximumMilliseconds = 80
        expected.jitterBufferAbsoluteMaximumMilliseconds = 1_000
        #expect(try blocks(metrics) == [.voipMetrics(expected)])

        var packet = OwnedBytes(capacity: RTCPPacket.maximumCompound)
        RTCPPacket.buildCompound(
            [.extendedReport(synchronizationSource: 0x0A0B_0C0D, [.voipMetrics(expected)])], into: &packet)
        #expect(LegPair.copy(packet) == octets("80cf000a 0a0b0c0d" + metrics))
    }

    @Test("Every other block of the RFC, and one that is not known")
    func others() throws {
        #expect(
            try blocks(
                "01020003 00000001 000a0014 8003c000"
                    + "02000003 00000001 000a0014 80030000"
                    + "03010003 00000002 00010002 00001234"
                    + "04000002 e796981d 7bc3f811"
                    + "05000003 00000003 981d7bc3 00010000"
                    + "06e00009 00000004 00050006 00000007 00000008 00000001 00000009 00000004 00000002 00000000"
                    + "fe000001 deadbeef") == [
                    .lossRuns(
                        PacketRuns(
                            synchronizationSource: 1, thinning: 2, begin: SequenceNumber(10),
                            end: SequenceNumber(20),
                            chunks: [0x8003, 0xC000])),
                    .duplicateRuns(
                        PacketRuns(
                            synchronizationSource: 1, begin: SequenceNumber(10), end: SequenceNumber(20),
                            chunks: [0x8003])),
                    .receiptTimes(
                        PacketReceiptTimes(
                            synchronizationSource: 2, thinning: 1, begin: SequenceNumber(1),
                            end: SequenceNumber(2), times: [RTPTimestamp(0x1234)])),
                    .receiverReferenceTime(ntpTimestamp: 0xE796_981D_7BC3_F811),
                    .delaySinceReceiverReference([
                        ReceiverReferenceDelay(
                            synchronizationSource: 3, lastReference: 0x981D_7BC3, delay: 0x1_0000)
                    ]),
                    .statisticsSummary(
                        StatisticsSummary(
                            synchronizationSource: 4, begin: SequenceNumber(5), end: SequenceNumber(6),
                            lostPackets: 7, duplicatePackets: 8,
                            jitter: .init(minimum: 1, maximum: 9, mean: 4, deviation: 2))),
                    .other(type: 254, byteCount: 4),
                ])
    }

    @Test("A block too short for its type is skipped by its length, and the next one is read")
    func short() throws {
        #expect(
            try blocks("07000001 11223344" + "04000001 e796981d" + metrics).map {
                if case .voipMetrics = $0 { true } else { false }
            } == [false, false, true])
        #expect(try blocks("01000000 05000002 00000001 00000002").count == 2)
    }

    @Test("A block that runs past its packet is refused by the packet's place")
    func overrun() {
        for text in ["07000009" + String(metrics.dropFirst(8)), "0400ffff e796981d 7bc3f811"] {
            #expect(throws: RTCPError.truncatedBlocks(offset: 8)) { _ = try blocks(text) }
        }
    }

    @Test("Scores and factors out of range are not known")
    func ranges() throws {
        let wild = "07000008 11223344 ffffffff ffffffff ffffffff 7f7fff10 ff65ff09 f0000000 ffffffff"
        guard case .voipMetrics(let metrics) = try blocks(wild).first else {
            Issue.record("no metrics")
            return
        }
        #expect(metrics.rFactor == nil && metrics.externalRFactor == nil)
        #expect(metrics.listeningQuality == nil && metrics.conversationalQuality == nil)
        #expect(metrics.signalLevel == nil && metrics.residualEchoReturnLoss == nil)
    }
}
