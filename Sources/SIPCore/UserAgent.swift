public import SansIO

/// A SIP user agent, client and server (RFC 3261): transactions, dialogs and digest in one pure machine.
///
/// Datagrams, commands and `now` go in; datagrams and events come out through a sink of the caller's; ``nextDeadline``
/// says when to call ``fire(at:into:)``. It holds no socket, clock or lock, so a live engine and a simulation run
/// the same one.
public struct UserAgent: ~Copyable {
    public init(configuration: Configuration = Configuration(), generator: SeededGenerator) {
        fatalError("contract only")
    }

    /// The earliest instant at which ``fire(at:into:)`` has work; `nil` when nothing is pending.
    public var nextDeadline: MonotonicInstant? { fatalError("contract only") }

    /// Takes one datagram from the wire; anything may be in it.
    public mutating func receive(
        _ datagram: RawSpan, from source: SocketAddress, on socket: SocketID, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) { fatalError("contract only") }

    /// Does everything that is due at `now`: retransmissions, time-outs, tombstones.
    public mutating func fire(at now: MonotonicInstant, into effects: inout UserAgentEffects) {
        fatalError("contract only")
    }

    /// Starts an INVITE. The first events can only come from later steps.
    ///
    /// - Throws: ``UserAgentError`` when a field is not what RFC 3261 allows there, or a limit is reached.
    public mutating func invite(
        _ invite: OutgoingInvite, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(UserAgentError) -> (session: InviteSessionID, callID: String) { fatalError("contract only") }

    /// Ends a session from our side, whatever its state: CANCEL before a final response (once a provisional one has
    /// come, RFC 3261 §9.1), BYE after a 2xx, 487 to an INVITE that we have not answered.
    ///
    /// Ends with exactly one ``UserAgentEvent/failed(_:_:)`` or ``UserAgentEvent/ended(_:_:)``. Unknown or ended
    /// sessions are ignored.
    ///
    /// - Parameter reason: Value of a `Reason` header (RFC 3326), for example `SIP;cause=200;text="done"`.
    public mutating func end(
        _ session: InviteSessionID, reason: String? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) { fatalError("contract only") }

    /// Answers an incoming INVITE or re-INVITE with a provisional or final response.
    ///
    /// A 2xx is retransmitted until its ACK (RFC 3261 §13.3.1.4). Ignored once a final response was given.
    ///
    /// - Parameters:
    ///   - status: `100...699`.
    ///   - reason: Reason phrase; `nil` for the standard one.
    ///   - contact: Contact of a response that makes a dialog, for example `<sip:callee@127.0.0.1:5062>`.
    public mutating func respond(
        to session: InviteSessionID, status: Int, reason: String? = nil, headers: [SIPHeaderField] = [],
        body: SIPBody? = nil, contact: String? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) { fatalError("contract only") }

    /// Counters since the start, for metrics and leak checks.
    public var statistics: Statistics { fatalError("contract only") }
}

extension UserAgent {
    /// Names and limits of one user agent. Defaults suit a server with thousands of calls.
    public struct Configuration: Sendable {
        /// `User-Agent` and `Server` header.
        public var productName = "Outdial"
        /// RFC 3261 §17.1.1.1: round-trip estimate. 500 ms unless the network is known.
        public var t1 = Duration.milliseconds(500)
        /// Longest interval between retransmissions of a request other than INVITE, and of a 2xx.
        public var t2 = Duration.seconds(4)
        /// Longest time a message stays in the network.
        public var t4 = Duration.seconds(5)
        /// Transactions alive at once, tombstones included; above it new requests are answered 503.
        public var maximumTransactions = 1_000_000
        /// INVITE sessions alive at once; above it new INVITEs are answered 503 and ours throw.
        public var maximumSessions = 100_000
        /// Challenges answered for one INVITE: realms, stale nonces and a proxy before the callee all count.
        public var maximumChallenges = 5
        /// When set, incoming requests must authenticate with these credentials (digest, realm ``realm``).
        public var requiredCredentials: [SIPCredentials] = []
        /// Realm of our own challenges.
        public var realm = "outdial"

        public init() {}
    }

    public struct Statistics: Hashable, Sendable {
        public var datagramsReceived = 0
        public var datagramsSent = 0
        /// Datagrams that were not SIP or broke its grammar.
        public var malformed = 0
        /// Requests and responses that fit no transaction and no dialog.
        public var stray = 0
        public var retransmissionsSent = 0
        public var retransmissionsAbsorbed = 0
        public var liveTransactions = 0
        /// Finished transactions kept only to absorb retransmissions.
        public var tombstones = 0
        public var liveSessions = 0

        public init() {}
    }
}

/// A command that the user agent cannot carry out: our own side's mistake.
public enum UserAgentError: Error, Hashable, Sendable {
    /// A field of the command does not follow the grammar; `field` is its name in ``OutgoingInvite``.
    case invalidField(String)
    case tooManySessions
    /// The serialised request exceeds what a datagram can carry.
    case messageTooLarge(bytes: Int)
}
