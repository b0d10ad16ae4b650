import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("Captures of real calls, against tshark's count")
struct CaptureTests {
    private func number(_ text: String) -> UInt32? { UInt32(text.dropFirst(2), radix: 16) }

    @Test("Packets, loss and jitter of each stream")
    func streams() throws {
        guard let table = try TestData.url("rtp/expected_streams_tshark.csv") else { return }
        var compared = 0
        for row in try TestData.rows(table) {
            guard let file = row["file"], let source = row["ssrc"].flatMap(number),
                let capture = try PacketCapture(named: file)
            else { continue }
            var statistics = ReceptionStatistics(probation: 1)
            var packets = 0
            var maximum = 0.0
            for datagram in capture.datagrams {
                guard let packet = try? RTPPacket(parsing: datagram.payload.span.bytes),
                    packet.header.synchronizationSource == source
                else { continue }
                packets += 1
                _ = statistics.receive(
                    packet.header.sequence, timestamp: packet.header.timestamp, at: datagram.arrival)
                maximum = max(maximum, statistics.jitter / 8)
            }
            #expect(String(packets) == row["packets"], "\(file)")
            #expect(String(statistics.lost) == row["lost"], "\(file)")
            // tshark counts the standing timestamps of events as jitter, and not at all where it lacks the clock.
            if ["g711A", "g711U", "g729"].contains(row["payload"]),
                let expected = row["max_jitter_ms"].flatMap(Double.init)
            {
                #expect(abs(maximum - expected) < max(0.002, expected * 0.01), "\(file)")
                compared += 1
            }
        }
        #expect(compared == 6)
    }

    @Test("The keys of each capture, each once, though their packets come ten times")
    func digits() throws {
        guard let table = try TestData.url("rtp/expected_events_tshark.csv") else { return }
        var expected: [String: String] = [:]
        for row in try TestData.rows(table) { expected[row["file"] ?? "", default: ""] += row["digit"] ?? "" }
        #expect(expected.count == 7)
        for (file, digits) in expected.sorted(by: { $0.key < $1.key }) {
            guard let capture = try PacketCapture(named: file), let first = capture.datagrams.first else {
                continue
            }
            var negotiated = NegotiatedAudio.between(first.source)
            negotiated.receiveEventPayloadType =
                capture.datagrams.lazy
                .compactMap { try? RTPPacket(parsing: $0.payload.span.bytes) }
                .first { $0.payload.count == 4 }?.header.payloadType
            var generator = SeededGenerator(seed: 1)
            let leg = try AudioLeg(
                configuration: .init(negotiated: negotiated, rateHertz: 8_000, canonicalName: "x"),
                generator: &generator, at: first.arrival)
            var heard = ""
            for datagram in capture.datagrams where datagram.source == first.source {
                leg.receiveRTP(datagram.payload.span.bytes, from: datagram.source, at: datagram.arrival)
                while let digit = leg.takeDigit() { heard.append(digit) }
            }
            #expect(heard == digits, "\(file)")
        }
    }

    @Test("The milliwatt of FreeSWITCH plays as a clean tone of 1,004 Hz at 0 dBm0")
    func milliwatt() throws {
        guard let capture = try PacketCapture(named: "fs-milliwatt.pcmu.rtp.pcap") else { return }
        let heard = try play(capture.datagrams, codec: .pcmu)
        let settled = heard[16_000..<24_000]
        #expect(Sound.purity(settled, hertz: 1_004, rate: 8_000) > 0.99)
        #expect(heard.statistics.framesConcealed <= 2)
    }

    @Test("A-law speech in packets of 30 ms plays without a hole")
    func thirtyMilliseconds() throws {
        guard let capture = try PacketCapture(named: "sipp-g711a.pcap") else { return }
        let heard = try play(capture.datagrams, codec: .pcma)
        #expect(heard.statistics.packetsReceived == 236)
        #expect(heard.statistics.framesPlayed >= 348)
        #expect(heard.statistics.framesConcealed <= 2)
        #expect(Sound.level(heard[...]) > 300)
    }

    @Test("The A-law stream of Wireshark's sample call plays without a hole")
    func sampleCall() throws {
        guard let capture = try PacketCapture(named: "ws-sip-rtp-g711.pcap") else { return }
        for (port, codec, packets) in [(28_102 as UInt16, AudioCodecKind.pcma, 414), (27_942, .pcmu, 425)] {
            let heard = try play(capture.datagrams.filter { $0.source.port == port }, codec: codec)
            // RTP of the test's own signalling does not come from these ports.
            #expect(heard.statistics.packetsReceived == packets)
            #expect(heard.statistics.framesConcealed <= 1)
            #expect(heard.statistics.packetsDiscarded == 0)
            let quality = try #require(heard.statistics.inboundQuality)
            #expect(quality.mosListening > 4.4)
            #expect(quality.lossRate == 0)
        }
    }

    @Test("Compound reports of a real call: blocks, loss and jitter as tshark shows them")
    func reports() throws {
        guard let capture = try PacketCapture(named: "ndpi-rtcp_multiple.pcap") else { return }
        var found: [Report] = []
        for datagram in capture.datagrams {
            let packets = try RTCPPacket.parseCompound(datagram.payload.span.bytes)
            #expect(packets.count == 2)
            switch packets[0] {
            case .senderReport(let source, _, let blocks): found.append(Report("SR", source, blocks[0]))
            case .receiverReport(let source, let blocks): found.append(Report("RR", source, blocks[0]))
            default: Issue.record("no report first")
            }
            guard case .sourceDescription = packets[1] else {
                Issue.record("no description second")
                continue
            }
        }
        #expect(found.map(\.type) == ["SR", "RR", "SR", "RR", "SR"])
        #expect(
            found.map(\.source) == [0x5D93_1534, 0x0193_2DB4, 0x5D93_1534, 0x0193_2DB4, 0x5D93_1534])
        #expect(found.map(\.block.synchronizationSource) == [0, 0, 0x0193_2DB4, 0x5D93_1534, 0x0193_2DB4])
        #expect(found.map(\.block.fractionLost) == [0, 1, 0, 0, 0])
        #expect(found.map(\.block.cumulativeLost) == [1, 1, 1, 1, 1])
        #expect(found.map(\.block.jitter) == [0, 1, 0, 6, 0])
    }

    private struct Report {
        var type: String
        var source: UInt32
        var block: ReceptionReport

        init(_ type: String, _ source: UInt32, _ block: ReceptionReport) {
            (self.type, self.source, self.block) = (type, source, block)
        }
    }

    @Test("Every datagram of every capture and every single packet is taken, or refused for a reason")
    func everything() throws {
        guard let table = try TestData.url("rtp/captures.csv"),
            let single = try TestData.url("rtp/packets.csv")
        else { return }
        var counts: [Int] = []
        for row in try TestData.rows(table) {
            let capture = try PacketCapture(named: row["file"] ?? "")
            try feed(capture?.datagrams ?? [])
            counts.append(capture?.datagrams.count ?? -1)
        }
        // As tshark counts UDP datagrams; the INFO capture is PPPoE.
        #expect(counts == [236, 10, 10, 10, 10, 10, 10, 852, 433, 0, 232, 974, 236, 1, 5, 433])
        var packets: [PacketCapture.Datagram] = []
        for row in try TestData.rows(single) {
            guard let url = try TestData.url("rtp/packets/\(row["file"] ?? "")") else { continue }
            packets.append(
                .init(
                    arrival: MonotonicInstant(nanoseconds: Int64(packets.count) * 20_000_000),
                    source: LegPair.addressA, destination: LegPair.addressB, payload: try TestData.bytes(url))
            )
        }
        #expect(packets.count == 64)
        try feed(packets)
    }

    private func feed(_ datagrams: [PacketCapture.Datagram]) throws {
        guard let first = datagrams.first else { return }
        var generator = SeededGenerator(seed: 1)
        let leg = try AudioLeg(
            configuration: .init(
                negotiated: .between(first.source), rateHertz: 16_000, canonicalName: "x"),
            generator: &generator, at: first.arrival)
        var narrow = [Int16](repeating: 0, count: 160)
        var wide = [Int16](repeating: 0, count: 320)
        var taken = 0
        for datagram in datagrams {
            let bytes = datagram.payload.span.bytes
            if leg.receiveRTP(bytes, from: datagram.source, at: datagram.arrival) { taken += 1 }
            if leg.receiveRTCP(bytes, from: datagram.source, at: datagram.arrival) { taken += 1 }
            var narrowSpan = narrow.mutableSpan
            var wideSpan = wide.mutableSpan
            _ = leg.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: datagram.arrival)
            while leg.takeDigit() != nil {}
        }
        #expect(
            leg.statistics.packetsRejected + taken + leg.statistics.packetsReceived >= 2 * datagrams.count
                - taken)
    }

    private struct Heard {
        var samples: [Int16]
        var statistics: AudioLegStatistics
        subscript(range: Range<Int>) -> ArraySlice<Int16> { samples[range] }
        subscript(range: UnboundedRange) -> ArraySlice<Int16> { samples[...] }
    }

    private func play(_ datagrams: [PacketCapture.Datagram], codec: AudioCodecKind) throws -> Heard {
        let first = try #require(datagrams.first)
        var generator = SeededGenerator(seed: 1)
        let leg = try AudioLeg(
            configuration: .init(
                negotiated: .between(first.source, codec: codec), rateHertz: 8_000, canonicalName: "x"),
            generator: &generator, at: first.arrival)
        var now = first.arrival.advanced(by: .milliseconds(7))
        var rest = datagrams[...]
        var samples: [Int16] = []
        var narrow = [Int16](repeating: 0, count: 160)
        var wide = narrow
        while !rest.isEmpty {
            while let next = rest.first, next.arrival <= now {
                leg.receiveRTP(next.payload.span.bytes, from: next.source, at: next.arrival)
                rest.removeFirst()
            }
            var narrowSpan = narrow.mutableSpan
            var wideSpan = wide.mutableSpan
            _ = leg.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now)
            samples += narrow
            now = now.advanced(by: .milliseconds(20))
        }
        return Heard(samples: samples, statistics: leg.statistics)
    }
}
