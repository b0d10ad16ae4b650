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
        #expect(Signal.purity(settled, hertz: 1_004, rate: 8_000) > 0.99)
        #expect(heard.statistics.framesConcealed <= 2)
    }

    @Test("A-law speech in packets of 30 ms plays without a hole")
    func thirtyMilliseconds() throws {
        guard let capture = try PacketCapture(named: "sipp-g711a.pcap") else { return }
        let heard = try play(capture.datagrams, codec: .pcma)
        #expect(heard.statistics.packetsReceived == 236)
        #expect(heard.statistics.framesPlayed >= 348)
        #expect(heard.statistics.framesConcealed <= 2)
        #expect(Signal.level(heard[...]) > 300)
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
