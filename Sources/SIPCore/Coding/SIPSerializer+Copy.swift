public import SansIO

extension SIPSerializer {
    /// Copies every header field called `name`, in order.
    public mutating func copyHeaders(_ name: SIPHeaderName, from message: borrowing SIPMessage) {
        for index in 0..<message.headerCount {
            let slot = message.header(at: index)
            if slot.id == name { copy(slot, from: message) }
        }
    }

    /// Copies one header field; a known name gets its registered spelling.
    public mutating func copy(_ slot: SIPHeaderSlot, from message: borrowing SIPMessage) {
        guard slot.id == .unknown else {
            beginHeader(slot.id)
            append(slot.value, of: message)
            endHeader(slot.id)
            return
        }
        append(slot.name, of: message)
        append(": ")
        append(slot.value, of: message)
        append("\r\n")
    }

    /// Copies the To field of a request into its response, with our tag unless it has one (RFC 3261 §8.2.6.2).
    public mutating func copyTo(from message: borrowing SIPMessage, tag: String?) {
        guard let slot = message.firstHeader(.to) else { return }
        beginHeader(.to)
        append(slot.value, of: message)
        if let tag, message.to.tag == nil {
            append(";tag=")
            append(tag)
        }
        endHeader(.to)
    }

    /// Copies every Via of a request into its response and says in the first one where the request came from:
    /// `received` when sent-by is another address or `rport` is asked for, and the value of `rport`
    /// (RFC 3261 §18.2.1, RFC 3581 §4).
    public mutating func copyVias(from message: borrowing SIPMessage, receivedFrom source: SocketAddress) {
        var cursor = message.values(of: .via)
        guard let first = message.next(&cursor) else { return }
        beginHeader(.via)
        writeTopVia(first, of: message, receivedFrom: source)
        endHeader(.via)
        while let value = message.next(&cursor) {
            beginHeader(.via)
            append(value, of: message)
            endHeader(.via)
        }
    }

    private mutating func writeTopVia(
        _ value: SIPSlice, of message: borrowing SIPMessage, receivedFrom source: SocketAddress
    ) {
        let via = message.topVia
        let host = message.string(via.host)
        let isOtherHost = SocketAddress(host: host, port: 0) != source.with(port: 0)
        guard isOtherHost || via.hasRport else {
            append(value, of: message)
            return
        }
        append(SIPSlice(value.start, max(value.start, via.parameters.slice.start)), of: message)
        via.parameters.forEach(in: message.bytes) { parameter in
            let name = parameter.name
            let isReceived = message.bytes.matches(name, lowercase: "received")
            let isRport = message.bytes.matches(name, lowercase: "rport")
            if isReceived || isRport { return }
            append(ASCII.semicolon)
            append(name, of: message)
            if let value = parameter.value {
                append(ASCII.equals)
                append(value, of: message)
            }
        }
        append(";received=")
        append(source.host)
        if via.hasRport {
            append(";rport=")
            append(number: Int(source.port))
        }
    }

    /// Writes a parsed message again: all header fields in order, known names in their registered spelling, folds
    /// undone, Content-Length as the body is.
    public mutating func copy(_ message: borrowing SIPMessage) {
        append(message.startLine, of: message)
        append("\r\n")
        var hasLength = false
        for index in 0..<message.headerCount {
            let slot = message.header(at: index)
            if slot.id == .contentLength {
                if !hasLength { header(.contentLength, Int(message.body.length)) }
                hasLength = true
            } else {
                copy(slot, from: message)
            }
        }
        if !hasLength { header(.contentLength, Int(message.body.length)) }
        append("\r\n")
        append(raw: message.bytes(of: message.body))
    }
}
