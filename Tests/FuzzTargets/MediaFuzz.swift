import RTPMedia
import SansIO

enum MediaFuzz {
    static func run(_ bytes: [UInt8]) {
        let span = bytes.span.bytes
        if let packet = try? RTPPacket(parsing: span) {
            promise(packet.payload.upperBound <= bytes.count, "the payload lies within the packet")
            var receiver = TelephoneEventReceiver()
            receiver.receive(
                payload: span.extracting(packet.payload), timestamp: packet.header.timestamp,
                marker: packet.header.marker)
            var digits = 0
            while receiver.takeDigit() != nil { digits += 1 }
            promise(digits <= packet.payload.count / 4, "no more digits than events")
        }
        _ = try? RTCPPacket.parseCompound(span)
        _ = TelephoneEvent(parsing: span)
    }
}

/// One datagram as RTCP: what can be read can be written, and reads the same again.
enum ReportFuzz {
    static func run(_ bytes: [UInt8]) {
        guard let packets = try? RTCPPacket.parseCompound(bytes.span.bytes) else { return }
        promise(packets.count <= bytes.count / 4, "packets are bounded by the datagram")
        var block = OwnedBytes(capacity: 2 * bytes.count + 256)
        RTCPPacket.buildCompound(packets, into: &block)
        guard let again = try? RTCPPacket.parseCompound(block.bytes) else {
            return promise(false, "what was parsed and written is parsed again")
        }
        promise(again.count == packets.count, "no packet is lost or added")
        for (one, other) in zip(packets, again) {
            switch (one, other) {
            case (.extendedReport(let source, let blocks), .extendedReport(let otherSource, let others)):
                promise(source == otherSource && blocks.count == others.count, "no block is lost or added")
            case (.sourceDescription, .sourceDescription), (.goodbye, .goodbye):
                // Text that is not UTF-8 is mended, and may be cut.
                break
            default: promise(one == other, "writing keeps what was read")
            }
        }
    }
}

/// Telephone events one after another: octets are the marker, a step of the timestamp, and the event's four.
enum EventFuzz {
    static func run(_ bytes: [UInt8]) {
        var receiver = TelephoneEventReceiver()
        var timestamp = RTPTimestamp(0)
        var packets = 0
        var digits = 0
        for start in stride(from: 0, to: bytes.count - 5, by: 6) {
            timestamp = timestamp.advanced(by: Int(Int8(bitPattern: bytes[start + 1])) * 80)
            guard let event = TelephoneEvent(parsing: bytes.span.bytes.extracting(start + 2..<start + 6))
            else {
                continue
            }
            packets += 1
            _ = receiver.receive(event, timestamp: timestamp, marker: bytes[start] & 1 == 1)
            while receiver.takeDigit() != nil { digits += 1 }
            promise(receiver.newestDuration >= .zero, "time does not run backwards")
        }
        promise(digits <= packets, "no more digits than packets")
    }
}
