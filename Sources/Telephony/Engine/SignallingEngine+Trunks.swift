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
            let verdict =
                call.hasHeardTrunk ? .works : TrunkVerdict(outcome.disposition, outcome.cause)
            desk.post { $0.end(ticket, verdict) }
        default: break
        }
    }

    /// Takes the next trunk where one could not carry the call and nothing has rung.
    ///
    /// - Returns: Whether the call goes on.
    func failOver(_ call: SignallingCall, _ failure: InviteFailure) -> Bool {
        guard let attempt = call.attempt, call.core.mayReroute else { return false }
        let conclusion = CallConclusion(failure)
        let verdict = TrunkVerdict(conclusion.disposition, conclusion.cause)
        guard verdict.isFault else { return false }
        call.job.note(
            TrunkAttempt(
                trunk: attempt.line.trunk.name, sipCallID: attempt.sipCallID, cause: conclusion.cause),
            over: attempt.line.index)
        guard !call.job.trunksLeft.isEmpty else {
            call.job.forgetLastTrunk()
            return false
        }
        // Before the redial, which asks for its place from another thread: the desk would end the new place.
        let ticket = call.job.ticket
        desk.post { $0.end(ticket, verdict) }
        guard redials.put(.redial(call.job)) else {
            call.job.forgetLastTrunk()
            return false
        }
        forgetSession(of: call)
        advance(call) { core, _, _ in core.reroute(after: conclusion) }
        return true
    }
}
