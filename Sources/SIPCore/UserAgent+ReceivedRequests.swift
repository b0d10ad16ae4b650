public import SansIO

/// Requests of the far end that the application answers (RFC 3261 §8.2, §17.2.2; RFC 4320).
extension UserAgent {
    /// Answers a request that ``UserAgentEvent/requestReceived(_:session:_:)`` told of.
    ///
    /// Ignored when it was answered before, or when the wait for it was over: an answer later than
    /// ``Configuration/requestAnswerLimit`` would reach nobody, so the far end has had a 500 by then (RFC 4320 §4.2).
    /// Line breaks in the texts become spaces.
    ///
    /// - Parameters:
    ///   - status: `200...699`, or 100; other provisional responses have no use here and are ignored
    ///     (RFC 4320 §4.1). 408 becomes 500, since the far end would take it for its own time-out.
    ///   - contact: Contact of the response, with its brackets; `nil` for none.
    public mutating func respond(
        toRequest id: SIPRequestID, status: Int, reason: String? = nil, headers: [SIPHeaderField] = [],
        body: SIPBody? = nil, contact: String? = nil, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard status == 100 || (200...699).contains(status), case .server(var request)? = requests.record(id)
        else { return }
        let sendCount = effects.sends.count
        var answer = Answer(
            status: status == 408 ? 500 : status, reason: reason, headers: headers, body: body)
        if let contact { answer.headers.insert(SIPHeaderField(name: "Contact", value: contact), at: 0) }
        send(answer, to: request, at: now, into: &effects)
        if status == 100 {
            request.hasProvisional = true
            requests.update(id, .server(request))
            requests.setDeadline(of: id, to: request.limit)
        } else {
            requests.remove(id)
        }
        counters.datagramsSent += effects.sends.count - sendCount
    }

    /// Value of Allow, and the methods that are handed up.
    static func served(_ methods: [SIPMethod]) -> (allowed: String, handedUp: UInt32) {
        var allowed: [SIPMethod] = [.invite, .ack, .cancel, .bye, .options, .prack, .update]
        var handedUp: UInt32 = 0
        for method in methods {
            switch method.code {
            case .invite, .ack, .cancel, .bye, .prack, .update: continue
            case .other: break
            default: handedUp |= 1 << UInt32(method.code.rawValue)
            }
            if !allowed.contains(method) { allowed.append(method) }
        }
        return (allowed.map(\.description).joined(separator: ", "), handedUp)
    }

    /// Whether the application has asked for requests of this method.
    func isHandedUp(_ request: borrowing SIPMessage) -> Bool {
        let code = request.fields.methodCode
        guard code == .other else { return handedUp & (1 << UInt32(code.rawValue)) != 0 }
        let name = request.bytes(of: request.methodName)
        return configuration.methods.contains { method in
            method.code == .other
                && withUTF8(method.description) { (text: RawSpan) in text.isSame(as: name) }
        }
    }

    /// Takes up a request and tells the application.
    mutating func handUp(
        _ request: borrowing SIPMessage, of caller: Caller, session: InviteSessionID?, key: UInt64,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        guard requests.count < configuration.maximumRequests else {
            return answer(request, status: 503, key: key, arrival, into: &effects)
        }
        var head: [UInt8] = []
        _ = try? SIPSerializer.append(to: &head) { message in
            message.copyHead(of: request, localTag: HexadecimalDigits.text(key), from: arrival.source)
        }
        let transaction = transactions.acceptRequest(
            key: key, mergeKey: request.to.tag == nil ? keys.merge(of: request) : 0,
            route: Self.responseRoute(of: request, arrival), at: arrival.now)
        let id = requests.nextID()
        let wait = min(configuration.requestAnswerLimit, transactions.times.t1 * 56)
        let limit = arrival.now.advanced(by: wait)
        // RFC 4320 §4.1: 100 once the far end's retransmissions have slowed down to T2.
        let trying = arrival.now.advanced(by: transactions.times.t1 * 7)
        requests.insert(
            .server(ServerRequest(transaction: transaction, head: head, limit: limit)), as: id,
            deadline: min(trying, limit))
        var received = Self.receivedRequest(request, arrival)
        received.headers = request.headerFields()
        received.cSeqNumber = request.cSeq.number
        if case .authenticated(let username) = caller { received.username = username }
        effects.events.append(.requestReceived(id, session: session, received))
    }

    /// The application has not answered yet: 100 first, 500 at the limit.
    mutating func remind(
        _ id: SIPRequestID, _ request: ServerRequest, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard now < request.limit else {
            let retryAfter = SIPHeaderField(name: "Retry-After", value: "\(generator.next() % 10)")
            send(Answer(status: 500, headers: [retryAfter]), to: request, at: now, into: &effects)
            requests.remove(id)
            return
        }
        if !request.hasProvisional { send(Answer(status: 100), to: request, at: now, into: &effects) }
        requests.setDeadline(of: id, to: request.limit)
    }

    private mutating func send(
        _ answer: Answer, to request: ServerRequest, at now: MonotonicInstant,
        into effects: inout UserAgentEffects
    ) {
        guard let status = SIPStatus(answer.status) else { return }
        let product = configuration.productName
        let allowed = allowedMethods
        let message = try? SIPSerializer.append(to: &effects.bytes) { message in
            message.statusLine(status, reason: answer.reason.map(Self.oneLine))
            message.append(raw: request.head)
            for field in answer.headers where SIPMethod(field.name) != nil {  // A token, as a name must be.
                message.header(named: field.name, Self.oneLine(field.value))
            }
            if status.code == 405 { message.header(.allow, allowed) }
            if !product.isEmpty, status.isFinal { message.header(.server, product) }
            message.end(answer.body)
        }
        guard let message else { return }
        transactions.respond(
            to: request.transaction, code: status.code, message: message, at: now, into: &effects)
    }
}
