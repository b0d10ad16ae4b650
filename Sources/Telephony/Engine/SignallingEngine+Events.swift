internal import SIPCore
internal import SansIO

/// What the user agent tells of the calls' sessions.
extension SignallingEngine {
    func handle(_ event: UserAgentEvent, at now: MonotonicInstant) {
        switch event {
        case .provisional(let session, let response):
            tell(session) { core, now, out in core.receive(provisional: response, at: now, into: &out) }
        case .answered(let session, let response):
            locateHop(of: session)
            tell(session) { core, now, out in core.receive(answer: response, at: now, into: &out) }
        case .failed(let session, let failure):
            if let call = call(session), failOver(call, failure) { break }
            let detail = streamFault(of: session, failure)
            tell(session) { core, now, out in
                core.receive(failure: failure, detail: detail, at: now, into: &out)
            }
        case .ended(let session, let end):
            let isReplaced = call(session)?.isReplaced == true
            tell(session) { core, now, out in
                core.receive(end: end, isReplaced: isReplaced, at: now, into: &out)
            }
        case .reinvited(let session, let request):
            guard let call = call(session) else { break }
            locateHop(of: session)
            let id = call.job.id
            let offer = request.body?.sessionDescription
            call.awaitsAnswerInACK = offer == nil
            call.job.media.post { $0.reanswer(id, offer: offer) }
        case .acknowledged(let session, let body):
            locateHop(of: session)
            tell(session) { core, _, out in
                core.acknowledged(answer: body?.sessionDescription, into: &out)
            }
            guard let call = call(session), call.awaitsAnswerInACK else { break }
            let id = call.job.id
            call.awaitsAnswerInACK = false
            let answer = body?.sessionDescription
            call.job.media.post { $0.accept(id, answer: answer, isFinal: true) }
        case .offered(let session, let offer):
            guard let call = call(session) else { break }
            let id = call.job.id
            call.answersUpdate = true
            let description = offer.body.sessionDescription
            call.job.media.post { $0.reanswer(id, offer: description) }
        case .offerAnswered(let session, let response): offerAnswered(session, response, at: now)
        case .offerRefused(let session, let failure): offerRefused(session, failure)
        case .requestAnswered(let id, let response):
            if requestAnswered(id, response, at: now) { break }
            requestEnded(id, .success(response), at: now)
        case .requestFailed(let id, let failure):
            if requestFailed(id, failure) { break }
            requestEnded(id, .failure(.init(failure: failure)), at: now)
        case .requestReceived(let id, let session, let request): serve(request, id, in: session, at: now)
        case .incoming(let session, let request): receive(incoming: request, as: session, at: now)
        case .cancelled(let session): cancelled(session)
        case .strangerRefused(let source): turnAway(source, .stranger, at: now)
        case .redirected(let session, let redirection): locate(redirection, of: session, at: now)
        case .provisionalAcknowledged(let session, let body):
            tell(session) { core, _, out in
                core.acknowledged(provisionalAnswer: body?.sessionDescription, into: &out)
            }
        case .failedOver, .refreshed: break
        }
    }

    func call(_ session: InviteSessionID) -> SignallingCall? {
        slotsBySession[session].flatMap { calls[$0] }
    }
}
