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
        /// Transactions alive at once, tombstones included; above it new requests outside dialogs are answered 503.
        public var maximumTransactions = 1_000_000
        /// Server transactions of one source host, tombstones included; above it its new requests outside dialogs are
        /// answered 503. Not for hosts that ``UserAgent/admission`` knows.
        public var maximumTransactionsPerSource = 100_000
        /// How long an incoming INVITE may wait for the application's final response, `Expires` (RFC 3261 §13.3.1) apart;
        /// then it is answered 480.
        public var incomingAnswerLimit = Duration.seconds(600)
        /// INVITE sessions alive at once; above it new INVITEs are answered 503 and ours throw.
        public var maximumSessions = 100_000
        /// Challenges answered for one INVITE: realms, stale nonces and a proxy before the callee all count.
        public var maximumChallenges = 5
        /// When set, incoming requests outside a dialog must authenticate with one of these (digest, realm ``realm``);
        /// others are answered 407. ACK and CANCEL cannot be challenged (RFC 3261 §22.1).
        public var requiredCredentials: [SIPCredentials] = []
        /// Which callers get our provisional responses reliably.
        public var reliableProvisionals = ProvisionalReliability.whenRequired
        /// Session-Expires that we ask callers for (RFC 4028), in whole seconds; `nil` asks for none and agrees to theirs.
        public var sessionInterval: Duration?
        /// The least Session-Expires that we agree to, in whole seconds; 90 s at least. Shorter ones are answered 422.
        public var minimumSessionInterval = Duration.seconds(90)
        /// Realm of our own challenges.
        public var realm = "outdial"
        /// One challenge each, in this order (RFC 8760 §2.4). Without MD5 many phones cannot answer.
        public var digestAlgorithms: [DigestAlgorithm] = [.sha256, .md5]
        /// What our challenges offer. With ``DigestProtection/integrity`` alone, bodies must be protected.
        public var digestProtections: [DigestProtection] = [.authentication]

        /// Methods that the application serves, beyond INVITE, ACK, CANCEL, BYE, PRACK and UPDATE, which sessions serve, and OPTIONS,
        /// which the user agent answers itself unless it is named here. Their requests are handed up by
        /// ``UserAgentEvent/requestReceived(_:session:_:)``; those of all other methods are answered 405 or 501.
        public var methods: [SIPMethod] = []
        /// Requests waiting for an answer at once, ours and the far end's together, and series of ours; above it ours
        /// throw and the far end's are answered 503.
        public var maximumRequests = 10_000
        /// How long the application may take to answer a request that was handed up to it. At most 56*T1 counts, so
        /// that the answer comes before the far end's time-out (RFC 4320 §4.2).
        public var requestAnswerLimit = Duration.seconds(20)
        /// Whether an INVITE with Replaces (RFC 3891) may take the place of a session: it is matched, refused as the RFC
        /// says, or handed up with ``ReceivedRequest/replaces``. Answering it with a 2xx then ends the other session. The
        /// application decides by whom it lets that be done. Otherwise Replaces means nothing here.
        public var servesReplaces = false
        /// Session description in the answer to OPTIONS (RFC 3261 §11.2): what an INVITE would be offered.
        public var optionsBody: SIPBody?

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
        /// Requests other than those of sessions that wait for an answer, and series that are kept.
        public var liveRequests = 0
        /// Answers whose proof of the password (`rspauth`, RFC 7616 §3.5) was right, and wrong. A wrong one is told
        /// nowhere else: the answer counts all the same.
        public var serverProofsAccepted = 0
        public var serverProofsRefused = 0

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
            liveRequests += other.liveRequests
            serverProofsAccepted += other.serverProofsAccepted
            serverProofsRefused += other.serverProofsRefused
            strangersRefused += other.strangersRefused
        }
    }
}

/// A command that the user agent cannot carry out: our own side's mistake.
public enum UserAgentError: Error, Hashable, Sendable {
    /// A field of the command does not follow the grammar; `field` is its name in ``OutgoingInvite``,
    /// ``OutgoingRequest`` or the command.
    case invalidField(String)
    case tooManySessions
    case tooManyRequests
    /// The session does not exist or is not established.
    case noDialog
    /// The offer before this one is not through yet.
    case offerPending
    /// The serialised request exceeds what a datagram can carry.
    case messageTooLarge(bytes: Int)
}
