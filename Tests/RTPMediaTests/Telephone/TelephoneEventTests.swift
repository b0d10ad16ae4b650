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

    @Test("A key of ten seconds is cut into segments that follow on, and is one key to the receiver")
    func longEvent() {
        var sender = TelephoneEventSender()
        var receiver = TelephoneEventReceiver()
        let isQueued = sender.send("7", duration: .seconds(10))
        #expect(isQueued)
        var segments: [Int] = []
        var markers = 0
        var ends = 0
        var reported = 0
        for period in 0..<600 {
            guard case .packet(let event, let marker, let age) = sender.step() else { continue }
            let timestamp = period * 160 - age
            if segments.last != timestamp { segments.append(timestamp) }
            markers += marker ? 1 : 0
            ends += event.isEnd ? 1 : 0
            #expect(Int(event.duration) <= 0xFFFF)
            if receiver.receive(event, timestamp: RTPTimestamp(UInt32(timestamp)), marker: marker) {
                reported += 1
            }
        }
        #expect(segments == [0, 65_440])
        #expect(markers == 1)
        #expect(ends == 3)
        #expect(reported == 1)
        #expect(receiver.takeDigit() == "7")
        #expect(receiver.takeDigit() == nil)
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
        var digits = ""
        while let digit = receiver.takeDigit() { digits.append(digit) }
        #expect(digits == "339")
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
