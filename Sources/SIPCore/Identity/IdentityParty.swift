/// Who calls or is called, in the one spelling that is signed (RFC 8224 §8).
public enum IdentityParty: Hashable, Sendable {
    /// A telephone number: digits, `*` and `#` only, without the plus (RFC 8224 §8.3).
    case number(String)
    /// Any other SIP URI, as `sip:user@host` with the host in lower case (RFC 8224 §8.5).
    case uri(String)

    /// Digits of a number, at most.
    static let numberLimit = 32
    /// Octets of a URI, at most.
    static let uriLimit = 256
    /// A user part of digits without plus and without `user=phone` is a number from so many on; a shorter one is an
    /// extension of its own domain.
    static let fewestDigits = 7

    /// A telephone number without plus, separators and anything else that is no digit (RFC 8224 §8.3).
    ///
    /// Letters are refused, not dropped: `alice` is no number.
    ///
    /// - Returns: `nil` when nothing is left, or more than 32 digits.
    public static func canonicalNumber(_ text: some StringProtocol) -> String? {
        var number: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "#"):
                number.append(byte)
            case UInt8(ascii: "+") where number.isEmpty: break
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"), ASCII.space:
                break
            default: return nil
            }
        }
        return (1...numberLimit).contains(number.count) ? String(decoding: number, as: UTF8.self) : nil
    }

    /// The party of a From, To or P-Asserted-Identity value, or of a bare URI: `"Jane" <sip:+12155551212@example.com>`.
    ///
    /// - Returns: `nil` for what is neither a SIP nor a `tel` URI.
    public init?(address: String) {
        guard let address = try? Self.uri(ofAddress: address) else { return nil }
        self.init(uri: address)
    }

    private static func uri(ofAddress text: String) throws(SIPParseError) -> String {
        let address = try NameAddress.parse(text)
        return withUTF8(text) { $0.rawString(address.uri.text) }
    }

    /// The party that a SIP or `tel` URI names.
    public init?(uri text: String) {
        guard let uri = try? SIPURI.parse(text) else { return nil }
        let party = withUTF8(text) { Self.party(of: uri, in: $0) }
        guard let party else { return nil }
        self = party
    }

    private static func party(of uri: SIPURI, in bytes: RawSpan) -> IdentityParty? {
        switch uri.scheme {
        case .tel:
            return uri.user.flatMap { canonicalNumber(bytes.rawString($0)) }.map { .number($0) }
        case .sip, .sips:
            let user = uri.user.map { bytes.unescaped($0) } ?? ""
            // A number may carry parameters of its own: `+12155551212;npdi`.
            let digits = user.prefix { $0 != ";" }
            if let number = canonicalNumber(digits), isNumber(digits, uri, bytes) { return .number(number) }
            let host = bytes.rawString(uri.host).lowercased()
            let name = uri.user.map { bytes.rawString($0) + "@" } ?? ""
            let text = "\(uri.scheme == .sips ? "sips" : "sip"):\(name)\(uri.hostIsIPv6 ? "[\(host)]" : host)"
            return text.utf8.count <= uriLimit ? .uri(text) : nil
        case .other:
            return nil
        }
    }

    private static func isNumber(_ user: Substring, _ uri: SIPURI, _ bytes: RawSpan) -> Bool {
        if user.first == "+" { return true }
        if let kind = uri.parameter("user", in: bytes), bytes.matches(kind, lowercase: "phone") {
            return true
        }
        return user.utf8.count { ASCII.isDigit($0) } >= fewestDigits
    }
}
