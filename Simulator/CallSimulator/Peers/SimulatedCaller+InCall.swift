internal import RTPMedia
internal import SIPCore
internal import SansIO

/// What a caller does while the call goes on: holds, referrals, information.
extension SimulatedCaller {
    func plan(_ line: Line, at now: MonotonicInstant) {
        let script = line.script
        let plans: [(Duration?, Plan)] = [
            (script.holdsAfter, .hold), (script.resumesAfter, .resume), (script.refersAfter, .refer),
        ]
        line.plans = plans.compactMap { delay, what in delay.map { (now.advanced(by: $0), what) } }
        line.plans.sort { $0.at < $1.at }
        if let digit = script.infoDigit {
            let body = SIPBody(
                contentType: "application/dtmf-relay",
                bytes: Array("Signal=\(digit)\r\nDuration=160\r\n".utf8))
            request(.info, of: line, body: body, at: now)
        }
    }

    func carryOut(_ plan: Plan, of line: Line, at now: MonotonicInstant) {
        guard let session = line.session else { return }
        switch plan {
        case .hold, .resume:
            line.wantedDirection = plan == .hold ? .sendonly : .sendrecv
            let offer = line.negotiator.makeOffer(direction: line.wantedDirection)
            let body = SIPBody(contentType: "application/sdp", bytes: offer)
            if (try? userAgent.offer(session, body: body, at: now, into: &effects)) == nil {
                line.report.holds.append("refused")
            }
        case .refer:
            request(
                .refer, of: line,
                headers: [SIPHeaderField(name: "Refer-To", value: "<sip:somebody@elsewhere.invalid>")],
                at: now)
        }
    }

    private func request(
        _ method: SIPMethod, of line: Line, headers: [SIPHeaderField] = [], body: SIPBody? = nil,
        at now: MonotonicInstant
    ) {
        guard let session = line.session,
            let id = try? userAgent.request(
                method, in: session, headers: headers, body: body, at: now, into: &effects)
        else { return }
        requests[id] = session
    }

    /// Answers an offer of the callee.
    func answer(_ offer: SIPBody, of line: Line, at now: MonotonicInstant) -> SIPBody? {
        guard PeerCall.isSDP(offer), let (answer, negotiated) = try? line.negotiator.answer(to: offer.bytes)
        else { return nil }
        line.report.offeredDirections.append(Self.direction(of: offer.bytes))
        if let leg = line.leg {
            guard (try? leg.renegotiate(negotiated)) != nil else { return nil }
        } else {
            startLeg(of: line, negotiated, at: now)
        }
        return SIPBody(contentType: "application/sdp", bytes: answer)
    }

    private static func direction(of description: [UInt8]) -> String {
        let lines = String(decoding: description, as: UTF8.self).split(whereSeparator: \.isNewline)
        let known = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"]
        return lines.last { known.contains(String($0)) }.map { String($0.dropFirst(2)) } ?? "sendrecv"
    }

    func serve(
        _ request: ReceivedRequest, _ id: SIPRequestID, of line: Line?, at now: MonotonicInstant
    ) {
        guard let line, request.method == "REFER", var referral = try? ReceivedReferral(request) else {
            return userAgent.respond(
                toRequest: id, status: request.method == "REFER" ? 400 : 200, at: now, into: &effects)
        }
        line.report.referTo = referral.target.uri
        var out = ReceivedReferral.Output()
        guard let status = line.script.referralStatus else {
            referral.refuse(into: &out)
            return deliver(out, of: line, answering: id, at: now)
        }
        referral.accept(at: now, into: &out)
        referral.progress(status: 180, at: now, into: &out)
        referral.progress(status: status, at: now, into: &out)
        line.referral = referral
        deliver(out, of: line, answering: id, at: now)
    }

    func refer(
        _ line: Line, at now: MonotonicInstant,
        _ step: (inout ReceivedReferral, inout ReceivedReferral.Output) -> Void
    ) {
        guard var referral = line.referral else { return }
        var out = ReceivedReferral.Output()
        step(&referral, &out)
        line.referral = referral
        deliver(out, of: line, answering: nil, at: now)
    }

    private func deliver(
        _ out: ReceivedReferral.Output, of line: Line, answering id: SIPRequestID?, at now: MonotonicInstant
    ) {
        for send in out.sends {
            switch send {
            case .respond(let status, let headers):
                guard let id else { continue }
                userAgent.respond(
                    toRequest: id, status: status, headers: headers, contact: "<sip:caller@\(address)>",
                    at: now, into: &effects)
            case .notify(let headers, let body):
                request(.notify, of: line, headers: headers, body: body, at: now)
            }
        }
    }
}
