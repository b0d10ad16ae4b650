internal import SIPCore
internal import SansIO

/// Referrals: REFERs of the far end, and what we tell it of the calls that come of them (RFC 3515).
extension SignallingEngine {
    /// Whoever is on the line could make us call anybody at our cost: refused and told, unless the policy says otherwise.
    func serveRefer(
        _ request: ReceivedRequest, _ id: SIPRequestID, of call: SignallingCall, at now: MonotonicInstant
    ) {
        do {
            let referral = try ReceivedReferral(request)
            let isTakable =
                configuration.referrals != nil && whyNot(call) == nil && call.midCall.referred == nil
                && referral.target.replaces == nil && referral.target.method == .invite
            let asked = ReferralPolicy.Referral(
                call: call.job.id, target: referral.target.uri, referredBy: referral.referredBy)
            guard isTakable, redials.put(.refer(call.job, asked)) else {
                return refuse(referral, id, of: call, at: now)
            }
            call.midCall.referred = MidCall.Referred(referral: referral, request: id)
        } catch {
            respond(id, error.status, at: now)
        }
    }

    private func refuse(
        _ referral: ReceivedReferral, _ id: SIPRequestID, of call: SignallingCall, at now: MonotonicInstant
    ) {
        var referral = referral
        var out = ReceivedReferral.Output()
        referral.refuse(into: &out)
        for case .respond(let status, let headers) in out.sends {
            respond(id, status, headers: headers, at: now)
        }
        record(CallEvent(instant: now, kind: .transferRefused(to: referral.target.uri)), of: call)
    }

    // MARK: From whoever decides

    /// Whether the far end still waits for the decision.
    func awaitsReferral(_ id: CallID) -> Bool { call(id)?.midCall.referred?.referral.state == .asked }

    func refuseReferral(_ id: CallID) {
        guard let call = call(id), let asked = call.midCall.referred.take() else { return }
        refuse(asked.referral, asked.request, of: call, at: driver.now)
        finishStep()
    }

    /// - Parameter placed: The call to the target.
    func acceptReferral(_ id: CallID, as placed: CallID) {
        guard let call = call(id), let target = call.midCall.referred?.referral.target else { return }
        let now = driver.now
        record(CallEvent(instant: now, kind: .transferAccepted(to: target.uri, as: placed)), of: call)
        referred(call, at: now) { $0.accept(at: now, into: &$1) }
        finishStep()
    }

    /// How the call to the target goes: its status, provisional or final.
    func referralProgressed(_ id: CallID, status: Int, reason: String?) {
        guard let call = call(id) else { return }
        let now = driver.now
        referred(call, at: now) { $0.progress(status: status, reason: reason, at: now, into: &$1) }
        finishStep()
    }

    func notifyAnswered(_ status: Int?, of call: SignallingCall, at now: MonotonicInstant) {
        call.midCall.referred?.notify = nil
        referred(call, at: now) { $0.notifyAnswered(status: status, at: now, into: &$1) }
    }

    /// Moves the referral of a call, if there is one.
    func referred(
        _ call: SignallingCall, at now: MonotonicInstant,
        _ step: (inout ReceivedReferral, inout ReceivedReferral.Output) -> Void
    ) {
        guard var referred = call.midCall.referred else { return }
        var out = ReceivedReferral.Output()
        step(&referred.referral, &out)
        var done = 0
        while done < out.sends.count {
            switch out.sends[done] {
            case .respond(let status, let headers):
                userAgent.respond(
                    toRequest: referred.request, status: status, headers: headers, contact: contact(of: call),
                    at: now, into: &effects)
            case .notify(let headers, let body):
                if let session = call.session,
                    let notify = try? userAgent.request(
                        .notify, in: session, headers: headers, body: body, at: now, into: &effects)
                {
                    referred.notify = notify
                    inDialogRequests[notify] = call.job.id
                } else {
                    referred.referral.notifyAnswered(status: nil, at: now, into: &out)
                }
            }
            done += 1
        }
        call.midCall.referred = referred.isOver ? nil : referred
        rearm(call)
    }
}
