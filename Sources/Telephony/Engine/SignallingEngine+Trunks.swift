internal import SIPCore
internal import SansIO

/// Which trunk a call goes over: what the desk is told, and how a call goes on over another trunk.
extension SignallingEngine {
    /// The call waits for a place: its agent is ready, so its time to get ready no longer counts.
    func queued(_ id: CallID) { tell(id) { core, _, _ in core.queued() } }

    /// The call has got its place.
    func dequeued(_ id: CallID) { tell(id) { core, now, _ in core.admitted(at: now) } }

    /// No other trunk will carry a call that was to go on over one.
    func noTrunkLeft(_ id: CallID) {
        tell(id) { core, now, out in core.noTrunkLeft(at: now, into: &out) }
    }

    /// Keeps the trunk desk up to date with a call.
    func tellDesk(_ event: CallEvent.Kind, of call: SignallingCall) {
        let ticket = call.job.ticket
        guard ticket != 0 else { return }
        switch event {
        case .ringing, .earlyMedia, .answered:
            guard !call.hasHeardTrunk else { return }
            call.hasHeardTrunk = true
            desk.post { $0.hear(.works, of: ticket) }
        case .ended(let outcome):
            let verdict = verdict(on: outcome.disposition, outcome.cause, of: call)
            desk.post { $0.end(ticket, verdict) }
        default: break
        }
    }

    /// What the end of a call says about the trunk whose place it holds.
    private func verdict(
        on disposition: CallDisposition, _ cause: CallCause, of call: SignallingCall
    ) -> TrunkVerdict {
        // The one that could not carry it has been told; a place that it may hold by now is another's.
        if call.hasLeftTrunk { return .neutral }
        return call.hasHeardTrunk
            ? .works : TrunkVerdict(disposition, cause, callee: call.job.plan.request.to)
    }

    /// Takes the next trunk where one could not carry the call and nothing has rung.
    ///
    /// - Returns: Whether the call goes on.
    func failOver(_ call: SignallingCall, _ failure: InviteFailure) -> Bool {
        guard let attempt = call.attempt, call.core.mayReroute else { return false }
        let conclusion = CallConclusion(failure)
        let verdict = verdict(on: conclusion.disposition, conclusion.cause, of: call)
        guard verdict.sendsElsewhere else { return false }
        call.job.note(
            TrunkAttempt(
                trunk: attempt.line.trunk.name, sipCallID: attempt.sipCallID, cause: conclusion.cause),
            over: attempt.line.index)
        let ticket = call.job.ticket
        guard !call.job.trunksLeft.isEmpty else {
            call.job.forgetLastTrunk()
            return false
        }
        // The place is given back before anybody can ask for the next one with the same ticket.
        desk.post { $0.end(ticket, verdict) }
        call.hasLeftTrunk = true
        guard redials.put(.redial(call.job)) else {
            call.job.forgetLastTrunk()
            return false
        }
        forgetSession(of: call)
        let trunk = attempt.line.trunk.name
        advance(call) { core, _, out in core.reroute(after: conclusion, over: trunk, into: &out) }
        return true
    }
}
