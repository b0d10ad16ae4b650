/// What we offer or accept.
public struct AudioCapabilities: Hashable, Sendable {
    /// In order of preference. A kind that stands twice counts once.
    public var codecs: [AudioCodecKind]
    /// Whether telephone-event (RFC 4733) is offered.
    public var telephoneEvents: Bool
    /// How much audio we want in a packet, in milliseconds, as `a=ptime` says it; kept in 10...60 and to whole tens.
    public var packetMilliseconds = 20
    /// Whether comfort noise (RFC 3389) is offered: we then may fall silent, and so may the far end.
    public var comfortNoise = false
    /// Whether RTP and RTCP share a port (RFC 5761).
    public var multiplexing = RTCPMultiplexing.answered
    /// Whether the audio is encrypted.
    public var security = MediaSecurityPolicy.off
    /// Ciphers that we have, in order of preference; without any, ``security`` counts as off unless it is required.
    public var cryptoSuites: [CryptoSuite] = []
    /// Opus as we want to receive it (RFC 7587 §6.1).
    public var opus = OpusParameters()
    /// Whether we take part in RTCP extended reports on voice quality (RFC 3611 §5.1), and say so.
    public var extendedReports = false

    public init(codecs: [AudioCodecKind] = [.pcmu, .pcma], telephoneEvents: Bool = true) {
        self.codecs = codecs
        self.telephoneEvents = telephoneEvents
    }
}

/// Whether RTP and RTCP share a port (RFC 5761 §5.1.1).
public enum RTCPMultiplexing: String, Hashable, Sendable, Codable {
    /// Neither offered nor agreed to.
    case off
    /// Agreed to when the far end offers it.
    case answered
    /// Offered, too.
    case offered
}
