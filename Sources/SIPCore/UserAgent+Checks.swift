/// What keeps the application's text from becoming a message that it did not mean.
extension UserAgent {
    static func check(_ invite: OutgoingInvite, callID: String) throws(UserAgentError) {
        guard isURI(invite.requestURI) else { throw .invalidField("requestURI") }
        guard isParty(invite.from) else { throw .invalidField("from") }
        guard isParty(invite.to) else { throw .invalidField("to") }
        guard isParty(invite.contact) else { throw .invalidField("contact") }
        guard isSentBy(invite.sentBy) else { throw .invalidField("sentBy") }
        guard isVisible(callID), callID.utf8.count <= 256 else { throw .invalidField("callID") }
        for header in invite.headers {
            let name = SIPHeaderName(header.name)
            guard SIPMethod(header.name) != nil, !ownHeaders.contains(name), isLine(header.value) else {
                throw .invalidField("headers")
            }
        }
        if let body = invite.body, !isLine(body.contentType) || body.contentType.isEmpty {
            throw .invalidField("body")
        }
    }

    /// What the user agent writes itself.
    private static let ownHeaders: [SIPHeaderName] = [
        .via, .from, .to, .callID, .cSeq, .contact, .maxForwards, .route, .recordRoute, .contentLength,
        .contentType, .authorization, .proxyAuthorization, .allow, .accept, .require, .proxyRequire,
    ]

    private static func isURI(_ text: String) -> Bool {
        guard isVisible(text), let uri = try? SIPURI.parse(text) else { return false }
        return uri.scheme != .other && uri.headers.isEmpty
    }

    /// A name-addr or addr-spec without tag.
    private static func isParty(_ text: String) -> Bool {
        guard isLine(text), NameAddress.isValid(text), let address = try? NameAddress.parse(text) else {
            return false
        }
        return address.tag == nil
    }

    private static func isSentBy(_ text: String) -> Bool {
        guard isVisible(text), !text.contains(";"), !text.contains(",") else { return false }
        let via = "SIP/2.0/UDP \(text)"
        return
            (try? withUTF8(via) { (bytes: RawSpan) throws(SIPParseError) -> Via in
                try Via.parse(bytes, SIPSlice(0, min(bytes.byteCount, 65_535)))
            }) != nil
    }

    private static func isVisible(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func isLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 || $0 == ASCII.tab) && $0 != 0x7F }
    }

    /// A Call-ID of 128 random bits.
    mutating func drawCallID() -> String {
        HexadecimalDigits.text(generator.next()) + HexadecimalDigits.text(generator.next())
    }
}
