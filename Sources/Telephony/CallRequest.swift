public import RTPMedia
public import SIPCore

/// One call to place.
public struct CallRequest: Hashable, Sendable {
    /// Idempotency key; `nil` lets the dialer draw one. An id that runs or is among the last 10,000 ended calls is
    /// refused.
    public var id: CallID?
    /// A number dialed through the trunk (`+15551234567`), or a whole SIP URI (`sip:alice@192.0.2.7`).
    public var to: String
    /// Caller number: one that a trunk owns, or that is verified for it (``Trunk/numbers``, ``Trunk/verifiedNumbers``); any
    /// other is refused. `nil` takes the trunk's numbers in turn.
    public var from: String?
    /// Caller numbers of the trunk that are not to be used when ``from`` is `nil`, for example because they are blocked.
    public var avoidedCallers: [String] = []
    /// Display name shown to the callee; `nil` for the trunk's.
    public var callerName: String?
    /// What is withheld of the caller (RFC 3323); `nil` for the trunk's. With `id`, `user` or `header` the `From` is anonymous.
    public var privacy: SIPPrivacy?
    /// Who sent the call on before us (RFC 5806), the latest first; 20 at most.
    public var diversions: [Diversion] = []
    /// Targets that the call was sent to before (RFC 7044), in order; 20 at most.
    public var history: [HistoryInfoEntry] = []
    /// What the agent may see and use in its templates, for example the columns of a CSV row.
    public var context: [String: String]
    /// Stored with the call and not shown to the agent.
    public var metadata: [String: String]
    /// What the agent does about who answers; `nil` for the agent's own policy.
    public var answering: AnsweringPolicy?
    /// Time from the first INVITE until the call counts as not answered; `nil` for the dialer's (60 s).
    public var ringTimeout: Duration?
    /// Time from the answer until we hang up, 30...3,600 s; `nil` for the dialer's (600 s).
    public var maximumDuration: Duration?
    /// How the answer is classified; `nil` for the dialer's way (``DialerConfiguration/answerClassifier``).
    public var answers: AnswerSettings?
    /// `nil` for the dialer's policy (off).
    public var recording: RecordingPolicy?
    /// Name of the trunk to dial through; `nil` lets the dialer choose among those that own ``from``.
    public var trunk: String?
    /// Longest wait for a place on a trunk, 0...3,600 s; `nil` for the dialer's (30 s).
    public var queueTimeout: Duration?
    /// Sample rate at which the agent hears and speaks; `nil` for the dialer's (16,000 Hz).
    public var audioRateHertz: Int?
    /// What is done to the callee's sound before it is heard; `nil` for the dialer's
    /// (``DialerConfiguration/audioProcessing``).
    public var audioProcessing: VoiceProcessing?

    public init(
        to: String, id: CallID? = nil, from: String? = nil, callerName: String? = nil,
        context: [String: String] = [:], metadata: [String: String] = [:], ringTimeout: Duration? = nil,
        maximumDuration: Duration? = nil, recording: RecordingPolicy? = nil, audioRateHertz: Int? = nil
    ) {
        self.id = id
        self.to = to
        self.from = from
        self.callerName = callerName
        self.context = context
        self.metadata = metadata
        self.ringTimeout = ringTimeout
        self.maximumDuration = maximumDuration
        self.recording = recording
        self.audioRateHertz = audioRateHertz
    }
}
