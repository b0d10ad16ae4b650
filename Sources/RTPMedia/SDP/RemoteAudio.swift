internal import SansIO

/// The far end's audio stream as its description puts it: input of the offer/answer rules (RFC 3264).
struct RemoteAudio {
    /// A format that we know, with the far end's number.
    struct Format {
        var format: PayloadTypeTable.Format
        var payloadType: UInt8
    }

    /// Position of its `m=` line.
    var index: Int
    var profile: RTPProfile
    /// Codecs that we have, in the far end's order, with its payload types.
    var codecs: [(kind: AudioCodecKind, payloadType: UInt8)] = []
    /// Its telephone events and comfort noise, by their clocks.
    var others: [Format] = []
    /// `a=ptime` and `a=maxptime` in milliseconds.
    var packetMilliseconds: Int?
    var maximumPacketMilliseconds: Int?
    var opus = OpusParameters()
    var multiplexes = false
    var extendedReports = false
    /// Its `a=crypto` lines that we can use, in its order, and why the first of the others is of no use.
    var crypto: [CryptoAttribute] = []
    var cryptoFault: CryptoAttributeError?
    var rtp: SocketAddress
    var rtcp: SocketAddress
    /// As the far end says it; an unspecified address (RFC 2543 hold) takes nothing.
    var direction: MediaDirection

    /// Reads the stream at `index`.
    ///
    /// - Parameter family: Family of our own address; another one cannot be reached from our socket.
    /// - Throws: ``AudioNegotiationError/noAudio`` when it is no audio stream over RTP or has port 0,
    ///   ``AudioNegotiationError/unusableAddress`` when its address is missing, a name, multicast or of another family.
    init(
        _ description: borrowing SDPMessage, at index: Int, ours: AudioCapabilities,
        family: SocketAddress.Family
    ) throws(AudioNegotiationError) {
        let media = description.media(at: index)
        let bytes = description.bytes
        guard bytes.equalsIgnoringCase(media.kind, "audio"), media.port != 0,
            let profile = RTPProfile(bytes, media.transport)
        else { throw .noAudio }
        guard let connection = description.connection(of: media),
            let rtp = Self.address(bytes, connection, port: media.port, family: family)
        else { throw .unusableAddress }
        self.index = index
        self.profile = profile
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
        readFormats(description, media, ours: ours.codecs)
        readAttributes(description, media, suites: ours.cryptoSuites)
    }

    /// The number of a format that the far end gave away.
    func payloadType(of format: PayloadTypeTable.Format) -> UInt8? {
        others.first { $0.format == format }?.payloadType
    }

    /// The telephone events that go with a codec: at its clock (RFC 4733 §2.1), else at 8,000 Hz, which is what those send
    /// who have never heard of others.
    func events(for codec: AudioCodecKind) -> (payloadType: UInt8, clockRateHertz: Int)? {
        for hertz in [codec.clockRateHertz, 8_000] {
            if let number = payloadType(of: .event(clockRateHertz: hertz)) { return (number, hertz) }
        }
        return nil
    }

    private mutating func readFormats(
        _ description: borrowing SDPMessage, _ media: SDPMessage.Media, ours: [AudioCodecKind]
    ) {
        let bytes = description.bytes
        var formats = SDPFields(bytes, media.formats)
        // A number has one meaning, whatever is repeated.
        var seen: Set<UInt8> = []
        while let format = formats.next() {
            guard let number = bytes.number(format, maximum: 127).map({ UInt8(truncatingIfNeeded: $0) }),
                seen.insert(number).inserted
            else { continue }
            let encoding = Encoding(number, in: media, of: description)
            if let kind = ours.first(where: { encoding.isCodec($0, bytes) }) {
                guard codecs.allSatisfy({ $0.kind != kind }) else { continue }
                codecs.append((kind, number))
                if kind == .opus { opus = Self.opusParameters(of: number, description, media) }
            } else if let format = encoding.secondaryFormat(bytes), payloadType(of: format) == nil {
                others.append(Format(format: format, payloadType: number))
            }
        }
    }

    private mutating func readAttributes(
        _ description: borrowing SDPMessage, _ media: SDPMessage.Media, suites: [CryptoSuite]
    ) {
        let bytes = description.bytes
        for index in media.section.lines {
            let line = description.contents.lines[index]
            switch line.attribute {
            case .ptime: packetMilliseconds = packetMilliseconds ?? Self.milliseconds(bytes, line.argument)
            case .maxptime:
                maximumPacketMilliseconds =
                    maximumPacketMilliseconds ?? Self.milliseconds(bytes, line.argument)
            case .rtcpMux: multiplexes = true
            case .rtcpXR:
                var fields = SDPFields(bytes, line.argument)
                while let block = fields.next() {
                    if bytes.equalsIgnoringCase(block, "voip-metrics") { extendedReports = true }
                }
            case .crypto: readCrypto(bytes, line.argument, suites: suites)
            default: break
            }
        }
    }

    /// A line that is of no use hides no other (RFC 4568 §5.1.2).
    private mutating func readCrypto(_ bytes: RawSpan, _ argument: SDPSlice, suites: [CryptoSuite]) {
        do throws(CryptoAttributeError) {
            let line = try CryptoAttribute(bytes, argument)
            guard suites.contains(line.suite) else {
                throw CryptoAttributeError(argument.start, .suite)
            }
            // RFC 4568 §4.1: tags are unique.
            if crypto.count < 16, crypto.allSatisfy({ $0.tag != line.tag }) { crypto.append(line) }
        } catch {
            cryptoFault = cryptoFault ?? error
        }
    }

    /// Whole milliseconds of `20` or `20.0`; `nil` for 0 and what is no number. Anything from a second up counts as one.
    private static func milliseconds(_ bytes: RawSpan, _ argument: SDPSlice) -> Int? {
        var end = argument.start
        while end < argument.end, bytes.octet(end) != UInt8(ascii: "."), !bytes.octet(end).isSDPSpace {
            end += 1
        }
        let value = bytes.number(SDPSlice(argument.start, end))
        return value.flatMap { $0 > 0 ? min($0, 1_000) : nil }
    }

    private static func opusParameters(
        of payloadType: UInt8, _ description: borrowing SDPMessage, _ media: SDPMessage.Media
    ) -> OpusParameters {
        let bytes = description.bytes
        for index in media.section.lines where description.contents.lines[index].attribute == .fmtp {
            var fields = SDPFields(bytes, description.contents.lines[index].argument)
            guard let number = fields.next(), bytes.number(number) == Int(payloadType) else { continue }
            return OpusParameters(formatParameters: bytes.text(fields.rest()))
        }
        return OpusParameters()
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
                return map.clockRate == kind.clockRateHertz && map.channels == kind.descriptionChannels
                    && bytes.equalsIgnoringCase(map.name, kind.rawValue)
            }
            return standard?.isSameEncoding(as: kind.rtpMap(payloadType: 0)) ?? false
        }

        /// Telephone events or comfort noise at a clock of our codecs.
        func secondaryFormat(_ bytes: RawSpan) -> PayloadTypeTable.Format? {
            guard let map else {
                return standard?.encodingName == "CN" ? .comfortNoise(clockRateHertz: 8_000) : nil
            }
            guard [8_000, 16_000, 48_000].contains(map.clockRate), map.channels == 1 else { return nil }
            if bytes.equalsIgnoringCase(map.name, "telephone-event") {
                return .event(clockRateHertz: map.clockRate)
            }
            return bytes.equalsIgnoringCase(map.name, "CN")
                ? .comfortNoise(clockRateHertz: map.clockRate) : nil
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
