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

/// Our side of the offer/answer exchanges for one audio stream: build an offer, accept its answer, or answer an offer.
///
/// It remembers our last description, so that a later one keeps its `m=` lines and payload types in place and its
/// `o=` version grows exactly when something else changed (RFC 3264 §8).
public struct AudioNegotiator: Hashable, Sendable {
    public var capabilities: AudioCapabilities
    /// Where the far end sends RTP: the advertised host and our port. RTCP is the next port.
    public var localRTP: SocketAddress
    /// The `o=` line's session id; its version grows with each changed description.
    public var sessionID: UInt64

    /// Our last description, sent as offer or answer.
    private var last: SessionDescription?
    private var version: UInt64 = 0
    /// Position of the audio stream among the `m=` lines of this session.
    private var audioIndex = 0
    /// Payload types on which we want to receive, once given away; they never change their meaning (RFC 3264 §8.3.2).
    private var payloadTypes: [AudioCodecKind: UInt8] = [:]
    private var eventPayloadType: UInt8?
    /// What we want to do, as our last offer said; our answers do not go beyond it, so that a hold of ours outlasts the
    /// far end's re-INVITEs.
    public var offeredDirection = MediaDirection.sendrecv

    public init(capabilities: AudioCapabilities, localRTP: SocketAddress, sessionID: UInt64) {
        self.capabilities = capabilities
        self.localRTP = localRTP
        self.sessionID = sessionID
    }

    /// Our offer as `application/sdp`.
    ///
    /// - Parameter direction: What we want to do; `sendonly` puts the far end on hold.
    public mutating func makeOffer(direction: MediaDirection = .sendrecv) -> [UInt8] {
        offeredDirection = direction
        // The far end may have given a codec of ours the static number of another one.
        var codecs: [(kind: AudioCodecKind, payloadType: UInt8)] = []
        for kind in capabilities.codecs {
            let payloadType = receivePayloadType(of: kind)
            if codecs.allSatisfy({ $0.payloadType != payloadType }) { codecs.append((kind, payloadType)) }
        }
        if capabilities.telephoneEvents, eventPayloadType == nil { eventPayloadType = freeEventPayloadType }
        let audio = MediaDescription.audio(
            port: localRTP.port, codecs: codecs,
            eventPayloadType: capabilities.telephoneEvents ? eventPayloadType : nil, direction: direction)
        var media = last?.media ?? []
        if media.indices.contains(audioIndex) {
            media[audioIndex] = audio
        } else {
            media.append(audio)
        }
        return publish(media)
    }

    /// Reads the answer to our last offer.
    ///
    /// - Throws: ``AudioNegotiationError``; the negotiator is unchanged then.
    public mutating func accept(answer: [UInt8]) throws(AudioNegotiationError) -> NegotiatedAudio {
        let description = try Self.parse(answer)
        guard audioIndex < description.mediaCount else { throw .noAudio }
        let remote = try RemoteAudio(
            description, at: audioIndex, ours: capabilities.codecs, family: localRTP.family)
        guard let (codec, payloadType) = remote.codecs.first else { throw .noCommonCodec }
        let mirrored = remote.direction.mirrored
        let direction = MediaDirection(
            sends: offeredDirection.sends && mirrored.sends,
            receives: offeredDirection.receives && mirrored.receives)
        return negotiated(remote, codec: codec, sendPayloadType: payloadType, direction: direction)
    }

    /// Answers an offer: a new one, or that of a re-INVITE (hold, moved address, changed codec order).
    ///
    /// The first audio stream over RTP/AVP with a codec of ours is taken, in the codec that the offer prefers; every other
    /// stream is answered with port 0.
    ///
    /// - Throws: ``AudioNegotiationError``; the negotiator is unchanged then.
    public mutating func answer(
        to offer: [UInt8]
    ) throws(AudioNegotiationError) -> (answer: [UInt8], negotiated: NegotiatedAudio) {
        let description = try Self.parse(offer)
        let remote = try chooseStream(of: description)
        guard let (codec, payloadType) = remote.codecs.first else { throw .noCommonCodec }
        audioIndex = remote.index
        payloadTypes[codec] = payloadType
        if capabilities.telephoneEvents, let number = remote.eventPayloadType { eventPayloadType = number }
        let mirrored = remote.direction.mirrored
        let direction = MediaDirection(
            sends: offeredDirection.sends && mirrored.sends,
            receives: offeredDirection.receives && mirrored.receives)
        var media = (0..<description.mediaCount).map {
            MediaDescription(description.media(at: $0), of: description).refused
        }
        media[remote.index] = MediaDescription.audio(
            port: localRTP.port, codecs: [(codec, payloadType)],
            eventPayloadType: capabilities.telephoneEvents ? remote.eventPayloadType : nil,
            direction: direction)
        let answer = publish(media)
        return (
            answer, negotiated(remote, codec: codec, sendPayloadType: payloadType, direction: direction)
        )
    }

    // MARK: Parts

    private static func parse(_ bytes: [UInt8]) throws(AudioNegotiationError) -> SDPMessage {
        var description = SDPMessage()
        do throws(SDPError) {
            try description.parse(bytes.span.bytes)
        } catch {
            throw AudioNegotiationError(error)
        }
        return description
    }

    /// The stream to accept; of those that do not do, the first one's reason.
    private func chooseStream(
        of description: borrowing SDPMessage
    ) throws(AudioNegotiationError) -> RemoteAudio {
        var reason = AudioNegotiationError.noAudio
        for index in 0..<description.mediaCount {
            do throws(AudioNegotiationError) {
                let remote = try RemoteAudio(
                    description, at: index, ours: capabilities.codecs, family: localRTP.family)
                if !remote.codecs.isEmpty { return remote }
                if reason == .noAudio { reason = .noCommonCodec }
            } catch {
                if reason == .noAudio { reason = error }
            }
        }
        throw reason
    }

    private func negotiated(
        _ remote: RemoteAudio, codec: AudioCodecKind, sendPayloadType: UInt8, direction: MediaDirection
    ) -> NegotiatedAudio {
        let hasEvents = capabilities.telephoneEvents && remote.eventPayloadType != nil
        return NegotiatedAudio(
            codec: codec, sendPayloadType: sendPayloadType,
            sendEventPayloadType: hasEvents ? remote.eventPayloadType : nil,
            receivePayloadType: receivePayloadType(of: codec),
            receiveEventPayloadType: hasEvents ? eventPayloadType : nil,
            remoteRTP: remote.rtp, remoteRTCP: remote.rtcp, direction: direction)
    }

    private func receivePayloadType(of codec: AudioCodecKind) -> UInt8 {
        payloadTypes[codec] ?? codec.staticPayloadType
    }

    /// 101, as nearly everybody does, unless the far end has given that number to a codec.
    private var freeEventPayloadType: UInt8 {
        let taken = Set(payloadTypes.values)
        return (101...127).first { !taken.contains($0) } ?? 101
    }

    /// Our description with these media; the version grows when it differs from the last one.
    private mutating func publish(_ media: [MediaDescription]) -> [UInt8] {
        var description = SessionDescription(
            origin: SessionDescription.Origin(
                username: "-", sessionID: "\(sessionID)", sessionVersion: "\(version)",
                addressType: localRTP.sdpAddressType, address: localRTP.host),
            lines: [
                SessionDescription.Line("c", "IN \(localRTP.sdpAddressType) \(localRTP.host)"),
                SessionDescription.Line("t", "0 0"),
            ],
            media: media)
        if description != last {
            version += 1
            description.origin.sessionVersion = "\(version)"
        }
        last = description
        return description.bytes
    }
}
