import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("An audio leg against the network's surprises")
struct AudioLegRobustnessTests {
    private let stranger = SocketAddress(ipv4: 0xC633_6401, port: 9_999)

    private func packet(
        _ sequence: Int, source: UInt32, type: UInt8 = 0, timestamp: Int? = nil, sample: UInt8 = 0x80
    ) -> [UInt8] {
        var block = OwnedBytes(capacity: 400)
        let header = RTPHeader(
            payloadType: type, sequence: SequenceNumber(UInt16(truncatingIfNeeded: sequence)),
            timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: timestamp ?? sequence * 160)),
            synchronizationSource: source)
        let payload = [UInt8](repeating: sample, count: 160)
        header.pack(payload.span.bytes, into: &block)
        return LegPair.copy(block)
    }

    @Test("Datagrams that are no packets are counted and change nothing")
    func garbage() throws {
        let pair = try LegPair(seed: 1)
        pair.speechOfA = Sound.tone(hertz: 1_000, rate: 16_000)
        pair.run(frames: 50)
        let bad = [
            "", "80", "00000000 00000000 00000000 ffff", "a000 0001 00000002 00000003 0a0b0cff",
            "9000 0001 00000002 00000003 bedeffff 00112233", "8f00 0001 00000002 00000003",
            // RTCP on the RTP port, and a payload type nobody agreed on.
            "80c90001 01020304", "8060 0001 00000002 00000003 ffffffff",
        ]
        for text in bad { #expect(!pair.put(octets(text), toBFrom: LegPair.addressA)) }
        pair.run(frames: 50)
        #expect(pair.b.statistics.packetsRejected == bad.count)
        #expect(pair.b.statistics.framesConcealed == 0)
        #expect(pair.b.statistics.packetsLost == 0)
        let rejections = pair.b.statistics.rejections
        #expect(rejections.malformed == 7)
        #expect(rejections.payload == 1)
        #expect(
            !pair.put(octets("80000001") + [UInt8](repeating: 0, count: 2_045), toBFrom: LegPair.addressA))
        #expect(pair.b.statistics.rejections.oversized == 1)
        for text in ["", "80c90001", "81cb0001 01020304", "80c9ffff 01020304"] {
            #expect(!pair.putControl(octets(text), toBFrom: LegPair.addressA.with(port: 4_001)))
        }
        #expect(!pair.putControl(octets("80c90001 01020304"), toBFrom: stranger))
        #expect(pair.b.statistics.packetsRejected == bad.count + 6)
    }

    @Test("A stranger's flood neither takes the leg over nor is heard")
    func flood() throws {
        let pair = try LegPair(seed: 2)
        let tone = Sound.tone(hertz: 1_000, rate: 16_000)
        pair.speechOfA = tone
        pair.run(frames: 50)
        let real = try pair.headersOfA()[0].synchronizationSource
        for frame in 0..<100 {
            for index in 0..<5 {
                // With an SSRC of its own, and with the real one and numbers ahead.
                #expect(!pair.put(packet(frame * 5 + index, source: 77), toBFrom: stranger))
                #expect(!pair.put(packet(frame * 5 + index, source: real), toBFrom: stranger))
            }
            pair.run(frames: 1)
        }
        #expect(pair.b.remoteRTP == LegPair.addressA)
        #expect(pair.b.statistics.packetsRejected == 1_000)
        #expect(pair.b.statistics.framesConcealed == 0)
        #expect(Sound.purity(pair.heardByB[16_000...], hertz: 1_000, rate: 16_000) > 0.999)
    }

    @Test("Strangers that flood before the far end's first packet do not keep it from being latched")
    func floodFirst() throws {
        let pair = try LegPair(seed: 13)
        pair.apparentAddressOfA = SocketAddress(ipv4: 0xCB00_7105, port: 40_000)
        pair.speechOfA = Sound.tone(hertz: 1_000, rate: 16_000)
        var generator = SeededGenerator(seed: 13, label: "flood")
        for _ in 0..<50 {
            for index in 0..<200 {
                // From many ports of two hosts, numbers at random.
                let port = UInt16(truncatingIfNeeded: generator.next())
                let source = SocketAddress(ipv4: index % 2 == 0 ? 0xC633_6401 : 0xC633_6402, port: port)
                _ = pair.put(packet(Int(generator.next() % 60_000), source: 5), toBFrom: source)
            }
            pair.run(frames: 1)
        }
        #expect(pair.b.remoteRTP == pair.apparentAddressOfA)
        #expect(pair.b.statistics.rejections.stranger >= 9_990)
        pair.run(frames: 100)
        #expect(Sound.purity(pair.heardByB.suffix(8_000), hertz: 1_000, rate: 16_000) > 0.999)
    }

    @Test(
        "RTCP that pretends: wild numbers are bounded, a BYE of another source and a stranger's change nothing"
    )
    func pretendedReports() throws {
        let pair = try LegPair(seed: 14)
        pair.run(frames: 300)
        let own = try pair.headersOfA()[0].synchronizationSource
        let before = try #require(pair.a.statistics.roundTripMilliseconds)
        let word = String(own, radix: 16)
        let padded = String(repeating: "0", count: 8 - word.count) + word
        let control = LegPair.addressB.with(port: 6_001)
        let wild = octets(
            "81c90007 0a0b0c0d \(padded) ff7fffff ffffffff ffffffff ffffffff ffffffff" + "81cb0001 0a0b0c0d"
                + "80cf000a 0a0b0c0d 07000008 \(padded) ffffffff ffffffff ffffffff 7f7fff10 ff65ff09 f0000000 ffffffff"
        )
        let stranger = stranger
        #expect(pair.a.receiveRTCP(wild.span.bytes, from: stranger, at: pair.now) == false)
        let isTaken = pair.a.receiveRTCP(wild.span.bytes, from: control, at: pair.now)
        #expect(isTaken)
        let statistics = pair.a.statistics
        #expect(statistics.rejections.strangerControl == 1)
        #expect(statistics.roundTripMilliseconds == before)
        let quality = try #require(statistics.outboundQuality)
        #expect((1...4.5).contains(quality.mosConversational))
        #expect(quality.oneWayDelayMilliseconds <= 10_000)
        pair.run(frames: 50)
        #expect(pair.a.remoteRTCP == control)
        #expect(pair.kindsAtB.suffix(50).allSatisfy { $0 == .audio })
    }

    @Test("RTP and RTCP on one port are told apart by the second octet (RFC 5761 §4)")
    func multiplexed() throws {
        var negotiated = NegotiatedAudio.between(LegPair.addressA)
        negotiated.isMultiplexed = true
        negotiated.remoteRTCP = negotiated.remoteRTP
        var generator = SeededGenerator(seed: 1)
        let now = MonotonicInstant(nanoseconds: 0)
        let leg = try AudioLeg(
            configuration: .init(negotiated: negotiated, rateHertz: 8_000, canonicalName: "x"),
            generator: &generator, at: now)
        let report = octets("80c90001 01020304")
        let audio = packet(1, source: 5)
        #expect(leg.receiveRTP(report.span.bytes, from: LegPair.addressA, at: now) == true)
        #expect(leg.receiveRTP(audio.span.bytes, from: LegPair.addressA, at: now) == true)
        #expect(leg.statistics.packetsReceived == 1)
        #expect(leg.statistics.packetsRejected == 0)
        #expect(leg.isMultiplexed)
        #expect(leg.remoteRTCP == LegPair.addressA)
        for (second, isControl) in [
            (0x00, false), (0xBF, false), (0xC0, true), (0xC8, true), (0xDF, true), (0xE0, false),
        ] {
            let bytes = [0x80, UInt8(second), 0, 1]
            #expect(RTPPacket.isControl(bytes.span.bytes) == isControl, "\(second)")
        }
    }

    @Test("Behind a NAT the real source is latched after two packets in sequence, for RTP and RTCP")
    func latching() throws {
        let pair = try LegPair(seed: 3)
        pair.apparentAddressOfA = SocketAddress(ipv4: 0xCB00_7105, port: 40_000)
        pair.speechOfA = Sound.tone(hertz: 1_000, rate: 16_000)
        #expect(pair.b.remoteRTP == LegPair.addressA)
        pair.run(frames: 200)
        #expect(pair.b.remoteRTP == pair.apparentAddressOfA)
        #expect(pair.b.remoteRTCP == pair.apparentAddressOfA.with(port: 40_001))
        #expect(pair.b.statistics.packetsRejected == 1)
        #expect(Sound.purity(pair.heardByB[16_000...], hertz: 1_000, rate: 16_000) > 0.999)
    }

    @Test("The negotiated address takes its place back from one that was latched")
    func negotiatedWins() throws {
        let pair = try LegPair(seed: 4)
        for index in 0..<4 { _ = pair.put(packet(index, source: 5), toBFrom: stranger) }
        #expect(pair.b.remoteRTP == stranger)
        pair.run(frames: 10)
        #expect(pair.b.remoteRTP == LegPair.addressA)
        #expect(!pair.put(packet(4, source: 5), toBFrom: stranger))
    }

    @Test("The same stream may go on from a new address once the old one is quiet, and not before")
    func moved() throws {
        let pair = try LegPair(seed: 5)
        pair.run(frames: 50)
        pair.apparentAddressOfA = LegPair.addressA.with(port: 4_444)
        pair.run(frames: 20)
        #expect(pair.b.remoteRTP == LegPair.addressA)
        pair.run(frames: 20)
        #expect(pair.b.remoteRTP == LegPair.addressA.with(port: 4_444))
        #expect(pair.kindsAtB.suffix(5).allSatisfy { $0 == .audio })
    }

    @Test("Without latching only the negotiated address counts")
    func noLatching() throws {
        var configuration = AudioLeg.Configuration(
            negotiated: .between(LegPair.addressA), rateHertz: 8_000, canonicalName: "x")
        configuration.latchesToSource = false
        var generator = SeededGenerator(seed: 1)
        let now = MonotonicInstant(nanoseconds: 0)
        let leg = try AudioLeg(configuration: configuration, generator: &generator, at: now)
        func put(_ bytes: [UInt8], from source: SocketAddress) -> Bool {
            leg.receiveRTP(bytes.span.bytes, from: source, at: now)
        }
        for index in 0..<5 { #expect(!put(packet(index, source: 5), from: stranger)) }
        #expect(put(packet(9, source: 6), from: LegPair.addressA))
    }

    @Test("A new SSRC mid-stream is taken up after two packets, and its start is not counted as loss")
    func newSource() throws {
        let pair = try LegPair(seed: 6)
        pair.run(frames: 50)
        pair.network.loss = 1
        pair.run(frames: 2)
        for index in 0..<50 {
            _ = pair.put(
                packet(30_000 + index, source: 99, timestamp: 5_000_000 + index * 160),
                toBFrom: LegPair.addressA)
            pair.run(frames: 1)
        }
        #expect(pair.kindsAtB.suffix(40).allSatisfy { $0 == .audio })
        #expect(pair.b.statistics.packetsLost == 0)
        #expect(pair.b.statistics.packetsRejected == 1)
        #expect(pair.b.statistics.jitterMilliseconds < 1)
        #expect(pair.narrowHeardByB.last == -32_124 || pair.narrowHeardByB.last == 32_124)
    }

    @Test("Timestamps that jump within a stream cost a moment, not a second")
    func timestampJump() throws {
        let pair = try LegPair(seed: 7)
        pair.network.loss = 1
        for index in 0..<150 {
            let timestamp = index * 160 + (index < 60 ? 0 : 3_000_000_000)
            _ = pair.put(packet(index, source: 9, timestamp: timestamp), toBFrom: LegPair.addressA)
            pair.run(frames: 1)
        }
        #expect(pair.kindsAtB[58..<66].filter { $0 != .audio }.count <= 3)
        #expect(pair.kindsAtB.suffix(80).allSatisfy { $0 == .audio })
    }

    @Test("A sequence that starts over within a stream keeps the loss counted before, and adds none")
    func sequenceRestart() throws {
        let pair = try LegPair(seed: 12)
        for sequence in [0, 1, 2, 5, 6, 40_000, 40_001, 40_002, 40_004] {
            _ = pair.put(packet(sequence, source: 9), toBFrom: LegPair.addressA)
        }
        #expect(pair.b.statistics.packetsLost == 3)
        #expect(pair.b.statistics.packetsReceived == 8)
        #expect(pair.b.statistics.packetsRejected == 1)
    }

    @Test("A long gap becomes silence and is no loss; the stream is taken up again after it")
    func longGap() throws {
        let pair = try LegPair(seed: 8)
        pair.speechOfA = Sound.tone(hertz: 500, rate: 16_000)
        pair.run(frames: 100)
        try pair.a.renegotiate(.between(LegPair.addressB, direction: .recvonly))
        pair.run(frames: 100)
        #expect(pair.kindsAtB.suffix(80).allSatisfy { $0 == .silence })
        #expect(pair.heardByB.suffix(3_200).allSatisfy { abs($0) <= 1 })
        try pair.a.renegotiate(.between(LegPair.addressB))
        pair.run(frames: 100)
        #expect(pair.kindsAtB.suffix(80).allSatisfy { $0 == .audio })
        #expect(pair.b.statistics.packetsLost == 0)
        let headers = try pair.headersOfA()
        #expect(headers.count == 200)
        #expect(headers[99].sequence.distance(to: headers[100].sequence) == 1)
        #expect(headers[99].timestamp.distance(to: headers[100].timestamp) == 101 * 160)
        #expect(headers[100].marker)
    }

    @Test("Hold: nothing is played when we only send, nothing is sent when we only receive")
    func directions() throws {
        let pair = try LegPair(seed: 9)
        pair.speechOfA = Sound.tone(hertz: 500, rate: 16_000)
        pair.run(frames: 50)
        try pair.b.renegotiate(.between(LegPair.addressA, direction: .sendonly))
        pair.run(frames: 50)
        #expect(pair.kindsAtB.suffix(50).allSatisfy { $0 == .silence })
        #expect(pair.b.statistics.packetsLost == 0)
        try pair.b.renegotiate(.between(LegPair.addressA))
        pair.run(frames: 50)
        #expect(pair.kindsAtB.suffix(40).allSatisfy { $0 == .audio })
    }

    @Test("A re-INVITE may change the codec and the address; SSRC and sequence go on")
    func renegotiation() throws {
        let pair = try LegPair(seed: 10)
        pair.speechOfA = Sound.tone(hertz: 1_000, rate: 16_000)
        pair.run(frames: 50)
        let moved = LegPair.addressA.with(port: 7_000)
        pair.apparentAddressOfA = moved
        try pair.a.renegotiate(.between(LegPair.addressB, codec: .pcma))
        try pair.b.renegotiate(.between(moved, codec: .pcma))
        #expect(pair.b.remoteRTP == moved)
        pair.run(frames: 100)
        let headers = try pair.headersOfA()
        #expect(
            headers.map(\.payloadType) == Array(repeating: 0, count: 50) + Array(repeating: 8, count: 100))
        #expect(Set(headers.map(\.synchronizationSource)).count == 1)
        #expect(zip(headers, headers.dropFirst()).allSatisfy { $0.sequence.distance(to: $1.sequence) == 1 })
        #expect(Sound.purity(pair.heardByB.suffix(16_000), hertz: 1_000, rate: 16_000) > 0.999)
        #expect(pair.b.statistics.codec == .pcma)
    }

    @Test(
        "Mutated packets from the right address never trap, and the call is heard again after them",
        arguments: UInt64(0)..<4)
    func mutations(seed: UInt64) throws {
        let pair = try LegPair(seed: seed)
        pair.speechOfA = Sound.tone(hertz: 1_000, rate: 16_000)
        pair.run(frames: 20)
        var generator = SeededGenerator(seed: seed, label: "mutations")
        for _ in 0..<200 {
            for _ in 0..<10 {
                var bytes = pair.sentByA[Int(generator.next() % UInt64(pair.sentByA.count))]
                for _ in 0...generator.next() % 3 {
                    bytes[Int(generator.next() % 14)] = UInt8(truncatingIfNeeded: generator.next())
                }
                if generator.chance(0.2) { bytes[1] = 101 }
                if generator.chance(0.2) { bytes.removeLast(Int(generator.next() % UInt64(bytes.count))) }
                _ = pair.put(bytes, toBFrom: LegPair.addressA)
                _ = pair.putControl(bytes, toBFrom: LegPair.addressA.with(port: 4_001))
            }
            pair.run(frames: 1)
        }
        while pair.b.takeDigit() != nil {}
        pair.run(frames: 100)
        #expect(Sound.purity(pair.heardByB.suffix(8_000), hertz: 1_000, rate: 16_000) > 0.99)
    }

    @Test("No telephone events are queued for a far end that takes none")
    func noEvents() throws {
        let pair = try LegPair(seed: 11)
        var negotiated = NegotiatedAudio.between(LegPair.addressB)
        negotiated.sendEventPayloadType = nil
        try pair.a.renegotiate(negotiated)
        #expect(!pair.a.sendDigits("1"))
    }

    @Test("Rates and qualities outside the range are refused")
    func settings() {
        var generator = SeededGenerator(seed: 1)
        var configuration = AudioLeg.Configuration(
            negotiated: .between(LegPair.addressA), rateHertz: 11_025, canonicalName: "x")
        let now = MonotonicInstant(nanoseconds: 0)
        #expect(throws: AudioLegError.unsupportedRate(hertz: 11_025)) {
            _ = try AudioLeg(configuration: configuration, generator: &generator, at: now)
        }
        configuration.rateHertz = 16_000
        configuration.resamplerQuality = 11
        #expect(throws: AudioLegError.unsupportedQuality(11)) {
            _ = try AudioLeg(configuration: configuration, generator: &generator, at: now)
        }
    }
}
