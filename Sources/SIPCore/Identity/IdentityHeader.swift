/// The value of an Identity header field (RFC 8224 §4).
public struct IdentityHeader: Hashable, Sendable {
    /// The token: full, or compact with header and claims left out (`..signature`).
    public var token: String
    /// `info`: where the certificate is to be had, without its angle brackets.
    public var certificateURL: String
    /// `alg`; `nil` stands for ES256.
    public var algorithm: String?
    /// `ppt`: the type of the token; `nil` for the plain form.
    public var extensionType: String?

    public init(token: String, certificateURL: String, algorithm: String? = nil, extensionType: String? = nil)
    {
        self.token = token
        self.certificateURL = certificateURL
        self.algorithm = algorithm
        self.extensionType = extensionType
    }

    /// Whether header and claims have been left out, to be written anew from the request (RFC 8224 §4.1).
    public var isCompact: Bool { token.hasPrefix("..") }

    /// The signature's text alone.
    public var signatureText: Substring {
        token.lastIndex(of: ".").map { token[token.index(after: $0)...] } ?? token[...]
    }

    /// As it stands in a message: `eyJ…;info=<https://…>;alg=ES256;ppt=shaken`.
    public var text: String {
        var text = "\(token);info=<\(certificateURL)>"
        if let algorithm { text += ";alg=\(algorithm)" }
        if let extensionType { text += ";ppt=\(extensionType)" }
        return text
    }

    /// Reads a field value; parameters in any order, with or without quotes, unknown ones passed over.
    ///
    /// - Throws: ``IdentityFault/malformed(_:)``.
    public static func parse(_ text: String) throws(IdentityFault) -> IdentityHeader {
        guard text.utf8.count <= PASSporTToken.byteLimit + 2_048 else { throw .malformed("it is too long") }
        return try withUTF8(text) { (bytes: RawSpan) throws(IdentityFault) in try parse(bytes) }
    }

    private static func parse(_ bytes: RawSpan) throws(IdentityFault) -> IdentityHeader {
        var scanner = FieldScanner(bytes, from: 0, to: bytes.byteCount)
        scanner.skipWhitespace()
        let start = scanner.position
        while !scanner.isAtEnd, scanner.current == UInt8(ascii: ".") || isBase64(scanner.current) {
            scanner.advance()
        }
        let token = bytes.rawString(SIPSlice(start, scanner.position))
        guard !token.isEmpty else { throw .malformed("it does not begin with a token") }
        var header = IdentityHeader(token: token, certificateURL: "")
        while let parameter = try nextParameter(&scanner) {
            let value = bytes.unquoted(parameter.value)
            if bytes.matches(parameter.name, lowercase: "info") {
                header.certificateURL = withoutBrackets(value)
            } else if bytes.matches(parameter.name, lowercase: "alg") {
                header.algorithm = value
            } else if bytes.matches(parameter.name, lowercase: "ppt") {
                header.extensionType = value
            }
        }
        guard !header.certificateURL.isEmpty else { throw .malformed("it has no info parameter") }
        return header
    }

    /// Reads `;name=value`. Between angle brackets commas and semicolons belong to the URL, unlike in other fields.
    private static func nextParameter(
        _ scanner: inout FieldScanner
    ) throws(IdentityFault) -> (name: SIPSlice, value: SIPSlice)? {
        scanner.skipWhitespace()
        guard !scanner.isAtEnd else { return nil }
        guard scanner.take(ASCII.semicolon) else { throw .malformed("something follows its value") }
        scanner.skipWhitespace()
        let name = scanner.token()
        scanner.skipWhitespace()
        guard !name.isEmpty else { throw .malformed("a parameter has no name") }
        guard scanner.take(ASCII.equals) else { return (name, .empty) }
        scanner.skipWhitespace()
        let start = scanner.position
        switch scanner.current {
        case ASCII.less:
            while !scanner.isAtEnd, scanner.current != ASCII.greater { scanner.advance() }
            guard scanner.take(ASCII.greater) else { throw .malformed("a URL has no end") }
        case ASCII.quote:
            guard scanner.skipQuotedString() else { throw .malformed("a quoted value has no end") }
        default:
            while !scanner.isAtEnd, scanner.current != ASCII.semicolon, scanner.current != ASCII.comma,
                !ByteSet.linearWhitespace.contains(scanner.current)
            { scanner.advance() }
        }
        return (name, SIPSlice(start, scanner.position))
    }

    private static func withoutBrackets(_ text: String) -> String {
        text.hasPrefix("<") && text.hasSuffix(">") ? String(text.dropFirst().dropLast()) : text
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
