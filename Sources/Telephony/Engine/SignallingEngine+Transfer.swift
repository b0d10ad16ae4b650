internal import SIPCore
internal import SansIO

/// Transfers: REFERs of ours and what the far end tells of them (RFC 3515).
extension SignallingEngine {
    func transfer(_ id: CallID, to target: TransferTarget, then: @escaping MidCall.Answer<TransferResult>) {
        guard let call = call(id), let attempt = call.attempt else {
            return then(.failure(CallError(.ended, "the call is over")))
        }
        if let error = whyNot(call) { return then(.failure(error)) }
        guard call.midCall.transfer == nil else {
            return then(.failure(CallError(.invalidRequest, "another transfer is under way")))
        }
        let now = driver.now
        do throws(CallError) {
            let refer = try referTarget(target, over: attempt.line.trunk)
            guard let session = call.session else { throw CallError(.ended, "the call is over") }
            var referral = SentReferral(to: refer, referredBy: contact(of: call), at: now)
            let request: SIPRequestID
            do {
                request = try userAgent.request(
                    .refer, in: session, headers: referral.headers, at: now, into: &effects)
            } catch {
                throw CallError(.invalidRequest, "the REFER cannot be sent")
            }
            referral.cSeq = userAgent.cSeq(of: request)
            call.midCall.transfer = MidCall.Transfer(referral: referral, request: request, then: then)
            inDialogRequests[request] = id
            rearm(call)
            finishStep()
        } catch {
            then(.failure(error))
        }
    }

    private func referTarget(_ target: TransferTarget, over trunk: Trunk) throws(CallError) -> ReferTarget {
        switch target {
        case .destination(let text):
            return ReferTarget(uri: try DialPlan(CallRequest(to: text), trunk: trunk, turn: 0).requestURI)
        case .call(let other):
            // All engines of a dialer share the loop.
            guard let engine = registry.job(other)?.signalling else {
                throw CallError(.ended, "the other call is over")
            }
            let found =
                engine === self
                ? transferTarget(of: other) : engine.assumeIsolated { $0.transferTarget(of: other) }
            guard let found else { throw CallError(.invalidRequest, "the other call is not answered") }
            return found
        }
    }

    private func transferTarget(of id: CallID) -> ReferTarget? {
        call(id)?.session.flatMap { userAgent.transferTarget(of: $0) }
    }

    /// Moves a transfer, and tells what comes of it.
    func refer(
        _ call: SignallingCall, _ step: (inout SentReferral, inout SentReferral.Output) -> Void
    ) {
        guard var transfer = call.midCall.transfer else { return }
        var out = SentReferral.Output()
        step(&transfer.referral, &out)
        call.midCall.transfer = transfer
        for event in out.events {
            switch event {
            case .progressed(let status, _):
                record(CallEvent(instant: driver.now, kind: .transferProgress(status: status)), of: call)
            case .ended(let result):
                call.midCall.transfer = nil
                if case .finished(let status, _) = result {
                    record(CallEvent(instant: driver.now, kind: .transferProgress(status: status)), of: call)
                }
                transfer.then(.success(TransferResult(result)))
            default: break
            }
        }
        rearm(call)
    }

    func fireTransfer(of call: SignallingCall, at now: MonotonicInstant) {
        guard let deadline = call.midCall.nextDeadline, deadline <= now else { return }
        fireKeys(of: call, at: now)
        refer(call) { $0.fire(at: now, into: &$1) }
        referred(call, at: now) { $0.fire(at: now, into: &$1) }
    }

    func serveNotify(
        _ request: ReceivedRequest, _ id: SIPRequestID, of call: SignallingCall, at now: MonotonicInstant
    ) {
        guard call.midCall.transfer?.referral.accepts(request) == true else {
            return respond(id, 481, at: now)  // No subscription of that name (RFC 6665 §4.1.3).
        }
        var status = 481
        refer(call) { status = $0.receive(notify: request, at: now, into: &$1) }
        respond(id, status, at: now)
    }
}
