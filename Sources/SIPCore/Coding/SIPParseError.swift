/// Why some octets are not an acceptable SIP message.
public struct SIPParseError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Hashable, Sendable {
        /// Nothing but line ends: a keep-alive (RFC 5626 §3.5.1), or an empty datagram.
        case empty
        case messageTooLarge
        /// The first line is neither a request line nor a status line.
        case malformedStartLine
        /// A version other than `SIP/2.0`.
        case unsupportedVersion
        /// A status code outside `100...699`.
        case invalidStatusCode
        /// A Request-URI against the grammar, in brackets, or with headers (RFC 3261 §19.1.1).
        case invalidRequestURI
        case uriTooLong
        case tooManyHeaders
        case headerTooLong
        /// A header line without a colon or with a name that is no token.
        case malformedHeader
        /// A carriage return without its line feed.
        case bareCarriageReturn
        /// No empty line after the header fields.
        case missingHeaderEnd
        /// A header field that every message has is absent.
        case missingHeader
        /// A header field that may occur once occurs again.
        case duplicateHeader
        /// A value that does not follow the grammar of its header field.
        case malformedValue
        /// A number outside the range of its header field.
        case numberOutOfRange
        /// The method of CSeq is not that of the request line.
        case methodMismatch
        /// Content-Length announces more octets than there are.
        case truncatedBody
        case bodyTooLarge
    }

    public var kind: Kind
    /// Where in the message it shows, counted from its first octet.
    public var byteOffset: Int
    /// The header field concerned; `nil` for the start line and for the message as a whole.
    public var header: SIPHeaderName?
    /// The final response that the request deserves; `nil` for a response, for an ACK, and when too little was
    /// readable to answer at all (Via, From, To, Call-ID, CSeq).
    public var suggestedStatus: SIPStatus?

    public init(
        _ kind: Kind, at byteOffset: Int, header: SIPHeaderName? = nil, suggestedStatus: SIPStatus? = nil
    ) {
        self.kind = kind
        self.byteOffset = byteOffset
        self.header = header
        self.suggestedStatus = suggestedStatus
    }

    /// The status for this kind, if a response can be made.
    var status: SIPStatus {
        switch kind {
        case .unsupportedVersion: .versionNotSupported
        case .uriTooLong: .requestURITooLong
        case .bodyTooLarge: .requestEntityTooLarge
        case .messageTooLarge, .tooManyHeaders, .headerTooLong: .messageTooLarge
        default: .badRequest
        }
    }

    public var description: String {
        let place = header.map { " in \($0 == .unknown ? "a header field" : "\($0)")" } ?? ""
        return "\(kind.rawValue)\(place) at octet \(byteOffset)"
    }
}
