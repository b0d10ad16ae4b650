public import SansIO

/// A SIP user agent, client and server (RFC 3261): transactions, dialogs and digest in one pure machine.
///
/// Datagrams, commands and `now` go in; datagrams and events come out through a sink of the caller's; ``nextDeadline``
/// says when to call ``fire(at:into:)``. It holds no socket, clock or lock, so a live engine and a simulation run
/// the same one.
public struct UserAgent: ~Copyable {
    let configuration: Configuration
    let keys: TransactionKey
    /// Checks incoming requests; `nil` when nothing is asked of them.
    let verifier: DigestVerifier?
    /// The nonces of our challenges.
    var nonces = NonceLedger()
    /// Whose requests outside a dialog are taken. May change at any time, as a trunk's name resolves anew.
    public var admission = SourceAdmission()
    var generator: SeededGenerator
    var transactions: TransactionLayer
    var sessions = InviteSessionTable()
    var requests = RequestTable()
    /// Value of Allow.
    let allowedMethods: String
    /// Value of Supported in responses.
    let supportedOptions: String
    /// One bit for each registered method that is handed up to the application.
    let handedUp: UInt32
    var counters = Statistics()
    /// The one message being read; taken out while it is, so that a step can lend it to the steps below.
    private var workspace: SIPMessage? = SIPMessage()
    var timedOut: [TransactionUser] = []

    public init(configuration: Configuration = Configuration(), generator: SeededGenerator) {
        var configuration = configuration
        configuration.productName = Self.oneLine(configuration.productName)
        self.configuration = configuration
        self.generator = generator
        (allowedMethods, handedUp) = Self.served(configuration.methods)
        supportedOptions = Self.supported(Self.optionTags, configuration)
        verifier =
            configuration.requiredCredentials.isEmpty
            ? nil
            : DigestVerifier(
                realm: Self.oneLine(configuration.realm), credentials: configuration.requiredCredentials,
                algorithms: configuration.digestAlgorithms, protections: configuration.digestProtections)
        keys = TransactionKey(
            secret: KeyedHash.Secret(first: self.generator.next(), second: self.generator.next()))
        let shortest = Duration.milliseconds(1)  // A timer of zero would fire without end.
        transactions = TransactionLayer(
            times: TransactionTimers(
                t1: max(shortest, configuration.t1), t2: max(shortest, configuration.t2),
                t4: max(shortest, configuration.t4)),
            maximumCount: configuration.maximumTransactions)
    }

    /// The earliest instant at which ``fire(at:into:)`` has work; `nil` when nothing is pending.
    public var nextDeadline: MonotonicInstant? {
        .earlier(.earlier(transactions.nextDeadline, sessions.nextDeadline), requests.nextDeadline)
    }

    /// Takes one datagram, or one message of a stream, from the wire; anything may be in it.
    ///
    /// - Parameter socket: The socket, or over a stream the connection, by which it came: the way of the answer.
    ///
    /// What breaks the grammar is counted, and answered where RFC 3261 says so and enough of it is readable.
    public mutating func receive(
        _ datagram: RawSpan, from source: SocketAddress, on socket: SocketID,
        transport: SIPTransport = .udp, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard var message = workspace.take() else { return }
        counters.datagramsReceived += 1
        let sendCount = effects.sends.count
        let arrival = Arrival(source: source, socket: socket, transport: transport, now: now)
        do throws(SIPParseError) {
            try message.parse(datagram)
            if message.isRequest {
                receiveRequest(message, arrival, into: &effects)
            } else {
                receiveResponse(message, arrival, into: &effects)
            }
        } catch {
            if error.kind != .empty { counters.malformed += 1 }
            if let status = error.suggestedStatus, message.isRequest,
                admission.answers(source, over: transport)
            {
                let key = keys.server(of: message, asInvite: false)
                answerStatelessly(message, status: status.code, key: key, arrival, into: &effects)
            }
        }
        workspace = consume message
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Does everything that is due at `now`: retransmissions, time-outs, tombstones.
    public mutating func fire(at now: MonotonicInstant, into effects: inout UserAgentEffects) {
        let sendCount = effects.sends.count
        transactions.fire(at: now, into: &effects, timedOut: &timedOut)
        for user in timedOut { transactionTimedOut(user, at: now, into: &effects) }
        timedOut.removeAll(keepingCapacity: true)
        while let id = sessions.popDue(at: now) {
            guard var session = sessions.checkOut(id) else { continue }
            while let timer = session.timers.popDue(at: now) {
                timerFired(timer, &session, at: now, into: &effects)
            }
            sessions.checkIn(session)
        }
        fireRequests(at: now, into: &effects)
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Starts an INVITE. The first events can only come from later steps.
    ///
    /// - Throws: ``UserAgentError`` when a field is not what RFC 3261 allows there, or a limit is reached.
    public mutating func invite(
        _ invite: OutgoingInvite, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(UserAgentError) -> (session: InviteSessionID, callID: String) {
        let callID = invite.callID ?? drawCallID()
        try Self.check(invite, callID: callID)
        guard sessions.count < configuration.maximumSessions else { throw .tooManySessions }
        let sendCount = effects.sends.count
        let id = try startSession(invite, callID: callID, at: now, into: &effects)
        counters.datagramsSent += effects.sends.count - sendCount
        return (id, callID)
    }

    /// Ends a session from our side, whatever its state: CANCEL before a final response (once a provisional one has
    /// come, RFC 3261 §9.1), BYE after a 2xx, 487 to an INVITE that we have not answered.
    ///
    /// Ends with exactly one ``UserAgentEvent/failed(_:_:)`` or ``UserAgentEvent/ended(_:_:)``. Unknown or ended
    /// sessions are ignored. Where no response at all had come, ``InviteFailure/abandoned`` is reported at once, and
    /// the CANCEL follows in the background if the far end ever speaks. A 2xx that crosses the CANCEL is acknowledged
    /// and ended with BYE; then ``UserAgentEvent/ended(_:_:)`` comes without an answered event.
    ///
    /// - Parameter reason: Value of a `Reason` header (RFC 3326), for example `SIP;cause=200;text="done"`.
    public mutating func end(
        _ session: InviteSessionID, reason: String? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard var ending = sessions.checkOut(session) else { return }
        let sendCount = effects.sends.count
        end(&ending, reason: reason, at: now, into: &effects)
        sessions.checkIn(ending)
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Answers an incoming INVITE or re-INVITE with a provisional or final response.
    ///
    /// A 2xx is retransmitted until its ACK (RFC 3261 §13.3.1.4). Ignored once a final response was given. Line
    /// breaks in the texts become spaces. After a final response of 300 or more to the first INVITE the session is
    /// over, without a further event.
    ///
    /// - Parameters:
    ///   - status: `100...699`; anything else is ignored.
    ///   - reason: Reason phrase; `nil` for the standard one.
    ///   - contact: Contact of a response that makes a dialog, for example `<sip:callee@127.0.0.1:5062>`; `nil` for
    ///     the Request-URI.
    public mutating func respond(
        to session: InviteSessionID, status: Int, reason: String? = nil, headers: [SIPHeaderField] = [],
        body: SIPBody? = nil, contact: String? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard (100...699).contains(status), var answering = sessions.checkOut(session) else { return }
        let sendCount = effects.sends.count
        if let contact { answering.identity.contact = Self.oneLine(contact) }
        let answer = Answer(status: status, reason: reason, headers: headers, body: body)
        respond(to: &answering, answer, at: now, into: &effects)
        sessions.checkIn(answering)
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Counters since the start, for metrics and leak checks.
    public var statistics: Statistics {
        var statistics = counters
        statistics.retransmissionsSent += transactions.retransmissionsSent
        statistics.liveTransactions = transactions.live.count
        statistics.tombstones = transactions.tombstones.count
        statistics.liveSessions = sessions.count
        statistics.liveRequests = requests.count + requests.series.count
        return statistics
    }
}
