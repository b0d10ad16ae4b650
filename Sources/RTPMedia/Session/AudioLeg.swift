public import SansIO

/// One RTP audio leg: everything between datagrams and 20 ms frames, both ways.
///
/// In: RTP → statistics → jitter buffer → decode or conceal → resample → frame. Out: frame → resample → encode → RTP.
/// Its owner calls ``pullFrame(narrow:wide:at:)`` and ``pushFrame(_:narrow:at:into:)`` once per 20 ms deadline, and after
/// the latter ``takePacket(into:)`` until there is none; none of them allocates. Not Sendable: it belongs to the loop of its engine.
public final class AudioLeg {
    public struct Configuration: Sendable {
        public var negotiated: NegotiatedAudio
        /// Rate of the wide frames, 8,000, 16,000, 24,000 or 48,000 Hz.
        public var rateHertz: Int
        /// RTCP canonical name (RFC 7022), not a person's name.
        public var canonicalName: String
        /// How packets are put in order and their arrival is evened out.
        public var jitterBuffer = JitterBufferKind.adaptive(quantile: 0.97)
        /// Delay that libspeexdsp's jitter buffer keeps beyond what it has learnt.
        public var jitterMargin = Duration.milliseconds(20)
        /// What converts between the wire's rate and ``rateHertz``.
        public var resampler = ResamplerKind.polyphase
        /// Quality of libspeexdsp's resampler where that is taken, 0...10.
        public var resamplerQuality = 3
        /// Whether packets from another address than the negotiated one are taken; the first valid source is latched.
        public var latchesToSource = true
        /// Where codecs come from that are not built in.
        public var codecProviders: [any AudioCodecProvider] = []
        /// Encrypts the audio, where that was agreed on.
        public var protection: (any MediaProtectionProvider)?

        public init(negotiated: NegotiatedAudio, rateHertz: Int, canonicalName: String) {
            self.negotiated = negotiated
            self.rateHertz = rateHertz
            self.canonicalName = canonicalName
        }
    }

    /// What one pulled frame is.
    public enum FrameKind: Hashable, Sendable {
        /// Nothing has come yet, or the far end sends nothing (hold, long gap): silence, or the comfort noise it has told.
        case silence
        case audio
        /// A frame was missing and has been made up.
        case concealed
    }

    /// Octets of the longest datagram that is looked at: more than any packet of 60 ms has.
    public static let maximumDatagram = 2_048

    private let wideSamples: Int
    private var negotiated: NegotiatedAudio
    // A leg belongs to one loop and calls nothing back: the check at run time would be a fiftieth of its cost.
    @exclusivity(unchecked) private var inbound: InboundAudio
    @exclusivity(unchecked) private var outbound: OutboundAudio
    @exclusivity(unchecked) private var reports: ReportExchange
    @exclusivity(unchecked) private var source: OwnSource
    @exclusivity(unchecked) private var protection: LegProtection

    /// - Parameter generator: Draws SSRC, first sequence number and first timestamp (RFC 3550 §5.1).
    /// - Throws: ``AudioLegError`` when a rate or quality is outside its range.
    public init(
        configuration: Configuration, generator: inout SeededGenerator, at now: MonotonicInstant
    ) throws(AudioLegError) {
        let hertz = configuration.rateHertz
        guard AudioFrame.supportedRatesHertz.contains(hertz) else { throw .unsupportedRate(hertz: hertz) }
        guard (0...10).contains(configuration.resamplerQuality) else {
            throw .unsupportedQuality(configuration.resamplerQuality)
        }
        wideSamples = AudioFrame.samples(atHertz: hertz)
        protection = try LegProtection(configuration.protection, configuration.negotiated.crypto)
        negotiated = configuration.negotiated
        outbound = try OutboundAudio(configuration, generator: &generator)
        inbound = try InboundAudio(configuration)
        reports = ReportExchange(
            canonicalName: configuration.canonicalName, generator: SeededGenerator(seed: generator.next()),
            at: now)
        source = OwnSource(
            outbound.synchronizationSource,
            generator: SeededGenerator(seed: UInt64(outbound.synchronizationSource), label: "collision"))
        inbound.ownSource = outbound.synchronizationSource
    }

    /// Takes one datagram from the RTP port; RTCP too where both share it (RFC 5761).
    ///
    /// - Returns: False when it was not a usable packet of this leg; it has been counted.
    @discardableResult
    public func receiveRTP(_ datagram: RawSpan, from address: SocketAddress, at now: MonotonicInstant) -> Bool
    {
        guard datagram.byteCount <= Self.maximumDatagram else {
            inbound.reject(.oversized)
            return false
        }
        if negotiated.isMultiplexed, RTPPacket.isControl(datagram) {
            return receiveRTCP(datagram, from: address, at: now)
        }
        let isTaken: Bool
        if protection.isActive {
            guard protection.open(datagram, .rtp) else {
                inbound.reject(.unauthenticated)
                return false
            }
            isTaken = protection.withOpened { inbound.receive($0, from: address, at: now) } ?? false
        } else {
            isTaken = inbound.receive(datagram, from: address, at: now)
        }
        if inbound.takeHearsItself() { noteOwnSource(outbound.synchronizationSource, from: address, at: now) }
        return isTaken
    }

    /// Takes one datagram from the RTCP port.
    ///
    /// - Returns: False when it was not valid or came from another host; it has been counted.
    @discardableResult
    public func receiveRTCP(
        _ datagram: RawSpan, from address: SocketAddress, at now: MonotonicInstant
    ) -> Bool {
        guard datagram.byteCount <= Self.maximumDatagram else {
            inbound.reject(.oversized)
            return false
        }
        guard address.isSameHost(as: remoteRTCP) else {
            inbound.reject(.strangerControl)
            return false
        }
        guard !protection.isActive || protection.open(datagram, .rtcp) else {
            inbound.reject(.unauthenticated)
            return false
        }
        guard let sender = takeReports(datagram, from: address, at: now) else {
            inbound.reject(.malformedControl)
            return false
        }
        noteOwnSource(sender, from: address, at: now)
        if let loss = reports.remote.fractionLost { outbound.noteLoss(loss) }
        return true
    }

    /// - Returns: The source of the first report; `nil` when it was not RTCP.
    private func takeReports(
        _ datagram: RawSpan, from address: SocketAddress, at now: MonotonicInstant
    ) -> UInt32? {
        let (own, remote) = (outbound.synchronizationSource, inbound.latch.synchronizationSource)
        guard protection.isActive else {
            return reports.receive(
                datagram, from: address, ownSource: own, remoteSource: remote, at: now)
        }
        return protection.withOpened {
            reports.receive($0, from: address, ownSource: own, remoteSource: remote, at: now)
        } ?? nil
    }

    /// When anything valid last came from the far end, RTP or RTCP; `nil` when nothing has.
    public var lastHeard: MonotonicInstant? {
        guard let audio = inbound.latch.lastArrival, let control = reports.lastArrival else {
            return inbound.latch.lastArrival ?? reports.lastArrival
        }
        return max(audio, control)
    }

    private func noteOwnSource(_ other: UInt32, from address: SocketAddress, at now: MonotonicInstant) {
        guard source.judge(other, from: address, at: now) == .collision else { return }
        outbound.changeSource(to: source.current)
        inbound.ownSource = source.current
    }

    /// Takes the inbound frame of this deadline.
    ///
    /// - Parameters:
    ///   - narrow: 160 samples at 8,000 Hz, for recorder and classifier.
    ///   - wide: `rateHertz / 50` samples for the agent; the same samples when the rate is 8,000 Hz.
    public func pullFrame(
        narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>, at now: MonotonicInstant
    ) -> FrameKind {
        precondition(
            narrow.count == AudioFrame.narrowSamples && wide.count == wideSamples, "a frame lasts 20 ms")
        return inbound.pull(narrow: &narrow, wide: &wide, at: now)
    }

    /// Takes the frame of this deadline and makes the first RTP packet that is due: with audio, or a telephone event while
    /// digits are being sent.
    ///
    /// With packets of 20 ms that is one per frame; shorter ones give several, longer ones not one at every deadline
    /// (``NegotiatedAudio/packetMilliseconds``).
    ///
    /// - Parameters:
    ///   - frame: `rateHertz / 50` samples from the agent.
    ///   - narrow: Receives the 160 samples at 8,000 Hz, for the recorder (zeros during digits).
    ///   - packet: Receives the packet; at least 1,412 octets.
    /// - Returns: False when nothing is to be sent now: on hold, the packet is not full, or silence is not sent.
    public func pushFrame(
        _ frame: Span<Int16>, narrow: inout MutableSpan<Int16>, at now: MonotonicInstant,
        into packet: inout OwnedBytes
    ) -> Bool {
        precondition(
            frame.count == wideSamples && narrow.count == AudioFrame.narrowSamples, "a frame lasts 20 ms")
        return outbound.push(frame, narrow: &narrow, at: now, into: &packet) && protection.seal(&packet, .rtp)
    }

    /// Makes the next RTP packet that is due at this deadline, after ``pushFrame(_:narrow:at:into:)``.
    ///
    /// - Returns: False when there is none.
    public func takePacket(into packet: inout OwnedBytes) -> Bool {
        outbound.takePacket(into: &packet) && protection.seal(&packet, .rtp)
    }

    /// Where RTP and RTCP go now: negotiated, or latched.
    public var remoteRTP: SocketAddress { inbound.latch.remote }
    public var remoteRTCP: SocketAddress {
        let rtp = inbound.latch.remote
        // Behind a NAT nothing but the packets themselves tells the port; until one comes, the next one up is likely.
        if let heard = reports.source, heard.isSameHost(as: rtp) { return heard }
        if negotiated.isMultiplexed { return rtp }
        return rtp == negotiated.remoteRTP ? negotiated.remoteRTCP : rtp.with(port: rtp.port &+ 1)
    }

    /// Queues telephone events: `0`...`9`, `*`, `#`, `A`...`D`, and `W` for a pause of 500 ms; 100 ms each, 100 ms apart.
    ///
    /// - Returns: False when the far end takes no telephone events.
    public func sendDigits(_ digits: String) -> Bool { outbound.sendDigits(digits) }

    /// Whether the far end takes telephone events.
    public var sendsTelephoneEvents: Bool { negotiated.sendEventPayloadType != nil }

    /// Whether the far end may send telephone events.
    public var receivesTelephoneEvents: Bool { negotiated.receiveEventPayloadType != nil }

    /// Whether keys are being sent in the place of audio: speech that waits meanwhile is not lost.
    public var isSendingDigits: Bool { outbound.isSendingDigits }

    /// The next key the far end pressed; each event once, however often it was retransmitted (RFC 4733 §2.5.1.4).
    public func takeDigit() -> Character? { inbound.takeDigit() }

    /// Carries on with what a re-INVITE agreed on, another codec included; SSRC and sequence go on.
    ///
    /// - Throws: ``AudioLegError/missingCodec(_:)`` and what a codec's provider throws; the leg goes on as before then.
    public func renegotiate(_ negotiated: NegotiatedAudio) throws(AudioLegError) {
        try protection.renegotiate(negotiated.crypto)
        if negotiated.remoteRTP != self.negotiated.remoteRTP
            || negotiated.remoteRTCP != self.negotiated.remoteRTCP
        {
            reports.renegotiate()
        }
        try inbound.prepare(negotiated.codec)
        try outbound.renegotiate(negotiated)
        inbound.renegotiate(negotiated)
        self.negotiated = negotiated
    }

    /// When ``makeReport(at:wallClock:into:)`` is to be called next (RFC 3550 §6.2): at once when our SSRC has collided.
    public var nextReportDeadline: MonotonicInstant {
        source.abandoned == nil ? reports.scheduler.deadline : MonotonicInstant(nanoseconds: 0)
    }

    /// Whether RTCP leaves from the RTP port (RFC 5761).
    public var isMultiplexed: Bool { negotiated.isMultiplexed }

    /// Writes the due compound report: SR or RR, SDES and, where agreed on, extended reports.
    ///
    /// - Parameter wallClock: For the sender report's NTP timestamp.
    /// - Returns: False, with an empty packet, when the report was put off (§6.3.6).
    @discardableResult
    public func makeReport(
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) -> Bool {
        packet.removeAll()
        let figures = reportFigures(at: now)
        if let abandoned = source.takeAbandoned() {
            reports.makeGoodbye(for: abandoned, figures, into: &packet)
            return protection.seal(&packet, .rtcp)
        }
        guard reports.isDue(figures, at: now) else { return false }
        reports.makeReport(
            figures, statistics: &inbound.statistics, goodbyes: [], at: now, wallClock: wallClock,
            into: &packet)
        return protection.seal(&packet, .rtcp)
    }

    /// Writes the last compound packet, ending with BYE.
    public func makeGoodbye(
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) {
        let figures = reportFigures(at: now)
        let goodbyes = [figures.synchronizationSource] + (source.takeAbandoned().map { [$0] } ?? [])
        reports.makeReport(
            figures, statistics: &inbound.statistics, goodbyes: goodbyes, at: now, wallClock: wallClock,
            into: &packet)
        _ = protection.seal(&packet, .rtcp)
    }

    public var statistics: AudioLegStatistics {
        var figures = AudioLegStatistics()
        figures.codec = negotiated.codec
        figures.cryptoSuite = protection.suite
        figures.packetsSent = outbound.packets
        figures.octetsSent = outbound.octets
        figures.packetsReceived = inbound.counts.packets
        figures.octetsReceived = inbound.counts.octets
        figures.packetsLost = inbound.lost
        figures.framesPlayed = inbound.counts.played
        figures.framesConcealed = inbound.counts.concealed
        figures.jitterMilliseconds =
            inbound.statistics.jitter * 1_000 / Double(inbound.statistics.clockRateHertz)
        figures.remoteFractionLost = reports.remote.fractionLost
        figures.roundTripMilliseconds = reports.remote.roundTrip?.inMilliseconds
        figures.rejections = inbound.rejections
        figures.packetsDiscarded = inbound.pattern.summary.discarded
        figures.inboundQuality = inboundQuality
        figures.outboundQuality = outboundQuality
        figures.packetsUndecodable = inbound.undecodable
        return figures
    }

    private var inboundQuality: VoiceQuality? {
        let pattern = inbound.pattern.summary
        guard pattern.packets > 0 else { return nil }
        return VoiceQuality(
            measured: pattern, codec: negotiated.codec, packetMilliseconds: inbound.packetMilliseconds,
            jitterBufferMilliseconds: inbound.jitterBufferMilliseconds,
            roundTripMilliseconds: reports.remote.roundTrip?.inMilliseconds)
    }

    private var outboundQuality: VoiceQuality? {
        let remote = reports.remote
        let roundTrip = remote.roundTrip?.inMilliseconds
        if let metrics = remote.metrics {
            return VoiceQuality(reported: metrics, codec: negotiated.codec, roundTripMilliseconds: roundTrip)
        }
        return remote.lossRate.map { loss in
            VoiceQuality(
                estimatedLoss: loss, codec: negotiated.codec,
                jitterMilliseconds: remote.jitter * 1_000 / Double(negotiated.codec.clockRateHertz),
                packetMilliseconds: Double(negotiated.packetMilliseconds), roundTripMilliseconds: roundTrip)
        }
    }

    private func reportFigures(at now: MonotonicInstant) -> ReportExchange.Figures {
        let remoteSource = inbound.latch.synchronizationSource
        return ReportExchange.Figures(
            synchronizationSource: outbound.synchronizationSource, rtpTimestamp: outbound.timestamp(at: now),
            packetsSent: outbound.packets, octetsSent: outbound.octets, remoteSource: remoteSource,
            lastAudio: inbound.latch.lastArrival,
            metrics: negotiated.extendedReports ? remoteSource.flatMap { metrics(on: $0) } : nil)
    }

    private func metrics(on source: UInt32) -> VoIPMetrics? {
        inboundQuality.map { quality in
            VoIPMetrics(
                quality, of: source, roundTripMilliseconds: reports.remote.roundTrip?.inMilliseconds,
                isBufferAdaptive: true)
        }
    }
}

/// A leg that cannot be made: our own side's mistake.
public enum AudioLegError: Error, Hashable, Sendable {
    case unsupportedRate(hertz: Int)
    case unsupportedQuality(Int)
    case library(code: Int32)
    /// A codec that is not built in and for which no ``AudioCodecProvider`` was given.
    case missingCodec(AudioCodecKind)
    /// Encryption was agreed on and cannot be had.
    case protection(MediaProtectionError)
}

/// Packet figures of one leg (RFC 3550 §6.4).
public struct AudioLegStatistics: Hashable, Sendable {
    public var codec = AudioCodecKind.pcmu
    /// How the audio is encrypted; `nil`: it is in the clear.
    public var cryptoSuite: CryptoSuite?
    public var packetsSent = 0
    public var octetsSent = 0
    public var packetsReceived = 0
    public var octetsReceived = 0
    /// Expected minus received, never negative.
    public var packetsLost = 0
    public var framesPlayed = 0
    public var framesConcealed = 0
    /// Interarrival jitter in milliseconds.
    public var jitterMilliseconds = 0.0
    /// From the far end's report blocks, 0...1.
    public var remoteFractionLost: Double?
    public var roundTripMilliseconds: Double?
    /// Came, but too late to be played.
    public var packetsDiscarded = 0
    /// Datagrams that were not valid RTP or RTCP of this leg, by reason.
    public var rejections = MediaRejections()
    /// What we hear; `nil` when nothing has come.
    public var inboundQuality: VoiceQuality?
    /// What the far end hears; `nil` as long as it has reported nothing.
    public var outboundQuality: VoiceQuality?

    /// Packets whose payload the codec could not make sense of; what they stood for was made up.
    public var packetsUndecodable = 0

    /// All of ``rejections``.
    public var packetsRejected: Int { rejections.total }

    public init() {}
}
