public import SIPCore
public import SansIO

/// A call that somebody places to one of our numbers, before it is decided what becomes of it.
public struct IncomingCall: Hashable, Sendable {
    /// The id that the call will have in events, records and files.
    public var id: CallID
    public var sipCallID: String
    /// The Request-URI: what was dialed, as the trunk hands it on.
    public var calledURI: String
    /// Its user part without escapes: the called number as a rule.
    public var called: String
    /// To, as received; differs from the Request-URI after a forwarding.
    public var to: String
    public var caller: CallerIdentity
    /// `Diversion`, `History-Info`, `Privacy`, `Referred-By`, `Identity`, `Date`, `User-Agent` and every `X-` and `P-`
    /// header, in order.
    public var headers: [SIPHeaderField]
    /// Where the request came from.
    public var source: SocketAddress
    /// Name of the trunk that the source belongs to; `nil` for a caller that has authenticated itself.
    public var trunk: String?
    /// As whom the caller has authenticated itself; `nil` for a trunk.
    public var username: String?
    /// The call of ours whose place it is to take (RFC 3891): the far end has transferred its side of that one to this
    /// caller. It is routed like any other; when it is answered, the other call ends, as "replaced by another call". Nothing
    /// passes from the one to the other by itself: a route that wants its agent to go on has to give it to both.
    public var replaces: CallID?
    /// What its Identity header fields are worth (STIR/SHAKEN); `nil` when ``InboundPolicy/identity`` is not set.
    public var identity: IdentityVerdict?

    public init(
        id: CallID, sipCallID: String, calledURI: String, called: String, to: String, caller: CallerIdentity,
        headers: [SIPHeaderField] = [], source: SocketAddress, trunk: String? = nil, username: String? = nil
    ) {
        self.id = id
        self.sipCallID = sipCallID
        self.calledURI = calledURI
        self.called = called
        self.to = to
        self.caller = caller
        self.headers = headers
        self.source = source
        self.trunk = trunk
        self.username = username
    }

    /// - Parameter trunk: Whose source the request came from; its word on the caller counts.
    init(_ request: ReceivedRequest, id: CallID, trunk: Trunk?) {
        self.init(
            id: id, sipCallID: request.callID, calledURI: request.requestURI,
            called: SIPParty(uri: request.requestURI).user, to: request.to,
            caller: CallerIdentity(request, isTrunk: trunk != nil), headers: request.headers,
            source: request.source, trunk: trunk?.name, username: request.username)
    }
}

/// What becomes of an incoming call.
@nonexhaustive
public enum IncomingDecision: Sendable {
    case accept(IncomingAcceptance)
    /// A final response.
    ///
    /// - Parameters:
    ///   - status: `400...699`; anything else counts as 480.
    ///   - reason: Reason phrase; `nil` for the standard one.
    case reject(status: Int, reason: String? = nil)
    /// 302 with these SIP URIs, in order of preference (RFC 3261 §8.3). Without a usable one it counts as a reject with 480.
    case redirect(to: [String])

    /// Accepts with an agent: rings, and answers as soon as the agent is prepared and `delay` has passed.
    public static func accept(_ handler: any CallHandler, after delay: Duration = .zero) -> Self {
        .accept(IncomingAcceptance(handler, answersAfter: delay))
    }
}

/// How an incoming call is taken.
public struct IncomingAcceptance: Sendable {
    /// What the caller gets before the answer.
    public enum Alerting: Hashable, Sendable {
        /// 180: the caller's own side makes the ringing.
        case ringing
        /// 183 with our session description, once the handler is prepared: the caller hears what the handler plays.
        case earlyMedia
        /// Nothing but 100.
        case silent
    }

    public var handler: any CallHandler
    public var alerting: Alerting
    /// Time from the INVITE to our answer at the earliest; `nil` leaves it to the handler, which calls ``Call/answer()``.
    public var answersAfter: Duration?
    /// What the agent may see and use in its templates.
    public var context: [String: String]
    /// Stored with the call and not shown to the agent.
    public var metadata: [String: String]
    /// 30...3,600 s from the answer; `nil` for the dialer's.
    public var maximumDuration: Duration?
    /// `nil` for the dialer's policy.
    public var recording: RecordingPolicy?
    /// Sample rate at which the agent hears and speaks; `nil` for the handler's, or else the dialer's.
    public var audioRateHertz: Int?

    public init(
        _ handler: any CallHandler, alerting: Alerting = .ringing, answersAfter: Duration? = .zero,
        context: [String: String] = [:], metadata: [String: String] = [:], maximumDuration: Duration? = nil,
        recording: RecordingPolicy? = nil, audioRateHertz: Int? = nil
    ) {
        self.handler = handler
        self.alerting = alerting
        self.answersAfter = answersAfter
        self.context = context
        self.metadata = metadata
        self.maximumDuration = maximumDuration
        self.recording = recording
        self.audioRateHertz = audioRateHertz
    }
}
