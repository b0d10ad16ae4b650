import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("SSRC collisions and loops, RFC 3550 §8.2")
struct AudioLegCollisionTests {
    private func packet(_ sequence: Int, source: UInt32) -> [UInt8] {
        var block = OwnedBytes(capacity: 400)
        let header = RTPHeader(
            payloadType: 0, sequence: SequenceNumber(UInt16(truncatingIfNeeded: sequence)),
            timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: sequence * 160)), synchronizationSource: source
        )
        header.pack([UInt8](repeating: 0x80, count: 160).span.bytes, into: &block)
        return LegPair.copy(block)
    }

    private func report(of leg: AudioLeg, _ pair: LegPair) throws -> [RTCPPacket] {
        var block = OwnedBytes(capacity: RTCPPacket.maximumCompound)
        let isDue = leg.makeReport(
            at: pair.now, wallClock: WallClockInstant(secondsSinceEpoch: 0), into: &block)
        return isDue ? try RTCPPacket.parseCompound(block.bytes) : []
    }

    @Test("When the far end has our SSRC we say BYE for it and go on under another, without a gap in numbers")
    func collision() throws {
        let pair = try LegPair(seed: 1)
        pair.run(frames: 50)
        let old = try pair.headersOfA()[0].synchronizationSource
        let receive = { (bytes: [UInt8]) in
            pair.a.receiveRTP(bytes.span.bytes, from: LegPair.addressB, at: pair.now)
        }
        // B comes back with A's number, as after a restart.
        for sequence in 9_000..<9_003 { _ = receive(packet(sequence, source: old)) }
        #expect(pair.a.nextReportDeadline <= pair.now)
        #expect(
            try report(of: pair.a, pair) == [
                .receiverReport(synchronizationSource: old, []),
                .sourceDescription([SourceDescription(synchronizationSource: old, canonicalName: "a@test")]),
                .goodbye(synchronizationSources: [old], reason: nil),
            ])
        #expect(pair.a.nextReportDeadline > pair.now)
        pair.run(frames: 100)
        let headers = try pair.headersOfA()
        #expect(Set(headers[..<50].map(\.synchronizationSource)) == [old])
        #expect(Set(headers[50...].map(\.synchronizationSource)).count == 1)
        #expect(headers[50].synchronizationSource != old)
        #expect(zip(headers, headers.dropFirst()).allSatisfy { $0.sequence.distance(to: $1.sequence) == 1 })
        #expect(
            zip(headers, headers.dropFirst()).allSatisfy { $0.timestamp.distance(to: $1.timestamp) == 160 })
        // B has lost no more than the packet that proves the new source.
        #expect(pair.kindsAtB.suffix(95).count { $0 != .audio } <= 3)
        #expect(pair.b.statistics.packetsLost == 0)
    }

    @Test("A sender report counts what was sent under its own SSRC")
    func counts() throws {
        let pair = try LegPair(seed: 2)
        pair.run(frames: 50)
        let old = try pair.headersOfA()[0].synchronizationSource
        for sequence in 1..<4 {
            _ = pair.a.receiveRTP(
                packet(sequence, source: old).span.bytes, from: LegPair.addressB, at: pair.now)
        }
        _ = try report(of: pair.a, pair)
        pair.run(frames: 10)
        var block = OwnedBytes(capacity: RTCPPacket.maximumCompound)
        pair.a.makeGoodbye(at: pair.now, wallClock: WallClockInstant(secondsSinceEpoch: 0), into: &block)
        guard
            case .senderReport(let source, let information, _) = try RTCPPacket.parseCompound(block.bytes)[0]
        else {
            Issue.record("no sender report")
            return
        }
        #expect(source != old)
        #expect(information.packetCount == 10)
        #expect(information.octetCount == 1_600)
    }

    @Test("An echo of all that we send changes our SSRC once, not for ever, and is heard")
    func loop() throws {
        var generator = SeededGenerator(seed: 3)
        var now = MonotonicInstant(nanoseconds: 0)
        let leg = try AudioLeg(
            configuration: .init(
                negotiated: .between(LegPair.addressB), rateHertz: 8_000, canonicalName: "echo"),
            generator: &generator, at: now)
        var sources: [UInt32] = []
        var goodbyes = 0
        var kinds: [AudioLeg.FrameKind] = []
        var packet = OwnedBytes(capacity: 600)
        var narrow = [Int16](repeating: 0, count: 160)
        var wide = narrow
        let tone = Sound.tone(hertz: 500, rate: 8_000)
        for frame in 0..<2_000 {
            let speech = (0..<160).map { tone(frame * 160 + $0) }
            var narrowSpan = narrow.mutableSpan
            var wideSpan = wide.mutableSpan
            kinds.append(leg.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now))
            #expect(leg.pushFrame(speech.span, narrow: &narrowSpan, at: now, into: &packet))
            let source = try RTPPacket(parsing: packet.bytes).header.synchronizationSource
            if sources.last != source { sources.append(source) }
            leg.receiveRTP(packet.bytes, from: LegPair.addressB, at: now)
            if leg.nextReportDeadline <= now,
                leg.makeReport(
                    at: now, wallClock: WallClockInstant(secondsSinceEpoch: now.nanoseconds / 1_000_000_000),
                    into: &packet)
            {
                for part in try RTCPPacket.parseCompound(packet.bytes) {
                    if case .goodbye = part { goodbyes += 1 }
                }
                leg.receiveRTCP(packet.bytes, from: LegPair.addressB.with(port: 6_001), at: now)
            }
            now = now.advanced(by: .milliseconds(20))
        }
        #expect(sources.count == 2)
        #expect(goodbyes == 1)
        #expect(kinds.suffix(1_900).allSatisfy { $0 == .audio })
    }

    @Test("Our SSRC from a stranger changes nothing")
    func stranger() throws {
        let pair = try LegPair(seed: 4)
        pair.run(frames: 50)
        let own = try pair.headersOfA()[0].synchronizationSource
        let stranger = SocketAddress(ipv4: 0xC633_6401, port: 9_999)
        for sequence in 0..<100 {
            _ = pair.a.receiveRTP(packet(sequence, source: own).span.bytes, from: stranger, at: pair.now)
        }
        let pretence =
            octets("80c90001") + [own >> 24, own >> 16 & 0xFF, own >> 8 & 0xFF, own & 0xFF].map(UInt8.init)
        let isTaken = pair.a.receiveRTCP(pretence.span.bytes, from: stranger, at: pair.now)
        #expect(!isTaken)
        pair.run(frames: 20)
        #expect(Set(try pair.headersOfA().map(\.synchronizationSource)) == [own])
        #expect(pair.a.statistics.rejections.stranger == 100)
        #expect(pair.a.statistics.rejections.strangerControl == 1)
    }
}
