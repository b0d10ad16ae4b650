/// Our audio stream, to be written into a description of ours.
struct LocalAudio {
    var port: UInt16
    var profile = RTPProfile.plain
    /// With the payload types on which we want to receive them, in order of preference.
    var formats: [(format: PayloadTypeTable.Format, payloadType: UInt8)] = []
    var packetMilliseconds = 20
    var opus = OpusParameters()
    var multiplexes = false
    var extendedReports = false
    var crypto: [CryptoAttribute] = []
    var direction = MediaDirection.sendrecv

    var description: MediaDescription {
        var media = MediaDescription(
            kind: "audio", port: port, transport: profile.rawValue,
            formats: formats.map { "\($0.payloadType)" })
        func add(_ attribute: String) { media.lines.append(SessionDescription.Line("a", attribute)) }
        for (format, number) in formats {
            switch format {
            case .codec(let kind):
                let channels = kind.descriptionChannels > 1 ? "/\(kind.descriptionChannels)" : ""
                add("rtpmap:\(number) \(kind.rawValue)/\(kind.clockRateHertz)\(channels)")
                let parameters = kind == .opus ? opus.formatParameters : ""
                if !parameters.isEmpty { add("fmtp:\(number) \(parameters)") }
            case .event(let hertz):
                add("rtpmap:\(number) telephone-event/\(hertz)")
                // Digits and flash: RFC 4733 §2.4.1, §2.5.1.1.
                add("fmtp:\(number) 0-16")
            case .comfortNoise(let hertz):
                add("rtpmap:\(number) CN/\(hertz)")
            }
        }
        for line in crypto { add("crypto:\(line.attributeValue)") }
        add("ptime:\(packetMilliseconds)")
        if multiplexes { add("rtcp-mux") }
        if extendedReports { add("rtcp-xr:voip-metrics") }
        add(direction.rawValue)
        return media
    }
}

extension MediaDescription {
    /// The same `m=` line refused (RFC 3264 §6).
    var refused: MediaDescription {
        // RFC 8866 §9 wants at least one format, even where nobody looks at it.
        MediaDescription(
            kind: kind, port: 0, transport: transport, formats: formats.isEmpty ? ["0"] : formats)
    }
}

extension AudioCapabilities {
    /// ``packetMilliseconds`` as it is written and used.
    var wantedPacketMilliseconds: Int { Self.packetMilliseconds(packetMilliseconds, atMost: nil) }

    /// The formats of an offer, in order: codecs, comfort noise, telephone events for the clock of each codec, and at 8,000
    /// Hz for those who know no other.
    var offeredFormats: [PayloadTypeTable.Format] {
        var formats: [PayloadTypeTable.Format] = []
        func add(_ format: PayloadTypeTable.Format) {
            if !formats.contains(format) { formats.append(format) }
        }
        for kind in codecs { add(.codec(kind)) }
        if comfortNoise {
            // Opus has its own (RFC 7587 §3.1.3).
            for kind in codecs where kind != .opus { add(.comfortNoise(clockRateHertz: kind.clockRateHertz)) }
        }
        if telephoneEvents {
            for kind in codecs { add(.event(clockRateHertz: kind.clockRateHertz)) }
            add(.event(clockRateHertz: 8_000))
        }
        return formats
    }

    /// Packet time that can be sent: whole tens in 10...60, not above what the far end can take.
    static func packetMilliseconds(_ wanted: Int, atMost maximum: Int?) -> Int {
        min(max(min(wanted, maximum ?? wanted, 60) / 10 * 10, 10), 60)
    }
}

extension AudioCodecKind {
    /// The longest packet of this codec that is not longer than `milliseconds`: Opus has frames of 10, 20, 40 and 60 ms
    /// (RFC 6716 §2.1.4).
    func packetMilliseconds(atMost milliseconds: Int) -> Int {
        guard self == .opus else { return milliseconds }
        return [60, 40, 20].first { $0 <= milliseconds } ?? 10
    }
}
