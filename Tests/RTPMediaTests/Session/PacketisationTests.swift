import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("Packets of 10 to 60 ms on ticks of 20 ms")
struct PacketisationTests {
    private func call(_ milliseconds: Int, codec: AudioCodecKind = .pcmu) throws -> CodecCall {
        try CodecCall(codec: codec) { $0.packetMilliseconds = milliseconds }
    }

    @Test(
        "Each packet is as long as agreed, starts where the one before it ended, and leaves as soon as it is full",
        arguments: [
            (10, [0, 0, 1, 1, 2, 2]), (20, [0, 1, 2, 3]), (30, [1, 2, 4, 5, 7]), (40, [1, 3, 5]),
            (50, [2, 4, 7, 9, 12]), (60, [2, 5, 8]),
        ])
    func lengths(milliseconds: Int, ticks: [Int]) throws {
        let call = try call(milliseconds)
        call.speech = Sound.tone(hertz: 400, rate: 16_000)
        call.run(ticks: 60)
        let headers = try call.headers()
        #expect(headers.count == 1_200 / milliseconds)
        #expect(call.packets.allSatisfy { $0.bytes.count == 12 + 8 * milliseconds })
        #expect(call.packets.prefix(ticks.count).map(\.tick) == ticks)
        for (before, after) in zip(headers, headers.dropFirst()) {
            #expect(before.timestamp.distance(to: after.timestamp) == 8 * milliseconds)
            #expect(before.sequence.distance(to: after.sequence) == 1)
        }
        #expect(headers.map(\.marker) == [true] + [Bool](repeating: false, count: headers.count - 1))
    }

    @Test("A tone comes through in packets of every length", arguments: [10, 20, 30, 40, 50, 60])
    func comesThrough(milliseconds: Int) throws {
        let call = try call(milliseconds)
        call.speech = Sound.tone(hertz: 1_000, rate: 16_000)
        call.run(ticks: 250)
        let settled = call.heard[32_000...]
        #expect(abs(Sound.level(settled) - 5_657) < 120)
        #expect(Sound.purity(settled, hertz: 1_000, rate: 16_000) > 0.995)
        #expect(call.kinds[100...].allSatisfy { $0 == .audio })
    }

    @Test(
        "On a steady network nothing is left out or repeated, however the packets lie to the frames",
        arguments: [10, 20, 30, 40])
    func untouched(milliseconds: Int) throws {
        let call = try call(milliseconds, codec: .l16)
        // No pitch that a cut could hide in.
        var noise = SeededGenerator(seed: 11)
        let sound = (0..<96_000).map { _ in Int16.random(in: -8_000...8_000, using: &noise) }
        call.speech = { sound[$0] }
        call.run(ticks: 300)
        let heard = call.heard[32_000...]
        let delay = try #require(
            (0..<4_000).first { heard.prefix(16).elementsEqual(sound[(32_000 - $0)...].prefix(16)) })
        #expect(heard.elementsEqual(sound[(32_000 - delay)...].prefix(heard.count)))
    }

    @Test("Linear samples go in packets of 40 ms at most, which fit into a datagram")
    func linear() throws {
        let call = try call(60, codec: .l16)
        call.run(ticks: 10)
        #expect(call.packets.allSatisfy { $0.bytes.count == 12 + 1_280 })
        let headers = try call.headers()
        #expect(headers[0].timestamp.distance(to: headers[1].timestamp) == 640)
    }

    @Test(
        "Lengths outside of the range are brought into it, odd ones to whole tens",
        arguments: [(0, 80), (14, 80), (25, 160), (500, 480)])
    func odd(milliseconds: Int, octets: Int) throws {
        let call = try call(milliseconds)
        call.run(ticks: 6)
        #expect(call.packets.allSatisfy { $0.bytes.count == 12 + octets })
    }

    @Test(
        "Speech that waits for its packet leaves before a key, and the first packet after it begins a talkspurt"
    )
    func beforeAKey() throws {
        let call = try call(60)
        call.speech = Sound.tone(hertz: 400, rate: 16_000)
        call.run(ticks: 4)
        #expect(call.a.sendDigits("5"))
        call.run(ticks: 12)
        let headers = try call.headers()
        // 60 ms; the 20 ms that waited; the key: five packets and two more copies of the last; then 60 ms again.
        #expect(headers.map(\.payloadType) == [0, 0, 101, 101, 101, 101, 101, 101, 101, 0])
        #expect(call.packets.map(\.tick) == [2, 4, 4, 5, 6, 7, 8, 9, 10, 13])
        #expect(call.packets[1].bytes.count == 12 + 160)
        let start = headers[0].timestamp
        #expect(
            headers.map { start.distance(to: $0.timestamp) } == [
                0, 480, 640, 640, 640, 640, 640, 640, 640, 1_760,
            ])
        #expect(headers.map(\.marker) == [true, false, true, false, false, false, false, false, false, true])
        var digits: [Character] = []
        while let digit = call.b.takeDigit() { digits.append(digit) }
        #expect(digits == ["5"])
    }

    @Test(
        "The sender report's clock stands where the frames stand",
        arguments: [(AudioCodecKind.pcmu, 8_000), (.l16, 16_000)])
    func reports(codec: AudioCodecKind, clock: Int) throws {
        let call = try call(30, codec: codec)
        call.run(ticks: 50)
        var packet = OwnedBytes(capacity: 1_500)
        let last = call.now.advanced(by: .milliseconds(-20))
        call.a.makeGoodbye(
            at: last.advanced(by: .milliseconds(7)), wallClock: WallClockInstant(nanosecondsSinceEpoch: 0),
            into: &packet)
        let first = try #require(try call.headers().first).timestamp
        let packets = try RTCPPacket.parseCompound(packet.bytes)
        guard case .senderReport(_, let information, _)? = packets.first else {
            Issue.record("no sender report")
            return
        }
        // 49 frames before the last one, and 7 ms.
        #expect(first.distance(to: information.rtpTimestamp) == (49 * 20 + 7) * clock / 1_000)
    }

    @Test("A key on a clock of 16,000 or 48,000 Hz lasts as long", arguments: [16_000, 48_000])
    func keys(clock: Int) throws {
        var sender = TelephoneEventSender(clockRateHertz: clock)
        let isQueued = sender.send("7")
        #expect(isQueued)
        var durations: [Int] = []
        var ages: [Int] = []
        while case .packet(let event, _, let age) = sender.step() {
            durations.append(Int(event.duration))
            ages.append(age)
        }
        let period = clock / 50
        #expect(durations == [1, 2, 3, 4, 5, 5, 5].map { $0 * period })
        #expect(ages == [0, 1, 2, 3, 4, 5, 6].map { $0 * period })
    }

    @Test(
        "A key longer than the duration field can say goes on in segments that follow one another",
        arguments: [8_000, 48_000])
    func longKeys(clock: Int) throws {
        var sender = TelephoneEventSender(clockRateHertz: clock)
        let isQueued = sender.send("7", duration: .seconds(10))
        #expect(isQueued)
        var receiver = TelephoneEventReceiver(clockRateHertz: clock)
        var timestamp = RTPTimestamp(1_000)
        var news = 0
        while case .packet(let event, let marker, let age) = sender.step() {
            if receiver.receive(event, timestamp: timestamp.advanced(by: -age), marker: marker) { news += 1 }
            timestamp = timestamp.advanced(by: clock / 50)
        }
        #expect(news == 1)
    }
}
