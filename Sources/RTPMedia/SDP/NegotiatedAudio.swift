public import SansIO

/// What an offer and its answer agreed on for one audio stream (RFC 3264 §6, §7).
public struct NegotiatedAudio: Hashable, Sendable {
    /// What a payload type means in what we receive.
    public struct ReceivedFormat: Hashable, Sendable {
        public var payloadType: UInt8
        public var codec: AudioCodecKind

        public init(payloadType: UInt8, codec: AudioCodecKind) {
            self.payloadType = payloadType
            self.codec = codec
        }
    }

    /// What we send.
    public var codec: AudioCodecKind
    /// Payload types that we send: the far end's numbers.
    public var sendPayloadType: UInt8
    public var sendEventPayloadType: UInt8?
    /// Payload types that we receive: our numbers.
    public var receivePayloadType: UInt8
    public var receiveEventPayloadType: UInt8?
    public var remoteRTP: SocketAddress
    /// The same as ``remoteRTP`` when ``isMultiplexed``.
    public var remoteRTCP: SocketAddress
    /// After the answer: what we may do.
    public var direction: MediaDirection
    /// Clock of the telephone events that we send, in hertz: the codec's, as RFC 4733 §2.1 wants, or 8,000 when the far
    /// end has no other.
    public var eventClockRateHertz = 8_000
    /// Payload types for comfort noise (RFC 3389), when both sides want it.
    public var sendComfortNoisePayloadType: UInt8?
    public var receiveComfortNoisePayloadType: UInt8?
    /// How much audio we put in a packet, in milliseconds, whole tens in 10...60: what the far end asked for, within what
    /// it can take.
    public var packetMilliseconds = 20
    /// Every codec under the number that we gave away: the far end may change among them without a word (RFC 3264 §8.3.2).
    /// The first is the one we expect.
    public var receivedFormats: [ReceivedFormat]
    /// Every number that we gave away for telephone events, whatever their clock.
    public var receivedEventPayloadTypes: [UInt8]
    /// Opus as the far end wants to receive it.
    public var opus = OpusParameters()
    /// Whether RTP and RTCP share a port (RFC 5761).
    public var isMultiplexed = false
    /// Whether both sides take part in extended reports on voice quality (RFC 3611).
    public var extendedReports = false
    /// Keys of both directions; `nil` where the audio is in the clear.
    public var crypto: NegotiatedCrypto?

    /// An agreement on 20 ms packets in the clear; the rest can be set afterwards.
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
        receivedFormats = [ReceivedFormat(payloadType: receivePayloadType, codec: codec)]
        receivedEventPayloadTypes = receiveEventPayloadType.map { [$0] } ?? []
    }
}
