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
        /// When set, incoming requests outside a dialog must authenticate with one of these (digest, realm ``realm``);
        /// others are answered 407. ACK and CANCEL cannot be challenged (RFC 3261 §22.1).
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
        /// Requests outside a dialog from addresses that ``UserAgent/admission`` does not know.
        public var strangersRefused = 0

        public init() {}

        /// Adds the figures of another user agent, so that several can be shown as one.
        public mutating func add(_ other: Self) {
            datagramsReceived += other.datagramsReceived
            datagramsSent += other.datagramsSent
            malformed += other.malformed
            stray += other.stray
            retransmissionsSent += other.retransmissionsSent
            retransmissionsAbsorbed += other.retransmissionsAbsorbed
            liveTransactions += other.liveTransactions
            tombstones += other.tombstones
            liveSessions += other.liveSessions
        }
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
