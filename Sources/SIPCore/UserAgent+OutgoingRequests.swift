public import SansIO

/// Requests of ours other than those that make and end sessions: REGISTER, OPTIONS, MESSAGE outside a dialog, INFO,
/// REFER, NOTIFY inside one (RFC 3261 §8.1, §12.2.1).
///
/// Each ends with exactly one ``UserAgentEvent/requestAnswered(_:_:)`` or ``UserAgentEvent/requestFailed(_:_:)``,
/// unless it is cancelled.
extension UserAgent {
    /// Sends a request outside any dialog. Its event can only come from a later step.
    ///
    /// - Throws: ``UserAgentError`` when a field is not what RFC 3261 allows there, or a limit is reached.
    public mutating func request(
        _ request: OutgoingRequest, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(UserAgentError) -> SIPRequestID {
        let callID = request.callID ?? drawCallID()
        try Self.check(request, callID: callID)
        guard requests.count < configuration.maximumRequests else { throw .tooManyRequests }
        let sendCount = effects.sends.count
        let tag: String
        let beginsSeries = request.isSeries && requests.series[callID] == nil
        if request.isSeries {
            if beginsSeries {
                guard requests.series.count < configuration.maximumRequests else { throw .tooManyRequests }
                requests.series[callID] = RequestSeries(localTag: drawTag(), cSeq: drawCSeq())
            }
            tag = requests.series[callID]?.localTag ?? ""
        } else {
            tag = drawTag()
        }
        let identity = InviteSession.Identity(
            callID: callID, localTag: tag, localParty: "\(request.from);tag=\(tag)",
            contact: request.contact ?? "", sentBy: request.sentBy, dialogKey: 0)
        var client = ClientRequest(
            scope: .outside(request, identity), method: request.method, headers: request.headers,
            body: request.body)
        client.cSeq = request.isSeries ? 0 : drawCSeq()
        let id = requests.nextID()
        do {
            try send(&client, as: id, at: now, into: &effects)
        } catch {
            if beginsSeries { requests.series[callID] = nil }
            throw error
        }
        requests.insert(.client(client), as: id, deadline: request.timeout.map { now.advanced(by: $0) })
        counters.datagramsSent += effects.sends.count - sendCount
        return id
    }

    /// Sends a request in an established session: INFO (RFC 6086), REFER (RFC 3515), NOTIFY, OPTIONS, MESSAGE.
    ///
    /// Its CSeq number is the dialog's next, so that it never collides with the session's own requests. A challenge
    /// is answered with the credentials of the session. 408, 481 and silence end the session (RFC 3261 §12.2.1.2)
    /// with ``SessionEnd/lost(status:)`` after the request's own event, except for NOTIFY and SUBSCRIBE, where they
    /// end the subscription alone (RFC 5057 §5.1).
    ///
    /// - Parameter timeout: How long to wait for a final response; `nil` for 64*T1. Running out of it does not end
    ///   the session.
    /// - Throws: ``UserAgentError/noDialog`` when the session is not established; ``UserAgentError/invalidField(_:)``.
    public mutating func request(
        _ method: SIPMethod, in session: InviteSessionID, headers: [SIPHeaderField] = [],
        body: SIPBody? = nil, timeout: Duration? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) throws(UserAgentError) -> SIPRequestID {
        try Self.check(method, headers: headers, body: body)
        guard requests.count < configuration.maximumRequests else { throw .tooManyRequests }
        let sendCount = effects.sends.count
        var client = ClientRequest(scope: .session(session), method: method, headers: headers, body: body)
        let id = requests.nextID()
        try send(&client, as: id, at: now, into: &effects)
        requests.insert(.client(client), as: id, deadline: timeout.map { now.advanced(by: $0) })
        counters.datagramsSent += effects.sends.count - sendCount
        return id
    }

    /// Stops waiting for a request's answer: it is sent no more, and no event will come. Unknown ids are ignored.
    ///
    /// The far end may have acted on it all the same; only an INVITE can be taken back (RFC 3261 §9.1).
    public mutating func cancelRequest(_ id: SIPRequestID) {
        guard case .client(let client)? = requests.record(id) else { return }
        if let transaction = client.transaction { transactions.abandon(transaction) }
        requests.remove(id)
    }

    /// Forgets what is kept for requests with this Call-ID (``OutgoingRequest/isSeries``).
    public mutating func endSeries(callID: String) { requests.series[callID] = nil }

    /// The CSeq number of the last message of a request that waits for its answer; `nil` once it has ended.
    ///
    /// A REFER's subscription is named by it (RFC 3515 §2.4.6).
    public func cSeq(of id: SIPRequestID) -> UInt32? {
        guard case .client(let client)? = requests.record(id) else { return nil }
        return client.cSeq
    }

    private mutating func drawTag() -> String { HexadecimalDigits.text(generator.next()) }

    private mutating func drawCSeq() -> UInt32 { UInt32(truncatingIfNeeded: generator.next() % 10_000) + 1 }

    // MARK: Sending

    /// Sends a request, or sends it again after a challenge: next CSeq, new branch.
    private mutating func send(
        _ client: inout ClientRequest, as id: SIPRequestID, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) throws(UserAgentError) {
        do {
            switch client.scope {
            case .outside(let request, let identity):
                try sendOutside(&client, request, identity, as: id, at: now, into: &effects)
            case .session(let session):
                guard var owner = sessions.checkOut(session) else { throw UserAgentError.noDialog }
                defer { sessions.checkIn(owner) }
                guard owner.state == .established, let confirmed = owner.confirmed else {
                    throw UserAgentError.noDialog
                }
                try sendInside(&client, &owner, dialog: confirmed, as: id, at: now, into: &effects)
            }
        } catch let error as UserAgentError {
            throw error
        } catch SIPSerializeError.messageTooLarge(let bytes) {
            throw .messageTooLarge(bytes: bytes)
        } catch {
            throw .invalidField("headers")
        }
    }

    private mutating func sendOutside(
        _ client: inout ClientRequest, _ request: OutgoingRequest, _ identity: InviteSession.Identity,
        as id: SIPRequestID, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(SIPSerializeError) {
        var series = request.isSeries ? requests.series[identity.callID] : nil
        client.cSeq = CSeq.successor(of: series?.cSeq ?? client.cSeq)
        series?.cSeq = client.cSeq
        let nonce = drawTag()
        let authorization: [SIPHeaderField]
        if series != nil {
            authorization =
                series?.authentication.fields(
                    for: request.method, uri: request.requestURI, body: request.body, clientNonce: nonce)
                ?? []
            requests.series[identity.callID] = series
        } else {
            authorization = client.authentication.fields(
                for: request.method, uri: request.requestURI, body: request.body, clientNonce: nonce)
        }
        let line = RequestLine(
            method: request.method, requestURI: request.requestURI, routes: request.routes,
            remoteParty: request.to, cSeq: client.cSeq, branch: generator.next(),
            transport: request.transport)
        let route = MessageRoute(
            destination: request.destination, socket: request.socket, transport: request.transport)
        try start(&client, line, identity, authorization, route, as: id, at: now, into: &effects)
    }

    private mutating func sendInside(
        _ client: inout ClientRequest, _ session: inout InviteSession, dialog index: Int,
        as id: SIPRequestID,
        at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(SIPSerializeError) {
        client.cSeq = session.dialogs[index].nextCSeq()
        let dialog = session.dialogs[index]
        let path = dialog.path
        let route = dialog.nextHop
        let line = RequestLine(
            method: client.method, requestURI: path.requestURI, routes: path.routes,
            remoteParty: dialog.remoteParty, cSeq: client.cSeq, branch: generator.next(),
            transport: route.transport)
        let authorization = session.authentication.fields(
            for: client.method, uri: line.requestURI, body: client.body, clientNonce: drawTag())
        try start(
            &client, line, session.identity, authorization, route, as: id, at: now, into: &effects)
    }

    private mutating func start(
        _ client: inout ClientRequest, _ line: RequestLine, _ identity: InviteSession.Identity,
        _ authorization: [SIPHeaderField], _ route: MessageRoute, as id: SIPRequestID,
        at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) throws(SIPSerializeError) {
        let contact = Self.carriesContact(client) ? identity.contact : ""
        let headers = client.headers
        let message = try write(line, of: identity, body: client.body, into: &effects) { message in
            if !contact.isEmpty { message.header(.contact, contact) }
            message.headers(authorization)
            message.headers(headers)
        }
        client.transaction = transactions.start(
            .other, key: keys.client(branch: line.branch, method: line.method), message: message,
            route: route, user: .request(id), at: now, into: &effects)
    }

    /// In a dialog only requests that may make a dialog of their own carry Contact (RFC 3261 §12.1).
    private static func carriesContact(_ client: ClientRequest) -> Bool {
        switch (client.scope, client.method) {
        case (.session, .refer), (.session, .notify), (.session, .subscribe), (.outside, _): true
        case (.session, _): false
        }
    }

    // MARK: Answers

    mutating func requestAnswered(
        _ id: SIPRequestID, _ response: borrowing SIPMessage, _ status: Int, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard status >= 200, case .client(var client)? = requests.record(id) else { return }
        if status < 300 { conclude(client, with: response) }
        if status == 401 || status == 407 {
            switch learn(from: response, for: &client) {
            case .answerable:
                if (try? send(&client, as: id, at: arrival.now, into: &effects)) != nil {
                    return requests.update(id, .client(client))
                }
            case .refused:
                requests.remove(id)
                let refusal = Self.wholeResponse(response)
                return effects.events.append(.requestFailed(id, .credentialsRefused(refusal)))
            case .unasked:
                break
            }
        }
        requests.remove(id)
        effects.events.append(.requestAnswered(id, Self.wholeResponse(response)))
        if status == 408 || status == 481 {
            loseSession(of: client, status: status, at: arrival.now, into: &effects)
        }
    }

    /// Takes in what a 2xx says of the next nonce and of the server.
    private mutating func conclude(_ client: ClientRequest, with response: borrowing SIPMessage) {
        guard response.firstHeader(.authenticationInfo) != nil else { return }
        switch client.scope {
        case .outside(let request, let identity):
            if request.isSeries, var series = requests.series[identity.callID] {
                count(series.authentication.conclude(with: response))
                requests.series[identity.callID] = series
            } else {
                var authentication = client.authentication
                count(authentication.conclude(with: response))
            }
        case .session(let id):
            guard var session = sessions.checkOut(id) else { return }
            count(session.authentication.conclude(with: response))
            sessions.checkIn(session)
        }
    }

    mutating func count(_ proof: ClientAuthentication.ServerProof) {
        switch proof {
        case .none: break
        case .right: counters.serverProofsAccepted += 1
        case .wrong: counters.serverProofsRefused += 1
        }
    }

    private enum Lesson { case answerable, refused, unasked }

    private mutating func learn(
        from response: borrowing SIPMessage, for client: inout ClientRequest
    ) -> Lesson {
        let maximum = configuration.maximumChallenges
        let isAnswerable: Bool
        switch client.scope {
        case .outside(let request, let identity):
            guard !request.credentials.isEmpty else { return .unasked }
            if request.isSeries, var series = requests.series[identity.callID] {
                isAnswerable = series.authentication.learn(
                    from: response, credentials: request.credentials, attempt: &client.attempt,
                    maximumChallenges: maximum)
                requests.series[identity.callID] = series
            } else {
                isAnswerable = client.authentication.learn(
                    from: response, credentials: request.credentials, attempt: &client.attempt,
                    maximumChallenges: maximum)
            }
        case .session(let id):
            guard var session = sessions.checkOut(id) else { return .unasked }
            defer { sessions.checkIn(session) }
            guard let credentials = session.client?.request.credentials, !credentials.isEmpty else {
                return .unasked
            }
            isAnswerable = session.authentication.learn(
                from: response, credentials: credentials, attempt: &client.attempt,
                maximumChallenges: maximum)
        }
        return isAnswerable ? .answerable : .refused
    }

    /// 408, 481 or silence in a dialog: the session is gone (RFC 3261 §12.2.1.2), unless the request belonged to
    /// another usage of the dialog (RFC 5057 §5.1).
    private mutating func loseSession(
        of client: ClientRequest, status: Int?, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard case .session(let id) = client.scope, client.method != .notify, client.method != .subscribe,
            var session = sessions.checkOut(id)
        else { return }
        if session.state == .established {
            reportLoss(&session, status: status, into: &effects)
            end(&session, reason: nil, at: now, into: &effects)
        }
        sessions.checkIn(session)
    }

    // MARK: Time

    /// The transaction of a request ended without a final response.
    mutating func requestTimedOut(
        _ id: SIPRequestID, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard case .client(let client)? = requests.remove(id) else { return }
        effects.events.append(.requestFailed(id, .timedOut))
        loseSession(of: client, status: nil, at: now, into: &effects)
    }

    /// The request could not be sent, or its connection was lost before anything had come back.
    mutating func requestNotSent(_ id: SIPRequestID, into effects: inout UserAgentEffects) {
        if requests.remove(id) != nil { effects.events.append(.requestFailed(id, .transportFailed)) }
    }

    mutating func fireRequests(at now: MonotonicInstant, into effects: inout UserAgentEffects) {
        while let id = requests.popDue(at: now) {
            switch requests.record(id) {
            case .client?:
                cancelRequest(id)
                effects.events.append(.requestFailed(id, .timedOut))
            case .server(let request)?:
                remind(id, request, at: now, into: &effects)
            case nil:
                break
            }
        }
    }
}
