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
        let bytes = attributeValue.utf8Span.span.bytes
        guard let parts = Parts(bytes, SDPSlice(0, min(bytes.byteCount, 65_535))) else { return nil }
        self.init(
            payloadType: parts.payloadType, encodingName: bytes.text(parts.name),
            clockRate: parts.clockRate, channels: parts.channels)
    }

    /// The same, with the name where it stands: no memory is taken.
    struct Parts {
        var payloadType: UInt8
        var name: SDPSlice
        var clockRate: Int
        var channels = 1

        init?(_ bytes: RawSpan, _ value: SDPSlice) {
            var fields = SDPFields(bytes, value)
            guard let first = fields.next(), let payloadType = bytes.number(first, maximum: 127) else {
                return nil
            }
            let encoding = fields.rest()
            func end(of part: SDPSlice, at separators: StaticString) -> Int {
                var index = part.start
                while index < encoding.end,
                    !(0..<separators.utf8CodeUnitCount).contains(where: {
                        bytes.octet(index) == separators.utf8Start[$0]
                    })
                { index += 1 }
                return index
            }
            let nameEnd = end(of: encoding, at: "/")
            name = SDPSlice(encoding.start, nameEnd)
            let rateStart = min(nameEnd + 1, encoding.end)
            let rateEnd = end(of: SDPSlice(rateStart, encoding.end), at: "/ ")
            guard !name.isEmpty, let rate = bytes.number(SDPSlice(rateStart, rateEnd)) else { return nil }
            self.payloadType = UInt8(truncatingIfNeeded: payloadType)
            clockRate = rate
            guard rateEnd < encoding.end, bytes.octet(rateEnd) == UInt8(ascii: "/") else { return }
            let channelsEnd = end(of: SDPSlice(rateEnd + 1, encoding.end), at: "/ ")
            channels = max(1, bytes.number(SDPSlice(rateEnd + 1, channelsEnd)) ?? 1)
        }
    }

    /// Whether both stand for the same encoding, the payload type aside.
    public func isSameEncoding(as other: RTPMap) -> Bool {
        clockRate == other.clockRate && channels == other.channels
            && encodingName.equalsIgnoringCase(other.encodingName)
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

extension String {
    /// Whether both are the same but for the case of ASCII letters.
    func equalsIgnoringCase(_ other: String) -> Bool {
        utf8.elementsEqual(other.utf8) { left, right in
            left == right
                || (left ^ right == 0x20 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(left | 0x20))
        }
    }
}
