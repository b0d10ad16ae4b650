internal import SansIO

/// The server side: what becomes of a request (RFC 3261 §8.2).
extension UserAgent {
    mutating func receiveRequest(
        _ request: borrowing SIPMessage, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let isAcknowledgement = request.isMethod(.ack)
        let key = keys.server(of: request, asInvite: isAcknowledgement || request.isMethod(.invite))
        let outcome = transactions.receiveRequest(
            key: key, isAcknowledgement: isAcknowledgement, at: arrival.now, into: &effects)
        switch outcome {
        case .absorbed:
            counters.retransmissionsAbsorbed += 1
        case .answerAgain(let status):
            counters.retransmissionsAbsorbed += 1
            counters.retransmissionsSent += 1
            answerStatelessly(request, status: status, key: key, arrival, into: &effects)
        case .new:
            if isAcknowledgement {
                receiveAcknowledgement(request, arrival, into: &effects)
            } else if request.isMethod(.cancel) {
                receiveCancel(request, key: key, arrival, into: &effects)
            } else if request.to.tag != nil {
                receiveInDialog(request, key: key, arrival, into: &effects)
            } else if transactions.isFull || isOverdrawn(arrival) {
                answerStatelessly(request, status: 503, key: key, arrival, into: &effects)
            } else {
                receiveInitial(request, key: key, arrival, into: &effects)
            }
        }
    }

    /// Whether a source that nobody has made known holds as many transactions as one may.
    private func isOverdrawn(_ arrival: Arrival) -> Bool {
        transactions.serverCount(of: arrival.source) >= configuration.maximumTransactionsPerSource
            && !admission.knows(arrival.source, over: arrival.transport)
    }

    /// Why a request cannot be taken up, in the order of RFC 3261 §8.2; `nil` when it can.
    private func refusal(of request: borrowing SIPMessage) -> Int? {
        switch request.fields.methodCode {
        case .invite, .bye, .options, .prack, .update: break
        case let code: if !isHandedUp(request) { return code == .other ? 501 : 405 }
        }
        if request.requestURI.scheme == .other { return 416 }
        if request.firstHeader(.require) != nil, !unsupported(of: request).isEmpty { return 420 }
        guard !request.body.isEmpty, Self.mayDescribe(request) else { return nil }
        guard Self.hasDescription(request) else {
            return Self.refusal(ofBody: request)
        }
        if let coding = request.value(of: .contentEncoding),
            !request.bytes.matches(coding, lowercase: "identity")
        {
            return 415
        }
        return nil
    }

    /// A request outside any dialog.
    ///
    /// Answers that are a function of the request are given without a transaction (RFC 3261 §8.2.7): copies get the same
    /// one again, and floods leave nothing behind.
    private mutating func receiveInitial(
        _ request: borrowing SIPMessage, key: UInt64, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        guard admits(request, key: key, arrival, into: &effects) else { return }
        if let status = refusal(of: request) ?? (isAcceptable(request) ? nil : 406) {
            return answerStatelessly(request, status: status, key: key, arrival, into: &effects)
        }
        if transactions.isMerged(keys.merge(of: request)) {
            return answer(request, status: 482, key: key, arrival, into: &effects)
        }
        let isKnown = admission.knows(arrival.source, over: arrival.transport)
        let caller = isKnown ? .unchallenged : caller(of: request, at: arrival.now)
        if case .refused(let isStale) = caller {
            // Without retransmissions towards a source that may be somebody else's (RFC 3261 §26.3.2.4).
            return challenge(request, isStale: isStale, key: key, arrival, into: &effects)
        }
        let replacement = replacement(askedBy: request)
        if case .refused(let status) = replacement {
            return answer(request, status: status, key: key, arrival, into: &effects)
        }
        if isHandedUp(request) {
            return handUp(request, of: caller, session: nil, key: key, arrival, into: &effects)
        }
        if request.isMethod(.options) {
            return answerStatelessly(request, status: 200, key: key, arrival, into: &effects)
        }
        guard request.isMethod(.invite) else {
            return answerStatelessly(request, status: 481, key: key, arrival, into: &effects)
        }
        if SessionTimerTerms(of: request).isTooSmall(for: leastInterval) {
            return answer(request, status: 422, key: key, arrival, into: &effects)
        }
        guard sessions.count < configuration.maximumSessions else {
            return answer(request, status: 503, key: key, arrival, into: &effects)
        }
        acceptInvite(request, of: caller, replacing: replacement, key: key, arrival, into: &effects)
    }

    /// What to say to a body that is no session description: nothing if the sender can do without (RFC 3261 §8.2.3).
    private static func refusal(ofBody request: borrowing SIPMessage) -> Int? {
        if let disposition = request.value(of: .contentDisposition) {
            var scanner = FieldScanner(request.bytes, disposition)
            _ = scanner.token()
            let parameters = SIPParameterList(SIPSlice(scanner.position, scanner.end))
            let handling = parameters.first("handling", in: request.bytes)?.value
            if let handling, request.bytes.matches(handling, lowercase: "optional") { return nil }
        }
        // Encrypted for us with a key that we do not have (RFC 3261 §21.4.27).
        let isEncrypted = request.contentType?.isEqual("application/pkcs7-mime", in: request.bytes) == true
        return isEncrypted ? 493 : 415
    }

    /// Whether a request's method is one that may carry a session description.
    private static func mayDescribe(_ request: borrowing SIPMessage) -> Bool {
        switch request.fields.methodCode {
        case .invite, .prack, .update: true
        default: false
        }
    }

    /// The option tags of Require that we do not know (RFC 3261 §8.2.2.3).
    func unsupported(of request: borrowing SIPMessage) -> [String] {
        var unknown: [String] = []
        var tags = request.values(of: .require)
        while let tag = request.next(&tags) {
            if Self.optionTags.contains(where: { request.bytes.matches(tag, $0) }) { continue }
            if configuration.servesReplaces, request.bytes.matches(tag, lowercase: "replaces") { continue }
            unknown.append(request.string(tag))
        }
        return unknown
    }

    /// Whether the sender of an INVITE takes a session description in return (RFC 3261 §20.1, RFC 4475 §3.3.15).
    private func isAcceptable(_ request: borrowing SIPMessage) -> Bool {
        guard request.isMethod(.invite) else { return true }
        var ranges = request.values(of: .accept)
        while let value = request.next(&ranges) {
            var scanner = FieldScanner(request.bytes, value)
            guard let range = try? scanner.readMediaType() else { continue }
            let bytes = request.bytes
            if bytes.matches(range.type, lowercase: "*") { return true }
            if bytes.matches(range.type, lowercase: "application"),
                bytes.matches(range.subtype, lowercase: "sdp") || bytes.matches(range.subtype, lowercase: "*")
            {
                return true
            }
        }
        return request.firstHeader(.accept) == nil
    }

    /// A request in a dialog, or one that pretends to be (RFC 3261 §12.2.2).
    private mutating func receiveInDialog(
        _ request: borrowing SIPMessage, key: UInt64, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        guard var session = sessionInDialog(with: request) else {
            guard admits(request, key: key, arrival, into: &effects) else { return }
            let status = refusal(of: request)
            let isUnknownMethod = status == 405 || status == 501
            return answerStatelessly(
                request, status: isUnknownMethod ? status ?? 501 : 481, key: key, arrival, into: &effects)
        }
        serve(request, in: &session, key: key, arrival, into: &effects)
        sessions.checkIn(session)
    }

    private mutating func sessionInDialog(with request: borrowing SIPMessage) -> InviteSession? {
        guard let toTag = request.to.tag,
            let id = sessions.id(
                dialogKey: keys.dialog(
                    callID: request.bytes(of: request.callID), localTag: request.bytes(of: toTag))),
            let session = sessions.checkOut(id)
        else { return nil }
        if session.dialog(withRemoteTag: request.bytes(of: request.from.tag ?? .empty)) != nil {
            return session
        }
        sessions.checkIn(session)
        return nil
    }

    private mutating func serve(
        _ request: borrowing SIPMessage, in session: inout InviteSession, key: UInt64, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard let index = session.dialog(withRemoteTag: request.bytes(of: request.from.tag ?? .empty)) else {
            return
        }
        guard session.dialogs[index].accept(remoteCSeq: request.cSeq.number) else {
            return answer(request, status: 500, key: key, arrival, into: &effects)
        }
        session.dialogs[index].peer = arrival.route
        if let status = refusal(of: request) {
            return answer(request, status: status, key: key, arrival, into: &effects)
        }
        switch request.fields.methodCode {
        case .invite:
            reinvite(request, in: &session, dialog: index, key: key, arrival, into: &effects)
        case .prack:
            receivePrack(request, in: &session, dialog: index, key: key, arrival, into: &effects)
        case .update:
            receiveUpdate(request, in: &session, dialog: index, key: key, arrival, into: &effects)
        case .bye:
            answer(request, status: 200, key: key, arrival, into: &effects)
            endedByRemote(&session, dialog: index, request, arrival, into: &effects)
        default:
            guard isHandedUp(request) else {
                return answer(request, status: 200, key: key, arrival, into: &effects)
            }
            guard session.state != .ending else {
                return answer(request, status: 481, key: key, arrival, into: &effects)
            }
            handUp(request, of: .unchallenged, session: session.id, key: key, arrival, into: &effects)
        }
    }

    private mutating func endedByRemote(
        _ session: inout InviteSession, dialog index: Int, _ request: borrowing SIPMessage,
        _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        switch session.state {
        case .established:
            guard index == session.confirmed else { return }  // The end of another fork.
            dismissOwedAnswers(of: &session, at: arrival.now, into: &effects)
            if let open = session.outgoing?.transaction { transactions.limit(open, at: arrival.now) }
            if session.server?.isDecided == false {
                refuse(&session, status: 487, at: arrival.now, into: &effects)
            }
            if session.report() {
                let reasons = request.slots.filter { $0.id == .reason }.map {
                    SIPHeaderField(name: "Reason", value: request.string($0.value))
                }
                effects.events.append(.ended(session.id, .byRemote(headers: reasons)))
            }
            session.enter(.over)
        case .ending:
            // Both hung up at once. Ours is under way and will be answered, unless it still waits for an ACK.
            if session.isByeOwed { finish(&session, at: arrival.now, into: &effects) }
        case .incoming:
            // A caller may end an early dialog by BYE (RFC 3261 §15).
            dismissOwedAnswers(of: &session, at: arrival.now, into: &effects)
            refuse(&session, status: 487, at: arrival.now, into: &effects)
            if session.report() { effects.events.append(.cancelled(session.id)) }
            session.enter(.over)
        case .inviting:
            // The 2xx never reached us, and the callee gave up waiting for its ACK.
            guard let transaction = session.client?.transaction else { return }
            transactions.abandon(transaction)
            fail(&session, .timedOut, at: arrival.now, into: &effects)
        case .over:
            break
        }
    }

    private mutating func receiveAcknowledgement(
        _ request: borrowing SIPMessage, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        guard var session = sessionInDialog(with: request) else {
            counters.stray += 1
            return
        }
        acknowledged(&session, by: request, arrival, into: &effects)
        sessions.checkIn(session)
    }

    /// CANCEL is answered in any case; what it means for the INVITE depends on that one's state (RFC 3261 §9.2).
    private mutating func receiveCancel(
        _ request: borrowing SIPMessage, key: UInt64, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let inviteKey = keys.server(of: request, asInvite: true)
        guard let target = transactions.inviteToCancel(key: inviteKey) else {
            guard admits(request, key: key, arrival, into: &effects) else { return }
            return answerStatelessly(request, status: 481, key: key, arrival, into: &effects)
        }
        answer(request, status: 200, key: key, arrival, into: &effects)
        guard let id = target, var session = sessions.checkOut(id) else { return }
        cancelled(&session, arrival, into: &effects)
        sessions.checkIn(session)
    }
}
