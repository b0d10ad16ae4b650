public import SansIO

/// Names one request of a ``UserAgent`` other than those of INVITE sessions; never reused within one.
public struct SIPRequestID: Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A request outside any dialog: REGISTER, OPTIONS, MESSAGE, … (RFC 3261 §8.1).
///
/// Text fields are checked by ``UserAgent/request(_:at:into:)``; nothing here can inject a header.
public struct OutgoingRequest: Hashable, Sendable {
    /// Anything but INVITE, ACK, CANCEL, BYE, PRACK and UPDATE.
    public var method: SIPMethod
    /// For REGISTER the registrar's domain: `sip:carrier.example`.
    public var requestURI: String
    /// From, without tag.
    public var from: String
    /// To, without tag.
    public var to: String
    /// Contact with its parameters, or `*`; `nil` for none.
    public var contact: String?
    /// Host and port for the Via's sent-by, as the far end sees them.
    public var sentBy: String
    /// Call-ID; `nil` draws one.
    public var callID: String?
    /// Whether further requests with the same ``callID`` will follow, as a registration's do (RFC 3261 §10.2.4): the
    /// user agent then keeps the From tag, the CSeq number and what challenges have taught, until
    /// ``UserAgent/endSeries(callID:)``.
    public var isSeries: Bool
    /// Route values, nearest hop first: a preloaded route set, for example from Service-Route (RFC 3608).
    public var routes: [String]
    public var body: SIPBody?
    /// Further headers, in order.
    public var headers: [SIPHeaderField]
    /// Answers to 401 and 407; empty when the far end asks nobody.
    public var credentials: [SIPCredentials]
    /// Where the request goes.
    public var destination: SocketAddress
    /// The socket it leaves from and its responses come to; over a stream any socket of the owner's.
    public var socket: SocketID
    /// How it goes there; Via and timers follow.
    public var transport: SIPTransport
    /// How long to wait for a final response, challenges included; `nil` for 64*T1 each (RFC 3261 §17.1.2.2).
    public var timeout: Duration?

    public init(
        method: SIPMethod, requestURI: String, from: String, to: String, contact: String? = nil,
        sentBy: String, callID: String? = nil, isSeries: Bool = false, routes: [String] = [],
        body: SIPBody? = nil, headers: [SIPHeaderField] = [], credentials: [SIPCredentials] = [],
        destination: SocketAddress, socket: SocketID, transport: SIPTransport = .udp,
        timeout: Duration? = nil
    ) {
        self.method = method
        self.requestURI = requestURI
        self.from = from
        self.to = to
        self.contact = contact
        self.sentBy = sentBy
        self.callID = callID
        self.isSeries = isSeries
        self.routes = routes
        self.body = body
        self.headers = headers
        self.credentials = credentials
        self.destination = destination
        self.socket = socket
        self.transport = transport
        self.timeout = timeout
    }
}

/// Why a request brought no answer that the application could use.
@nonexhaustive
public enum RequestFailure: Hashable, Sendable {
    /// No final response in time.
    case timedOut
    /// A challenge after credentials had been given, or one that none of them fits.
    case credentialsRefused(ReceivedResponse)
    /// It could not be sent, or its connection was lost before anything had come back (RFC 3261 §8.1.3.1).
    case transportFailed
}
