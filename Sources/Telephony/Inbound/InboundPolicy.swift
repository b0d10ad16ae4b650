public import SIPCore
public import SansIO

/// How a dialer is called: by whom, at which numbers, and how many at once. Off unless it is given one.
///
/// Calls cost money, so nobody is let in unasked. A caller is one of our trunks (the addresses of all its servers and
/// ``Trunk/allowedSources``, by its ``Trunk/transport`` or a more secure one: nobody who forges the source of a datagram is
/// taken for a trunk that is reached by TLS), or it authenticates itself with one of ``credentials``, or it is refused before any
/// state is kept.
public struct InboundPolicy: Sendable {
    public var routing: IncomingCallRouting
    /// When set, callers that are no trunk are challenged (digest, realm ``realm``) and let in with one of these.
    public var credentials: [SIPCredentials] = []
    public var realm = "outdial"
    /// Of the challenges, preferred first. Some callers look at the first alone and know only MD5.
    public var challengeAlgorithms: [DigestAlgorithm] = [.sha256, .md5]
    /// What a caller gets that is no trunk, when there are no ``credentials``: 403, or silence.
    public var strangers = Strangers.refused
    /// Time for a route's decision; then the caller gets 480.
    public var decisionTimeout = Duration.seconds(5)
    /// Time from the INVITE to our answer, preparing included; then the caller gets 480.
    public var ringTimeout = Duration.seconds(60)
    /// Inbound calls at once; a caller above it gets 486. The dialer's own limit, above which it gets 503, holds too.
    public var maximumCalls = 1_000
    /// INVITEs per second from one address, of IPv6 from one network of 64 bits; above it the caller gets 503 with
    /// `Retry-After: 1`, is counted, and leaves no record.
    public var maximumRatePerSource = 100

    /// Verifies the Identity header fields of calls (STIR/SHAKEN); the verdict is the route's to act on
    /// (``IncomingCall/identity``), no call is refused for it.
    public var identity: IdentityVerification?

    public enum Strangers: Hashable, Sendable { case refused, ignored }

    public init(_ routing: IncomingCallRouting) { self.routing = routing }

    var admission: SourceAdmission.Strangers {
        if !credentials.isEmpty { return .admitted }
        return strangers == .ignored ? .ignored : .refused
    }
}

/// Callers that were turned away, as an observer is told: at most once a second, whatever comes.
public struct RefusedCallers: Hashable, Sendable {
    public enum Reason: String, Hashable, Sendable, Codable {
        /// No trunk of ours, and no credentials.
        case stranger
        /// Too many INVITEs per second from one address.
        case rate
    }

    /// The last of them.
    public var source: SocketAddress
    public var reason: Reason
    /// How many since the observer was told last, this one included.
    public var count: Int
    public var instant: MonotonicInstant

    public init(source: SocketAddress, reason: Reason, count: Int, instant: MonotonicInstant) {
        self.source = source
        self.reason = reason
        self.count = count
        self.instant = instant
    }
}

/// Counters of inbound calls since the dialer was started.
public struct InboundStatistics: Hashable, Sendable {
    /// INVITEs outside a dialog that were let in.
    public var received = 0
    public var accepted = 0
    /// Refused, redirected or given up before anything was decided.
    public var notAccepted = 0
    /// Requests outside a dialog from strangers.
    public var strangersRefused = 0
    /// Of `notAccepted`, for too many per second from one address.
    public var rateLimited = 0

    public init() {}

    mutating func add(_ other: Self) {
        received += other.received
        accepted += other.accepted
        notAccepted += other.notAccepted
        strangersRefused += other.strangersRefused
        rateLimited += other.rateLimited
    }
}
