import RTPMedia
import SansIO
import Testing

@Suite("RTCP of an audio leg")
struct AudioLegReportTests {
    @Test("Both ends learn loss and round trip from each other's reports")
    func exchange() throws {
        let pair = try LegPair(seed: 1)
        pair.network = .init(delay: .milliseconds(60), loss: 0.05)
        pair.run(frames: 1_500)
        for leg in [pair.a, pair.b] {
            let statistics = leg.statistics
            // Deliveries wait for the next period of 20 ms, but bear their own time of arrival.
            #expect(abs(try #require(statistics.roundTripMilliseconds) - 120) <= 1)
            #expect((0.005...0.15).contains(try #require(statistics.remoteFractionLost)))
        }
    }

    @Test(
        "With extended reports each side learns how the other hears it; without, it is estimated from the reports"
    )
    func quality() throws {
        for extended in [true, false] {
            let pair = try LegPair(seed: 21)
            var (towardsB, towardsA) = (
                NegotiatedAudio.between(LegPair.addressB), NegotiatedAudio.between(LegPair.addressA)
            )
            (towardsB.extendedReports, towardsA.extendedReports) = (extended, extended)
            try pair.a.renegotiate(towardsB)
            try pair.b.renegotiate(towardsA)
            pair.network = .init(delay: .milliseconds(60), loss: 0.05)
            pair.run(frames: 3_000)
            let (a, b) = (pair.a.statistics, pair.b.statistics)
            let heard = try #require(b.inboundQuality)
            #expect(heard.source == .measured)
            #expect((0.03...0.07).contains(heard.lossRate))
            #expect(heard.discardRate == 0)
            // 5 % at random through G.711 with concealment: R about 77, delay still under 150 ms.
            #expect((70...84).contains(heard.rFactor))
            #expect((3.6...4.2).contains(heard.mosListening))
            #expect(heard.mosConversational <= heard.mosListening)
            #expect((80...220).contains(heard.oneWayDelayMilliseconds))
            let told = try #require(a.outboundQuality)
            #expect(told.source == (extended ? .reported : .estimated))
            #expect(abs(told.lossRate - heard.lossRate) < 0.02)
            #expect(abs(told.mosListening - heard.mosListening) < 0.35)
            #expect((told.burstDensity == nil) == !extended)
        }
    }

    @Test("The first report comes within about three seconds, the next ones every two to six")
    func schedule() throws {
        let pair = try LegPair(seed: 2)
        #expect((1.0...3.1).contains(pair.now.duration(to: pair.a.nextReportDeadline).inSeconds))
        pair.run(frames: 200)
        #expect(pair.now.duration(to: pair.a.nextReportDeadline).inSeconds <= 6.2)
    }

    @Test("A sender's report: SR with its counts, one block, CNAME; at the end BYE")
    func senderReport() throws {
        let pair = try LegPair(seed: 3)
        pair.run(frames: 100)
        var block = OwnedBytes(capacity: RTCPPacket.maximumCompound)
        // 2023-11-14T22:13:20.5Z is 3,908,988,800.5 s after 1900.
        let wallClock = WallClockInstant(nanosecondsSinceEpoch: 1_700_000_000_500_000_000)
        pair.a.makeGoodbye(at: pair.now, wallClock: wallClock, into: &block)
        let packets = try RTCPPacket.parseCompound(block.bytes)
        guard case .senderReport(let own, let information, let reports) = packets[0] else {
            Issue.record("no sender report")
            return
        }
        let last = try pair.headersOfA()[99]
        #expect(own == last.synchronizationSource)
        #expect(information.ntpTimestamp == UInt64(3_908_988_800) << 32 | 0x8000_0000)
        #expect(information.packetCount == 100)
        #expect(information.octetCount == 16_000)
        // 20 ms after the deadline of the last packet.
        #expect(last.timestamp.distance(to: information.rtpTimestamp) == 160)
        #expect(reports.count == 1)
        #expect(reports.first?.cumulativeLost == 0)
        #expect(
            packets[1]
                == .sourceDescription([SourceDescription(synchronizationSource: own, canonicalName: "a@test")]
                ))
        #expect(packets[2] == .goodbye(synchronizationSources: [own], reason: nil))
        #expect(packets.count == 3)
    }

    @Test("Who has sent nothing and heard nothing reports just that")
    func emptyReport() throws {
        let pair = try LegPair(seed: 4)
        var block = OwnedBytes(capacity: RTCPPacket.maximumCompound)
        let early = pair.a.makeReport(
            at: pair.now, wallClock: WallClockInstant(secondsSinceEpoch: 0), into: &block)
        #expect(!early && block.count == 0)
        while !pair.a.makeReport(
            at: pair.a.nextReportDeadline, wallClock: WallClockInstant(secondsSinceEpoch: 0), into: &block)
        {}
        guard case .receiverReport(_, let reports) = try RTCPPacket.parseCompound(block.bytes)[0] else {
            Issue.record("no receiver report")
            return
        }
        #expect(reports.isEmpty)
    }
}
