public import SansIO

/// The codecs that a leg can speak.
@nonexhaustive
public enum AudioCodecKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// G.711 µ-law, static payload type 0.
    case pcmu = "PCMU"
    /// G.711 A-law, static payload type 8.
    case pcma = "PCMA"
}

/// Direction of a media stream, seen from our side (RFC 8866 §6.7).
public enum MediaDirection: String, Hashable, Sendable, Codable {
    case sendrecv, sendonly, recvonly, inactive
}

/// What we offer or accept.
public struct AudioCapabilities: Hashable, Sendable {
    /// In order of preference.
    public var codecs: [AudioCodecKind]
    /// Whether telephone-event (RFC 4733) is offered.
    public var telephoneEvents: Bool

    public init(codecs: [AudioCodecKind] = [.pcmu, .pcma], telephoneEvents: Bool = true) {
        self.codecs = codecs
        self.telephoneEvents = telephoneEvents
    }
}

/// What an offer and its answer agreed on for one audio stream (RFC 3264 §6, §7).
public struct NegotiatedAudio: Hashable, Sendable {
    public var codec: AudioCodecKind
    /// Payload types that we send: the far end's numbers.
    public var sendPayloadType: UInt8
    public var sendEventPayloadType: UInt8?
    /// Payload types that we receive: our numbers.
    public var receivePayloadType: UInt8
    public var receiveEventPayloadType: UInt8?
    public var remoteRTP: SocketAddress
    public var remoteRTCP: SocketAddress
    /// After the answer: what we may do.
    public var direction: MediaDirection

    public init(
        codec: AudioCodecKind, sendPayloadType: UInt8, sendEventPayloadType: UInt8?,
        receivePayloadType: UInt8,
        receiveEventPayloadType: UInt8?, remoteRTP: SocketAddress, remoteRTCP: SocketAddress,
        direction: MediaDirection
    ) {
        self.codec = codec
        self.sendPayloadType = sendPayloadType
        self.sendEventPayloadType = sendEventPayloadType
        self.receivePayloadType = receivePayloadType
        self.receiveEventPayloadType = receiveEventPayloadType
        self.remoteRTP = remoteRTP
        self.remoteRTCP = remoteRTCP
        self.direction = direction
    }
}

/// Why an offer and an answer do not meet.
public enum AudioNegotiationError: Error, Hashable, Sendable {
    /// Not SDP; the byte offset of the fault and what was expected there.
    case malformed(offset: Int, expected: String)
    /// No audio stream, or it was refused with port 0.
    case noAudio
    /// No codec in common.
    case noCommonCodec
    /// A stream address that is a name or not usable.
    case unusableAddress
}

/// Our side of one offer/answer exchange for one audio stream: build an offer, accept its answer, or answer an offer.
public struct AudioNegotiator: Hashable, Sendable {
    public var capabilities: AudioCapabilities
    /// Where the far end sends RTP: the advertised host and our port. RTCP is the next port.
    public var localRTP: SocketAddress
    /// The `o=` line's session id; its version grows with each changed description.
    public var sessionID: UInt64

    public init(capabilities: AudioCapabilities, localRTP: SocketAddress, sessionID: UInt64) {
        self.capabilities = capabilities
        self.localRTP = localRTP
        self.sessionID = sessionID
    }

    /// Our offer as `application/sdp`.
    public mutating func makeOffer(direction: MediaDirection = .sendrecv) -> [UInt8] {
        fatalError("contract only")
    }

    /// Reads the answer to our last offer.
    public mutating func accept(answer: [UInt8]) throws(AudioNegotiationError) -> NegotiatedAudio {
        fatalError("contract only")
    }

    /// Answers an offer: a new one, or that of a re-INVITE (hold, moved address, changed codec order).
    public mutating func answer(
        to offer: [UInt8]
    ) throws(AudioNegotiationError) -> (answer: [UInt8], negotiated: NegotiatedAudio) {
        fatalError("contract only")
    }
}
