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
        // On octets: splitting text into characters was a third of the cost of an answer.
        var rest = attributeValue.utf8.drop { $0 == UInt8(ascii: " ") }
        guard let payloadType = Self.takeNumber(from: &rest), payloadType < 128,
            rest.first == UInt8(ascii: " ")
        else { return nil }
        rest = rest.drop { $0 == UInt8(ascii: " ") }
        let name = rest.prefix { $0 != UInt8(ascii: "/") }
        rest = rest[name.endIndex...].dropFirst()
        guard !name.isEmpty, let clockRate = Self.takeNumber(from: &rest),
            rest.first.map({ $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: " ") }) ?? true
        else { return nil }
        var channels = 1
        if rest.first == UInt8(ascii: "/") {
            rest = rest.dropFirst()
            channels = Self.takeNumber(from: &rest) ?? 1
        }
        self.init(
            payloadType: UInt8(payloadType), encodingName: String(Substring(name)), clockRate: clockRate,
            channels: max(1, channels))
    }

    /// Takes the digits in front; `nil` without any, or with more than nine.
    private static func takeNumber(from text: inout Substring.UTF8View) -> Int? {
        let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        text = text[digits.endIndex...]
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
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

extension String {
    /// Whether both are the same but for the case of ASCII letters.
    func equalsIgnoringCase(_ other: String) -> Bool {
        utf8.elementsEqual(other.utf8) { left, right in
            left == right
                || (left ^ right == 0x20 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(left | 0x20))
        }
    }
}
