public import RTPMedia

/// Everything kept of one call, as it is exported to JSON.
public struct CallRecord: Hashable, Sendable, Codable {
    public var id: CallID
    /// Who placed it.
    public var direction: CallDirection
    public var sipCallID: String
    /// The number or URI that was dialed.
    public var to: String
    /// The caller number that was shown; of an inbound call: to us.
    public var from: String
    public var outcome: CallOutcome
    /// The classifier's last word on who answered, with its evidence; `nil` when there was none.
    public var verdict: AnswerVerdict?
    /// The trunk that carried it, or that it ended on; `nil` when none was found.
    public var trunk: String?
    /// The trunks before that could not carry it, in order; `nil` for none.
    public var failedTrunks: [TrunkAttempt]?
    public var context: [String: String]
    public var metadata: [String: String]
    public var digits: String
    public var media: MediaStatistics?
    /// Path of the recording, when one was made; of several the first.
    public var recording: String?
    /// Paths of all files of the recording; `nil` unless there are several.
    public var recordings: [String]?
    /// Where the recording was paused; `nil` for nowhere.
    public var recordingPauses: [RecordingPause]?
    /// Why the recording ended before the call, or was never begun.
    public var recordingError: String?
    /// Samples of callee audio that a slow agent lost.
    public var droppedInputSamples: Int

    public init(
        id: CallID, sipCallID: String, to: String, from: String, outcome: CallOutcome,
        context: [String: String] = [:], metadata: [String: String] = [:], digits: String = "",
        media: MediaStatistics? = nil, recording: String? = nil, recordingError: String? = nil,
        droppedInputSamples: Int = 0, direction: CallDirection = .outbound
    ) {
        self.id = id
        self.direction = direction
        self.sipCallID = sipCallID
        self.to = to
        self.from = from
        self.outcome = outcome
        self.context = context
        self.metadata = metadata
        self.digits = digits
        self.media = media
        self.recording = recording
        self.recordingError = recordingError
        self.droppedInputSamples = droppedInputSamples
    }
}

/// One trunk that could not carry a call.
public struct TrunkAttempt: Hashable, Sendable, Codable {
    public var trunk: String
    /// Call-ID of its INVITE; `nil` when none left.
    public var sipCallID: String?
    public var cause: CallCause

    public init(trunk: String, sipCallID: String? = nil, cause: CallCause) {
        self.trunk = trunk
        self.sipCallID = sipCallID
        self.cause = cause
    }
}

/// Packet figures of one call, both directions (RFC 3550 §6.4).
public struct MediaStatistics: Hashable, Sendable, Codable {
    public var codec = ""
    public var packetsSent = 0
    public var packetsReceived = 0
    public var octetsSent = 0
    public var octetsReceived = 0
    /// Expected minus received, never negative.
    public var packetsLost = 0
    /// Frames for which the jitter buffer had nothing and the concealer spoke.
    public var framesConcealed = 0
    public var framesPlayed = 0
    /// Interarrival jitter, milliseconds.
    public var jitterMilliseconds = 0.0
    /// Fraction lost as the far end reported it, 0...1; `nil` without a report.
    public var remoteFractionLost: Double?
    /// Round-trip time from RTCP, milliseconds; `nil` without a report.
    public var roundTripMilliseconds: Double?
    /// Datagrams on the media port that were not valid RTP or came from elsewhere.
    public var packetsRejected = 0
    /// Of these, how many for which reason; `nil` without any.
    public var rejections: MediaRejections?
    /// Packets that came too late to be played.
    public var packetsDiscarded: Int?
    /// What we heard of the far end: MOS and R factor by the E-model, loss, bursts, delay; `nil` when nothing came.
    public var inboundQuality: VoiceQuality?
    /// What the far end heard of us, by its reports; `nil` without any.
    public var outboundQuality: VoiceQuality?
    /// How the audio was encrypted at the end, as in `a=crypto`: `AES_CM_128_HMAC_SHA1_80`; `nil`: it was in the clear.
    public var cryptoSuite: String?

    public init() {}
}
