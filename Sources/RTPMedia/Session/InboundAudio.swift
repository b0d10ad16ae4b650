internal import SansIO

/// From datagrams to 20 ms frames: latch, statistics, jitter buffer, decoding, concealment, resampling.
struct InboundAudio: ~Copyable {
    /// Comfort noise at 8,000 Hz (RFC 3389 §4): understood whether agreed on or not.
    private static let comfortNoisePayloadType: UInt8 = 13
    /// Timestamps that leave real time by more than this belong to a new talk source: 1 s in units.
    private static let timestampJump = 8_000
    /// After a telephone-event packet, missing audio is not loss for this long.
    private static let eventQuiet = Duration.milliseconds(150)

    private(set) var latch: SourceLatch
    var statistics = ReceptionStatistics(probation: 1)
    private(set) var counts = Counts()
    private(set) var rejections = MediaRejections()
    /// Which packets are missing, over all streams.
    private(set) var pattern = LossPattern()
    /// Our own SSRC; a packet of the far end's that bears it is taken, and told.
    var ownSource: UInt32 = 0
    private var hearsItself = false
    /// Audio in the last packet.
    private(set) var packetMilliseconds = 20.0
    private var negotiated: NegotiatedAudio
    private var playout: InboundPlayout
    private var clock: MediaClock
    private var events: TelephoneEventReceiver
    private var lastAudio: LastAudio?
    private var lastEvent: MonotonicInstant?

    /// The newest packet with audio or comfort noise.
    private struct LastAudio {
        var sequence: SequenceNumber
        var place: MediaClock.Stretch
        var arrival: MonotonicInstant
    }

    /// Frames made up since a packet was last heard.
    private var concealedInGap = 0

    /// Figures that outlive a change of the stream.
    struct Counts: Hashable, Sendable {
        var packets = 0
        var octets = 0
        /// Lost in streams that have ended.
        var lostBefore = 0
        var played = 0
        var concealed = 0
    }

    init(_ configuration: AudioLeg.Configuration) throws(AudioLegError) {
        negotiated = configuration.negotiated
        latch = SourceLatch(
            negotiated: configuration.negotiated.remoteRTP, latchesToSource: configuration.latchesToSource)
        clock = MediaClock(rateHertz: configuration.negotiated.codec.clockRateHertz)
        events = TelephoneEventReceiver(clockRateHertz: configuration.negotiated.eventClockRateHertz)
        playout = try InboundPlayout(configuration)
        statistics.changeClock(toHertz: clock.rateHertz)
    }

    /// Packets that have not come, over all streams; never negative.
    var lost: Int { counts.lostBefore + max(statistics.lost, 0) }

    /// Whether a packet with our own SSRC has come since this was asked.
    mutating func takeHearsItself() -> Bool {
        guard hearsItself else { return false }
        hearsItself = false
        return true
    }

    var jitterBufferMilliseconds: Double? { playout.delayMilliseconds }

    mutating func takeDigit() -> Character? { events.takeDigit() }

    // MARK: Packets

    mutating func receive(_ datagram: RawSpan, from source: SocketAddress, at now: MonotonicInstant) -> Bool {
        guard let packet = try? RTPPacket(parsing: datagram) else { return reject(.malformed) }
        let header = packet.header
        let isEvent = header.payloadType != negotiated.receivePayloadType && isEvent(header.payloadType)
        let codec = isEvent ? nil : codec(forPayloadType: header.payloadType)
        let noiseClock = isEvent || codec != nil ? nil : comfortNoiseClock(of: header.payloadType)
        guard isEvent || codec != nil || noiseClock != nil else {
            // Of no use, but not lost either.
            if latch.remote == source, latch.synchronizationSource == header.synchronizationSource {
                _ = statistics.receive(header.sequence, timestamp: nil, at: now)
                pattern.receive(header.sequence)
            }
            return reject(.payload)
        }
        switch latch.admit(header, from: source, at: now) {
        case .rejected: return reject(.stranger)
        case .newStream: startStream()
        case .current: break
        }
        if header.synchronizationSource == ownSource { hearsItself = true }
        if let codec, codec.clockRateHertz != clock.rateHertz { changeClock(to: codec) }
        let lostSoFar = max(statistics.lost, 0)
        switch statistics.receive(header.sequence, timestamp: codec == nil ? nil : header.timestamp, at: now)
        {
        case .accepted: break
        case .restarted:
            counts.lostBefore += lostSoFar
            pattern.restart()
            resynchronise()
        case .duplicate:
            // Sound, but of no use; RFC 3550 counts it as received.
            counts.packets += 1
            return false
        case .onProbation, .outOfRange: return reject(.outOfRange)
        }
        counts.packets += 1
        counts.octets += packet.payload.count
        guard negotiated.direction.receives else {
            pattern.receive(header.sequence)
            return true
        }

        let discarded = playout.discarded
        defer { pattern.receive(header.sequence, isDiscarded: playout.discarded != discarded) }
        let payload = datagram.extracting(packet.payload)
        if isEvent {
            lastEvent = now
            let isWhole = events.receive(payload: payload, timestamp: header.timestamp, marker: header.marker)
            guard isWhole else { return reject(.payload) }
        } else if let codec, !packet.payload.isEmpty {
            guard let ticks = playout.ticks(of: payload, in: codec) else { return reject(.payload) }
            packetMilliseconds = Double(ticks) * 1_000 / Double(codec.clockRateHertz)
            let place = note(header, ticks: ticks, at: now)
            playout.put(payload, of: codec, sequence: header.sequence, place: place, at: now)
        } else if let noiseClock {
            guard payload.byteCount > 0 else { return reject(.payload) }
            // Of another clock than the audio's its place is not known.
            guard noiseClock == clock.rateHertz else { return true }
            let place = note(header, ticks: 1, at: now)
            playout.putComfortNoise(payload, sequence: header.sequence, place: place, at: now)
        }
        return true
    }

    /// Notes the newest packet with audio or comfort noise.
    ///
    /// - Returns: Where it lies.
    private mutating func note(
        _ header: RTPHeader, ticks: Int, at now: MonotonicInstant
    ) -> MediaClock.Stretch {
        var place = clock.stretch(of: ticks, from: header.timestamp)
        if hasJumped(to: place.position, at: now) {
            resynchronise()
            place = clock.stretch(of: ticks, from: header.timestamp)
        }
        if let last = lastAudio, last.sequence.advanced(by: 1) == header.sequence,
            last.place.position.distance(to: place.position) > last.place.units
        {
            // The far end has paused (RFC 3551 §4.1): what was made up meanwhile was silence and no loss.
            counts.concealed -= concealedInGap
        }
        concealedInGap = 0
        lastAudio = LastAudio(sequence: header.sequence, place: place, arrival: now)
        return place
    }

    /// Clock of a payload type that is comfort noise; `nil` for any other.
    private func comfortNoiseClock(of type: UInt8) -> Int? {
        if type == negotiated.receiveComfortNoisePayloadType { return negotiated.codec.clockRateHertz }
        return type == Self.comfortNoisePayloadType ? AudioFrame.narrowRateHertz : nil
    }

    private func isEvent(_ type: UInt8) -> Bool {
        type == negotiated.receiveEventPayloadType || negotiated.receivedEventPayloadTypes.contains(type)
    }

    /// What we gave a number away for, or the static type of a codec we know: a far end may change over without a word
    /// when both were in its answer (RFC 3264 §6.1).
    ///
    /// - Returns: `nil` when there is no such codec.
    private mutating func codec(forPayloadType type: UInt8) -> AudioCodecKind? {
        if type == negotiated.receivePayloadType, negotiated.codec.isBuiltIn { return negotiated.codec }
        let kind: AudioCodecKind? =
            if let format = negotiated.receivedFormats.first(where: { $0.payloadType == type }) {
                format.codec
            } else {
                switch type {
                case negotiated.receivePayloadType: negotiated.codec
                case 0: .pcmu
                case 8: .pcma
                default: nil
                }
            }
        guard let kind, playout.prepare(kind) else { return nil }
        return kind
    }

    /// The far end goes over to a codec whose clock is another one; its timestamps have nothing to do with those before.
    private mutating func changeClock(to codec: AudioCodecKind) {
        clock = MediaClock(rateHertz: codec.clockRateHertz)
        statistics.changeClock(toHertz: codec.clockRateHertz)
        events.clockRateHertz = negotiated.eventClockRateHertz
        resynchronise()
    }

    @discardableResult
    mutating func reject(_ reason: MediaRejections.Reason) -> Bool {
        rejections.count(reason)
        return false
    }

    private mutating func startStream() {
        counts.lostBefore += max(statistics.lost, 0)
        statistics = ReceptionStatistics(clockRateHertz: clock.rateHertz, probation: 1)
        pattern.restart()
        events.streamChanged()
        resynchronise()
        playout.beginStream()
    }

    private mutating func resynchronise() {
        playout.resynchronise()
        clock = MediaClock(rateHertz: clock.rateHertz)
        statistics.breakTiming()
        lastAudio = nil
    }

    /// Whether the media clock has left the arrival clock: a source that was exchanged without a new SSRC.
    private func hasJumped(to position: RTPTimestamp, at now: MonotonicInstant) -> Bool {
        guard let lastAudio else { return false }
        let elapsed = lastAudio.arrival.duration(to: now).nanoseconds / 125_000
        return abs(Int64(lastAudio.place.position.distance(to: position)) - elapsed)
            > Int64(Self.timestampJump)
    }

    // MARK: Frames

    mutating func pull(
        narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>, at now: MonotonicInstant
    ) -> AudioLeg.FrameKind {
        let isAfterEvent = lastEvent.map { $0.duration(to: now) < Self.eventQuiet } ?? false
        let kind = playout.pull(
            narrow: &narrow, wide: &wide, receives: negotiated.direction.receives, isAfterEvent: isAfterEvent,
            at: now)
        switch kind {
        case .audio: counts.played += 1
        case .concealed:
            counts.concealed += 1
            concealedInGap += 1
        case .silence: break
        }
        return kind
    }

    // MARK: Renegotiation

    /// Makes ready for the codec of the next agreement.
    mutating func prepare(_ kind: AudioCodecKind) throws(AudioLegError) {
        if !playout.prepare(kind) { throw .missingCodec(kind) }
    }

    mutating func renegotiate(_ next: NegotiatedAudio) {
        latch.renegotiate(next.remoteRTP)
        if next.direction.receives != negotiated.direction.receives {
            resynchronise()
            playout.clear()
        }
        if next.eventClockRateHertz != negotiated.eventClockRateHertz {
            events.clockRateHertz = next.eventClockRateHertz
        }
        negotiated = next
    }

    /// Payloads that could not be decoded.
    var undecodable: Int { playout.undecodable }
}
