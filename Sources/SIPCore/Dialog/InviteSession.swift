internal import SansIO

/// One INVITE session, client or server, from the first INVITE to the end of the last dialog (RFC 3261 §13-15).
///
///     inviting ──2xx──► established ──end, BYE──► ending ──► over
///     incoming ──2xx──►──┘   └──BYE received─────────────────▲
///        └──≥300, CANCEL─────────────────────────────────────┘
///
/// It holds what the steps in ``UserAgent`` need between two messages; ``enter(_:)`` is the only place where the
/// state changes, and ``report()`` the only one where the last event is released, exactly once.
struct InviteSession: Sendable {
    enum State: Hashable, Sendable {
        /// Client: no final response yet.
        case inviting
        /// Server: no final response given yet.
        case incoming
        /// A 2xx was received or given.
        case established
        /// Our BYE is under way, or owed until the ACK comes (RFC 3261 §15).
        case ending
        case over
    }

    enum Timer: Int, CaseIterable, Sendable {
        /// No final response 64*T1 after our CANCEL (RFC 3261 §9.1).
        case cancelled
        /// The 2xx once more (RFC 3261 §13.3.1.4).
        case answer
        /// No ACK for our 2xx.
        case acknowledgement
        /// The server of the INVITE has been silent for too long while there are others (RFC 3263 §4.3).
        case target
        /// Refresh, or the end of the session interval (RFC 4028).
        case session
        /// An offer that met a 491 goes again (RFC 3261 §14.1).
        case backOff
        /// A reliable provisional response again, or no PRACK for it (RFC 3262 §3).
        case provisional
        /// A provisional response so that the INVITE is not taken for dead (RFC 3261 §13.3.1.1).
        case keepAlive
        /// The application has not answered the offer of an UPDATE or PRACK.
        case owedAnswer
        /// The INVITE has run out, or the application has left it unanswered for too long (RFC 3261 §13.3.1).
        case unanswered
    }

    /// What all requests of this session have in common.
    struct Identity: Sendable {
        var callID: String
        var localTag: String
        /// From of our requests, tag included.
        var localParty: String
        /// Contact value, with its brackets.
        var contact: String
        /// Sent-by of our Via.
        var sentBy: String
        /// The session's place in the table: hash of Call-ID and local tag.
        var dialogKey: UInt64
    }

    let id: InviteSessionID
    var identity: Identity
    private(set) var state: State
    /// Whether the application has had the last event.
    private(set) var isReported = false
    var timers = TimerTable<Timer>()
    var dialogs: [Dialog] = []
    /// Which of ``dialogs`` is confirmed; `nil` before a 2xx.
    var confirmed: Int?
    /// Set for sessions that we started.
    var client: ClientInvite?
    /// The INVITE or re-INVITE being answered, until the ACK for its final response.
    var server: ServerInvite?
    /// What a 401 or 407 has taught.
    var authentication = ClientAuthentication()
    /// The session that ends when this one is answered (RFC 3891).
    var replaced: InviteSessionID?
    /// Value of the Reason header of the CANCEL or BYE.
    var endReason: String?
    /// Our BYE was asked for before the ACK of our 2xx had come.
    var isByeOwed = false
    /// Our re-INVITE or UPDATE, waiting or under way.
    var outgoing: OutgoingOffer?
    /// The application's offer, while a refresh is under way.
    var queuedOffer: OutgoingOffer?
    /// Offers of the far end that wait for the application, oldest first.
    var owedAnswers: [OwedAnswer] = []
    /// PRACKs under way.
    var pracks: [PendingPrack] = []
    /// What every copy of the 2xx to our last re-INVITE is acknowledged with.
    var reinviteAcknowledgement: UserAgent.SuccessAcknowledgement?
    /// Our last offer or answer: what a refresh by re-INVITE repeats.
    var localDescription: SIPBody?
    var sessionTimer = SessionTimer()
    /// The largest Min-SE that a 422 has named, in seconds.
    var minimumInterval: UInt32 = 0
    /// Whether the far end's Allow names UPDATE.
    var allowsUpdate = false
    /// The end to report once our BYE is through; `nil` is ``SessionEnd/byUs``.
    var endToReport: SessionEnd?

    init(id: InviteSessionID, identity: Identity, state: State) {
        self.id = id
        self.identity = identity
        self.state = state
    }

    mutating func enter(_ next: State) {
        state = next
        if next == .over { timers.stopAll() }
    }

    /// True the first time: the caller then emits the last event.
    mutating func report() -> Bool {
        defer { isReported = true }
        return !isReported
    }

    /// Notes that we described the session in a message to the INVITE's sender.
    mutating func describe(_ body: SIPBody?, by carrier: OfferAnswer.Carrier) {
        guard let body, !dialogs.isEmpty else { return }
        dialogs[confirmed ?? 0].exchange.apply(.description(carrier, by: .us))
        localDescription = body
    }

    func dialog(withRemoteTag tag: RawSpan) -> Int? {
        dialogs.firstIndex { unsafe $0.remoteTag.span.bytes.isSame(as: tag) }
    }
}

extension InviteSession {
    /// An INVITE of ours that has no final response, or whose 2xx may come again.
    struct ClientInvite: Sendable {
        enum Cancellation: Hashable, Sendable {
            case none
            /// Waits for a provisional response (RFC 3261 §9.1).
            case wanted
            case sent
        }

        var request: OutgoingInvite
        var cSeq: UInt32
        var branch: UInt64
        var transaction: TransactionID?
        /// How the INVITE went: CANCEL takes the same way (RFC 3261 §9.1).
        var route: MessageRoute
        /// TCP, tried for the INVITE's size, has failed.
        var isStreamRefused = false
        /// Times it was sent again after a failure that said how, challenges apart.
        var retries = 0
        /// A 420 has told us to leave the session timer out; a 421 to demand it.
        var withheldTimer = false
        var requiresTimer = false
        /// What 3xx have named.
        var redirection: Redirection?
        /// The failure before a redirection to a host name that the owner is resolving.
        var awaitsAddress: InviteFailure?
        var hasProvisional = false
        var cancellation = Cancellation.none
        /// More than 100 Trying has come, from some server: the callee may be ringing.
        var hasProgressed = false
        /// Servers that were given up for the next, while their transactions last.
        var superseded: [SupersededInvite] = []

        /// The request line of the INVITE, and what its CANCEL repeats.
        var line: UserAgent.RequestLine {
            UserAgent.RequestLine(
                method: .invite, requestURI: request.requestURI, routes: request.routes,
                remoteParty: request.to, cSeq: cSeq, branch: branch, transport: route.transport)
        }
    }

    /// An INVITE of the far end.
    struct ServerInvite: Sendable {
        let transaction: TransactionID
        let cSeq: UInt32
        /// Lines that every response repeats: Via, Record-Route, From, To with our tag, Call-ID, CSeq.
        let head: [UInt8]
        let route: MessageRoute
        /// What it says about the session timer.
        let terms: SessionTimerTerms
        /// What it says about reliable provisional responses.
        let reliability: InviteOptions.Reliability
        /// `nil` while none was sent reliably.
        var reliable: ReliableProvisional?
        /// The latest one of 101 or more.
        var lastProvisional: UserAgent.Answer?
        /// The 2xx, repeated until its ACK; empty before.
        var answer: [UInt8] = []
        var repeatInterval = Duration.zero
        var isDecided = false
        /// Its `Expires` ends before our own limit.
        var expires = false
    }
}

extension RawSpan {
    /// Whether both hold the same octets.
    func isSame(as other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        for offset in 0..<byteCount {
            if byte(offset) != other.byte(offset) { return false }
        }
        return true
    }
}
