internal import SansIO

/// A request of ours that waits for its final response.
struct ClientRequest: Sendable {
    /// What it belongs to.
    enum Scope: Sendable {
        /// No dialog: the request as it was asked for, and what its messages have in common.
        case outside(OutgoingRequest, InviteSession.Identity)
        case session(InviteSessionID)
    }

    let scope: Scope
    let method: SIPMethod
    let headers: [SIPHeaderField]
    let body: SIPBody?
    var cSeq: UInt32 = 0
    var transaction: TransactionID?
    /// What challenges have taught, unless a session or a series keeps it.
    var authentication = ClientAuthentication()
    var attempt = ClientAuthentication.Attempt()
}

/// A request of the far end that waits for the application's answer.
struct ServerRequest: Sendable {
    let transaction: TransactionID
    /// Lines that every response repeats: Via, Record-Route, From, To with our tag, Call-ID, CSeq.
    let head: [UInt8]
    /// From when on an answer would be of no use; then the far end gets a 500 (RFC 4320 §4.2).
    let limit: MonotonicInstant
    var hasProvisional = false
}

/// What requests with one Call-ID have in common (RFC 3261 §10.2.4).
struct RequestSeries: Sendable {
    let localTag: String
    var cSeq: UInt32
    var authentication = ClientAuthentication()
}

/// The requests of one user agent that are neither INVITE nor belong to its session's own machinery, by id and by
/// deadline.
struct RequestTable: Sendable {
    enum Record: Sendable {
        case client(ClientRequest)
        case server(ServerRequest)
    }

    private var slab = Slab<(id: SIPRequestID, record: Record)>()
    private var slots: [SIPRequestID: Int32] = [:]
    private var deadlines = DeadlineHeap()
    private var nextNumber: UInt64 = 1
    var series: [String: RequestSeries] = [:]

    var count: Int { slots.count }
    /// The earliest deadline of any request; `nil` when none runs.
    var nextDeadline: MonotonicInstant? { deadlines.first?.deadline }

    mutating func nextID() -> SIPRequestID {
        defer { nextNumber += 1 }
        return SIPRequestID(rawValue: nextNumber)
    }

    mutating func insert(_ record: Record, as id: SIPRequestID, deadline: MonotonicInstant?) {
        let index = slab.insert((id, record))
        slots[id] = Int32(index)
        deadlines.set(index, to: deadline)
    }

    func record(_ id: SIPRequestID) -> Record? {
        slots[id].flatMap { slab[Int($0)]?.record }
    }

    mutating func update(_ id: SIPRequestID, _ record: Record) {
        if let slot = slots[id] { slab[Int(slot)] = (id, record) }
    }

    mutating func setDeadline(of id: SIPRequestID, to deadline: MonotonicInstant?) {
        if let slot = slots[id] { deadlines.set(Int(slot), to: deadline) }
    }

    @discardableResult
    mutating func remove(_ id: SIPRequestID) -> Record? {
        guard let slot = slots.removeValue(forKey: id) else { return nil }
        deadlines.set(Int(slot), to: nil)
        return slab.remove(at: Int(slot))?.record
    }

    /// The next request with something due at `now`.
    mutating func popDue(at now: MonotonicInstant) -> SIPRequestID? {
        guard let index = deadlines.popDue(at: now) else { return nil }
        return slab[index]?.id
    }
}
