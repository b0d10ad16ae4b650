import RTPMedia
import Testing

@Suite("Telephone events, RFC 4733")
struct TelephoneEventTests {
    @Test("The payload's fields; fewer than four octets are none")
    func payload() {
        let event = TelephoneEvent(code: 11, isEnd: true, volume: 10, duration: 800)
        let whole = octets("0b8a0320")
        let parsed = TelephoneEvent(parsing: whole.span.bytes)
        #expect(parsed == event)
        #expect(event.encoded == 0x0B8A_0320)
        let short = octets("0b8a03")
        let none = TelephoneEvent(parsing: short.span.bytes)
        #expect(none == nil)
        #expect(
            (UInt8(0)...16).map { TelephoneEvent.digit(for: $0).map(String.init) ?? "-" }.joined()
                == "0123456789*#ABCD-")
    }

    @Test(
        "A key of ten seconds is told in two segments: the first full, three times, without an end; one key and ten seconds"
    )
    func longEvent() {
        var sender = TelephoneEventSender()
        var receiver = TelephoneEventReceiver()
        let isQueued = sender.send("7", duration: .seconds(10))
        #expect(isQueued)
        var segments: [Int: [TelephoneEvent]] = [:]
        var markers = 0
        var reported = 0
        for period in 0..<600 {
            guard case .packet(let event, let marker, let age) = sender.step() else { continue }
            let timestamp = period * 160 - age
            segments[timestamp, default: []].append(event)
            markers += marker ? 1 : 0
            if receiver.receive(event, timestamp: RTPTimestamp(UInt32(timestamp)), marker: marker) {
                reported += 1
            }
        }
        #expect(segments.keys.sorted() == [0, 65_535])
        #expect(markers == 1)
        #expect(segments[0]?.map(\.duration).suffix(5) == [65_280, 65_440, 65_535, 65_535, 65_535])
        #expect(segments[0]?.contains(where: \.isEnd) == false)
        #expect(segments[65_535]?.first?.duration == 545)
        #expect(segments[65_535]?.map(\.duration).suffix(4) == [14_305, 14_465, 14_465, 14_465])
        #expect(segments[65_535]?.count(where: \.isEnd) == 3)
        #expect(reported == 1)
        #expect(receiver.newestDuration == .seconds(10))
        #expect(receiver.takeDigit() == "7")
        #expect(receiver.takeDigit() == nil)
    }

    @Test("A key that ends just beyond a full segment ends in the next one")
    func endBeyondSegment() throws {
        var sender = TelephoneEventSender()
        let isQueued = sender.send("7", duration: .milliseconds(8_200))
        #expect(isQueued)
        var last: (timestamp: Int, event: TelephoneEvent)?
        for period in 0..<413 {
            guard case .packet(let event, _, let age) = sender.step() else { continue }
            last = (period * 160 - age, event)
        }
        let end = try #require(last)
        #expect(end.timestamp == 65_535)
        #expect(end.event == TelephoneEvent(code: 7, isEnd: true, volume: 10, duration: 65))
    }

    @Test(
        "Several events of one packet follow on each other (RFC 4733 §2.5.1.5); octets left over are ignored")
    func severalEvents() {
        var receiver = TelephoneEventReceiver()
        // 1 for 100 ms, 2 for 60 ms, 3 going on.
        let first = octets("018a0320" + "028a01e0" + "030a00a0" + "ff")
        let isWhole = receiver.receive(
            payload: first.span.bytes, timestamp: RTPTimestamp(1_000), marker: true)
        #expect(isWhole)
        #expect(receiver.newestDuration == .milliseconds(20))
        let second = octets("030a0140")
        receiver.receive(payload: second.span.bytes, timestamp: RTPTimestamp(2_280), marker: false)
        #expect(receiver.newestDuration == .milliseconds(40))
        receiver.receive(payload: first.span.bytes, timestamp: RTPTimestamp(1_000), marker: true)
        #expect(keys(of: &receiver) == "123")
        let short = octets("030a01")
        let isShort = receiver.receive(payload: short.span.bytes, timestamp: RTPTimestamp(0), marker: true)
        #expect(!isShort)
    }

    @Test(
        "Odd senders: each row is one press after another",
        arguments: [
            // Timestamps that move on with each packet, as with audio.
            ("5", ["0 050a00a0 m", "160 050a0140", "320 050a01e0", "480 050a0280", "480 058a0320"]),
            // No marker, or a marker in every packet.
            ("5", ["0 050a00a0", "0 050a0140", "0 058a0140"]),
            ("5", ["0 050a00a0 m", "0 050a0140 m", "0 058a0140 m", "0 058a0140 m"]),
            // A duration of 0 throughout.
            ("55", ["0 050a0000 m", "0 058a0000", "800 050a0000 m", "800 058a0000"]),
            // The timestamp of the first key for all of them; a late end of the one before.
            ("12", ["0 010a00a0 m", "0 018a0140", "0 020a00a0 m", "0 018a0140", "0 028a0140"]),
            (
                "121",
                ["0 010a00a0 m", "0 018a0140", "0 020a00a0 m", "0 028a0140", "0 010a00a0 m", "0 018a0140"]
            ),
            // Two keys at once, in turns; and one that begins while the other lasts.
            ("12", ["0 010a00a0 m", "0 020a00a0 m", "0 010a0140", "0 020a0140", "0 018a01e0", "0 028a01e0"]),
            (
                "12",
                [
                    "0 010a0140 m", "160 020a00a0 m", "0 010a01e0", "160 020a0140", "0 018a0280",
                    "160 028a01e0",
                ]
            ),
            // Events that are no keys: flash, and one that nobody knows.
            ("1", ["0 100a00a0 m", "0 108a0140", "800 d08a0140 m", "1600 018a0140 m"]),
            // The reserved bit is not looked at.
            ("1", ["0 014a00a0 m", "0 01ca0140"]),
        ])
    func oddSenders(expected: String, packets: [String]) throws {
        var receiver = TelephoneEventReceiver()
        for packet in packets {
            let words = packet.split(separator: " ")
            let payload = octets(String(words[1]))
            receiver.receive(
                payload: payload.span.bytes, timestamp: RTPTimestamp(try #require(UInt32(words[0]))),
                marker: words.count == 3)
        }
        #expect(keys(of: &receiver) == expected)
    }

    private func keys(of receiver: inout TelephoneEventReceiver) -> String {
        var keys = ""
        while let key = receiver.takeDigit() { keys.append(key) }
        return keys
    }

    @Test("A key counts once whichever of its packets arrive", arguments: 1..<128)
    func anyPackets(mask: Int) {
        var receiver = TelephoneEventReceiver()
        for (key, code) in [UInt8(3), 3, 9].enumerated() {
            for packet in 0..<7 where mask >> packet & 1 == 1 {
                let event = TelephoneEvent(
                    code: code, isEnd: packet >= 4, volume: 10, duration: UInt16(min(packet + 1, 5) * 160))
                receiver.receive(event, timestamp: RTPTimestamp(UInt32(key * 1_600)), marker: packet == 0)
            }
        }
        #expect(keys(of: &receiver) == "339")
    }

    @Test("A late packet of the key before is no new key; a new stream may start anywhere")
    func lateAndRestart() {
        var receiver = TelephoneEventReceiver()
        let event = TelephoneEvent(code: 1, isEnd: true, volume: 10, duration: 800)
        func isNew(_ timestamp: UInt32, marker: Bool) -> Bool {
            receiver.receive(event, timestamp: RTPTimestamp(timestamp), marker: marker)
        }
        #expect(isNew(160_000, marker: true))
        #expect(isNew(161_600, marker: true))
        #expect(!isNew(160_000, marker: false))
        #expect(!isNew(160_000, marker: true))
        #expect(isNew(10, marker: false))
        receiver.streamChanged()
        #expect(isNew(10, marker: false))
    }

    @Test("A clock that starts over while a key is down, its end lost, brings a key of its own")
    func restartWhileDown() {
        var receiver = TelephoneEventReceiver()
        let event = TelephoneEvent(code: 1, isEnd: false, volume: 10, duration: 800)
        receiver.receive(event, timestamp: RTPTimestamp(160_000), marker: true)
        receiver.receive(event, timestamp: RTPTimestamp(10), marker: false)
        #expect(keys(of: &receiver) == "11")
        #expect(receiver.newestDuration == .milliseconds(100))
    }

    @Test("A flood of keys is cut off at the limit, not stored")
    func flood() {
        var receiver = TelephoneEventReceiver()
        for index in 0..<10_000 {
            let event = TelephoneEvent(code: 5, isEnd: true, volume: 0, duration: 1)
            receiver.receive(event, timestamp: RTPTimestamp(UInt32(index * 1_000)), marker: true)
        }
        var count = 0
        while receiver.takeDigit() != nil { count += 1 }
        #expect(count == TelephoneEventReceiver.capacity)
    }

    @Test("A W waits half a second; other characters are ignored; too many are refused whole")
    func queue() {
        var sender = TelephoneEventSender()
        let isQueued = sender.send("1w-(2")
        #expect(isQueued)
        var packets: [Int: UInt8] = [:]
        for period in 0..<60 {
            if case .packet(let event, true, _) = sender.step() { packets[period] = event.code }
        }
        #expect(packets == [0: 1, 35: 2])
        let isTooLong = !sender.send(String(repeating: "1", count: TelephoneEventSender.capacity + 1))
        #expect(isTooLong)
        #expect(sender.isIdle)
    }
}
