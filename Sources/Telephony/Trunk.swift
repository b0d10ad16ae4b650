public import RTPMedia
public import SIPCore
public import SansIO

/// A carrier's or PBX's SIP trunk, as the dialer uses it.
public struct Trunk: Hashable, Sendable {
    /// Name in logs, records and reports.
    public var name: String
    /// Host name or address literal of the trunk.
    public var host: String
    /// SIP port. `nil`: the servers are those that the DNS names for the host (RFC 3263: NAPTR, SRV, then its addresses
    /// with port 5060, for TLS 5061); with a port they are the host's addresses. Either way each is tried when the one before it fails.
    public var port: UInt16?
    /// Domain of the Request-URI, From and To; `nil` for ``host``.
    public var domain: String?
    /// For 401 and 407; `nil` when the trunk knows us by address.
    public var credentials: SIPCredentials?
    /// Caller numbers that we own on it, in E.164; used in turn. Separators do not matter.
    public var numbers: [String]
    /// Numbers of others that the carrier has verified for us. Used only where a request names one.
    public var verifiedNumbers: [String] = []
    /// Display name shown to callees.
    public var callerName: String?
    /// Headers besides `From` that name the caller.
    public var identity = IdentityPolicy.fromOnly
    /// Host that Contact and Via tell the far end, and session descriptions unless ``advertisedMediaHost`` is set; `nil`
    /// for the address we bind.
    public var advertisedHost: String?
    /// Port that Contact and Via tell the far end, where a 1:1 translation of addresses shows ours under another number;
    /// `nil` for the one we bind.
    public var advertisedPort: UInt16?
    /// Host that session descriptions tell the far end, where media comes in elsewhere; `nil` for ``advertisedHost``.
    public var advertisedMediaHost: String?
    /// How requests go to it. TCP and TLS also listen, so that the trunk can reach us when a connection is gone; TLS asks
    /// for ``DialerConfiguration/streamSecurity`` and checks that the certificate is for ``host``.
    public var transport: SIPTransport
    /// Whether its calls go to `sips:` URIs, which ask for TLS on every hop up to the callee's domain (RFC 3261 §26.2.2);
    /// only with ``transport`` TLS. Off by default: few carriers take them, and TLS to the trunk does not need them.
    public var usesSecureURIs = false
    /// Whether an INVITE of more than 1,300 octets goes by TCP instead of UDP (RFC 3261 §18.1.1). Off by default, since
    /// many carriers take UDP alone: where TCP cannot be opened within three seconds UDP it is after all, and for the next
    /// ten minutes.
    public var switchesToTCP = false
    /// Local address to bind for it; `nil` for the dialer's (``DialerConfiguration/localHost``).
    public var localHost: String?
    /// Local SIP port; `nil` for the dialer's. Trunks with the same local address and port share a socket.
    public var localPort: UInt16?
    /// Whether calls offer, or demand, that provisional responses are made reliable (RFC 3262).
    public var reliableProvisional = InviteOptions.Reliability.supported
    /// How often an answered call is refreshed (RFC 4028), in whole seconds, at least 90; `nil` leaves it to the far end.
    public var sessionTimer: Duration?
    /// How far its redirections (300, 301, 302) are followed: to addresses of the trunk's choice, at our cost. `nil`: not
    /// at all; then such a call ends as ``CallDisposition/badNumber`` (301) or ``CallDisposition/noAnswer``.
    public var redirections: RedirectionPolicy?
    /// Blocks of addresses from which it calls us, besides those that ``host`` resolves to.
    public var allowedSources: [AddressRange] = []
    /// How far we vouch for its calls (STIR/SHAKEN): each INVITE carries a signed Identity header field, for which
    /// ``DialerConfiguration/identity`` is needed. `nil`: the carrier signs, or nobody.
    public var attestation: Attestation?
    /// Codecs that its calls offer and accept, in order of preference; `nil` for ``DialerConfiguration/codecs``.
    public var codecs: [AudioCodecKind]?
    /// Length of the packets that we want from it, 10...60 ms in whole tens; ours are as long as it wants them.
    public var packetMilliseconds = 20
    /// Whether the audio of its calls is encrypted (SRTP), outbound and inbound; anything but off needs
    /// ``DialerConfiguration/mediaSecurity``. The keys travel in SIP: use ``transport`` TLS with it.
    public var mediaSecurity = MediaSecurityPolicy.off
    /// Whether its calls use one port for RTP and RTCP (RFC 5761).
    public var multiplexing = RTCPMultiplexing.answered
    /// Whether its calls take part in RTCP's extended reports on voice quality (RFC 3611), and say so.
    public var extendedReports = false
    /// Whether its calls offer and accept comfort noise (RFC 3389): where both sides want it, 200 ms of an agent's silence end
    /// the audio, and its noise is told five times a second instead. Noise that the far end tells at 8,000 Hz is always played.
    public var comfortNoise = false
    /// Silence of its calls' far ends after which they count as lost, in place of ``DialerConfiguration/mediaTimeout``, 1 s to
    /// an hour; zero waits for ever. `nil` for the dialer's.
    public var mediaTimeout: Duration?
    /// Trunks of the least number are used as long as one of them can take the call, 0...65,535 (as in RFC 2782).
    public var priority = 0
    /// Share of the calls among trunks of the same priority, 0...65,535; 0 only when there is no other.
    public var weight = 1
    /// INVITEs of calls started per second, 0.01...1,000, spaced evenly; `nil` for no limit.
    public var callsPerSecond: Double?
    /// Calls at once, from the choice of the trunk to their end; `nil` for no limit.
    public var maximumCalls: Int?
    /// How it wants the numbers of callees.
    public var dialFormat = DialFormat()
    /// How it wants our caller numbers.
    public var callerFormat = DialFormat()
    /// How telephone keys go to it and come from it.
    public var dtmf = DTMFMode.auto
    /// When it is left alone.
    public var breaker = TrunkBreakerPolicy()
    /// `nil` for a trunk that needs no registration.
    public var registration: TrunkRegistration?
    /// `nil`: it is not asked for its health.
    public var healthCheck: TrunkHealthCheck?

    public init(
        name: String, host: String, port: UInt16? = nil, domain: String? = nil,
        credentials: SIPCredentials? = nil, numbers: [String] = [], callerName: String? = nil,
        advertisedHost: String? = nil, transport: SIPTransport = .udp
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.domain = domain
        self.credentials = credentials
        self.numbers = numbers
        self.callerName = callerName
        self.advertisedHost = advertisedHost
        self.transport = transport
    }
}

/// Defaults and limits of a dialer.
public struct DialerConfiguration: Sendable {
    /// Longest time until dialing, the agent's `prepare` included; then the outcome is
    /// ``CallDisposition/notPrepared``.
    public var prepareTimeout = Duration.seconds(30)
    /// Ring timeout, counted from the first INVITE.
    public var ringTimeout = Duration.seconds(60)
    /// Longest call from the answer, 30...3,600 s.
    public var maximumDuration = Duration.seconds(600)
    /// What far ends hear while they are on hold, at any rate; `nil`: what ``Call/play(_:_:)`` plays, or silence.
    public var holdMusic: AudioClip?
    /// What is kept of the audio.
    public var recording = RecordingPolicy.off
    /// Encoders for recordings of other formats than WAV.
    public var recordingEncoders: [any RecordingEncoderProvider] = []
    /// Sample rate of the agent's audio: 8,000, 16,000, 24,000 or 48,000 Hz.
    public var audioRateHertz = 16_000
    /// Codecs that calls offer and accept, in order of preference, where ``Trunk/codecs`` says nothing else. Those that are
    /// not ``AudioCodecKind/isBuiltIn`` need a provider.
    public var codecs: [AudioCodecKind] = [.pcmu, .pcma]
    /// Where codecs come from that are not built in: `OpusCodecProvider`, `G722CodecProvider`. The first of a kind is used.
    public var codecProviders: [any AudioCodecProvider] = []
    /// Signs the calls of trunks with an ``Trunk/attestation``.
    public var identity: IdentityAssertion?
    /// Local address to bind; `nil` takes the one from which the trunk is reached.
    public var localHost: String?
    /// Local SIP port; 0 lets the system choose.
    public var localPort: UInt16 = 0
    /// UDP ports for RTP (even) and RTCP (odd), `nil` lets the system choose.
    public var mediaPorts: ClosedRange<UInt16>? = nil
    /// Threads for media, 1...64. With one, media shares the thread of signalling; with more, each has as many calls as
    /// the others, and ``mediaPorts`` are divided among them. A thread carries some thousand calls.
    public var mediaLoops = 1
    /// How long a media port rests after its call, so that late packets meet nobody. A preference only where the system
    /// chooses the ports.
    public var portQuarantine = Duration.seconds(5)
    /// Silence of an answered call's far end, RTP and RTCP alike, after which the call counts as lost and is ended
    /// (``CallDisposition/dropped``); `nil` waits for ever. Not counted while either side holds. At least 1 s; a far end
    /// that suppresses silence should send RTCP, which every 5 s shows that it lives.
    public var mediaTimeout: Duration? = .seconds(30)
    /// Calls at once; above it ``CallError/Code/tooManyCalls``.
    public var maximumCalls = 2_000
    /// Calls that wait at once for a place on a trunk; above it ``CallError/Code/tooManyCalls``.
    public var queueLimit = 1_000
    /// Longest wait for a place on a trunk, 0...3,600 s; then the outcome is ``CallDisposition/noTrunk``.
    public var queueTimeout = Duration.seconds(30)
    /// Events kept per call for each subscriber; older ones are dropped, the outcome never.
    public var eventLimit = 1_024
    /// Noise suppression, level control and echo cancellation, before the agent and the classifier hear the callee: nothing
    /// by default.
    public var audioProcessing = VoiceProcessing()
    /// Whether the answer classifier listens.
    public var classifiesAnswers = true
    /// Makes the classifier of one call, when ``classifiesAnswers`` is on and the call says nothing of its own
    /// (``CallRequest/answers``).
    public var answerClassifier: @Sendable (CallRequest) -> any AnswerClassifier = { _ in
        EnergyAnswerClassifier()
    }
    /// Whose calls to our numbers are taken, and what becomes of them; `nil` takes none.
    ///
    /// They come to ``localHost`` and ``localPort``: give a port, so that the trunk knows where to send them.
    public var inbound: InboundPolicy?
    /// What becomes of far ends' requests to call somebody else; `nil` refuses them.
    public var referrals: ReferralPolicy?
    /// Times and limits of SIP's connections, where a trunk uses TCP or TLS.
    public var streams = StreamLimits()
    /// Secures connections of trunks whose transport is TLS; `nil`: such trunks cannot be dialed.
    public var streamSecurity: (any StreamSecurityProvider)?
    /// Encrypts the audio of trunks whose ``Trunk/mediaSecurity`` is not off: `SRTPProvider` of SecureMedia.
    public var mediaSecurity: (any MediaProtectionProvider)?
    /// Silence after which a call goes to the trunk's next server, where it has several (RFC 3263 §4.3).
    public var serverTimeout = Duration.seconds(4)
    /// Time after which a server that has said no more than 100 Trying is given up for the next.
    public var serverProgressTimeout = Duration.seconds(12)
    /// Timers and limits of the SIP user agent.
    public var userAgent = UserAgent.Configuration()

    public init() {}
}
