internal import SansIO

/// Our requests as bytes.
extension UserAgent {
    /// What tells one request of a session from another.
    struct RequestLine {
        var method: StaticString
        var requestURI: [UInt8]
        var routes: [[UInt8]] = []
        var remoteParty: [UInt8]
        var cSeq: UInt32
        var branch: UInt64
    }

    /// Writes a request; `fields` adds whole header lines before the last ones.
    ///
    /// - Returns: Where it lies in the bytes of `effects`.
    func write(
        _ line: RequestLine, of identity: InviteSession.Identity, body: SIPBody? = nil,
        into effects: inout UserAgentEffects, fields: (inout [UInt8]) -> Void = { _ in }
    ) -> Range<Int> {
        let start = effects.bytes.count
        Self.write(line, identity, into: &effects.bytes)
        fields(&effects.bytes)
        writeProduct("User-Agent: ", into: &effects.bytes)
        Self.write(body, into: &effects.bytes)
        return start..<effects.bytes.count
    }

    private static func write(
        _ line: RequestLine, _ identity: InviteSession.Identity, into bytes: inout [UInt8]
    ) {
        bytes.append(line.method)
        bytes.append(ASCII.space)
        bytes.append(contentsOf: line.requestURI)
        bytes.append(" SIP/2.0\r\nVia: SIP/2.0/UDP ")
        bytes.append(contentsOf: identity.sentBy)
        bytes.append(";branch=z9hG4bK")
        bytes.append(hexadecimal: line.branch)
        bytes.append(";rport\r\n")
        for route in line.routes {
            bytes.append("Route: ")
            bytes.append(contentsOf: route)
            bytes.endLine()
        }
        bytes.append("Max-Forwards: 70\r\nFrom: ")
        bytes.append(contentsOf: identity.localParty)
        bytes.append("\r\nTo: ")
        bytes.append(contentsOf: line.remoteParty)
        bytes.append("\r\nCall-ID: ")
        bytes.append(contentsOf: identity.callID)
        bytes.append("\r\nCSeq: ")
        bytes.append(decimal: line.cSeq)
        bytes.append(ASCII.space)
        bytes.append(line.method)
        bytes.endLine()
    }

    /// Content-Type, Content-Length, the empty line and the body.
    static func write(_ body: SIPBody?, into bytes: inout [UInt8]) {
        if let body, !body.bytes.isEmpty {
            bytes.append("Content-Type: ")
            bytes.append(line: body.contentType)
            bytes.endLine()
        }
        bytes.append("Content-Length: ")
        bytes.append(decimal: body?.bytes.count ?? 0)
        bytes.append("\r\n\r\n")
        if let body { bytes.append(contentsOf: body.bytes) }
    }

    func writeProduct(_ name: StaticString, into bytes: inout [UInt8]) {
        guard !configuration.productName.isEmpty else { return }
        bytes.append(name)
        bytes.append(line: configuration.productName)
        bytes.endLine()
    }

    static func write(_ fields: [SIPHeaderField], into bytes: inout [UInt8]) {
        for field in fields {
            bytes.append(line: field.name)
            bytes.append(": ")
            bytes.append(line: field.value)
            bytes.endLine()
        }
    }

    static func writeReason(_ reason: String?, into bytes: inout [UInt8]) {
        guard let reason, !reason.isEmpty else { return }
        bytes.append("Reason: ")
        bytes.append(line: reason)
        bytes.endLine()
    }

    /// The ACK for a final response of 300 or more (RFC 3261 §17.1.1.3). It is rebuilt from the response, which
    /// carries From, To, Call-ID and our own Via, so that a finished transaction need not keep a message.
    func sendAcknowledgement(
        for response: borrowing SIPMessage, _ acknowledgement: TransactionLayer.Acknowledgement,
        into effects: inout UserAgentEffects
    ) {
        guard let branch = response.topVia.branch, let from = response.rawValue(of: .from),
            let to = response.rawValue(of: .to),
            let lineEnd = acknowledgement.head.firstIndex(of: ASCII.carriageReturn)
        else { return }
        let start = effects.bytes.count
        let via = response.topVia
        let sentByEnd = via.parameters.isEmpty ? via.text.end : via.parameters.slice.start
        effects.bytes.append("ACK ")
        effects.bytes.append(contentsOf: acknowledgement.head[..<lineEnd])
        effects.bytes.append(" SIP/2.0\r\nVia: ")
        effects.bytes.append(response.bytes(of: SIPSlice(via.text.start, sentByEnd)))
        effects.bytes.append(";branch=")
        effects.bytes.append(response.bytes(of: branch))
        effects.bytes.append(";rport\r\n")
        effects.bytes.append(contentsOf: acknowledgement.head[(lineEnd + 2)...])
        effects.bytes.append("Max-Forwards: 70\r\nFrom: ")
        effects.bytes.append(response.bytes(of: from))
        effects.bytes.append("\r\nTo: ")
        effects.bytes.append(response.bytes(of: to))
        effects.bytes.append("\r\nCall-ID: ")
        effects.bytes.append(response.bytes(of: response.callID))
        effects.bytes.append("\r\nCSeq: ")
        effects.bytes.append(decimal: response.cSeq.number)
        effects.bytes.append(" ACK\r\nContent-Length: 0\r\n\r\n")
        effects.send(start..<effects.bytes.count, along: acknowledgement.route)
    }
}
