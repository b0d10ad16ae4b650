internal import SIPCore
internal import SansIO

/// Hold, resume and INFO: what both sides do in an answered call.
extension SignallingEngine {
    /// Methods that are served in a call.
    static let servedMethods: [SIPMethod] = [.info, .refer, .notify]

    // MARK: Hold

    func hold(_ id: CallID, _ isHeld: Bool, then: @escaping MidCall.Answer<Void>) {
        guard let call = call(id) else { return then(.failure(CallError(.ended, "the call is over"))) }
        if let error = whyNot(call) { return then(.failure(error)) }
        guard call.midCall.hold == nil else {
            return then(.failure(CallError(.invalidRequest, "a hold or resume is under way")))
        }
        call.midCall.hold = MidCall.Hold(isHeld: isHeld, then: then)
        call.job.media.post { $0.offerAgain(id, isHeld: isHeld) }
    }

    /// Why an answered call is needed and this is none.
    func whyNot(_ call: SignallingCall) -> CallError? {
        switch call.core.state {
        case .answered where call.session != nil: nil
        case .answered, .ending, .ended, .concluded: CallError(.ended, "the call is over")
        default: CallError(.notAnswered, "the call is not answered")
        }
    }

    /// Our new description is ready to be offered.
    func offerReady(_ id: CallID, offer: [UInt8]) {
        guard let call = call(id), let session = call.session, call.midCall.hold != nil else { return }
        do {
            try userAgent.offer(
                session, body: SIPBody(contentType: "application/sdp", bytes: offer), at: driver.now,
                into: &effects)
        } catch {
            offerRefused(call, CallError(.invalidRequest, "another offer is under way"))
        }
        finishStep()
    }

    func offerAnswered(_ session: InviteSessionID, _ response: ReceivedResponse, at now: MonotonicInstant) {
        guard let call = call(session), let hold = call.midCall.hold.take() else { return }
        let (id, answer) = (call.job.id, response.body?.sessionDescription)
        call.job.media.post { media in
            if answer != nil { media.accept(id, answer: answer, isFinal: true) }
            media.hold(id, hold.isHeld)
        }
        record(CallEvent(instant: now, kind: hold.isHeld ? .held : .resumed), of: call)
        hold.then(.success(()))
    }

    func offerRefused(_ session: InviteSessionID, _ failure: OfferFailure) {
        guard let call = call(session) else { return }
        let text: String
        switch failure {
        case .refused(let response): text = "the far end refused with \(response.status)"
        case .withdrawn: text = "the offer could not be made"
        case .transportFailed: text = "the offer could not be sent"
        case .timedOut: text = "the far end did not answer the offer"
        }
        offerRefused(call, CallError(.refused, text))
    }

    private func offerRefused(_ call: SignallingCall, _ error: CallError) {
        guard let hold = call.midCall.hold.take() else { return }
        let id = call.job.id
        // 488 and the like leave the session as it was (RFC 3261 §14.1).
        call.job.media.post { $0.hold(id, !hold.isHeld) }
        hold.then(.failure(error))
    }

    // MARK: INFO

    func sendInfo(
        _ id: CallID, contentType: String, body: [UInt8], then: @escaping MidCall.Answer<Int>
    ) {
        guard let call = call(id) else { return then(.failure(CallError(.ended, "the call is over"))) }
        if let error = whyNot(call) { return then(.failure(error)) }
        let info = SIPBody(contentType: contentType, bytes: body)
        guard let request = sendInfo(info, of: call) else {
            return then(.failure(CallError(.invalidRequest, "the INFO cannot be sent")))
        }
        call.midCall.infos.append(MidCall.Info(request: request, then: then))
        finishStep()
    }

    private func sendInfo(_ body: SIPBody, of call: SignallingCall) -> SIPRequestID? {
        guard let session = call.session,
            let request = try? userAgent.request(
                .info, in: session, body: body, at: driver.now, into: &effects)
        else { return nil }
        inDialogRequests[request] = call.job.id
        return request
    }

    /// Sends keys as INFO, one after the other.
    func sendInfoDigits(_ digits: String, of id: CallID) {
        guard let call = call(id), call.midCall.keys.send(digits) else { return }
        fireKeys(of: call, at: driver.now)
        finishStep()
    }

    func fireKeys(of call: SignallingCall, at now: MonotonicInstant) {
        if case .send(let digit) = call.midCall.keys.fire(at: now) {
            if whyNot(call) == nil {
                call.midCall.keyRequest = sendInfo(InfoDigits.body(of: digit), of: call)
            }
            if call.midCall.keyRequest == nil { call.midCall.keys.answered(nil, at: now) }
        }
        rearm(call)
    }

    /// - Returns: Whether the request was a key of ours.
    private func keyAnswered(_ request: SIPRequestID, _ status: Int?, of call: SignallingCall) -> Bool {
        guard call.midCall.keyRequest == request else { return false }
        call.midCall.keyRequest = nil
        call.midCall.keys.answered(status, at: driver.now)
        rearm(call)
        return true
    }

    // MARK: Answers to requests of ours

    /// - Returns: Whether it was a request of a call.
    func requestAnswered(
        _ request: SIPRequestID, _ response: ReceivedResponse, at now: MonotonicInstant
    ) -> Bool {
        guard let id = inDialogRequests.removeValue(forKey: request) else { return false }
        guard let call = call(id), !keyAnswered(request, response.status, of: call) else { return true }
        if call.midCall.transfer?.request == request {
            refer(call) { $0.receive(response, at: now, into: &$1) }
        } else if call.midCall.referred?.notify == request {
            notifyAnswered(response.status, of: call, at: now)
        } else if let index = call.midCall.infos.firstIndex(where: { $0.request == request }) {
            call.midCall.infos.remove(at: index).then(.success(response.status))
        }
        return true
    }

    /// - Returns: Whether it was a request of a call.
    func requestFailed(_ request: SIPRequestID, _ failure: RequestFailure) -> Bool {
        guard let id = inDialogRequests.removeValue(forKey: request) else { return false }
        guard let call = call(id), !keyAnswered(request, nil, of: call) else { return true }
        if call.midCall.transfer?.request == request {
            refer(call) { $0.receive(failure, into: &$1) }
        } else if call.midCall.referred?.notify == request {
            notifyAnswered(nil, of: call, at: driver.now)
        } else if let index = call.midCall.infos.firstIndex(where: { $0.request == request }) {
            call.midCall.infos.remove(at: index)
                .then(.failure(CallError(.refused, "the INFO was not answered")))
        }
        return true
    }

    // MARK: Requests of the far end

    func serve(
        _ request: ReceivedRequest, _ id: SIPRequestID, in session: InviteSessionID?, at now: MonotonicInstant
    ) {
        guard let session, let call = call(session) else { return respond(id, 481, at: now) }
        switch request.method {
        case "INFO": serveInfo(request, id, of: call, at: now)
        case "NOTIFY": serveNotify(request, id, of: call, at: now)
        case "REFER": serveRefer(request, id, of: call, at: now)
        default: respond(id, 405, at: now)
        }
    }

    private func serveInfo(
        _ request: ReceivedRequest, _ id: SIPRequestID, of call: SignallingCall, at now: MonotonicInstant
    ) {
        guard let body = request.body else { return respond(id, 200, at: now) }
        guard let digit = InfoDigits.digit(in: body) else {
            return respond(
                id, 415,
                headers: [SIPHeaderField(name: "Accept", value: "application/dtmf-relay, application/dtmf")],
                at: now)
        }
        respond(id, 200, at: now)
        // The key may overtake the media's word that the answer stands.
        if call.core.state == .answered || call.core.state == .answering {
            hear(digit, by: .info, of: call, at: now)
        }
    }

    func respond(
        _ id: SIPRequestID, _ status: Int, headers: [SIPHeaderField] = [], at now: MonotonicInstant
    ) {
        userAgent.respond(toRequest: id, status: status, headers: headers, at: now, into: &effects)
    }
}
