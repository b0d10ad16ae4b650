internal import SansIO

/// Refer-To (RFC 3515 §2.1): whom the recipient of a REFER is asked to call, and with which header fields.
public struct ReferTarget: Hashable, Sendable {
    /// The URI without brackets, header part and `method` parameter: fit for a Request-URI.
    public var uri: String
    /// As written, with its quotes; empty when there is none.
    public var displayName: String
    /// The `method` parameter of the URI; INVITE without one.
    public var method: SIPMethod
    /// The header part of the URI, escapes resolved. The sender of the REFER has written it, so only what is known to
    /// be harmless may go into a request (RFC 3261 §19.1.5); ``replaces`` is meant to.
    public var headers: [SIPHeaderField]

    public init(
        uri: String, displayName: String = "", method: SIPMethod = .invite, headers: [SIPHeaderField] = []
    ) {
        self.uri = uri
        self.displayName = displayName
        self.method = method
        self.headers = headers
    }

    /// An attended transfer: the recipient calls `uri` in place of the dialog that `replaces` names there.
    public init(uri: String, replacing replaces: SIPReplaces) {
        self.init(uri: uri, headers: [SIPHeaderField(name: "Replaces", value: replaces.headerValue)])
    }

    /// The dialog that the new call is to take the place of; `nil` for a blind transfer.
    public var replaces: SIPReplaces? { headers.first(.replaces).flatMap { SIPReplaces($0) } }

    /// Reads the value of Refer-To, a name-addr or addr-spec.
    ///
    /// - Returns: `nil` for anything else, and for a URI without a scheme.
    public init?(_ value: String) {
        let read = withUTF8(value) { (bytes: RawSpan) -> Self? in
            guard bytes.byteCount <= 8_192 else { return nil }
            let slice = SIPSlice(0, bytes.byteCount)
            var displayName = ""
            let uri: SIPURI
            if let address = try? NameAddress.parse(bytes, slice) {
                uri = address.uri
                displayName = bytes.string(address.displayName)
            } else if let bare = try? SIPURI.parse(bytes, slice) {
                uri = bare  // A question mark needs brackets (RFC 3261 §20), but not everybody puts them.
            } else {
                return nil
            }
            guard !uri.schemeName.isEmpty else { return nil }
            var text = ""
            if uri.parameters.isEmpty {
                let end = uri.headers.isEmpty ? uri.text.end : uri.headers.start - 1
                text = bytes.rawString(SIPSlice(uri.text.start, end))
            } else {
                text = bytes.rawString(SIPSlice(uri.text.start, uri.parameters.start))
                for parameter in bytes.rawString(uri.parameters).split(separator: ";")
                where !parameter.lowercased().hasPrefix("method=") {
                    text += ";\(parameter)"
                }
            }
            var target = Self(
                uri: text, displayName: displayName,
                headers: Self.headers(uri.headers, of: bytes))
            if let name = uri.parameter("method", in: bytes) {
                guard let method = SIPMethod(bytes.rawString(name)) else { return nil }
                target.method = method
            }
            return target
        }
        guard let read else { return nil }
        self = read
    }

    /// The value of the header field.
    public var headerValue: String {
        let name = displayName.isEmpty ? "" : "\(displayName) "
        let fields = headers.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }
        let way = method == .invite ? "" : ";method=\(method)"
        return "\(name)<\(uri)\(way)\(fields.isEmpty ? "" : "?")\(fields.joined(separator: "&"))>"
    }

    /// `name=value&name=value`, at most sixteen; line breaks hidden in escapes are cut out with their field.
    private static func headers(_ slice: SIPSlice, of bytes: RawSpan) -> [SIPHeaderField] {
        guard !slice.isEmpty else { return [] }
        var fields: [SIPHeaderField] = []
        for part in bytes.rawString(slice).split(separator: "&").prefix(16) {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = unescaped(String(halves[0]))
            let value = halves.count == 2 ? unescaped(String(halves[1])) : ""
            guard SIPMethod(name) != nil, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                continue
            }
            fields.append(SIPHeaderField(name: name, value: value))
        }
        return fields
    }

    private static func unescaped(_ text: String) -> String {
        withUTF8(text) { (bytes: RawSpan) in bytes.unescaped(SIPSlice(0, bytes.byteCount)) }
    }

    /// Everything but unreserved and hnv-unreserved as `%` escapes (RFC 3261 §25.1).
    static func escaped(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
            if isLetter || ASCII.isDigit(byte) || "-_.!~*'()[]/?:+$".utf8.contains(byte) {
                result.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                result += [ASCII.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// A piece of a SIP message as the body of a NOTIFY (RFC 3420): here, a status line.
public enum SIPFragment {
    /// `message/sipfrag` with the status line of a response.
    public static func body(status: Int, reason: String? = nil) -> SIPBody {
        let phrase = reason ?? SIPStatus(status)?.reasonPhrase ?? ""
        return SIPBody(
            contentType: "message/sipfrag;version=2.0",
            bytes: Array("SIP/2.0 \(status) \(UserAgent.oneLine(phrase))\r\n".utf8))
    }

    /// The status line at the start of such a body; `nil` when there is none.
    public static func status(of body: SIPBody?) -> (status: Int, reason: String)? {
        guard let body, body.contentType.lowercased().hasPrefix("message/sipfrag") else { return nil }
        let line = body.bytes.prefix(256).prefix { !ASCII.isLineBreak($0) }
        let parts = line.split(separator: ASCII.space, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, String(decoding: parts[0], as: UTF8.self).uppercased() == "SIP/2.0",
            parts[1].count == 3, let status = Int(String(decoding: parts[1], as: UTF8.self)),
            (100...699).contains(status)
        else { return nil }
        return (status, parts.count == 3 ? String(decoding: parts[2], as: UTF8.self) : "")
    }
}
