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
        /// Delay kept by the jitter buffer beyond what it has learnt.
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

    /// - Parameter generator: Draws SSRC, first sequence number and first timestamp (RFC 3550 §5.1).
    /// - Throws: ``AudioLegError`` when a rate or quality is outside its range.
    public init(
        configuration: Configuration, generator: inout SeededGenerator, at now: MonotonicInstant
    ) throws(AudioLegError) {
        fatalError("contract only")
    }

    /// Takes one datagram from the RTP port.
    ///
    /// - Returns: False when it was not a usable packet of this leg; it has been counted.
    @discardableResult
    public func receiveRTP(_ datagram: RawSpan, from source: SocketAddress, at now: MonotonicInstant) -> Bool
    {
        fatalError("contract only")
    }

    /// Takes one datagram from the RTCP port.
    @discardableResult
    public func receiveRTCP(_ datagram: RawSpan, from source: SocketAddress, at now: MonotonicInstant) -> Bool
    {
        fatalError("contract only")
    }

    /// Takes the inbound frame of this deadline.
    ///
    /// - Parameters:
    ///   - narrow: 160 samples at 8,000 Hz, for recorder and classifier.
    ///   - wide: `rateHertz / 50` samples for the agent; the same samples when the rate is 8,000 Hz.
    public func pullFrame(
        narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>, at now: MonotonicInstant
    ) -> FrameKind {
        fatalError("contract only")
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
        fatalError("contract only")
    }

    /// Where RTP and RTCP go now: negotiated, or latched.
    public var remoteRTP: SocketAddress { fatalError("contract only") }
    public var remoteRTCP: SocketAddress { fatalError("contract only") }

    /// Queues telephone events: `0`...`9`, `*`, `#`, `A`...`D`, and `W` for a pause of 500 ms; 100 ms each, 100 ms apart.
    ///
    /// - Returns: False when the far end takes no telephone events.
    public func sendDigits(_ digits: String) -> Bool { fatalError("contract only") }

    /// The next key the far end pressed; each event once, however often it was retransmitted (RFC 4733 §2.5.1.4).
    public func takeDigit() -> Character? { fatalError("contract only") }

    /// Carries on with what a re-INVITE agreed on; SSRC and sequence go on.
    public func renegotiate(_ negotiated: NegotiatedAudio) throws(AudioLegError) {
        fatalError("contract only")
    }

    /// When the next RTCP report is due (RFC 3550 §6.2).
    public var nextReportDeadline: MonotonicInstant { fatalError("contract only") }

    /// Writes the due compound report: SR or RR, with SDES.
    ///
    /// - Parameter wallClock: For the sender report's NTP timestamp.
    public func makeReport(
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) { fatalError("contract only") }

    /// Writes the last compound packet, ending with BYE.
    public func makeGoodbye(
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) { fatalError("contract only") }

    public var statistics: AudioLegStatistics { fatalError("contract only") }
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
