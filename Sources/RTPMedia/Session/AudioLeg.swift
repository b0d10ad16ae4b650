public import SansIO

/// One RTP audio leg: everything between datagrams and 20 ms frames, both ways.
///
/// In: RTP → statistics → jitter buffer → decode or conceal → resample → frame. Out: frame → resample → encode → RTP.
/// Its owner calls ``pullFrame(narrow:wide:at:)`` and ``pushFrame(_:narrow:at:into:)`` once per 20 ms deadline;
/// neither allocates. Not Sendable: it belongs to the loop of its engine.
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
        /// libspeexdsp resampler quality, 0...10.
        public var resamplerQuality = 3
        /// Whether packets from another address than the negotiated one are taken; the first valid source is latched.
        public var latchesToSource = true

        public init(negotiated: NegotiatedAudio, rateHertz: Int, canonicalName: String) {
            self.negotiated = negotiated
            self.rateHertz = rateHertz
            self.canonicalName = canonicalName
        }
    }

    /// What one pulled frame is.
    public enum FrameKind: Hashable, Sendable {
        /// Nothing has come yet, or the far end sends nothing (hold, long gap): silence.
        case silence
        case audio
        /// A frame was missing and has been made up.
        case concealed
    }

    private let wideSamples: Int
    private var negotiated: NegotiatedAudio
    private var inbound: InboundAudio
    private var outbound: OutboundAudio
    private var reports: ReportExchange

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
        negotiated = configuration.negotiated
        outbound = try OutboundAudio(configuration, generator: &generator)
        inbound = try InboundAudio(configuration)
        reports = ReportExchange(
            canonicalName: configuration.canonicalName, generator: SeededGenerator(seed: generator.next()),
            at: now)
    }

    /// Takes one datagram from the RTP port.
    ///
    /// - Returns: False when it was not a usable packet of this leg; it has been counted.
    @discardableResult
    public func receiveRTP(_ datagram: RawSpan, from source: SocketAddress, at now: MonotonicInstant) -> Bool
    {
        inbound.receive(datagram, from: source, at: now)
    }

    /// Takes one datagram from the RTCP port.
    @discardableResult
    public func receiveRTCP(_ datagram: RawSpan, from source: SocketAddress, at now: MonotonicInstant) -> Bool
    {
        guard source.isSameHost(as: remoteRTCP),
            reports.receive(datagram, from: source, ownSource: outbound.synchronizationSource, at: now)
        else {
            inbound.countRejected()
            return false
        }
        return true
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

    /// Makes the RTP packet of this deadline: the frame, or a telephone-event packet while digits are being sent.
    ///
    /// - Parameters:
    ///   - frame: `rateHertz / 50` samples from the agent.
    ///   - narrow: Receives the 160 samples at 8,000 Hz that were encoded, for the recorder (zeros during digits).
    ///   - packet: Receives the packet.
    /// - Returns: False when nothing is to be sent (on hold).
    public func pushFrame(
        _ frame: Span<Int16>, narrow: inout MutableSpan<Int16>, at now: MonotonicInstant,
        into packet: inout OwnedBytes
    ) -> Bool {
        precondition(
            frame.count == wideSamples && narrow.count == AudioFrame.narrowSamples, "a frame lasts 20 ms")
        return outbound.push(frame, narrow: &narrow, at: now, into: &packet)
    }

    /// Where RTP and RTCP go now: negotiated, or latched.
    public var remoteRTP: SocketAddress { inbound.latch.remote }
    public var remoteRTCP: SocketAddress {
        let rtp = inbound.latch.remote
        // Behind a NAT nothing but the packets themselves tells the port; until one comes, the next one up is likely.
        if let heard = reports.source, heard.isSameHost(as: rtp) { return heard }
        return rtp == negotiated.remoteRTP ? negotiated.remoteRTCP : rtp.with(port: rtp.port &+ 1)
    }

    /// Queues telephone events: `0`...`9`, `*`, `#`, `A`...`D`, and `W` for a pause of 500 ms; 100 ms each, 100 ms apart.
    ///
    /// - Returns: False when the far end takes no telephone events.
    public func sendDigits(_ digits: String) -> Bool { outbound.sendDigits(digits) }

    /// Whether keys are being sent in the place of audio: speech that waits meanwhile is not lost.
    public var isSendingDigits: Bool { outbound.isSendingDigits }

    /// The next key the far end pressed; each event once, however often it was retransmitted (RFC 4733 §2.5.1.4).
    public func takeDigit() -> Character? { inbound.takeDigit() }

    /// Carries on with what a re-INVITE agreed on; SSRC and sequence go on.
    public func renegotiate(_ negotiated: NegotiatedAudio) throws(AudioLegError) {
        if negotiated.remoteRTP != self.negotiated.remoteRTP
            || negotiated.remoteRTCP != self.negotiated.remoteRTCP
        {
            reports.renegotiate()
        }
        self.negotiated = negotiated
        inbound.renegotiate(negotiated)
        outbound.renegotiate(negotiated)
    }

    /// When the next RTCP report is due (RFC 3550 §6.2).
    public var nextReportDeadline: MonotonicInstant { reports.scheduler.deadline }

    /// Writes the due compound report: SR or RR, with SDES.
    ///
    /// - Parameter wallClock: For the sender report's NTP timestamp.
    public func makeReport(
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) { writeReport(isLast: false, at: now, wallClock: wallClock, into: &packet) }

    /// Writes the last compound packet, ending with BYE.
    public func makeGoodbye(
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) { writeReport(isLast: true, at: now, wallClock: wallClock, into: &packet) }

    public var statistics: AudioLegStatistics {
        var figures = AudioLegStatistics()
        figures.codec = negotiated.codec
        figures.packetsSent = outbound.packets
        figures.octetsSent = outbound.octets
        figures.packetsReceived = inbound.counts.packets
        figures.octetsReceived = inbound.counts.octets
        figures.packetsLost = inbound.lost
        figures.framesPlayed = inbound.counts.played
        figures.framesConcealed = inbound.counts.concealed
        figures.jitterMilliseconds = inbound.statistics.jitter * 1_000 / Double(AudioFrame.narrowRateHertz)
        figures.remoteFractionLost = reports.remoteFractionLost
        figures.roundTripMilliseconds = reports.roundTrip?.inMilliseconds
        figures.packetsRejected = inbound.counts.rejected
        return figures
    }

    private func writeReport(
        isLast: Bool, at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) {
        let figures = ReportExchange.Figures(
            synchronizationSource: outbound.synchronizationSource, rtpTimestamp: outbound.timestamp(at: now),
            packetsSent: outbound.packets, octetsSent: outbound.octets)
        reports.makeReport(
            figures, remoteSource: inbound.latch.synchronizationSource, statistics: &inbound.statistics,
            isLast: isLast, at: now, wallClock: wallClock, into: &packet)
    }
}

/// A leg that cannot be made: our own side's mistake.
public enum AudioLegError: Error, Hashable, Sendable {
    case unsupportedRate(hertz: Int)
    case unsupportedQuality(Int)
    case library(code: Int32)
}

/// Packet figures of one leg (RFC 3550 §6.4).
public struct AudioLegStatistics: Hashable, Sendable {
    public var codec = AudioCodecKind.pcmu
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
    /// Datagrams that were not valid RTP or RTCP of this leg.
    public var packetsRejected = 0

    public init() {}
}
