internal import SansIO

/// From 20 ms frames to RTP packets: resampling, encoding, numbering, telephone events, comfort noise.
struct OutboundAudio: ~Copyable {
    /// Silent frames after which the next one with sound starts a talkspurt: 200 ms.
    private static let talkspurtGap = 10

    /// What is sent in the place of a frame.
    private struct Insert {
        enum Content {
            case event(TelephoneEvent)
            case noise(ComfortNoise)
        }

        var header: RTPHeader
        var content: Content
    }

    private(set) var synchronizationSource: UInt32
    private(set) var packets = 0
    private(set) var octets = 0
    private let providers: [any AudioCodecProvider]
    private let rateHertz: Int
    private var negotiated: NegotiatedAudio
    private var codec: OutboundCodec
    private var samples: OutboundSamples
    /// Samples of a packet, at the codec's rate.
    private var packetSamples: Int
    /// Units of the timestamp in a frame.
    private var frameUnits: Int
    private var events: TelephoneEventSender
    private var pause = OutboundPause()
    /// What goes out when the audio before it has.
    private var insert: Insert?
    private var sequence: SequenceNumber
    /// Of the next frame; moves on with every deadline, whether something is sent or not.
    private var timestamp: RTPTimestamp
    private var lastDeadline: MonotonicInstant?
    private var silentFrames = OutboundAudio.talkspurtGap
    /// Whether the next packet starts a talkspurt.
    private var isMarkerDue = false
    /// Whether the last packet was not needed (discontinuous transmission).
    private var hasPaused = false

    init(_ configuration: AudioLeg.Configuration, generator: inout SeededGenerator) throws(AudioLegError) {
        let codec = try OutboundCodec(
            configuration.negotiated, configuration.codecProviders, rateHertz: configuration.rateHertz)
        samples = try OutboundSamples(to: codec.sampleRateHertz, configuration)
        self.codec = codec
        negotiated = configuration.negotiated
        providers = configuration.codecProviders
        rateHertz = configuration.rateHertz
        events = TelephoneEventSender(clockRateHertz: negotiated.eventClockRateHertz)
        synchronizationSource = UInt32(truncatingIfNeeded: generator.next() >> 32)
        sequence = SequenceNumber(UInt16(truncatingIfNeeded: generator.next() >> 48))
        timestamp = RTPTimestamp(UInt32(truncatingIfNeeded: generator.next() >> 32))
        packetSamples = 0
        frameUnits = 0
        measure()
    }

    private mutating func measure() {
        let milliseconds = codec.packetMilliseconds(wanted: negotiated.packetMilliseconds)
        packetSamples = codec.sampleRateHertz / 1_000 * milliseconds
        frameUnits = AudioFrame.samples(atHertz: codec.kind.clockRateHertz)
    }

    // MARK: Frames

    mutating func push(
        _ frame: Span<Int16>, narrow: inout MutableSpan<Int16>, at now: MonotonicInstant,
        into packet: inout OwnedBytes
    ) -> Bool {
        samples.narrow(frame, into: &narrow)
        let start = timestamp
        timestamp = timestamp.advanced(by: frameUnits)
        lastDeadline = now
        guard negotiated.direction.sends else {
            packet.removeAll()
            samples.removeAll()
            silentFrames = Self.talkspurtGap
            pause = OutboundPause()
            return false
        }
        if case .packet(let event, let marker, let age) = events.step(),
            let type = negotiated.sendEventPayloadType
        {
            for index in narrow.indices { narrow[index] = 0 }
            silentFrames = Self.talkspurtGap
            pause.interrupt()
            let units = age * codec.kind.clockRateHertz / events.clockRateHertz
            // Numbered when its turn comes.
            let header = RTPHeader(
                marker: marker, payloadType: type, sequence: sequence,
                timestamp: start.advanced(by: -units), synchronizationSource: synchronizationSource)
            insert = Insert(header: header, content: .event(event))
            return takePacket(into: &packet)
        }
        if let type = negotiated.sendComfortNoisePayloadType, pause.take(narrow.span) {
            // Speech begins a talkspurt after it.
            silentFrames = Self.talkspurtGap
            if let told = pause.takeNoise(narrow.span) {
                let header = RTPHeader(
                    marker: false, payloadType: type, sequence: sequence, timestamp: start,
                    synchronizationSource: synchronizationSource)
                insert = Insert(header: header, content: .noise(told))
            }
            return takePacket(into: &packet)
        }
        noteTalkspurt(narrow.span)
        if packetSamples == AudioFrame.narrowSamples, samples.count == 0, let builtIn = codec.builtIn,
            builtIn.sampleRateHertz == AudioFrame.narrowRateHertz
        {
            let header = RTPHeader(
                marker: takeMarker(), payloadType: negotiated.sendPayloadType, sequence: takeSequence(),
                timestamp: start, synchronizationSource: synchronizationSource)
            let span = narrow.span
            send(header, into: &packet) { block in
                var bytes = block.mutableBytes
                return builtIn.encode(span, into: &bytes)
            }
            return true
        }
        samples.append(frame, narrow: narrow.span)
        return takePacket(into: &packet)
    }

    /// The next packet that is full, or that has to go before a key or comfort noise.
    mutating func takePacket(into packet: inout OwnedBytes) -> Bool {
        while samples.count >= packetSamples || (insert != nil && samples.count > 0) {
            if encode(min(packetSamples, samples.count), into: &packet) { return true }
        }
        guard let insert else {
            packet.removeAll()
            return false
        }
        self.insert = nil
        var header = insert.header
        header.sequence = takeSequence()
        send(header, into: &packet) { block in
            switch insert.content {
            case .event(let event):
                block.storeBytes(of: event.encoded.bigEndian, as: UInt32.self)
                return TelephoneEvent.byteCount
            case .noise(let noise):
                noise.write(into: block)
                return ComfortNoise.byteCount
            }
        }
        return true
    }

    /// Encodes the samples that wait first.
    ///
    /// - Returns: False when they need not be sent.
    private mutating func encode(_ count: Int, into packet: inout OwnedBytes) -> Bool {
        let waiting = samples.count * codec.kind.clockRateHertz / codec.sampleRateHertz
        let header = RTPHeader(
            marker: isMarkerDue || hasPaused, payloadType: negotiated.sendPayloadType, sequence: sequence,
            timestamp: timestamp.advanced(by: -waiting - (insert == nil ? 0 : frameUnits)),
            synchronizationSource: synchronizationSource)
        let codec = codec
        var octets = 0
        packet.fill { block in
            header.write(into: block)
            let room = min(RTPHeader.byteCount + OutboundCodec.maximumPayload, block.count)
            var payload = UnsafeMutableRawBufferPointer(rebasing: block[RTPHeader.byteCount..<room])
                .mutableBytes
            octets = samples.consume(count) { codec.encode($0, into: &payload) }
            return octets == 0 ? 0 : RTPHeader.byteCount + octets
        }
        hasPaused = octets == 0
        guard octets > 0 else { return false }
        sequence = sequence.advanced(by: 1)
        isMarkerDue = false
        packets += 1
        self.octets += octets
        return true
    }

    /// The media clock's reading at `now`, for a sender report.
    func timestamp(at now: MonotonicInstant) -> RTPTimestamp {
        guard let lastDeadline else { return timestamp }
        let elapsed =
            lastDeadline.duration(to: now).nanoseconds / 1_000 * Int64(codec.kind.clockRateHertz) / 1_000_000
        return timestamp.advanced(by: Int(elapsed) - frameUnits)
    }

    // MARK: Keys

    /// Whether the next frame would be lost to a key, or stand alone between two.
    var isSendingDigits: Bool {
        negotiated.direction.sends && negotiated.sendEventPayloadType != nil && events.isSendingKeys
    }

    mutating func sendDigits(_ digits: String) -> Bool {
        negotiated.sendEventPayloadType != nil && events.send(digits)
    }

    /// Goes on under another SSRC; sequence and timestamp go on too.
    mutating func changeSource(to source: UInt32) { synchronizationSource = source }

    // MARK: Agreement

    mutating func renegotiate(_ next: NegotiatedAudio) throws(AudioLegError) {
        if next.codec != negotiated.codec || next.opus != negotiated.opus {
            let fresh = try OutboundCodec(next, providers, rateHertz: rateHertz)
            try samples.change(to: fresh.sampleRateHertz)
            codec = fresh
        }
        if next.sendEventPayloadType == nil || next.eventClockRateHertz != negotiated.eventClockRateHertz {
            events = TelephoneEventSender(clockRateHertz: next.eventClockRateHertz)
        }
        if next.sendComfortNoisePayloadType == nil { pause = OutboundPause() }
        negotiated = next
        measure()
    }

    /// Told what share of our packets is lost on the way.
    func noteLoss(_ fraction: Double) { codec.plugin?.noteLoss(fraction) }

    // MARK: Packets

    private mutating func takeSequence() -> SequenceNumber {
        defer { sequence = sequence.advanced(by: 1) }
        return sequence
    }

    private mutating func takeMarker() -> Bool {
        defer { isMarkerDue = false }
        return isMarkerDue
    }

    private mutating func send(
        _ header: RTPHeader, into packet: inout OwnedBytes, _ write: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        var count = 0
        packet.fill { block in
            header.write(into: block)
            count = write(UnsafeMutableRawBufferPointer(rebasing: block[RTPHeader.byteCount...]))
            return RTPHeader.byteCount + count
        }
        packets += 1
        octets += count
    }

    /// Notes whether this frame is the first with sound after silence (RFC 3551 §4.1).
    private mutating func noteTalkspurt(_ samples: Span<Int16>) {
        var bits: Int16 = 0
        for index in samples.indices { bits |= samples[index] }
        guard bits != 0 else {
            silentFrames += 1
            return
        }
        if silentFrames >= Self.talkspurtGap { isMarkerDue = true }
        silentFrames = 0
    }
}
