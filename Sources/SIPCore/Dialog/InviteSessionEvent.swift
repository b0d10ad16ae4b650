public import SansIO

/// A response as the application sees it: copied out of the wire buffer, once per event and never per packet.
public struct ReceivedResponse: Hashable, Sendable {
    /// Status code, `100...699`.
    public var status: Int
    /// Reason phrase as received.
    public var reasonPhrase: String
    /// The far end's tag; empty on 100 Trying.
    public var toTag: String
    /// `Reason`, `Retry-After`, `Warning`, `Server`, `User-Agent`, `Contact`, `Diversion`, `History-Info`, `Privacy`,
    /// `Referred-By`, `Identity`, `Date` and every `X-` and `P-` header, in order.
    public var headers: [SIPHeaderField]
    public var body: SIPBody?
    /// CSeq number, told for the responses of ``UserAgentEvent/requestAnswered(_:_:)``; 0 for others.
    public var cSeqNumber: UInt32 = 0

    public init(
        status: Int, reasonPhrase: String, toTag: String = "", headers: [SIPHeaderField] = [],
        body: SIPBody? = nil
    ) {
        self.status = status
        self.reasonPhrase = reasonPhrase
        self.toTag = toTag
        self.headers = headers
        self.body = body
    }
}

/// A request as the application sees it.
public struct ReceivedRequest: Hashable, Sendable {
    /// `INVITE`, `BYE`, …
    public var method: String
    public var requestURI: String
    /// From and To as written, with tags.
    public var from: String
    public var to: String
    public var callID: String
    public var headers: [SIPHeaderField]
    public var body: SIPBody?
    public var source: SocketAddress
    /// How it came.
    public var transport = SIPTransport.udp
    /// As whom the sender has authenticated itself to us; `nil` when nothing was asked of it.
    public var username: String?
    /// CSeq number, told for the requests of ``UserAgentEvent/requestReceived(_:session:_:)``; 0 for others.
    public var cSeqNumber: UInt32 = 0
    /// The session whose place a new INVITE is to take (RFC 3891); `nil` for an ordinary call.
    public var replaces: InviteSessionID?
    /// Our provisional responses to it go out reliably (RFC 3262): without an offer in it, ours belongs into the first one (§5),
    /// and the answer comes with ``UserAgentEvent/provisionalAcknowledged(_:body:)``.
    public var isAnsweredReliably = false

    public init(
        method: String, requestURI: String, from: String, to: String, callID: String,
        headers: [SIPHeaderField] = [], body: SIPBody? = nil, source: SocketAddress, username: String? = nil
    ) {
        self.username = username
        self.method = method
        self.requestURI = requestURI
        self.from = from
        self.to = to
        self.callID = callID
        self.headers = headers
        self.body = body
        self.source = source
    }
}

/// Why an outgoing INVITE brought no dialog.
public enum InviteFailure: Hashable, Sendable {
    /// A final response of 300 or more, 487 after our CANCEL included.
    case rejected(ReceivedResponse)
    /// A challenge after credentials had been given, or one that none of them fits.
    case credentialsRefused(ReceivedResponse)
    /// No final response: nothing at all within 64*T1, or silence for 64*T1 after a CANCEL (RFC 3261 §9.1).
    case timedOut
    /// The INVITE could not be sent, or its connection was lost before anything had come back (RFC 3261 §8.1.3.1).
    case transportFailed
    /// The application ended it before anything had been sent or answered.
    case abandoned
}

/// How an established session ended.
public enum SessionEnd: Hashable, Sendable {
    /// We sent BYE and it was answered, or its transaction ended without an answer.
    case byUs
    /// The far end sent BYE; `headers` holds its `Reason`, if any.
    case byRemote(headers: [SIPHeaderField])
    /// The dialog is gone: `status` 408 or 481 in it (RFC 3261 §12.2.1.2); `nil` for a request of ours in it that
    /// nobody answered, an ACK that never came (§13.3.1.4), or a refresh that did not come (RFC 4028 §10).
    case lost(status: Int?)
}

/// What happens to the sessions of a ``UserAgent``.
public enum UserAgentEvent: Hashable, Sendable {
    // As a client
    /// 101...199. Several early dialogs differ in `toTag`.
    case provisional(InviteSessionID, ReceivedResponse)
    /// A 3xx is followed (``InviteOptions/redirections``), or the failure of an address before. Without a target
    /// ``UserAgent/redirect(_:to:at:into:)`` has to say where it is, within 64*T1.
    case redirected(InviteSessionID, SIPRedirection)
    /// The first 2xx; its ACK is already among the sends, unless ``offered(_:_:)`` follows. Copies are acknowledged without a further event, and the
    /// 2xx of another fork is acknowledged and ended with BYE.
    case answered(InviteSessionID, ReceivedResponse)
    /// One server did not take the INVITE, for this reason; it is on its way to the next (RFC 3263 §4.3).
    case failedOver(InviteSessionID, to: SIPTarget, InviteFailure)
    /// No dialog came of it. The last event of the session.
    case failed(InviteSessionID, InviteFailure)

    // As a server
    /// A new INVITE, already answered with 100. Respond with ``UserAgent/respond(to:status:reason:headers:body:contact:at:into:)``.
    case incoming(InviteSessionID, ReceivedRequest)
    /// PRACK came for a provisional response of ours (RFC 3262), with its body if it carries the answer.
    case provisionalAcknowledged(InviteSessionID, body: SIPBody?)
    /// The ACK for our 2xx came, with its body if it carries the answer.
    case acknowledged(InviteSessionID, body: SIPBody?)
    /// CANCEL came before our final response; 487 is already among the sends. The last event of the session.
    case cancelled(InviteSessionID)
    /// A request outside a dialog came from an address that ``UserAgent/admission`` does not know.
    case strangerRefused(source: SocketAddress)

    // In a dialog, either side
    /// A re-INVITE (or an INVITE without offer, `nil`). Respond as to ``incoming(_:_:)``.
    case reinvited(InviteSessionID, ReceivedRequest)
    /// An offer in UPDATE or PRACK, or in a response to our INVITE without one. Answer with
    /// ``UserAgent/answer(offerIn:status:reason:headers:body:at:into:)``.
    case offered(InviteSessionID, ReceivedOffer)
    /// The 2xx to ``UserAgent/offer(_:body:method:headers:at:into:)``; its body is the answer.
    case offerAnswered(InviteSessionID, ReceivedResponse)
    /// That offer came to nothing; the session goes on as it was.
    case offerRefused(InviteSessionID, OfferFailure)
    /// The session timer was refreshed (RFC 4028) other than by ``reinvited(_:_:)`` or an offer of the application;
    /// `body` is the description in the 2xx to our re-INVITE, for one that has changed.
    case refreshed(InviteSessionID, body: SIPBody?)
    /// The last event of a session that had been answered.
    case ended(InviteSessionID, SessionEnd)

    // Other requests, in a session or outside
    /// The final response to a request of ours; `headers` holds every header field of it.
    case requestAnswered(SIPRequestID, ReceivedResponse)
    case requestFailed(SIPRequestID, RequestFailure)
    /// A request whose method ``UserAgent/Configuration/methods`` names; `headers` holds every header field of it.
    /// Answer with ``UserAgent/respond(toRequest:status:reason:headers:body:contact:at:into:)``.
    case requestReceived(SIPRequestID, session: InviteSessionID?, ReceivedRequest)
}

/// One message to send. The bytes lie in ``UserAgentEffects/bytes``.
public struct UserAgentSend: Hashable, Sendable {
    public var range: Range<Int>
    public var socket: SocketID
    public var destination: SocketAddress
    /// Over a stream `socket` may name the connection to be preferred, while it lives and leads to the host of
    /// `destination`.
    public var transport: SIPTransport

    public init(
        range: Range<Int>, socket: SocketID, destination: SocketAddress, transport: SIPTransport = .udp
    ) {
        self.range = range
        self.socket = socket
        self.destination = destination
        self.transport = transport
    }
}

/// What one step of a ``UserAgent`` wants done. Reused by its owner; clearing keeps the capacity.
public struct UserAgentEffects: Sendable {
    /// Serialised messages, one after another.
    public var bytes: [UInt8] = []
    public var sends: [UserAgentSend] = []
    public var events: [UserAgentEvent] = []

    public init() {}

    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        sends.removeAll(keepingCapacity: true)
        events.removeAll(keepingCapacity: true)
    }
}
