/// The codecs that a leg can speak, by their names in session descriptions.
@nonexhaustive
public enum AudioCodecKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// G.711 µ-law, static payload type 0. Built in.
    case pcmu = "PCMU"
    /// G.711 A-law, static payload type 8. Built in.
    case pcma = "PCMA"
    /// G.722 at 64 kbit/s, static payload type 9. Needs an ``AudioCodecProvider``.
    case g722 = "G722"
    /// Opus (RFC 7587). Needs an ``AudioCodecProvider``.
    case opus = "opus"
    /// Linear 16-bit samples at 16,000 Hz, one channel (RFC 3551 §4.5.11). Built in.
    case l16 = "L16"

    /// Rate of the RTP timestamp in hertz.
    ///
    /// It is not always that of the samples: G.722 has 16,000 samples a second and, by an old mistake that is kept, a
    /// clock of 8,000 Hz (RFC 3551 §4.5.2); Opus has 48,000 Hz whatever it carries (RFC 7587 §4.1).
    public var clockRateHertz: Int {
        switch self {
        case .pcmu, .pcma, .g722: 8_000
        case .l16: 16_000
        case .opus: 48_000
        }
    }

    /// Channels that `a=rtpmap` names: two for Opus, always (RFC 7587 §7), though what we send is mono.
    public var descriptionChannels: Int { self == .opus ? 2 : 1 }

    /// The payload type that needs no negotiation (RFC 3551 §6); `nil` when it has to be agreed on.
    public var staticPayloadType: UInt8? {
        switch self {
        case .pcmu: 0
        case .pcma: 8
        case .g722: 9
        case .opus, .l16: nil
        }
    }

    /// Whether it works without an ``AudioCodecProvider``.
    public var isBuiltIn: Bool {
        switch self {
        case .pcmu, .pcma, .l16: true
        case .g722, .opus: false
        }
    }

    /// The kind of a name in a session description or a configuration, whatever its case; `nil` when there is none.
    public init?(named name: String) {
        guard let kind = Self.allCases.first(where: { $0.rawValue.equalsIgnoringCase(name) }) else {
            return nil
        }
        self = kind
    }
}
