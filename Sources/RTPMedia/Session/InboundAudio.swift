internal import SansIO

/// From datagrams to 20 ms frames: latch, statistics, jitter buffer, decoding, concealment, resampling.
struct InboundAudio: ~Copyable {
    /// Comfort noise (RFC 3389): known, but silence is as good.
    private static let comfortNoisePayloadType: UInt8 = 13
    /// Timestamps that leave real time by more than this belong to a new talk source: 1 s in units.
    private static let timestampJump = 8_000
    /// After a telephone-event packet, missing audio is not loss for this long.
    private static let eventQuiet = Duration.milliseconds(150)

    private(set) var latch: SourceLatch
    var statistics = ReceptionStatistics(probation: 1)
    private(set) var counts = Counts()
    private var negotiated: NegotiatedAudio
    private let isWide: Bool
    private var jitterBuffer: LegJitterBuffer
    private var concealer = PacketLossConcealer()
    private var scaler = TimeScaler()
    private var resampler: SpeexResampler?
    private var events = TelephoneEventReceiver()
    private var queue = SampleQueue(capacity: 2 * LegJitterBuffer.maximumPayload)
    private var payload = OwnedBytes(capacity: LegJitterBuffer.maximumPayload)
    private var lastAudio: (timestamp: RTPTimestamp, arrival: MonotonicInstant)?
    private var lastEvent: MonotonicInstant?

    /// Figures that outlive a change of the stream.
    struct Counts: Hashable, Sendable {
        var packets = 0
        var octets = 0
        var rejected = 0
        /// Lost in streams that have ended.
        var lostBefore = 0
        var played = 0
        var concealed = 0
    }

    init(_ configuration: AudioLeg.Configuration) throws(AudioLegError) {
        negotiated = configuration.negotiated
        latch = SourceLatch(
            negotiated: configuration.negotiated.remoteRTP, latchesToSource: configuration.latchesToSource)
        jitterBuffer = LegJitterBuffer(configuration.jitterBuffer, margin: configuration.jitterMargin)
        isWide = configuration.rateHertz != AudioFrame.narrowRateHertz
        resampler = try AudioLegError.resampler(
            from: AudioFrame.narrowRateHertz, to: configuration.rateHertz,
            quality: configuration.resamplerQuality)
    }

    /// Packets that have not come, over all streams; never negative.
    var lost: Int { counts.lostBefore + max(statistics.lost, 0) }

    mutating func countRejected() { counts.rejected += 1 }

    mutating func takeDigit() -> Character? { events.takeDigit() }

    // MARK: Packets

    mutating func receive(_ datagram: RawSpan, from source: SocketAddress, at now: MonotonicInstant) -> Bool {
        guard let packet = try? RTPPacket(parsing: datagram) else { return reject() }
        let header = packet.header
        let isEvent = header.payloadType == negotiated.receiveEventPayloadType
        let codec = isEvent ? nil : codec(forPayloadType: header.payloadType)
        guard isEvent || codec != nil || header.payloadType == Self.comfortNoisePayloadType else {
            // Of no use, but not lost either.
            if latch.remote == source, latch.synchronizationSource == header.synchronizationSource {
                _ = statistics.receive(header.sequence, timestamp: nil, at: now)
            }
            return reject()
        }
        switch latch.admit(header, from: source, at: now) {
        case .rejected: return reject()
        case .newStream: startStream()
        case .current: break
        }
        let lostSoFar = max(statistics.lost, 0)
        switch statistics.receive(header.sequence, timestamp: codec == nil ? nil : header.timestamp, at: now)
        {
        case .accepted: break
        case .restarted:
            counts.lostBefore += lostSoFar
            resynchronise()
        case .duplicate:
            // Sound, but of no use; RFC 3550 counts it as received.
            counts.packets += 1
            return false
        case .onProbation, .outOfRange: return reject()
        }
        counts.packets += 1
        counts.octets += packet.payload.count
        guard negotiated.direction.receives else { return true }

        let payload = datagram.extracting(packet.payload)
        if isEvent {
            lastEvent = now
            guard let event = TelephoneEvent(parsing: payload) else { return reject() }
            events.receive(event, timestamp: header.timestamp, marker: header.marker)
        } else if let codec, !packet.payload.isEmpty {
            if hasJumped(to: header.timestamp, at: now) { resynchronise() }
            lastAudio = (header.timestamp, now)
            jitterBuffer.put(
                payload, tag: codec.tag, sequence: header.sequence, timestamp: header.timestamp,
                samples: packet.payload.count, at: now)
        }
        return true
    }

    /// The negotiated type, or the static one of a codec we know: a far end may change over without a word when
    /// both were in its answer (RFC 3264 §6.1).
    private func codec(forPayloadType type: UInt8) -> AudioCodecKind? {
        switch type {
        case negotiated.receivePayloadType: negotiated.codec
        case 0: .pcmu
        case 8: .pcma
        default: nil
        }
    }

    private mutating func reject() -> Bool {
        counts.rejected += 1
        return false
    }

    private mutating func startStream() {
        counts.lostBefore += max(statistics.lost, 0)
        statistics = ReceptionStatistics(probation: 1)
        events.streamChanged()
        resynchronise()
    }

    private mutating func resynchronise() {
        jitterBuffer.reset()
        statistics.breakTiming()
        lastAudio = nil
    }

    /// Whether the media clock has left the arrival clock: a source that was exchanged without a new SSRC.
    private func hasJumped(to timestamp: RTPTimestamp, at now: MonotonicInstant) -> Bool {
        guard let lastAudio else { return false }
        let elapsed = lastAudio.arrival.duration(to: now).nanoseconds / 125_000
        return abs(Int64(lastAudio.timestamp.distance(to: timestamp)) - elapsed) > Int64(Self.timestampJump)
    }

    // MARK: Frames

    mutating func pull(
        narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>, at now: MonotonicInstant
    ) -> AudioLeg.FrameKind {
        let kind = negotiated.direction.receives ? fillQueue(at: now) : .silence
        queue.takeFirst(into: &narrow)
        scaler.remember(narrow.span)
        if isWide, let count = try? resampler?.resample(narrow.span, into: &wide) {
            for index in count..<wide.count { wide[index] = 0 }
        } else {
            let count = min(narrow.count, wide.count)
            for index in 0..<count { wide[index] = narrow[index] }
        }
        switch kind {
        case .audio: counts.played += 1
        case .concealed: counts.concealed += 1
        case .silence: break
        }
        return kind
    }

    private mutating func fillQueue(at now: MonotonicInstant) -> AudioLeg.FrameKind {
        let frame = AudioFrame.narrowSamples
        let adjustment = jitterBuffer.beginFrame(at: now)
        var isComplete = fillFrame()
        // Speech left out makes room for the next packet.
        if isComplete, scaler.apply(adjustment, to: &queue) < 0 { isComplete = fillFrame() }
        jitterBuffer.finishFrame(remaining: queue.count - frame)
        if isComplete { return .audio }
        let isAfterEvent = lastEvent.map { $0.duration(to: now) < Self.eventQuiet } ?? false
        return concealer.hasFadedOut || isAfterEvent ? .silence : .concealed
    }

    /// Takes until there is a frame.
    ///
    /// - Returns: Whether nothing had to be made up.
    private mutating func fillFrame() -> Bool {
        let frame = AudioFrame.narrowSamples
        var isComplete = true
        while queue.count < frame {
            switch jitterBuffer.take(frame - queue.count, into: &payload) {
            case .packet(let tag, let offset):
                if offset > 0 {
                    conceal(min(offset, frame))
                    isComplete = false
                }
                Self.decode(payload, tag: tag, skipping: max(-offset, 0), into: &queue, &concealer)
            case .missing(let samples):
                conceal(samples)
                isComplete = false
            case .empty:
                conceal(frame - queue.count)
                isComplete = false
            }
        }
        return isComplete
    }

    private mutating func conceal(_ samples: Int) {
        queue.append(upTo: samples) { span in
            concealer.conceal(into: &span)
            return span.count
        }
    }

    /// Decodes a payload to the end of the queue, joined to what went before.
    private static func decode(
        _ payload: borrowing OwnedBytes, tag: UInt8, skipping skipped: Int, into queue: inout SampleQueue,
        _ concealer: inout PacketLossConcealer
    ) {
        let bytes = payload.bytes
        guard skipped < bytes.byteCount else { return }
        let rest = bytes.extracting(skipped..<bytes.byteCount)
        let codec = NegotiatedCodec(AudioCodecKind(tag: tag))
        queue.append(upTo: rest.byteCount) { span in
            let count = codec.decode(rest, into: &span)
            concealer.accept(&span)
            return count
        }
    }

    // MARK: Renegotiation

    mutating func renegotiate(_ next: NegotiatedAudio) {
        latch.renegotiate(next.remoteRTP)
        if next.direction.receives != negotiated.direction.receives {
            resynchronise()
            queue.removeAll()
            concealer.reset()
        }
        negotiated = next
    }
}

extension AudioCodecKind {
    /// How the jitter buffer remembers the codec of a packet.
    fileprivate var tag: UInt8 {
        switch self {
        case .pcmu: 0
        case .pcma: 1
        }
    }

    fileprivate init(tag: UInt8) { self = tag == 1 ? .pcma : .pcmu }
}
