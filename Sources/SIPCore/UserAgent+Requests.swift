internal import SansIO

/// Our requests as bytes.
extension UserAgent {
    /// What tells one request of a session from another.
    struct RequestLine {
        var method: SIPMethod
        var requestURI: String
        var routes: [String] = []
        /// Value of To.
        var remoteParty: String
        var cSeq: UInt32
        var branch: UInt64
        /// That of the route which the request takes.
        var transport: SIPTransport
    }

    /// Writes a request; `fields` adds header fields before the last ones.
    ///
    /// - Returns: Where it lies in the bytes of `effects`.
    func write(
        _ line: RequestLine, of identity: InviteSession.Identity, body: SIPBody? = nil,
        into effects: inout UserAgentEffects, fields: (inout SIPSerializer) -> Void = { _ in }
    ) throws(SIPSerializeError) -> Range<Int> {
        let product = configuration.productName
        return try SIPSerializer.append(to: &effects.bytes) { message in
            message.requestLine(line.method, uri: line.requestURI)
            message.beginHeader(.via)
            message.append("SIP/2.0/")
            message.append(line.transport.viaToken)
            message.append(ASCII.space)
            message.append(identity.sentBy)
            message.append(";branch=")
            message.append(branch: line.branch)
            message.append(";rport")
            message.endHeader(.via)
            for route in line.routes { message.header(.route, route) }
            message.header(.maxForwards, 70)
            message.header(.from, identity.localParty)
            message.header(.to, line.remoteParty)
            message.header(.callID, identity.callID)
            message.beginHeader(.cSeq)
            message.append(number: Int(line.cSeq))
            message.append(ASCII.space)
            message.append(line.method.description)
            message.endHeader(.cSeq)
            fields(&message)
            if !product.isEmpty { message.header(.userAgent, product) }
            message.end(body)
        }
    }

    /// The ACK for a final response of 300 or more (RFC 3261 §17.1.1.3). It is rebuilt from the response, which
    /// carries From, To, Call-ID and our own Via, so that a finished transaction need not keep a message.
    func sendAcknowledgement(
        for response: borrowing SIPMessage, _ acknowledgement: TransactionLayer.Acknowledgement,
        into effects: inout UserAgentEffects
    ) {
        let lines = String(decoding: acknowledgement.head, as: UTF8.self).split(separator: "\n")
        guard let requestURI = lines.first, let branch = response.topVia.branch else { return }
        let via = response.topVia
        let sentByEnd = via.parameters.isEmpty ? via.text.end : via.parameters.slice.start
        let message = try? SIPSerializer.append(to: &effects.bytes) { message in
            message.requestLine(.ack, uri: String(requestURI))
            message.beginHeader(.via)
            message.append(SIPSlice(via.text.start, sentByEnd), of: response)
            message.append(";branch=")
            message.append(branch, of: response)
            message.append(";rport")
            message.endHeader(.via)
            for route in lines.dropFirst() { message.header(.route, String(route)) }
            message.header(.maxForwards, 70)
            message.copyFirst(.from, of: response)
            message.copyFirst(.to, of: response)
            message.copyFirst(.callID, of: response)
            message.beginHeader(.cSeq)
            message.append(number: Int(response.cSeq.number))
            message.append(" ACK")
            message.endHeader(.cSeq)
            message.end()
        }
        if let message { effects.send(message, along: acknowledgement.route) }
    }

    /// Extensions that we serve, by option tag (RFC 3261 §19.2).
    static let optionTags = ["100rel", "timer"]

    /// Value of Supported.
    ///
    /// - Parameter own: What of ``optionTags`` is offered.
    static func supported(_ own: [String] = optionTags, _ configuration: Configuration) -> String {
        (own + (configuration.servesReplaces ? ["replaces"] : [])).joined(separator: ", ")
    }

    /// Text of the application on one line: line breaks and other control characters become spaces.
    static func oneLine(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return text }
        return String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7F ? ASCII.space : $0 }, as: UTF8.self)
    }
}

extension SIPSerializer {
    mutating func copyFirst(_ name: SIPHeaderName, of message: borrowing SIPMessage) {
        if let slot = message.firstHeader(name) { copy(slot, from: message) }
    }

    /// A branch of ours: the magic cookie and sixteen hexadecimal digits.
    mutating func append(branch: UInt64) {
        append(TransactionKey.cookie)
        for digit in HexadecimalDigits(branch) { append(digit) }
    }

    mutating func reason(_ reason: String?) {
        if let reason, !reason.isEmpty { header(.reason, UserAgent.oneLine(reason)) }
    }
}

/// The sixteen digits of a number, as octets.
struct HexadecimalDigits: Sequence, IteratorProtocol {
    private let number: UInt64
    private var shift = 64

    init(_ number: UInt64) { self.number = number }

    mutating func next() -> UInt8? {
        guard shift > 0 else { return nil }
        shift -= 4
        let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
        return digit < 10 ? ASCII.zero + digit : UInt8(ascii: "a") + digit - 10
    }

    /// The number that stands behind our magic cookie in a branch of ours; `nil` for any other text.
    static func number(inBranch text: String) -> UInt64? {
        let digits = text.utf8.dropFirst(TransactionKey.cookie.utf8.count)
        guard digits.count == 16 else { return nil }
        return UInt64(String(decoding: Array(digits), as: UTF8.self), radix: 16)
    }

    /// The digits of `number` as text: tags and Call-IDs.
    static func text(_ number: UInt64) -> String { String(decoding: Array(Self(number)), as: UTF8.self) }
}
