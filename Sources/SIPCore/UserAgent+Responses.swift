internal import SansIO

/// Our responses as bytes, and where they go (RFC 3261 §8.2.6, §18.2).
extension UserAgent {
    /// A datagram's way and time.
    struct Arrival {
        var source: SocketAddress
        var socket: SocketID
        var now: MonotonicInstant
    }

    /// Where the responses to a request go (RFC 3261 §18.2.2, RFC 3581): to its source, at the source port if the
    /// sender put `rport`, else at the port of sent-by. `maddr` is not followed: it would aim our responses elsewhere.
    static func responseRoute(of request: borrowing SIPMessage, _ arrival: Arrival) -> MessageRoute {
        let via = request.topVia
        let destination = via.hasRport ? arrival.source : arrival.source.with(port: via.port ?? 5060)
        return MessageRoute(destination: destination, socket: arrival.socket)
    }

    /// The lines that every response to a request repeats: Via, Record-Route, From, To, Call-ID and CSeq.
    ///
    /// - Parameter localTag: Added to a To without tag.
    static func writeHead(
        of request: borrowing SIPMessage, localTag: [UInt8], _ arrival: Arrival, into bytes: inout [UInt8]
    ) {
        var isFirstVia = true
        for slot in request.slots {
            switch slot.id {
            case .via:
                bytes.append("Via: ")
                if isFirstVia {
                    writeTopVia(of: request, arrival, into: &bytes)
                    bytes.append(request.bytes(of: SIPSlice(request.topVia.text.end, slot.value.end)))
                    isFirstVia = false
                } else {
                    bytes.append(request.bytes(of: slot.value))
                }
            case .recordRoute:
                bytes.append("Record-Route: ")
                bytes.append(request.bytes(of: slot.value))
            case .from:
                bytes.append("From: ")
                bytes.append(request.bytes(of: slot.value))
            case .to:
                bytes.append("To: ")
                bytes.append(request.bytes(of: slot.value))
                if request.to.tag == nil {
                    bytes.append(";tag=")
                    bytes.append(contentsOf: localTag)
                }
            case .callID:
                bytes.append("Call-ID: ")
                bytes.append(request.bytes(of: slot.value))
            case .cSeq:
                bytes.append("CSeq: ")
                bytes.append(request.bytes(of: slot.value))
            default:
                continue
            }
            bytes.endLine()
        }
    }

    /// The topmost Via with `received` and `rport` filled in (RFC 3261 §18.2.1, RFC 3581 §4).
    private static func writeTopVia(
        of request: borrowing SIPMessage, _ arrival: Arrival, into bytes: inout [UInt8]
    ) {
        let via = request.topVia
        let sentByEnd = via.parameters.isEmpty ? via.text.end : via.parameters.slice.start
        bytes.append(request.bytes(of: SIPSlice(via.text.start, sentByEnd)))
        var scanner = FieldScanner(request.bytes, via.parameters.slice)
        while case .parameter(let parameter) = scanner.nextParameter() {
            if request.bytes.matches(parameter.name, lowercase: "received")
                || request.bytes.matches(parameter.name, lowercase: "rport")
            {
                continue
            }
            bytes.append(ASCII.semicolon)
            bytes.append(request.bytes(of: parameter.name))
            if let value = parameter.value {
                bytes.append(ASCII.equals)
                bytes.append(request.bytes(of: value))
            }
        }
        let host = arrival.source.host
        if via.hasRport || !request.bytes.matches(via.host, host) {
            bytes.append(";received=")
            bytes.append(utf8: host)
        }
        if via.hasRport {
            bytes.append(";rport=")
            bytes.append(decimal: arrival.source.port)
        }
    }

    static func writeStatusLine(_ status: Int, reason: String? = nil, into bytes: inout [UInt8]) {
        bytes.append("SIP/2.0 ")
        bytes.append(decimal: status)
        bytes.append(ASCII.space)
        bytes.append(line: reason ?? SIPStatus(status)?.reasonPhrase ?? "")
        bytes.endLine()
    }

    /// What our final responses to requests other than INVITE say besides the head; a function of request and
    /// status, so that the answer to a copy of the request can be made again.
    private mutating func writeFields(
        for request: borrowing SIPMessage, status: Int, at now: MonotonicInstant, into bytes: inout [UInt8]
    ) {
        switch status {
        case 200 where request.isMethod(.options):
            bytes.append(
                "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nAccept: application/sdp\r\nSupported: \r\n")
        case 405, 501:
            bytes.append("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n")
        case 406, 415:
            bytes.append("Accept: application/sdp\r\n")
            if status == 415 { bytes.append("Accept-Encoding: identity\r\n") }
        case 420:
            for slot in request.slots where slot.id == .require {
                bytes.append("Unsupported: ")
                bytes.append(request.bytes(of: slot.value))
                bytes.endLine()
            }
        case 500, 503:
            bytes.append("Retry-After: ")
            bytes.append(decimal: status == 500 ? generator.next() % 10 : 10)
            bytes.endLine()
        case 407:
            writeChallenge(isStale: isStale(request, at: now), at: now, into: &bytes)
        default:
            break
        }
    }

    /// Sends a response that needs no transaction of ours: final, and the same for every copy of the request.
    mutating func answerStatelessly(
        _ request: borrowing SIPMessage, status: Int, key: UInt64, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        let start = effects.bytes.count
        Self.writeStatusLine(status, into: &effects.bytes)
        Self.writeHead(of: request, localTag: [UInt8](hexadecimal: key), arrival, into: &effects.bytes)
        writeFields(for: request, status: status, at: arrival.now, into: &effects.bytes)
        writeProduct("Server: ", into: &effects.bytes)
        Self.write(nil, into: &effects.bytes)
        effects.send(start..<effects.bytes.count, along: Self.responseRoute(of: request, arrival))
    }

    /// Answers a request once and for all: with an INVITE server transaction that waits for the ACK, or with one
    /// that answers copies alike.
    mutating func answer(
        _ request: borrowing SIPMessage, status: Int, key: UInt64, _ arrival: Arrival,
        into effects: inout UserAgentEffects
    ) {
        let route = Self.responseRoute(of: request, arrival)
        let isInitial = request.to.tag == nil
        let mergeKey = isInitial ? keys.merge(of: request) : 0
        guard !transactions.isFull else {
            return answerStatelessly(request, status: status, key: key, arrival, into: &effects)
        }
        guard request.isMethod(.invite) else {
            answerStatelessly(request, status: status, key: key, arrival, into: &effects)
            transactions.recordAnswer(
                key: key, mergeKey: mergeKey, status: status, route: route, at: arrival.now)
            return
        }
        let transaction = transactions.acceptInvite(
            key: key, mergeKey: mergeKey, route: route, session: InviteSessionID(rawValue: 0))
        let sendCount = effects.sends.count
        answerStatelessly(request, status: status, key: key, arrival, into: &effects)
        let range = effects.sends[sendCount].range
        effects.sends.removeLast()  // The transaction sends it.
        transactions.respond(to: transaction, code: status, message: range, at: arrival.now, into: &effects)
    }
}
