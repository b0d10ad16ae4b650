public import SansIO

extension Registration {
    /// What is registered where, and how hard we try.
    public struct Configuration: Sendable {
        /// Request-URI: the registrar's domain, `sip:carrier.example`.
        public var registrar: String
        /// To and From: `<sip:outdial@carrier.example>`.
        public var addressOfRecord: String
        /// The URI at which we are to be reached, without brackets: `sip:outdial@192.0.2.7:5060`.
        public var contact: String
        /// Host and port for the Via's sent-by.
        public var sentBy: String
        public var credentials: [SIPCredentials] = []
        /// Preloaded Route of each REGISTER: the outbound proxies.
        public var routes: [String] = []
        /// Further headers, in order.
        public var headers: [SIPHeaderField] = []
        /// Where the REGISTER goes. May be changed between two of them, as the servers of the domain take turns.
        public var destination: SocketAddress
        public var socket: SocketID
        public var transport = SIPTransport.udp
        /// Time asked for, whole seconds; the registrar may grant less.
        public var expires = Duration.seconds(3_600)
        /// Says that this is one of several ways to the same instance (RFC 5626).
        public var outbound: Outbound?
        /// How long one REGISTER waits for its answer; `nil` for 64*T1.
        public var timeout: Duration?
        /// First wait after a failure that may pass: it doubles with each in a row, up to ``longestRetry``, and is then
        /// shortened by up to one half at random, so that not everybody comes back at once (RFC 5626 §4.5).
        public var shortestRetry = Duration.seconds(30)
        public var longestRetry = Duration.seconds(1_800)
        /// Wait after a refusal that will hardly pass: wrong credentials, 403, 404, 3xx, 6xx and the like. `nil`: give
        /// up until ``Registration/start(at:into:)``.
        public var refusalRetry: Duration? = .seconds(600)

        public init(
            registrar: String, addressOfRecord: String, contact: String, sentBy: String,
            credentials: [SIPCredentials] = [], destination: SocketAddress, socket: SocketID
        ) {
            self.registrar = registrar
            self.addressOfRecord = addressOfRecord
            self.contact = contact
            self.sentBy = sentBy
            self.credentials = credentials
            self.destination = destination
            self.socket = socket
        }
    }

    /// The Contact parameters of RFC 5626 §4.1, §4.2.
    public struct Outbound: Hashable, Sendable {
        /// `urn:uuid:…`, the same through restarts.
        public var instance: String
        /// Names the flow among several, from 1.
        public var flow: UInt32

        public init(instance: String, flow: UInt32 = 1) {
            self.instance = instance
            self.flow = flow
        }
    }

    public enum State: Hashable, Sendable, CaseIterable {
        /// Nothing is asked for.
        case idle
        /// A REGISTER waits for its answer; an earlier binding may still hold.
        case registering
        /// Bound, until the time to refresh it.
        case registered
        /// A failure is being waited out; an earlier binding may still hold.
        case waiting
        /// The REGISTER that takes the binding back waits for its answer.
        case unregistering
        /// Given up after a refusal.
        case refused
    }

    /// What a registrar has granted.
    public struct Binding: Hashable, Sendable {
        /// For how long, from the answer on.
        public var expires: Duration
        /// Service-Route (RFC 3608): the Route set for requests of ours through this registrar.
        public var serviceRoutes: [String]
        /// Interval of keep-alives on a flow (RFC 5626 §4.4.1); `nil` when the registrar names none.
        public var flowTimer: Duration?
        /// Whether the registrar has agreed to RFC 5626.
        public var isOutbound: Bool

        public init(
            expires: Duration, serviceRoutes: [String] = [], flowTimer: Duration? = nil,
            isOutbound: Bool = false
        ) {
            self.expires = expires
            self.serviceRoutes = serviceRoutes
            self.flowTimer = flowTimer
            self.isOutbound = isOutbound
        }
    }

    /// Why a REGISTER brought no binding.
    @nonexhaustive
    public enum Failure: Hashable, Sendable {
        case refused(ReceivedResponse)
        case credentialsRefused(ReceivedResponse)
        /// 3xx: not followed, since a password would follow with it.
        case redirected(ReceivedResponse, contacts: [String])
        /// A 2xx that does not hold our binding, or holds it for no time at all.
        case notBound(ReceivedResponse)
        case timedOut
        case transportFailed
        /// The request itself could not be made: see ``UserAgentError``.
        case notSent(UserAgentError)
    }

    @nonexhaustive
    public enum Event: Hashable, Sendable {
        /// Bound, for the first time or after it was not.
        case registered(Binding)
        /// Bound anew in time.
        case refreshed(Binding)
        /// It will be tried again after `retryAfter`; `nil`: given up.
        case failed(Failure, retryAfter: Duration?)
        /// An earlier binding has run out, and no new one has come.
        case lost
        /// Taken back as asked, or the wait for that is over; then the failure.
        case unregistered(Failure?)
    }
}
