public import SansIO

/// Names one INVITE session of a ``UserAgent``; never reused within one.
public struct InviteSessionID: Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One header field as text, for headers that the library carries but does not interpret.
public struct SIPHeaderField: Hashable, Sendable {
    /// Name as written; compared case-insensitively.
    public var name: String
    /// Value, unfolded and trimmed.
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A message body and its media type.
public struct SIPBody: Hashable, Sendable {
    /// For example `application/sdp`.
    public var contentType: String
    public var bytes: [UInt8]

    public init(contentType: String, bytes: [UInt8]) {
        self.contentType = contentType
        self.bytes = bytes
    }
}

/// User name and password for digest authentication (RFC 7616).
///
/// The password never appears in a description, a log or a trace.
public struct SIPCredentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public var username: String
    public var password: String
    /// Realm for which they hold; `nil` for any.
    public var realm: String?

    public init(username: String, password: String, realm: String? = nil) {
        self.username = username
        self.password = password
        self.realm = realm
    }

    public var description: String { "SIPCredentials(\(username), password hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}

/// Everything the user agent needs for one outgoing INVITE (RFC 3261 §8.1.1, §13.2.1).
///
/// Text fields are checked by ``UserAgent/invite(_:at:into:)``; nothing here can inject a header.
public struct OutgoingInvite: Sendable {
    /// Request-URI, for example `sip:+15551234567@carrier.example`.
    public var requestURI: String
    /// From, without tag: `"Outdial" <sip:+15550100@carrier.example>`.
    public var from: String
    /// To: `<sip:+15551234567@carrier.example>`.
    public var to: String
    /// Contact: `<sip:outdial@192.0.2.7:5060>`.
    public var contact: String
    /// Host and port for the Via's sent-by, as the far end sees them.
    public var sentBy: String
    /// Call-ID; `nil` draws one. Known before the INVITE leaves either way.
    public var callID: String?
    /// Offer, as a rule `application/sdp`; `nil` for a late offer.
    public var body: SIPBody?
    /// Further headers, in order, for example `P-Asserted-Identity`.
    public var headers: [SIPHeaderField]
    /// Route values of the INVITE, nearest hop first: a preloaded route set, for example from Service-Route (RFC 3608).
    /// The dialog's own comes from Record-Route.
    public var routes: [String] = []
    /// The dialog of the callee that this call is to take the place of (RFC 3891): what a REFER to us has named. The
    /// callee refuses the call when it does not know how (`Require: replaces`).
    public var replaces: SIPReplaces?
    /// Answers to 401 and 407; empty when the far end asks nobody.
    public var credentials: [SIPCredentials]
    /// Where the request goes: the trunk's address.
    public var destination: SocketAddress
    /// The socket it leaves from and its responses come to; over a stream any socket of the owner's.
    public var socket: SocketID
    /// How it goes there; Via and timers follow. The Contact's `transport` parameter is the caller's to write.
    public var transport: SIPTransport
    /// Octets above which a request that would go by UDP goes by TCP instead (RFC 3261 §18.1.1: 1,300 where the path's
    /// MTU is not known); when TCP fails, it goes by UDP after all. `nil`: never.
    public var streamThreshold: Int?
    /// Further servers, tried in order when one answers 503, fails or stays silent before it has made the callee ring
    /// (RFC 3263 §4.3).
    public var alternatives: [SIPTarget] = []
    /// Silence after which the next of ``alternatives`` is tried; the last server has the 64*T1 of RFC 3261 §17.1.1.2.
    public var targetTimeout = Duration.seconds(4)
    /// Time after which a server that has said no more than 100 Trying is cancelled for the next of ``alternatives``:
    /// longer, since such a server may be waiting for others in its turn.
    public var progressTimeout = Duration.seconds(12)
    /// Extensions offered and asked for.
    public var options: InviteOptions

    public init(
        requestURI: String, from: String, to: String, contact: String, sentBy: String, callID: String? = nil,
        body: SIPBody? = nil, headers: [SIPHeaderField] = [], credentials: [SIPCredentials] = [],
        destination: SocketAddress, socket: SocketID, transport: SIPTransport = .udp,
        streamThreshold: Int? = nil, options: InviteOptions = InviteOptions()
    ) {
        self.requestURI = requestURI
        self.from = from
        self.to = to
        self.contact = contact
        self.sentBy = sentBy
        self.callID = callID
        self.body = body
        self.headers = headers
        self.credentials = credentials
        self.destination = destination
        self.socket = socket
        self.transport = transport
        self.streamThreshold = streamThreshold
        self.options = options
    }
}
