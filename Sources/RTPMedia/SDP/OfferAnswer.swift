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
        _ description: SessionDescription, at index: Int, ours: [AudioCodecKind],
        family: SocketAddress.Family
    ) throws(AudioNegotiationError) {
        let media = description.media[index]
        guard media.isPlainAudio, media.port != 0 else { throw .noAudio }
        guard let connection = description.connection(of: media) else { throw .unusableAddress }
        let rtp = try Self.address(connection, port: media.port, family: family)
        // RFC 3550 §11: the next port, unless RFC 3605 says otherwise. Port 65535 has none.
        let next = media.port == .max ? media.port : media.port + 1
        var rtcp = rtp.with(port: next)
        if let named = media.rtcp {
            rtcp = rtp.with(port: named.port)
            if let connection = named.connection,
                let other = try? Self.address(connection, port: named.port, family: family)
            {
                rtcp = other
            }
        }
        let stated = description.direction(of: media)
        self.index = index
        self.rtp = rtp
        self.rtcp = rtcp
        direction =
            rtp.isUnspecified ? MediaDirection(sends: stated.sends, receives: false) : stated
        let offered = media.codecs
        codecs = offered.compactMap { map in
            ours.first { map.isSameEncoding(as: $0.rtpMap(payloadType: map.payloadType)) }
                .map { ($0, map.payloadType) }
        }
        eventPayloadType = offered.first(where: \.isTelephoneEvent)?.payloadType
    }

    private static func address(
        _ connection: SessionDescription.Connection, port: UInt16, family: SocketAddress.Family
    ) throws(AudioNegotiationError) -> SocketAddress {
        guard connection.networkType == "IN",
            let address = SocketAddress(host: connection.address, port: port),
            address.family == family || address.isUnspecified, !address.isMulticast
        else { throw .unusableAddress }
        return address
    }
}

extension MediaDescription {
    /// Audio over plain RTP: the only profile that we speak.
    var isPlainAudio: Bool { kind.equalsIgnoringCase("audio") && transport.equalsIgnoringCase("RTP/AVP") }

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

extension RTPMap {
    /// RFC 4733 at the clock rate of our codecs.
    var isTelephoneEvent: Bool {
        clockRate == 8_000 && encodingName.equalsIgnoringCase("telephone-event")
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
