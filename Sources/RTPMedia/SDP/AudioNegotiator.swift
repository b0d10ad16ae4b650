public import SansIO

/// Our side of the offer/answer exchanges for one audio stream: build an offer, accept its answer, or answer an offer.
///
/// It remembers our last description, so that a later one keeps its `m=` lines and payload types in place and its
/// `o=` version grows exactly when something else changed (RFC 3264 §8).
///
/// Encryption (``AudioCapabilities/security``) is offered in the way that most of the field understands: `RTP/SAVP` where it
/// is required, `RTP/AVP` with `a=crypto` where it is optional. Taken are both of these, and both of two streams of
/// which one is `RTP/SAVP`; the capability negotiation of RFC 5939 is not used.
public struct AudioNegotiator: Hashable, Sendable {
    public var capabilities: AudioCapabilities
    /// Where the far end sends RTP: the advertised host and our port. RTCP is the next port, unless both share one.
    public var localRTP: SocketAddress
    /// The `o=` line's session id; its version grows with each changed description.
    public var sessionID: UInt64
    /// Our keys; without them nothing is encrypted, and where encryption is required nothing is agreed on.
    public var keyring: SRTPKeyring? { didSet { hasSpentKeys = false } }
    /// Whether a key of ours was given up for another suite or for the clear: give ``keyring`` fresh ones, since a key that
    /// is taken up again would encrypt a second time under numbers that it has used (RFC 3711 §9.1).
    public private(set) var hasSpentKeys = false

    /// Our last description, sent as offer or answer.
    private var last: SessionDescription?
    private var version: UInt64 = 0
    /// Position of the audio stream among the `m=` lines of this session.
    private var audioIndex = 0
    private var payloadTypes = PayloadTypeTable()
    /// Protocol of the stream once something was agreed on; later offers stay with it.
    private var agreedProfile: RTPProfile?
    /// Suite of what was agreed on last.
    private var agreedSuite: CryptoSuite?
    /// Suites of our last offer; the tag is the place, counted from 1.
    private var offeredSuites: [CryptoSuite] = []
    /// What we want to do, as our last offer said; our answers do not go beyond it, so that a hold of ours outlasts the
    /// far end's re-INVITEs.
    public var offeredDirection = MediaDirection.sendrecv

    public init(
        capabilities: AudioCapabilities, localRTP: SocketAddress, sessionID: UInt64,
        keyring: SRTPKeyring? = nil
    ) {
        self.capabilities = capabilities
        self.localRTP = localRTP
        self.sessionID = sessionID
        self.keyring = keyring
    }

    /// Our offer as `application/sdp`.
    ///
    /// Where encryption is required and there are no keys, it asks for it all the same and no answer will do.
    ///
    /// - Parameter direction: What we want to do; `sendonly` puts the far end on hold.
    public mutating func makeOffer(direction: MediaDirection = .sendrecv) -> [UInt8] {
        offeredDirection = direction
        var audio = LocalAudio(port: localRTP.port, profile: offeredProfile, direction: direction)
        for format in capabilities.offeredFormats {
            if let number = payloadTypes.number(of: format) { audio.formats.append((format, number)) }
        }
        audio.packetMilliseconds = capabilities.wantedPacketMilliseconds
        audio.opus = capabilities.opus
        audio.multiplexes = capabilities.multiplexing == .offered
        audio.extendedReports = capabilities.extendedReports
        offeredSuites = usableSuites
        if let keyring {
            audio.crypto = offeredSuites.enumerated().map { index, suite in
                CryptoAttribute(tag: index + 1, suite: suite, key: keyring[suite])
            }
        }
        var media = last?.media ?? []
        if media.indices.contains(audioIndex) {
            media[audioIndex] = audio.description
        } else {
            media.append(audio.description)
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
            description, at: audioIndex, ours: capabilities, family: localRTP.family)
        guard !remote.codecs.isEmpty else { throw .noCommonCodec }
        let crypto = try answeredCrypto(remote)
        agree(on: remote.profile, crypto)
        var negotiated = negotiated(remote, crypto: crypto)
        negotiated.isMultiplexed = capabilities.multiplexing == .offered && remote.multiplexes
        if negotiated.isMultiplexed { negotiated.remoteRTCP = negotiated.remoteRTP }
        return negotiated
    }

    /// Answers an offer: a new one, or that of a re-INVITE (hold, moved address, changed codec order).
    ///
    /// The first audio stream over RTP with a codec of ours and the security that we want is taken, in the codec that the
    /// offer prefers; where encryption is optional an encrypted stream goes before a clear one. Every other stream is
    /// answered with port 0.
    ///
    /// - Throws: ``AudioNegotiationError``; the negotiator is unchanged then.
    public mutating func answer(
        to offer: [UInt8]
    ) throws(AudioNegotiationError) -> (answer: [UInt8], negotiated: NegotiatedAudio) {
        let description = try Self.parse(offer)
        let (remote, line) = try chooseStream(of: description)
        guard let (codec, number) = remote.codecs.first else { throw .noCommonCodec }
        // Nothing is given away before everything is found.
        var payloadTypes = payloadTypes
        guard let ours = payloadTypes.adopt(number, for: .codec(codec)) else { throw .noCommonCodec }
        var audio = LocalAudio(port: localRTP.port, profile: remote.profile)
        audio.formats = [(.codec(codec), ours)]
        for format in secondaryFormats(remote, for: codec) {
            guard let theirs = remote.payloadType(of: format),
                let ours = payloadTypes.adopt(theirs, for: format)
            else { continue }
            audio.formats.append((format, ours))
        }
        self.payloadTypes = payloadTypes
        audioIndex = remote.index
        let crypto = line.flatMap { line in
            keyring.map { NegotiatedCrypto(suite: line.suite, local: $0[line.suite], remote: line.key) }
        }
        agree(on: remote.profile, crypto)
        var negotiated = negotiated(remote, crypto: crypto)
        negotiated.isMultiplexed = capabilities.multiplexing != .off && remote.multiplexes
        if negotiated.isMultiplexed { negotiated.remoteRTCP = negotiated.remoteRTP }
        audio.packetMilliseconds = capabilities.wantedPacketMilliseconds
        audio.opus = capabilities.opus
        audio.multiplexes = negotiated.isMultiplexed
        audio.extendedReports = negotiated.extendedReports
        if let line, let crypto {
            audio.crypto = [CryptoAttribute(tag: line.tag, suite: line.suite, key: crypto.local)]
        }
        audio.direction = negotiated.direction
        var media = (0..<description.mediaCount).map {
            MediaDescription(description.media(at: $0), of: description).refused
        }
        media[remote.index] = audio.description
        return (publish(media), negotiated)
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

    /// Comfort noise and telephone events of an answer: those that go with the codec.
    private func secondaryFormats(
        _ remote: RemoteAudio, for codec: AudioCodecKind
    ) -> [PayloadTypeTable.Format] {
        var formats: [PayloadTypeTable.Format] = []
        if capabilities.comfortNoise, codec != .opus {
            formats.append(.comfortNoise(clockRateHertz: codec.clockRateHertz))
        }
        if capabilities.telephoneEvents, let events = remote.events(for: codec) {
            formats.append(.event(clockRateHertz: events.clockRateHertz))
        }
        return formats
    }

    private func negotiated(_ remote: RemoteAudio, crypto: NegotiatedCrypto?) -> NegotiatedAudio {
        // Its callers have seen that there is one.
        let (codec, number) = remote.codecs.first ?? (.pcmu, 0)
        var numbers = payloadTypes
        let mirrored = remote.direction.mirrored
        var agreed = NegotiatedAudio(
            codec: codec, sendPayloadType: number, sendEventPayloadType: nil,
            receivePayloadType: numbers.number(of: .codec(codec)) ?? number, receiveEventPayloadType: nil,
            remoteRTP: remote.rtp, remoteRTCP: remote.rtcp,
            direction: MediaDirection(
                sends: offeredDirection.sends && mirrored.sends,
                receives: offeredDirection.receives && mirrored.receives))
        for format in secondaryFormats(remote, for: codec) {
            guard let theirs = remote.payloadType(of: format), let ours = numbers.number(of: format) else {
                continue
            }
            switch format {
            case .event(let hertz):
                agreed.eventClockRateHertz = hertz
                (agreed.sendEventPayloadType, agreed.receiveEventPayloadType) = (theirs, ours)
            case .comfortNoise:
                (agreed.sendComfortNoisePayloadType, agreed.receiveComfortNoisePayloadType) = (theirs, ours)
            case .codec: break
            }
        }
        let expected = agreed.receivedFormats
        agreed.receivedFormats = expected + payloadTypes.codecs.filter { !expected.contains($0) }
        agreed.receivedEventPayloadTypes = agreed.sendEventPayloadType == nil ? [] : payloadTypes.events
        let wanted = remote.packetMilliseconds ?? capabilities.packetMilliseconds
        agreed.packetMilliseconds = codec.packetMilliseconds(
            atMost: AudioCapabilities.packetMilliseconds(wanted, atMost: remote.maximumPacketMilliseconds))
        agreed.opus = remote.opus
        agreed.extendedReports = capabilities.extendedReports && remote.extendedReports
        agreed.crypto = crypto
        return agreed
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

// MARK: Security

extension AudioNegotiator {
    /// Suites to offer.
    private var usableSuites: [CryptoSuite] {
        capabilities.security == .off || keyring == nil ? [] : capabilities.cryptoSuites
    }

    private var offeredProfile: RTPProfile {
        if let agreedProfile, capabilities.security != .off || !agreedProfile.isSecure {
            return agreedProfile
        }
        return capabilities.security == .required ? .secure : .plain
    }

    /// The stream to accept and its line to protect it with; of those that do not do, the first one's reason.
    private func chooseStream(
        of description: borrowing SDPMessage
    ) throws(AudioNegotiationError) -> (RemoteAudio, CryptoAttribute?) {
        var reason = AudioNegotiationError.noAudio
        var clear: RemoteAudio?
        for index in 0..<description.mediaCount {
            do throws(AudioNegotiationError) {
                let remote = try RemoteAudio(
                    description, at: index, ours: capabilities, family: localRTP.family)
                guard !remote.codecs.isEmpty else { throw .noCommonCodec }
                if let line = try offeredCrypto(remote) { return (remote, line) }
                if clear == nil { clear = remote }
            } catch {
                if reason == .noAudio { reason = error }
            }
            // Only where an encrypted one would be better does it matter what else is offered.
            if capabilities.security == .off, let clear { return (clear, nil) }
        }
        guard let clear else { throw reason }
        return (clear, nil)
    }

    /// The first line of an offered stream that we can use; `nil` to leave the stream in the clear.
    private func offeredCrypto(_ remote: RemoteAudio) throws(AudioNegotiationError) -> CryptoAttribute? {
        if capabilities.security != .off, keyring != nil, let line = remote.crypto.first { return line }
        if remote.profile.isSecure {
            throw .security(capabilities.security == .off ? .unwanted : Self.missing(remote))
        }
        if capabilities.security == .required { throw .security(Self.missing(remote)) }
        return nil
    }

    /// What the answer chose of our lines.
    private func answeredCrypto(_ remote: RemoteAudio) throws(AudioNegotiationError) -> NegotiatedCrypto? {
        guard let line = remote.crypto.first, let keyring, !offeredSuites.isEmpty else {
            if capabilities.security == .required { throw .security(Self.missing(remote)) }
            guard remote.profile.isSecure else { return nil }
            throw .security(capabilities.security == .off ? .unwanted : Self.missing(remote))
        }
        // RFC 4568 §5.1.3: one line, with the tag and the suite of one that we offered.
        guard (1...offeredSuites.count).contains(line.tag), offeredSuites[line.tag - 1] == line.suite else {
            throw .security(.unofferedSuite)
        }
        return NegotiatedCrypto(suite: line.suite, local: keyring[line.suite], remote: line.key)
    }

    private mutating func agree(on profile: RTPProfile, _ crypto: NegotiatedCrypto?) {
        agreedProfile = profile
        if let agreedSuite, agreedSuite != crypto?.suite { hasSpentKeys = true }
        agreedSuite = crypto?.suite
    }

    private static func missing(_ remote: RemoteAudio) -> AudioSecurityError {
        remote.cryptoFault.map { .unusableKey($0) } ?? .missingKey
    }
}
