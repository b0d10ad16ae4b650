internal import SIPCore
internal import SansIO

/// An incoming call that is not decided yet.
struct IncomingAttempt: Sendable {
    var call: IncomingCall
    var session: InviteSessionID
    /// The caller's session description; `nil` for a late offer.
    var offer: [UInt8]?
    /// There is none, and provisional responses are reliable: ours belongs into the first of them (RFC 3262 §5).
    var offersEarly = false
    /// The trunk that it came over, or the first of the engine for a caller that has authenticated itself.
    var line: TrunkLine
    var received: CallCore.Now
    /// Opens when nobody waits for the decision any more.
    var withdrawn = Gate()
}

/// An incoming call, and who decides on it.
struct UndecidedCall: Sendable {
    var attempt: IncomingAttempt
    var decide: IncomingCallRouting.Decide
}

/// The incoming calls that are not decided yet, each with the time until which it can be.
struct IncomingDesk {
    private var attempts: [IncomingAttempt?] = []
    private var free: [Int] = []
    private var slotsByID: [CallID: Int] = [:]
    private var slotsBySession: [InviteSessionID: Int] = [:]
    private var deadlines = DeadlineHeap()

    var count: Int { slotsByID.count }
    var nextDeadline: MonotonicInstant? { deadlines.first?.deadline }

    mutating func add(_ attempt: IncomingAttempt, until deadline: MonotonicInstant) {
        let slot = free.popLast() ?? attempts.count
        if slot == attempts.count { attempts.append(nil) }
        attempts[slot] = attempt
        slotsByID[attempt.call.id] = slot
        slotsBySession[attempt.session] = slot
        deadlines.set(slot, to: deadline)
    }

    mutating func take(_ id: CallID) -> IncomingAttempt? { slotsByID[id].flatMap { remove($0) } }

    mutating func take(_ session: InviteSessionID) -> IncomingAttempt? {
        slotsBySession[session].flatMap { remove($0) }
    }

    /// The next one whose time is over.
    mutating func popDue(at now: MonotonicInstant) -> IncomingAttempt? {
        deadlines.popDue(at: now).flatMap { remove($0) }
    }

    /// Any one that is left, in order of slots.
    mutating func takeAny() -> IncomingAttempt? {
        attempts.firstIndex { $0 != nil }.flatMap { remove($0) }
    }

    private mutating func remove(_ slot: Int) -> IncomingAttempt? {
        guard let attempt = attempts[slot] else { return nil }
        attempts[slot] = nil
        free.append(slot)
        slotsByID[attempt.call.id] = nil
        slotsBySession[attempt.session] = nil
        deadlines.set(slot, to: nil)
        return attempt
    }
}
