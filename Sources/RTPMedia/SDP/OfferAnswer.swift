internal import SansIO

/// The far end's audio stream as its description puts it: input of the offer/answer rules (RFC 3264).
struct RemoteAudio {
    /// Position of its `m=` line.
    var index: Int
    /// Codecs that we have, in the far end's order, with its payload types.
    var codecs: [(kind: AudioCodecKind, payloadType: UInt8)]
    /// Its payload type for telephone-event/8000.
    var eventPayloadType: UInt8?
    var rtp: SocketAddress
    var rtcp: SocketAddress
    /// As the far end says it; an unspecified address (RFC 2543 hold) takes nothing.
    var direction: MediaDirection

    /// Reads the stream at `index`.
    ///
    /// - Parameter family: Family of our own address; another one cannot be reached from our socket.
    /// - Throws: ``AudioNegotiationError/noAudio`` when it is no RTP/AVP audio stream or has port 0,
    ///   ``AudioNegotiationError/unusableAddress`` when its address is missing, a name, multicast or of another family.
    init(
        _ description: borrowing SDPMessage, at index: Int, ours: [AudioCodecKind],
        family: SocketAddress.Family
    ) throws(AudioNegotiationError) {
        let media = description.media(at: index)
        let bytes = description.bytes
        guard bytes.equalsIgnoringCase(media.kind, "audio"),
            bytes.equalsIgnoringCase(media.transport, "RTP/AVP"), media.port != 0
        else { throw .noAudio }
        guard let connection = description.connection(of: media),
            let rtp = Self.address(bytes, connection, port: media.port, family: family)
        else { throw .unusableAddress }
        self.index = index
        self.rtp = rtp
        // RFC 3550 §11: the next port, unless RFC 3605 says otherwise. Port 65535 has none.
        rtcp = rtp.with(port: media.port == .max ? media.port : media.port + 1)
        if let named = description.first(.rtcp, of: media)?.argument {
            var fields = SDPFields(bytes, named)
            if let port = fields.next().flatMap({ bytes.number($0, maximum: 65_535) }), port > 0 {
                let port = UInt16(truncatingIfNeeded: port)
                rtcp = Self.address(bytes, fields.rest(), port: port, family: family) ?? rtp.with(port: port)
            }
        }
        let stated = description.direction(of: media)
        direction = rtp.isUnspecified ? MediaDirection(sends: stated.sends, receives: false) : stated
        codecs = []
        var formats = SDPFields(bytes, media.formats)
        while let format = formats.next() {
            guard let payloadType = bytes.number(format, maximum: 127).map({ UInt8(truncatingIfNeeded: $0) })
            else { continue }
            let encoding = Encoding(payloadType, in: media, of: description)
            if let kind = ours.first(where: { encoding.isCodec($0, bytes) }) {
                codecs.append((kind, payloadType))
            } else if eventPayloadType == nil, encoding.isTelephoneEvent(bytes) {
                eventPayloadType = payloadType
            }
        }
    }

    /// What a payload type of the far end stands for: its `a=rtpmap`, else the standard's word.
    private struct Encoding {
        var map: RTPMap.Parts?
        var standard: RTPMap?

        init(_ payloadType: UInt8, in media: SDPMessage.Media, of description: borrowing SDPMessage) {
            for index in media.section.lines where description.contents.lines[index].attribute == .rtpmap {
                let argument = description.contents.lines[index].argument
                guard let map = RTPMap.Parts(description.bytes, argument), map.payloadType == payloadType
                else { continue }
                self.map = map
                return
            }
            standard = RTPMap.standard(payloadType: payloadType)
        }

        func isCodec(_ kind: AudioCodecKind, _ bytes: RawSpan) -> Bool {
            if let map {
                return map.clockRate == 8_000 && map.channels == 1
                    && bytes.equalsIgnoringCase(map.name, kind.rawValue)
            }
            return standard?.isSameEncoding(as: kind.rtpMap(payloadType: 0)) ?? false
        }

        /// RFC 4733 at the clock rate of our codecs.
        func isTelephoneEvent(_ bytes: RawSpan) -> Bool {
            guard let map, map.clockRate == 8_000 else { return false }
            return bytes.equalsIgnoringCase(map.name, "telephone-event")
        }
    }

    /// `IN IP4 192.0.2.1`, with a TTL behind it or not.
    ///
    /// - Returns: `nil` when it is missing, a name, multicast or of another family.
    private static func address(
        _ bytes: RawSpan, _ connection: SDPSlice, port: UInt16, family: SocketAddress.Family
    ) -> SocketAddress? {
        var fields = SDPFields(bytes, connection)
        guard let network = fields.next(), bytes.equals(network, "IN"), fields.next() != nil,
            let host = fields.next()
        else { return nil }
        var end = host.start
        while end < host.end, bytes.octet(end) != UInt8(ascii: "/") { end += 1 }
        guard let address = SocketAddress(host: bytes.text(SDPSlice(host.start, end)), port: port),
            address.family == family || address.isUnspecified, !address.isMulticast
        else { return nil }
        return address
    }
}

extension MediaDescription {
    /// The same `m=` line refused (RFC 3264 §6).
    var refused: MediaDescription {
        // RFC 8866 §9 wants at least one format, even where nobody looks at it.
        MediaDescription(
            kind: kind, port: 0, transport: transport, formats: formats.isEmpty ? ["0"] : formats)
    }

    /// An audio stream of ours.
    ///
    /// - Parameters:
    ///   - codecs: With the payload types on which we want to receive them, in order of preference.
    ///   - eventPayloadType: The same for telephone-event; `nil` leaves it out.
    static func audio(
        port: UInt16, codecs: [(kind: AudioCodecKind, payloadType: UInt8)], eventPayloadType: UInt8?,
        direction: MediaDirection
    ) -> MediaDescription {
        var media = MediaDescription(kind: "audio", port: port, transport: "RTP/AVP", formats: [])
        func add(_ attribute: String) { media.lines.append(SessionDescription.Line("a", attribute)) }
        for (kind, payloadType) in codecs {
            media.formats.append("\(payloadType)")
            add("rtpmap:\(payloadType) \(kind.rawValue)/8000")
        }
        if let payloadType = eventPayloadType {
            media.formats.append("\(payloadType)")
            add("rtpmap:\(payloadType) telephone-event/8000")
            // Digits and flash: RFC 4733 §2.4.1, §2.5.1.1.
            add("fmtp:\(payloadType) 0-16")
        }
        add("ptime:20")
        add(direction.rawValue)
        return media
    }
}

extension AudioCodecKind {
    /// The payload type that needs no negotiation (RFC 3551 §6).
    var staticPayloadType: UInt8 {
        switch self {
        case .pcmu: 0
        case .pcma: 8
        }
    }

    func rtpMap(payloadType: UInt8) -> RTPMap {
        RTPMap(payloadType: payloadType, encodingName: rawValue, clockRate: 8_000)
    }
}

extension SocketAddress {
    /// 224.0.0.0/4 and ff00::/8.
    var isMulticast: Bool {
        if let ipv4 { return ipv4 >> 28 == 0xE }
        if let ipv6 { return ipv6.high >> 56 == 0xFF }
        return false
    }

    /// `IP4` or `IP6`.
    var sdpAddressType: String { family == .ipv4 ? "IP4" : "IP6" }
}

extension AudioNegotiationError {
    init(_ error: SDPError) { self = .malformed(offset: error.offset, expected: error.expected) }
}
