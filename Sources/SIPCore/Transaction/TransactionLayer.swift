internal import SansIO

/// All transactions of one user agent: finds the one that a message belongs to, keeps their timers and repeats
/// what they repeat (RFC 3261 §17).
///
/// It reads no messages: its owner derives the keys (``TransactionKey``), serialises, and tells it status codes. At
/// ``maximumCount`` (tombstones included) it takes no more server transactions, which the owner answers with a
/// stateless 503; client transactions are bounded by the owner's limit on sessions.
struct TransactionLayer: Sendable {
    let times: TransactionTimers
    let maximumCount: Int
    private(set) var live = Slab<Live>()
    private(set) var tombstones = Slab<Tombstone>()
    /// Key to slot: twice the index, plus one for a tombstone. The heap uses the same numbers.
    private var slots: [UInt64: Int32] = [:]
    private var mergeSlots: [UInt64: Int32] = [:]
    private var deadlines = DeadlineHeap()
    /// Server transactions by the host that they answer; those without any are not in it.
    private var serverCounts: [SocketAddress: Int] = [:]
    /// Client transactions over streams: only they can lose a connection.
    private(set) var streamClientCount = 0

    init(times: TransactionTimers, maximumCount: Int) {
        self.times = times
        self.maximumCount = maximumCount
    }

    var count: Int { live.count + tombstones.count }
    var isFull: Bool { count >= maximumCount }

    /// Server transactions whose responses go to the host of `source`.
    func serverCount(of source: SocketAddress) -> Int { serverCounts[source.with(port: 0)] ?? 0 }

    /// The earliest instant at which ``fire(at:into:timedOut:)`` has work; `nil` when no timer runs.
    var nextDeadline: MonotonicInstant? { deadlines.first?.deadline }

    // MARK: Client

    /// Sends a serialised request, the last message in `effects`, and starts its transaction.
    mutating func start(
        _ method: ClientMethod, key: UInt64, message: Range<Int>, route: MessageRoute, user: TransactionUser,
        at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> TransactionID {
        let machine: Live.Machine
        let times = times.over(route.transport)
        switch method {
        case .invite:
            var transaction = InviteClientTransaction(times: times)
            var out = InviteClientTransaction.Output()
            transaction.start(at: now, into: &out)
            machine = .inviteClient(transaction)
        case .other:
            var transaction = NonInviteClientTransaction(times: times)
            var out = NonInviteClientTransaction.Output()
            transaction.start(at: now, into: &out)
            machine = .nonInviteClient(transaction)
        }
        effects.send(message, along: route)
        return insert(
            Live(key: key, machine: machine, message: Array(effects.bytes[message]), route: route, user: user)
        )
    }

    enum ClientMethod: Hashable, Sendable { case invite, other }

    mutating func receiveResponse(key: UInt64, code: Int, at now: MonotonicInstant) -> ResponseOutcome {
        guard let slot = slots[key] else { return .stray }
        let index = Int(slot >> 1)
        if slot & 1 == 1 { return tombstoneOutcome(at: index, code: code) }
        guard let record = live[index] else { return .stray }
        let user = record.user
        switch record.machine {
        case .inviteClient(var machine):
            var out = InviteClientTransaction.Output()
            machine.receive(code: code, at: now, into: &out)
            live[index]?.machine = .inviteClient(machine)
            let acknowledgement =
                out.sends.isEmpty
                ? nil
                : Acknowledgement(head: Self.acknowledgementHead(of: record.message), route: record.route)
            settle(index)
            switch (acknowledgement, out.events.isEmpty) {
            case (let acknowledgement?, false): return .acknowledgeAndDeliver(acknowledgement, user)
            case (let acknowledgement?, true): return .acknowledge(acknowledgement)
            case (nil, false): return .deliver(user)
            case (nil, true): return .absorbed
            }
        case .nonInviteClient(var machine):
            var out = NonInviteClientTransaction.Output()
            machine.receive(code: code, at: now, into: &out)
            live[index]?.machine = .nonInviteClient(machine)
            settle(index)
            return out.events.isEmpty ? .absorbed : .deliver(user)
        case .inviteServer, .nonInviteServer:
            return .stray
        }
    }

    private func tombstoneOutcome(at index: Int, code: Int) -> ResponseOutcome {
        guard let tombstone = tombstones[index] else { return .stray }
        switch (tombstone.kind, code) {
        case (.inviteClientAccepted, 200..<300):
            return .deliver(tombstone.isReinvite ? .offer(tombstone.session) : .invite(tombstone.session))
        case (.inviteClientCompleted, 300..<700):
            return .acknowledge(Acknowledgement(head: tombstone.acknowledgementHead, route: tombstone.route))
        case (.inviteClientAccepted, _), (.inviteClientCompleted, _), (.nonInviteClientCompleted, _):
            return .absorbed
        case (.inviteServerAccepted, _), (.inviteServerConfirmed, _), (.nonInviteServerCompleted, _):
            return .stray
        }
    }

    /// Gives an INVITE of ours a last 64*T1 to be answered in.
    mutating func limit(_ id: TransactionID, at now: MonotonicInstant) {
        guard live.isLive(id), case .inviteClient(var machine)? = live[Int(id.index)]?.machine else { return }
        machine.limit(at: now)
        live[Int(id.index)]?.machine = .inviteClient(machine)
        settle(Int(id.index))
    }

    /// An INVITE of ours that has no final response: how it went, and its Request-URI and Route values.
    func openInvite(key: UInt64) -> (id: TransactionID, head: [UInt8], route: MessageRoute)? {
        guard let slot = slots[key], slot & 1 == 0, let record = live[Int(slot >> 1)],
            case .inviteClient = record.machine
        else { return nil }
        let id = TransactionID(index: slot >> 1, generation: live.generation(at: Int(slot >> 1)))
        return (id, Self.acknowledgementHead(of: record.message), record.route)
    }

    /// Notes whose 2xx made the session, so that its copies are known when that is over.
    mutating func note(answeredBy remoteTag: UInt32, key: UInt64) {
        guard let slot = slots[key], slot & 1 == 1 else { return }
        tombstones[Int(slot >> 1)]?.answeredBy = remoteTag
    }

    /// Hash of the remote tag that ``note(answeredBy:key:)`` has noted; `nil` for none.
    func answeredBy(_ key: UInt64) -> UInt32? {
        guard let slot = slots[key], slot & 1 == 1 else { return nil }
        return tombstones[Int(slot >> 1)]?.answeredBy
    }

    func contains(_ key: UInt64) -> Bool { slots[key] != nil }

    /// Forgets a client transaction that has no final response (RFC 3261 §9.1).
    mutating func abandon(_ id: TransactionID) {
        guard live.isLive(id) else { return }
        switch live[Int(id.index)]?.machine {
        case .inviteClient(var machine)?:
            machine.abandon()
            live[Int(id.index)]?.machine = .inviteClient(machine)
        case .nonInviteClient(var machine)?:
            machine.abandon()
            live[Int(id.index)]?.machine = .nonInviteClient(machine)
        case .inviteServer?, .nonInviteServer?, nil:
            return
        }
        settle(Int(id.index))
    }

    /// Hands an INVITE client transaction that has no final response to another user, and repeats it no more.
    mutating func supersede(_ id: TransactionID, by user: TransactionUser) {
        guard live.isLive(id), case .inviteClient(var machine)? = live[Int(id.index)]?.machine else { return }
        machine.hush()
        live[Int(id.index)]?.user = user
        live[Int(id.index)]?.machine = .inviteClient(machine)
        settle(Int(id.index))
    }

    // MARK: Server

    /// Takes up a new INVITE; the owner answers it with ``respond(to:code:message:at:into:)``.
    mutating func acceptInvite(
        key: UInt64, mergeKey: UInt64, route: MessageRoute, session: InviteSessionID
    ) -> TransactionID {
        insert(
            Live(
                key: key, mergeKey: mergeKey,
                machine: .inviteServer(InviteServerTransaction(times: times.over(route.transport))),
                message: [], route: route, user: .invite(session)))
    }

    /// Sends a serialised response, the last message in `effects`, to a request that waits for it.
    mutating func respond(
        to id: TransactionID, code: Int, message: Range<Int>, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard live.isLive(id), let record = live[Int(id.index)] else { return }
        let sendsNow: Bool
        switch record.machine {
        case .inviteServer(var machine):
            var out = InviteServerTransaction.Output()
            machine.respond(code: code, at: now, into: &out)
            live[Int(id.index)]?.machine = .inviteServer(machine)
            sendsNow = !out.sends.isEmpty
        case .nonInviteServer(var machine):
            var out = NonInviteServerTransaction.Output()
            machine.respond(code: code, at: now, into: &out)
            live[Int(id.index)]?.machine = .nonInviteServer(machine)
            sendsNow = !out.sends.isEmpty
        case .inviteClient, .nonInviteClient: return
        }
        if sendsNow {
            live[Int(id.index)]?.message = Array(effects.bytes[message])
            effects.send(message, along: record.route)
        }
        settle(Int(id.index))
    }

    /// Takes up a new request other than INVITE that the application answers.
    mutating func acceptRequest(
        key: UInt64, mergeKey: UInt64, route: MessageRoute, at now: MonotonicInstant
    ) -> TransactionID {
        var machine = NonInviteServerTransaction(times: times.over(route.transport))
        machine.start(at: now)
        return insert(
            Live(
                key: key, mergeKey: mergeKey, machine: .nonInviteServer(machine), message: [], route: route,
                user: .invite(.nobody)))
    }

    /// Notes that a request other than INVITE was answered with a final status, so that copies are answered alike.
    mutating func recordAnswer(
        key: UInt64, mergeKey: UInt64, status: Int, route: MessageRoute, at now: MonotonicInstant
    ) {
        var machine = NonInviteServerTransaction(times: times.over(route.transport))
        var out = NonInviteServerTransaction.Output()
        machine.respond(code: status, at: now, into: &out)
        guard machine.state == .completed, slots[key] == nil else { return }
        insert(
            Tombstone(
                key: key, mergeKey: mergeKey, route: route, status: UInt16(clamping: status),
                kind: .nonInviteServerCompleted),
            until: machine.nextDeadline)
    }

    /// Offers a request to its transaction. An ACK has the key of the INVITE that it acknowledges.
    mutating func receiveRequest(
        key: UInt64, isAcknowledgement: Bool, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> RequestOutcome {
        guard let slot = slots[key] else { return .new }
        let index = Int(slot >> 1)
        if slot & 1 == 1 {
            guard let tombstone = tombstones[index] else { return .new }
            switch tombstone.kind {
            case .inviteServerAccepted: return isAcknowledgement ? .new : .absorbed
            case .inviteServerConfirmed: return .absorbed
            case .nonInviteServerCompleted: return .answerAgain(status: Int(tombstone.status))
            case .inviteClientAccepted, .inviteClientCompleted, .nonInviteClientCompleted: return .new
            }
        }
        guard let record = live[index] else { return .new }
        let isRepeated: Bool
        switch record.machine {
        case .inviteServer(var machine):
            var out = InviteServerTransaction.Output()
            if isAcknowledgement {
                machine.receiveAck(at: now, into: &out)
            } else {
                machine.receiveInvite(into: &out)
            }
            live[index]?.machine = .inviteServer(machine)
            isRepeated = !out.sends.isEmpty
        case .nonInviteServer(let machine):
            var out = NonInviteServerTransaction.Output()
            machine.receiveRequest(into: &out)
            isRepeated = !out.sends.isEmpty
        case .inviteClient, .nonInviteClient:
            return .new
        }
        if isRepeated { repeatMessage(of: record, into: &effects) }
        settle(index)
        return .absorbed
    }

    /// Whether the same request came by another path already (RFC 3261 §8.2.2.2).
    func isMerged(_ mergeKey: UInt64) -> Bool { mergeSlots[mergeKey] != nil }

    /// The INVITE that a CANCEL with this key means: its session while it is undecided, `nil` inside once decided.
    func inviteToCancel(key: UInt64) -> InviteSessionID?? {
        guard let slot = slots[key] else { return nil }
        if slot & 1 == 1 {
            switch tombstones[Int(slot >> 1)]?.kind {
            case .inviteServerAccepted?, .inviteServerConfirmed?: return .some(nil)
            default: return nil
            }
        }
        guard let record = live[Int(slot >> 1)], case .inviteServer(let machine) = record.machine else {
            return nil
        }
        return machine.state == .proceeding ? .some(record.user.session) : .some(nil)
    }

    // MARK: Time

    /// Does what is due at `now`; the users of transactions that timed out are appended to `timedOut`.
    mutating func fire(
        at now: MonotonicInstant, into effects: inout UserAgentEffects, timedOut: inout [TransactionUser]
    ) {
        while let slot = deadlines.popDue(at: now) {
            let index = slot >> 1
            if slot & 1 == 1 {
                bury(index)
                continue
            }
            guard let record = live[index] else { continue }
            let sends: Int
            var isTimeout = false
            switch record.machine {
            case .inviteClient(var machine):
                var out = InviteClientTransaction.Output()
                machine.fire(at: now, into: &out)
                live[index]?.machine = .inviteClient(machine)
                (sends, isTimeout) = (out.sends.count, !out.events.isEmpty)
            case .nonInviteClient(var machine):
                var out = NonInviteClientTransaction.Output()
                machine.fire(at: now, into: &out)
                live[index]?.machine = .nonInviteClient(machine)
                (sends, isTimeout) = (out.sends.count, !out.events.isEmpty)
            case .inviteServer(var machine):
                var out = InviteServerTransaction.Output()
                machine.fire(at: now, into: &out)
                live[index]?.machine = .inviteServer(machine)
                sends = out.sends.count  // Nobody hears of an ACK for a refusal that never came.
            case .nonInviteServer(var machine):
                machine.fire(at: now)
                live[index]?.machine = .nonInviteServer(machine)
                sends = 0
            }
            for _ in 0..<sends { repeatMessage(of: record, into: &effects) }
            if isTimeout { timedOut.append(record.user) }
            settle(index)
        }
    }

    private(set) var retransmissionsSent = 0

    private mutating func repeatMessage(of record: Live, into effects: inout UserAgentEffects) {
        retransmissionsSent += 1
        let start = effects.bytes.count
        effects.bytes.append(contentsOf: record.message)
        effects.send(start..<effects.bytes.count, along: record.route)
    }

    // MARK: Slots

    private mutating func insert(_ record: Live) -> TransactionID {
        if record.isServer {
            count(record.route.destination, by: 1)
        } else if record.route.transport.isReliable {
            streamClientCount += 1
        }
        let index = live.insert(record)
        let slot = Int32(index << 1)
        slots[record.key] = slot
        if record.mergeKey != 0 { mergeSlots[record.mergeKey] = slot }
        deadlines.set(Int(slot), to: record.nextDeadline)
        return TransactionID(index: Int32(index), generation: live.generation(at: index))
    }

    private mutating func insert(_ tombstone: Tombstone, until deadline: MonotonicInstant?) {
        if tombstone.kind.isServer { count(tombstone.route.destination, by: 1) }
        let slot = tombstones.insert(tombstone) << 1 | 1
        slots[tombstone.key] = Int32(slot)
        if tombstone.mergeKey != 0 { mergeSlots[tombstone.mergeKey] = Int32(slot) }
        deadlines.set(slot, to: deadline)
    }

    /// After a step of the machine at `index`: rearms it, shrinks it to a tombstone, or forgets it.
    private mutating func settle(_ index: Int) {
        guard let record = live[index] else { return }
        switch Self.fate(of: record.machine) {
        case .live:
            deadlines.set(index << 1, to: record.nextDeadline)
        case .lingering(let kind):
            deadlines.set(index << 1, to: nil)
            _ = live.remove(at: index)
            leave(record)
            insert(
                Tombstone(
                    key: record.key, mergeKey: record.mergeKey, session: record.user.session,
                    acknowledgementHead: kind == .inviteClientCompleted
                        ? Self.acknowledgementHead(of: record.message) : [],
                    route: record.route, kind: kind, isReinvite: record.user.isOffer),
                until: record.nextDeadline)
        case .over:
            deadlines.set(index << 1, to: nil)
            _ = live.remove(at: index)
            leave(record)
            forget(key: record.key, mergeKey: record.mergeKey, slot: Int32(index << 1))
        }
    }

    /// Takes a record that lives no more out of the counts.
    private mutating func leave(_ record: Live) {
        if record.isServer {
            count(record.route.destination, by: -1)
        } else if record.route.transport.isReliable {
            streamClientCount -= 1
        }
    }

    private mutating func count(_ destination: SocketAddress, by change: Int) {
        let host = destination.with(port: 0)
        let count = (serverCounts[host] ?? 0) + change
        serverCounts[host] = count > 0 ? count : nil
    }

    /// Puts a machine back after a step.
    mutating func replace(_ machine: Live.Machine, at index: Int) {
        live[index]?.machine = machine
        settle(index)
    }

    private mutating func bury(_ index: Int) {
        guard let tombstone = tombstones.remove(at: index) else { return }
        if tombstone.kind.isServer { count(tombstone.route.destination, by: -1) }
        forget(key: tombstone.key, mergeKey: tombstone.mergeKey, slot: Int32(index << 1 | 1))
    }

    private mutating func forget(key: UInt64, mergeKey: UInt64, slot: Int32) {
        if slots[key] == slot { slots[key] = nil }
        if mergeKey != 0, mergeSlots[mergeKey] == slot { mergeSlots[mergeKey] = nil }
    }
}
