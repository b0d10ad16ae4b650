/// An `a=rtpmap` (RFC 8866 §6.6): which encoding a payload type stands for.
public struct RTPMap: Hashable, Sendable {
    public var payloadType: UInt8
    /// As written; compared without regard to case.
    public var encodingName: String
    /// RTP clock rate in hertz; some senders write 0 where there is none.
    public var clockRate: Int
    /// Audio channels; 1 unless given.
    public var channels: Int

    public init(payloadType: UInt8, encodingName: String, clockRate: Int, channels: Int = 1) {
        self.payloadType = payloadType
        self.encodingName = encodingName
        self.clockRate = clockRate
        self.channels = channels
    }

    /// Reads `0 PCMU/8000` or `97 opus/48000/2`; `nil` when number, name or rate is missing or out of range.
    init?(attributeValue: Substring) {
        let fields = attributeValue.split(separator: " ", maxSplits: 1)
        guard fields.count == 2, let payloadType = UInt8(fields[0]), payloadType < 128 else { return nil }
        let parts = fields[1].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, !parts[0].isEmpty, let clockRate = Int(Self.trimmed(parts[1])), clockRate >= 0
        else { return nil }
        let channels = parts.count > 2 ? Int(Self.trimmed(parts[2])) ?? 1 : 1
        self.init(
            payloadType: payloadType, encodingName: String(parts[0]), clockRate: clockRate,
            channels: max(1, channels))
    }

    private static func trimmed(_ text: Substring) -> Substring { text.prefix { $0 != " " } }

    /// Whether both stand for the same encoding, the payload type aside.
    public func isSameEncoding(as other: RTPMap) -> Bool {
        clockRate == other.clockRate && channels == other.channels
            && encodingName.lowercased() == other.encodingName.lowercased()
    }

    /// What a static payload type stands for without an `a=rtpmap` (RFC 3551 §6, audio at one channel).
    ///
    /// - Returns: `nil` for dynamic, reserved and video types.
    public static func standard(payloadType: UInt8) -> RTPMap? {
        let known: (String, Int)? =
            switch payloadType {
            case 0: ("PCMU", 8_000)
            case 3: ("GSM", 8_000)
            case 4: ("G723", 8_000)
            case 5: ("DVI4", 8_000)
            case 6: ("DVI4", 16_000)
            case 7: ("LPC", 8_000)
            case 8: ("PCMA", 8_000)
            case 9: ("G722", 8_000)
            case 11: ("L16", 44_100)
            case 12: ("QCELP", 8_000)
            case 13: ("CN", 8_000)
            case 15: ("G728", 8_000)
            case 18: ("G729", 8_000)
            default: nil
            }
        guard let (name, rate) = known else { return nil }
        return RTPMap(payloadType: payloadType, encodingName: name, clockRate: rate)
    }
}

extension MediaDescription {
    /// The well-formed `a=rtpmap` attributes in order.
    public var rtpMaps: [RTPMap] {
        lines.compactMap { line in
            guard line.type == "a", line.value.hasPrefix("rtpmap:") else { return nil }
            return RTPMap(attributeValue: line.value.dropFirst("rtpmap:".count))
        }
    }

    /// The payload types of the `m=` line, in its order, with what they stand for.
    ///
    /// Formats that are no payload type, or dynamic ones without `a=rtpmap`, are left out.
    public var codecs: [RTPMap] {
        let maps = rtpMaps
        return formats.compactMap { format in
            guard let payloadType = UInt8(format), payloadType < 128 else { return nil }
            return maps.first { $0.payloadType == payloadType } ?? RTPMap.standard(payloadType: payloadType)
        }
    }

    /// What `a=fmtp` says about a payload type; `nil` without one.
    public func formatParameters(of payloadType: UInt8) -> String? {
        for line in lines where line.type == "a" && line.value.hasPrefix("fmtp:") {
            let fields = line.value.dropFirst("fmtp:".count).split(separator: " ", maxSplits: 1)
            if fields.count == 2, UInt8(fields[0]) == payloadType { return String(fields[1]) }
        }
        return nil
    }

    /// `a=ptime` in milliseconds; `nil` when missing or not a positive number.
    public var packetTimeMilliseconds: Int? {
        guard let value = lines.attribute("ptime").flatMap({ Int($0.split(separator: ".").first ?? "") })
        else { return nil }
        return value > 0 ? value : nil
    }

    /// `a=rtcp` (RFC 3605): the port and, if it differs, the address for RTCP.
    public var rtcp: (port: UInt16, connection: SessionDescription.Connection?)? {
        guard let value = lines.attribute("rtcp") else { return nil }
        let fields = value.split(separator: " ", maxSplits: 1)
        guard let first = fields.first, let port = UInt16(first), port > 0 else { return nil }
        let connection =
            fields.count > 1 ? SessionDescription.Connection(lineValue: String(fields[1])) : nil
        return (port, connection)
    }
}

extension MediaDirection {
    init(sends: Bool, receives: Bool) {
        self =
            switch (sends, receives) {
            case (true, true): .sendrecv
            case (true, false): .sendonly
            case (false, true): .recvonly
            case (false, false): .inactive
            }
    }

    /// Whether the side that says so sends media.
    public var sends: Bool { self == .sendrecv || self == .sendonly }
    /// Whether the side that says so takes media.
    public var receives: Bool { self == .sendrecv || self == .recvonly }
    /// The same stream seen from the other side (RFC 3264 §6.1).
    public var mirrored: MediaDirection { MediaDirection(sends: receives, receives: sends) }
}
