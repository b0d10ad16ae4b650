import Foundation
import RTPMedia
import SansIO
import TestSupport
import Testing

/// Each capture is one key of a telephone of 2005: the first packet lasts 0 units, the end comes three times under one
/// sequence number.
@Suite("Telephone events in the captures that come with sipp")
struct SippCaptureTests {
    private static let keys = "1234567890*#"

    private func capture(of key: Character) throws -> PacketCapture? {
        let name = key == "*" ? "star" : key == "#" ? "pound" : String(key)
        guard let url = try TestData.installed("/usr/share/sip-tester/dtmf_2833_\(name).pcap") else {
            return nil
        }
        let capture: PacketCapture = try #require(try PacketCapture(url), "\(name) is no capture of UDP")
        return capture
    }

    @Test("Each key is told once and lasts 280 ms of its clock", arguments: keys)
    func key(_ key: Character) throws {
        guard let capture = try capture(of: key) else { return }
        #expect(capture.datagrams.count == 10)
        var receiver = TelephoneEventReceiver()
        var durations: [UInt16] = []
        var pressed = 0
        for datagram in capture.datagrams {
            let bytes = datagram.payload.span.bytes
            let packet = try RTPPacket(parsing: bytes)
            let parsed = TelephoneEvent(parsing: bytes.extracting(packet.payload))
            let event = try #require(parsed)
            #expect(event.volume == 10)
            durations.append(event.duration)
            if receiver.receive(event, timestamp: packet.header.timestamp, marker: packet.header.marker) {
                pressed += 1
            }
        }
        #expect(durations == [0, 320, 640, 960, 1_280, 1_600, 1_920, 2_240, 2_240, 2_240])
        #expect(pressed == 1)
        #expect(receiver.takeDigit() == key)
        #expect(receiver.newestDuration == .milliseconds(280))
    }

    @Test(
        "One after another in a call they are those keys, each once, whichever single packet is lost",
        arguments: -1..<10)
    func call(lost: Int) throws {
        var heard = ""
        var leg: AudioLeg?
        for key in Self.keys {
            guard let capture = try capture(of: key) else { return }
            let first = try #require(capture.datagrams.first)
            if leg == nil {
                var generator = SeededGenerator(seed: 1)
                leg = try AudioLeg(
                    configuration: .init(
                        negotiated: .between(first.source), rateHertz: 8_000, canonicalName: "x"),
                    generator: &generator, at: first.arrival)
            }
            for (index, datagram) in capture.datagrams.enumerated() where index != lost {
                leg?.receiveRTP(datagram.payload.span.bytes, from: first.source, at: datagram.arrival)
                while let digit = leg?.takeDigit() { heard.append(digit) }
            }
        }
        #expect(heard == Self.keys)
    }
}
