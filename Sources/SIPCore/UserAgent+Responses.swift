internal import SansIO

/// Our responses as bytes, and where they go (RFC 3261 §8.2.6, §18.2).
extension UserAgent {
    /// A message's way and time.
    struct Arrival {
        var source: SocketAddress
        var socket: SocketID
        var transport = SIPTransport.udp
        var now: MonotonicInstant

        /// The way back.
        var route: MessageRoute {
            MessageRoute(destination: source, socket: socket, transport: transport)
        }
    }

    /// Where the responses to a request go (RFC 3261 §18.2.2, RFC 3581): to its source, at the source port if the
    /// sender put `rport`, else at the port of sent-by. `maddr` is not followed: it would aim our responses elsewhere.
    ///
    /// Over a stream that is the connection of the request; only when it is gone is one opened to the port of sent-by.
    static func responseRoute(of request: borrowing SIPMessage, _ arrival: Arrival) -> MessageRoute {
        let via = request.topVia
        var route = arrival.route
        if arrival.transport.isReliable || !via.hasRport {
            route.destination.port = via.port ?? arrival.transport.defaultPort
        }
        return route
    }

    /// Sends a final response that needs no transaction of ours: copies of the request are answered like new ones.
    ///
    /// - Parameters:
    ///   - challenges: Values of Proxy-Authenticate.
    ///   - key: The request's; our tag is made of it, so that copies get the same one.
    mutating func answerStatelessly(
        _ request: borrowing SIPMessage, status: Int, challenges: [String] = [], key: UInt64,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) {
        let message = write(
            status, to: request, challenges: challenges, key: key, arrival, into: &effects)
        guard let message else { return }
        effects.send(message, along: Self.responseRoute(of: request, arrival))
    }

    /// Answers a request once and for all: an INVITE through a transaction that waits for the ACK, any other
    /// through one that answers copies alike.
    mutating func answer(
        _ request: borrowing SIPMessage, status: Int, key: UInt64, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        guard !transactions.isFull else {
            return answerStatelessly(request, status: status, key: key, arrival, into: &effects)
        }
        let route = Self.responseRoute(of: request, arrival)
        let mergeKey = request.to.tag == nil ? keys.merge(of: request) : 0
        guard let message = write(status, to: request, key: key, arrival, into: &effects) else { return }
        if request.isMethod(.invite) {
            let transaction = transactions.acceptInvite(
                key: key, mergeKey: mergeKey, route: route, session: .nobody)
            transactions.respond(
                to: transaction, code: status, message: message, at: arrival.now, into: &effects)
        } else {
            effects.send(message, along: route)
            transactions.recordAnswer(
                key: key, mergeKey: mergeKey, status: status, route: route, at: arrival.now)
        }
    }

    /// Writes a final response of our own making. It is a function of request and status but for challenges and the
    /// Retry-After of a 500, so that the answer to a copy of the request can be made again.
    private mutating func write(
        _ status: Int, to request: borrowing SIPMessage, challenges: [String] = [], key: UInt64,
        _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) -> Range<Int>? {
        guard let known = SIPStatus(status) else { return nil }
        let product = configuration.productName
        let (allowed, supported) = (allowedMethods, supportedOptions)
        let unsupported = status == 420 ? unsupported(of: request).joined(separator: ", ") : ""
        let body = status == 200 && request.isMethod(.options) ? configuration.optionsBody : nil
        let least = Int(leastInterval)
        let retryAfter = status == 500 ? Int(generator.next() % 10) : 10
        return try? SIPSerializer.append(to: &effects.bytes) { message in
            message.statusLine(known)
            message.copyHead(of: request, localTag: HexadecimalDigits.text(key), from: arrival.source)
            switch status {
            case 200 where request.isMethod(.options):
                message.header(.allow, allowed)
                message.header(.accept, "application/sdp")
                message.header(.supported, supported)
            case 405, 501:
                message.header(.allow, allowed)
            case 406, 415:
                message.header(.accept, "application/sdp")
                if status == 415 { message.header(.acceptEncoding, "identity") }
            case 420:
                message.header(.unsupported, unsupported)
            case 422:
                message.header(.minSE, least)
            case 500, 503:
                message.header(.retryAfter, retryAfter)
            default:
                break
            }
            for challenge in challenges { message.header(.proxyAuthenticate, challenge) }
            if !product.isEmpty { message.header(.server, product) }
            message.end(body)
        }
    }
}

extension SIPSerializer {
    /// The lines that every response to a request repeats: Via, Record-Route, From, To, Call-ID and CSeq.
    ///
    /// - Parameter localTag: Added to a To without tag.
    mutating func copyHead(of request: borrowing SIPMessage, localTag: String, from source: SocketAddress) {
        copyVias(from: request, receivedFrom: source)
        copyHeaders(.recordRoute, from: request)
        copyFirst(.from, of: request)
        copyTo(from: request, tag: localTag)
        copyFirst(.callID, of: request)
        copyFirst(.cSeq, of: request)
    }
}
