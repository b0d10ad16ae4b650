/// What keeps the application's text from becoming a message that it did not mean.
extension UserAgent {
    static func check(_ invite: OutgoingInvite, callID: String) throws(UserAgentError) {
        guard isURI(invite.requestURI) else { throw .invalidField("requestURI") }
        guard isParty(invite.from) else { throw .invalidField("from") }
        guard isParty(invite.to) else { throw .invalidField("to") }
        guard isParty(invite.contact) else { throw .invalidField("contact") }
        guard isSentBy(invite.sentBy) else { throw .invalidField("sentBy") }
        guard isVisible(callID), callID.utf8.count <= 256 else { throw .invalidField("callID") }
        guard invite.routes.allSatisfy(isRoute) else { throw .invalidField("routes") }
        try check(headers: invite.headers, body: invite.body)
    }

    static func check(headers: [SIPHeaderField], body: SIPBody?) throws(UserAgentError) {
        for header in headers {
            let name = SIPHeaderName(header.name)
            guard SIPMethod(header.name) != nil, !ownHeaders.contains(name), isLine(header.value) else {
                throw .invalidField("headers")
            }
        }
        if let body, !isLine(body.contentType) || body.contentType.isEmpty { throw .invalidField("body") }
    }

    static func check(_ request: OutgoingRequest, callID: String) throws(UserAgentError) {
        try check(request.method, headers: request.headers, body: request.body)
        guard isURI(request.requestURI) else { throw .invalidField("requestURI") }
        guard isParty(request.from) else { throw .invalidField("from") }
        guard isParty(request.to) else { throw .invalidField("to") }
        if let contact = request.contact, contact != "*", !isParty(contact) {
            throw .invalidField("contact")
        }
        guard isSentBy(request.sentBy) else { throw .invalidField("sentBy") }
        guard isVisible(callID), callID.utf8.count <= 256 else { throw .invalidField("callID") }
        guard request.routes.allSatisfy(isRoute) else { throw .invalidField("routes") }
    }

    static func check(
        _ method: SIPMethod, headers: [SIPHeaderField], body: SIPBody?
    ) throws(UserAgentError) {
        switch method.code {
        case .invite, .ack, .cancel, .bye, .prack, .update: throw .invalidField("method")
        default: break
        }
        for header in headers {
            let isOurs = requestHeaders.contains(SIPHeaderName(header.name))
            guard SIPMethod(header.name) != nil, !isOurs, isLine(header.value) else {
                throw .invalidField("headers")
            }
        }
        if let body, !isLine(body.contentType) || body.contentType.isEmpty { throw .invalidField("body") }
    }

    /// What the user agent writes itself in a request that makes no session.
    private static let requestHeaders: [SIPHeaderName] = [
        .via, .from, .to, .callID, .cSeq, .contact, .maxForwards, .route, .recordRoute, .contentLength,
        .contentType, .authorization, .proxyAuthorization,
    ]

    /// A name-addr in brackets, as Route needs it (RFC 3261 §20.34).
    static func isRoute(_ text: String) -> Bool {
        guard isLine(text), NameAddress.isValid(text), let address = try? NameAddress.parse(text) else {
            return false
        }
        return address.isBracketed && address.uri.isSIP
    }

    /// What the user agent writes itself in an INVITE.
    private static let ownHeaders: [SIPHeaderName] = [
        .via, .from, .to, .callID, .cSeq, .contact, .maxForwards, .route, .recordRoute, .contentLength,
        .contentType, .authorization, .proxyAuthorization, .allow, .accept, .require, .proxyRequire,
        .supported, .sessionExpires, .minSE, .rSeq, .rAck,
    ]

    static func isURI(_ text: String) -> Bool {
        guard isVisible(text), let uri = try? SIPURI.parse(text) else { return false }
        return uri.scheme != .other && uri.headers.isEmpty
    }

    /// A name-addr or addr-spec without tag.
    static func isParty(_ text: String) -> Bool {
        guard isLine(text), NameAddress.isValid(text), let address = try? NameAddress.parse(text) else {
            return false
        }
        return address.tag == nil
    }

    static func isSentBy(_ text: String) -> Bool {
        guard isVisible(text), !text.contains(";"), !text.contains(",") else { return false }
        let via = "SIP/2.0/UDP \(text)"
        return
            (try? withUTF8(via) { (bytes: RawSpan) throws(SIPParseError) -> Via in
                try Via.parse(bytes, SIPSlice(0, min(bytes.byteCount, 65_535)))
            }) != nil
    }

    static func isVisible(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    static func isLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 || $0 == ASCII.tab) && $0 != 0x7F }
    }

    /// A Call-ID of 128 random bits.
    mutating func drawCallID() -> String {
        HexadecimalDigits.text(generator.next()) + HexadecimalDigits.text(generator.next())
    }
}
