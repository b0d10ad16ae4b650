public import SansIO
public import Telephony

/// The rules of a campaign as a value: who is called next, who is not and why, and what each outcome leads to.
///
/// It knows no clock and no store. Its order is fixed: recipients whose time has come go first, by that time and then by row; then those never
/// called, by row.
public struct CampaignCore: Sendable {
    /// The campaign as it stands.
    public private(set) var campaign: Campaign
    public private(set) var counts = CampaignCounts()

    private var recipients: [Recipient]
    private var queue = RecipientQueue()
    private var pacing: Pacing
    private var doNotCall: DoNotCallList
    private var hours: CallingHoursTable
    /// Calls begun and not ended.
    private var calls = OrderedTable<CallID, RunningCall>()
    private var trunkFaultsInARow = 0
    /// Whom the trunk did not allow us to call since the last call that it carried.
    private var forbidden = OrderedTable<RecipientID, Void>()
    /// What the far end has asked for: whom to leave alone, and which number not to show.
    private var restraint = CampaignRestraint()

    private var statusChanged = false
    private var changedSlots = OrderedTable<Int, Void>()
    private var changedAttempts = OrderedTable<CallID, Attempt>()

    private struct RunningCall {
        var slot: Int
        var planned: PlannedCall
        /// Set once the INVITE may have left.
        var attempt: Attempt?
        /// SIP Call-ID of the INVITE over the trunk before, while the next one's is being written.
        var sipCallIDBefore: String?
    }

    /// Decisions of one tick, at most, so that a step stays short; the rest follows in the next.
    private static let decisionLimit = 500

    /// Takes up a campaign as it was left.
    ///
    /// Recipients who were only queued are pending again, since no INVITE had left. Attempts still *dialing* belong to a process that died: their
    /// recipients become *unknown* and are not called again.
    ///
    /// - Parameters:
    ///   - recipients: All of them, in the order of their rows.
    ///   - attempts: All of them; only the unfinished ones and the latest start matter.
    public init(
        campaign: Campaign, recipients: [Recipient], attempts: [Attempt] = [],
        doNotCall: DoNotCallList = .init(),
        at now: MonotonicInstant, wall: WallClockInstant
    ) {
        self.campaign = campaign
        self.recipients = recipients
        self.doNotCall = doNotCall
        let settings = campaign.settings
        hours = CallingHoursTable(settings.callingHours, standardZone: settings.timeZone)
        pacing = Pacing(
            callsPerMinute: settings.callsPerMinute, maximumConcurrency: settings.maximumConcurrency)
        recover(attempts, at: wall)
        restraint = CampaignRestraint(attempts, of: campaign)
        for (slot, recipient) in self.recipients.enumerated() {
            counts.add(recipient.state)
            guard recipient.state == .pending else { continue }
            if let due = recipient.nextAttemptAt { queue.add(slot, dueAt: due) } else { queue.addFresh(slot) }
        }
        // The rate holds over a restart: the last start may have been a moment ago.
        if let last = attempts.map(\.startedAt).max() {
            let wait = wall.duration(to: last.advanced(by: pacing.interval))
            if wait > .zero, wait <= pacing.interval { pacing.hold(until: now.advanced(by: wait)) }
        }
    }

    private mutating func recover(_ attempts: [Attempt], at wall: WallClockInstant) {
        for var attempt in attempts where attempt.state == .dialing {
            attempt.state = .ended
            attempt.endedAt = wall
            attempt.outcome = CallOutcome(
                id: attempt.id, disposition: .unknown,
                cause: CallCause(text: "the process died while calling"),
                endedBy: .network, timings: CallTimings(dialed: attempt.startedAt))
            changedAttempts[attempt.id] = attempt
        }
        for slot in recipients.indices {
            switch recipients[slot].state {
            case .queued: recipients[slot].state = .pending
            case .calling:
                recipients[slot].state = .unknown
                recipients[slot].attemptsUsed += 1
                recipients[slot].reason = "the process died while calling: a person decides"
            case .pending, .completed, .failed, .noAnswer, .unknown: continue
            }
            changedSlots[slot] = ()
        }
    }

    /// Calls begun and not ended.
    public var running: Int { calls.count }

    /// When ``tick(at:wall:)`` has something to do; `nil` when only an outcome or a person can bring that about.
    public func nextDeadline(at now: MonotonicInstant, wall: WallClockInstant) -> MonotonicInstant? {
        guard campaign.state == .running || campaign.state == .pending else { return nil }
        guard let due = queue.nextDue(at: wall) else { return calls.isEmpty ? now : nil }
        guard let start = pacing.nextStart(after: now) else { return nil }
        let allowed = max(due, restraint.heldUntil ?? due)
        return max(start, now.advanced(by: wall.duration(to: allowed)))
    }

    /// Starts who may be called now, defers who is outside calling hours, refuses who is on the do-not-call list, and
    /// completes the campaign when nobody is left.
    public mutating func tick(at now: MonotonicInstant, wall: WallClockInstant) -> [CampaignDecision] {
        var decisions: [CampaignDecision] = []
        if campaign.state == .pending, campaign.desiredState == .running { enter(CampaignStatus(.running)) }
        guard campaign.state == .running else { return [] }
        while decisions.count < Self.decisionLimit, !restraint.rests(campaign.settings.from, at: wall),
            pacing.allowsStart(at: now), restraint.allowsStart(at: wall),
            let slot = queue.takeDue(at: wall)
        {
            decisions.append(decide(on: slot, at: now, wall: wall))
        }
        if let decision = pauseOverCaller(at: wall) { decisions.append(decision) }
        if queue.isEmpty, calls.isEmpty, campaign.state == .running {
            enter(CampaignStatus(.completed))
            decisions.append(CampaignDecision(.completed, reason: "every recipient has an outcome"))
        }
        return decisions
    }

    private mutating func decide(on slot: Int, at now: MonotonicInstant, wall: WallClockInstant)
        -> CampaignDecision
    {
        let recipient = recipients[slot]
        if doNotCall.contains(recipient.number) {
            let reason = "on the do-not-call list"
            change(slot, to: .failed, reason: reason)
            return CampaignDecision(.refused(recipient.id), reason: reason)
        }
        switch hours.status(of: recipient, at: wall) {
        case .open: break
        case .closed(let opening):
            let reason = "outside calling hours"
            recipients[slot].nextAttemptAt = opening
            change(slot, to: .pending, reason: reason)
            queue.add(slot, dueAt: opening)
            return CampaignDecision(.deferred(recipient.id, until: opening), reason: reason)
        case .unknownZone:
            let reason = "time zone not known here"
            change(slot, to: .failed, reason: reason)
            return CampaignDecision(.refused(recipient.id), reason: reason)
        }
        recipients[slot].attemptsStarted += 1
        change(slot, to: .queued, reason: recipient.reason)
        pacing.started(at: now)
        let planned = PlannedCall(
            recipient: recipient.id, sequence: recipients[slot].attemptsStarted,
            request: request(to: recipient, sequence: recipients[slot].attemptsStarted, at: wall))
        calls[planned.id] = RunningCall(slot: slot, planned: planned)
        let reason = recipient.attemptsStarted == 0 ? "next in order" : "due again: \(recipient.reason)"
        return CampaignDecision(.start(planned), reason: reason)
    }

    /// The one number of the campaign rests: nobody can be called until a person sees to it.
    private mutating func pauseOverCaller(at wall: WallClockInstant) -> CampaignDecision? {
        guard !queue.isEmpty, restraint.rests(campaign.settings.from, at: wall) else { return nil }
        return pause(PauseReason(.callerBlocked, "the caller number is blocked by analytics"))
    }

    private func request(to recipient: Recipient, sequence: Int, at wall: WallClockInstant) -> CallRequest {
        let settings = campaign.settings
        var request = CallRequest(
            to: recipient.number.e164, id: CallID("\(recipient.id.rawValue)-\(sequence)"),
            from: settings.from,
            context: recipient.context,
            metadata: [
                "campaign": campaign.id.rawValue, "recipient": recipient.id.rawValue,
                "row": String(recipient.row),
                "attempt": String(sequence),
            ],
            ringTimeout: settings.ringTimeout, maximumDuration: settings.maximumDuration,
            recording: settings.recording)
        request.answers = settings.answers
        request.answering = settings.answering
        request.avoidedCallers = restraint.restingCallers(at: wall)
        return request
    }

    // MARK: Calls

    /// The INVITE of a call is about to leave: write the change first.
    ///
    /// Asked again when another trunk takes over: still the same attempt, with another Call-ID.
    ///
    /// - Returns: False when it must not leave, because meanwhile the campaign was paused or cancelled, the recipient's hours
    ///   have ended, the trunk asked to be left alone, or another caller number was blocked. ``withdraw(_:at:)`` it then, or
    ///   end it with ``stranded(_:)`` when an INVITE had left before.
    public mutating func dialing(_ id: CallID, sipCallID: String, wall: WallClockInstant) -> Bool {
        guard campaign.state == .running, var call = calls[id],
            hours.status(of: recipients[call.slot], at: wall) == .open, restraint.allowsStart(at: wall),
            restraint.restingCallers(at: wall).allSatisfy(call.planned.request.avoidedCallers.contains)
        else { return false }
        call.sipCallIDBefore = call.attempt?.sipCallID
        var attempt =
            call.attempt
            ?? Attempt(
                id: id, campaign: campaign.id, recipient: call.planned.recipient,
                sequence: call.planned.sequence, sipCallID: sipCallID, startedAt: wall)
        attempt.sipCallID = sipCallID
        call.attempt = attempt
        calls[id] = call
        changedAttempts[id] = attempt
        change(call.slot, to: .calling, reason: "calling")
        return true
    }

    /// The attempt could not be written, so its INVITE does not leave. One that was written for an INVITE before it stays.
    public mutating func undial(_ id: CallID) {
        guard var call = calls[id] else { return }
        changedAttempts[id] = nil
        if let before = call.sipCallIDBefore {
            call.attempt?.sipCallID = before
            calls[id] = call
        } else {
            call.attempt = nil
            calls[id] = call
            change(call.slot, to: .queued, reason: "could not be written")
        }
    }

    /// The end of a call that one trunk could not carry and that did not go on over the next; `nil` when no INVITE has left.
    public func stranded(_ id: CallID) -> AttemptEnd? {
        guard let attempt = calls[id]?.attempt else { return nil }
        return .outcome(
            CallOutcome(
                id: id, disposition: .trunkFault,
                cause: CallCause(text: "the trunk could not carry it, and it did not go on over another"),
                endedBy: .us, timings: CallTimings(dialed: attempt.startedAt)))
    }

    /// Whether the INVITE of a call may have left.
    public func isDialed(_ id: CallID) -> Bool { calls[id]?.attempt != nil }

    /// The attempt of a call in the air.
    public func attempt(_ id: CallID) -> Attempt? { calls[id]?.attempt }

    /// Whom a running call is to reach.
    public func recipient(of id: CallID) -> Recipient? { calls[id].map { recipients[$0.slot] } }

    /// Takes back a call whose INVITE has not left; it costs nothing and is due at once.
    public mutating func withdraw(_ id: CallID, at wall: WallClockInstant) {
        guard let call = calls[id] else { return }
        calls[id] = nil
        changedAttempts[id] = nil
        pacing.ended()
        recipients[call.slot].nextAttemptAt = wall
        change(call.slot, to: .pending, reason: "taken back before it was dialed")
        queue.add(call.slot, dueAt: wall)
    }

    /// A call is over.
    ///
    /// - Returns: What became of the recipient, and a decision when the campaign pauses over it; `nil` for an unknown call.
    public mutating func ended(_ id: CallID, with end: AttemptEnd, at wall: WallClockInstant)
        -> (recipient: Recipient, verdict: RetryPolicy.Verdict, decision: CampaignDecision?)?
    {
        guard let call = calls[id] else { return nil }
        calls[id] = nil
        pacing.ended()
        let slot = call.slot
        let verdict = campaign.settings.retry.verdict(on: end, of: recipients[slot], at: wall)
        close(call.attempt, with: end, reason: verdict.reason, at: wall)
        if verdict.usesAttempt { recipients[slot].attemptsUsed += 1 }
        if case .outcome(let outcome) = end, outcome.disposition == .busy { recipients[slot].busyCount += 1 }
        if verdict.isTrunkFault { recipients[slot].trunkFaults += 1 }
        recipients[slot].nextAttemptAt = verdict.retryAt
        change(slot, to: verdict.state, reason: verdict.reason)
        if let due = verdict.retryAt { queue.add(slot, dueAt: due) }
        return (recipients[slot], verdict, decision(on: verdict, end, of: recipients[slot].id))
    }

    private mutating func close(
        _ attempt: Attempt?, with end: AttemptEnd, reason: String, at wall: WallClockInstant
    ) {
        guard var attempt else { return }
        attempt.state = .ended
        attempt.endedAt = wall
        if case .outcome(let outcome) = end {
            attempt.outcome = outcome
        } else {
            attempt.outcome = CallOutcome(
                id: attempt.id, disposition: .failed, cause: CallCause(text: reason), endedBy: .us,
                timings: CallTimings(dialed: attempt.startedAt, ended: wall))
        }
        changedAttempts[attempt.id] = attempt
    }

    private mutating func decision(
        on verdict: RetryPolicy.Verdict, _ end: AttemptEnd, of recipient: RecipientID
    ) -> CampaignDecision? {
        switch verdict.effect {
        case .none: trunkWorks()
        case .neutral: break
        case .forbidden:
            forbidden[recipient] = ()
            if forbidden.count >= campaign.settings.retry.refusalsBeforePause {
                return pause(PauseReason(.forbidden, verdict.reason))
            }
        case .trunkFault:
            trunkFaultsInARow += 1
            if trunkFaultsInARow >= campaign.settings.retry.trunkFaultsBeforePause {
                return pause(PauseReason(.trunkFault, "\(trunkFaultsInARow) in a row: \(verdict.reason)"))
            }
        case .backOff(let until), .awaitTrunk(let until):
            if restraint.hold(until: until) {
                return CampaignDecision(.heldBack(until: until), reason: verdict.reason)
            }
        case .restCaller(let until):
            trunkWorks()
            if case .outcome(let outcome) = end, let number = outcome.callerNumber ?? campaign.settings.from,
                restraint.rest(number, until: until)
            {
                return CampaignDecision(.callerRests(number, until: until), reason: verdict.reason)
            }
        case .pause(let code): return pause(PauseReason(code, verdict.reason))
        }
        return nil
    }

    private mutating func trunkWorks() {
        trunkFaultsInARow = 0
        forbidden = OrderedTable()
    }

    // MARK: People's wishes

    /// Follows what somebody asked for.
    ///
    /// - Returns: What it changes; nothing when it stands so already or is over.
    public mutating func desire(_ desired: DesiredCampaignState) -> CampaignDecision? {
        guard !campaign.state.isFinal, desired != campaign.desiredState || !isFollowing(desired) else {
            return nil
        }
        campaign.desiredState = desired
        switch desired {
        case .running:
            guard campaign.state == .paused else { return nil }
            trunkWorks()
            restraint = CampaignRestraint()
            enter(CampaignStatus(.running))
            return CampaignDecision(.resumed, reason: "asked for")
        case .paused: return pause(PauseReason(.requested, "asked for"))
        case .cancelled:
            enter(CampaignStatus(.cancelled))
            return CampaignDecision(.cancelled, reason: "asked for")
        }
    }

    private func isFollowing(_ desired: DesiredCampaignState) -> Bool {
        switch desired {
        case .running: campaign.state != .paused
        case .paused: campaign.state == .paused
        case .cancelled: campaign.state == .cancelled
        }
    }

    private mutating func pause(_ reason: PauseReason) -> CampaignDecision? {
        guard campaign.state == .running || campaign.state == .pending else { return nil }
        campaign.desiredState = .paused
        enter(CampaignStatus(.paused, pauseReason: reason))
        return CampaignDecision(.paused(reason), reason: reason.detail)
    }

    private mutating func enter(_ status: CampaignStatus) {
        campaign.state = status.state
        campaign.pauseReason = status.pauseReason
        statusChanged = true
    }

    private mutating func change(_ slot: Int, to state: RecipientState, reason: String) {
        counts[recipients[slot].state] -= 1
        counts[state] += 1
        recipients[slot].state = state
        recipients[slot].reason = reason
        changedSlots[slot] = ()
    }

    // MARK: Writing

    /// Everything that changed since the last call, to be written in one transaction.
    public mutating func takeChange() -> CampaignChange {
        let change = CampaignChange(
            status: statusChanged ? CampaignStatus(campaign.state, pauseReason: campaign.pauseReason) : nil,
            recipients: changedSlots.keys.map { recipients[$0] }, attempts: changedAttempts.values)
        statusChanged = false
        changedSlots = OrderedTable()
        changedAttempts = OrderedTable()
        return change
    }

    /// Takes back a change that could not be written, to be written with the next.
    ///
    /// An attempt that was about to be dialed is left out: without its record it is not dialed.
    public mutating func keep(_ change: CampaignChange) {
        if change.status != nil { statusChanged = true }
        for recipient in change.recipients {
            if let slot = slot(of: recipient) { changedSlots[slot] = () }
        }
        for attempt in change.attempts where attempt.state == .ended && changedAttempts[attempt.id] == nil {
            changedAttempts[attempt.id] = attempt
        }
    }

    /// Ended attempts that have not been written.
    public var unwrittenAttempts: [Attempt] { changedAttempts.values.filter { $0.state == .ended } }

    /// By binary search, since they are in the order of their rows.
    private func slot(of recipient: Recipient) -> Int? {
        var low = 0
        var high = recipients.count
        while low < high {
            let middle = (low + high) / 2
            if recipients[middle].row < recipient.row { low = middle + 1 } else { high = middle }
        }
        return low < recipients.count && recipients[low].id == recipient.id ? low : nil
    }
}
