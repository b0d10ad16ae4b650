private import SansIO

/// Messages as the application sees them, copied out of the workspace.
extension UserAgent {
    static func receivedResponse(_ response: borrowing SIPMessage) -> ReceivedResponse {
        ReceivedResponse(
            status: response.status?.code ?? 0, reasonPhrase: response.string(response.reasonPhrase),
            toTag: response.to.tag.map { response.string($0) } ?? "", headers: carriedHeaders(of: response),
            body: body(of: response))
    }

    /// With every header field and the CSeq number.
    static func wholeResponse(_ response: borrowing SIPMessage) -> ReceivedResponse {
        var whole = receivedResponse(response)
        whole.headers = response.headerFields()
        whole.cSeqNumber = response.cSeq.number
        return whole
    }

    static func receivedRequest(_ request: borrowing SIPMessage, _ arrival: Arrival) -> ReceivedRequest {
        var received = ReceivedRequest(
            method: request.string(request.methodName), requestURI: request.string(request.requestURI.text),
            from: request.value(of: .from).map { request.string($0) } ?? "",
            to: request.value(of: .to).map { request.string($0) } ?? "",
            callID: request.string(request.callID), headers: carriedHeaders(of: request),
            body: body(of: request),
            source: arrival.source)
        received.transport = arrival.transport
        return received
    }

    /// The body; of one in several parts the session description alone, where the message makes or changes a session.
    static func body(of message: borrowing SIPMessage) -> SIPBody? {
        guard !message.body.isEmpty else { return nil }
        if describesSessions(message), let description = message.sessionDescription,
            description != message.body
        {
            return SIPBody(contentType: "application/sdp", bytes: message.copy(description))
        }
        let type = message.value(of: .contentType).map { message.string($0) }
        return SIPBody(contentType: type ?? "", bytes: message.copy(message.body))
    }

    private static func describesSessions(_ message: borrowing SIPMessage) -> Bool {
        switch message.cSeq.methodCode {
        case .invite, .ack, .prack, .update: true
        default: false
        }
    }

    /// The headers that ``ReceivedResponse/headers`` names.
    private static func carriedHeaders(of message: borrowing SIPMessage) -> [SIPHeaderField] {
        var fields: [SIPHeaderField] = []
        for slot in message.slots {
            switch slot.id {
            case .reason, .retryAfter, .warning, .server, .userAgent, .contact, .diversion, .historyInfo,
                .privacy, .referredBy, .identity, .date:
                break
            default:
                let name = message.bytes(of: slot.name)
                guard name.byteCount > 2, name.byte(1) == UInt8(ascii: "-") else { continue }
                let initial = ASCII.lowercased(name.byte(0))
                guard initial == UInt8(ascii: "p") || initial == UInt8(ascii: "x") else { continue }
            }
            fields.append(
                SIPHeaderField(name: message.string(slot.name), value: message.string(slot.value)))
        }
        return fields
    }
}
