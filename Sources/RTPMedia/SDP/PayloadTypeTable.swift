/// The payload types that we gave away in a session: a number never changes its meaning (RFC 3264 §8.3.2).
struct PayloadTypeTable: Hashable, Sendable {
    /// What a number stands for.
    enum Format: Hashable, Sendable {
        case codec(AudioCodecKind)
        /// RFC 4733, by its clock.
        case event(clockRateHertz: Int)
        /// RFC 3389, by its clock.
        case comfortNoise(clockRateHertz: Int)
    }

    private struct Entry: Hashable, Sendable {
        var payloadType: UInt8
        var format: Format
        /// Whether our next description uses it; a format can have had other numbers before.
        var isCurrent: Bool
    }

    private static let dynamic: ClosedRange<UInt8> = 96...127

    private var entries: [Entry] = []

    /// The number under which we want to receive `format`: the one it has, else its usual one, else a free one.
    ///
    /// - Returns: `nil` when every dynamic number stands for something else.
    mutating func number(of format: Format) -> UInt8? {
        if let entry = entries.first(where: { $0.format == format && $0.isCurrent }) {
            return entry.payloadType
        }
        let usual = format.usualPayloadType
        let number = isFree(usual) ? usual : Self.dynamic.first { isFree($0) && !Self.isUsual($0) }
        guard let number = number ?? Self.dynamic.first(where: isFree) else { return nil }
        entries.append(Entry(payloadType: number, format: format, isCurrent: true))
        return number
    }

    /// Takes the far end's number over for our own descriptions, as an answer should (RFC 3264 §6.1).
    ///
    /// - Returns: The number to answer with: another one where the far end's already stands for something else.
    mutating func adopt(_ number: UInt8, for format: Format) -> UInt8? {
        if let known = entries.first(where: { $0.payloadType == number }) {
            guard known.format == format else { return self.number(of: format) }
        } else {
            entries.append(Entry(payloadType: number, format: format, isCurrent: false))
        }
        for index in entries.indices where entries[index].format == format {
            entries[index].isCurrent = entries[index].payloadType == number
        }
        return number
    }

    /// Every codec under every number that it had, in the order in which they were given away.
    var codecs: [NegotiatedAudio.ReceivedFormat] {
        entries.compactMap { entry in
            guard case .codec(let kind) = entry.format else { return nil }
            return NegotiatedAudio.ReceivedFormat(payloadType: entry.payloadType, codec: kind)
        }
    }

    /// Every number for telephone events.
    var events: [UInt8] {
        entries.compactMap { entry in
            guard case .event = entry.format else { return nil }
            return entry.payloadType
        }
    }

    private func isFree(_ number: UInt8) -> Bool { entries.allSatisfy { $0.payloadType != number } }

    /// Numbers that formats of ours begin with are left to them.
    private static func isUsual(_ number: UInt8) -> Bool {
        AudioCodecKind.allCases.contains { $0.usualPayloadType == number }
            || Format.secondary.contains { $0.usualPayloadType == number }
    }
}

extension PayloadTypeTable.Format {
    fileprivate static let secondary: [Self] = [
        .event(clockRateHertz: 8_000), .event(clockRateHertz: 16_000), .event(clockRateHertz: 48_000),
        .comfortNoise(clockRateHertz: 16_000),
    ]

    /// Static, or what nearly everybody uses for it.
    fileprivate var usualPayloadType: UInt8 {
        switch self {
        case .codec(let kind): kind.usualPayloadType
        case .event(16_000): 113
        case .event(48_000): 110
        case .event: 101
        case .comfortNoise(8_000): 13
        case .comfortNoise: 105
        }
    }
}

extension AudioCodecKind {
    /// The payload type to begin with: static, or the usual one among the dynamic types.
    var usualPayloadType: UInt8 {
        switch self {
        case .pcmu: 0
        case .pcma: 8
        case .g722: 9
        case .opus: 111
        case .l16: 112
        }
    }

    func rtpMap(payloadType: UInt8) -> RTPMap {
        RTPMap(
            payloadType: payloadType, encodingName: rawValue, clockRate: clockRateHertz,
            channels: descriptionChannels)
    }
}
