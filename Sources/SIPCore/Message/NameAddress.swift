/// A URI with an optional display name and header parameters, as in From, To, Contact, Route and
/// P-Asserted-Identity (RFC 3261 §20.10).
public struct NameAddress: Hashable, Sendable {
    /// As written, a quoted name with its quotes; empty when there is none.
    public internal(set) var displayName = SIPSlice.empty
    public internal(set) var uri = SIPURI()
    /// The header parameters, those after the URI.
    public internal(set) var parameters = SIPParameterList()
    /// The `tag` parameter; `nil` when it is absent.
    public internal(set) var tag: SIPSlice?
    /// Whether the URI stood between angle brackets. Without them no parameter belongs to the URI.
    public internal(set) var isBracketed = false

    init() {}

    /// Reads a value that fills `slice`.
    ///
    /// - Throws: ``SIPParseError`` of kind `malformedValue`; also for a second value after a comma.
    public static func parse(_ bytes: RawSpan, _ slice: SIPSlice) throws(SIPParseError) -> NameAddress {
        var scanner = FieldScanner(bytes, slice)
        let address = try scanner.readNameAddress()
        guard scanner.isAtEnd else { throw SIPParseError(.malformedValue, at: scanner.position) }
        return address
    }

    /// Reads a value from text; its slices count from the start of the text's UTF-8.
    public static func parse(_ text: String) throws(SIPParseError) -> NameAddress {
        try withUTF8(text) { (bytes: RawSpan) throws(SIPParseError) -> NameAddress in
            guard bytes.byteCount <= 65_535 else { throw SIPParseError(.headerTooLong, at: 65_535) }
            return try parse(bytes, SIPSlice(0, bytes.byteCount))
        }
    }

    /// Whether `text` is one name-addr or addr-spec with a scheme, without line breaks.
    public static func isValid(_ text: String) -> Bool {
        guard !text.utf8.contains(where: ASCII.isLineBreak), let address = try? parse(text) else {
            return false
        }
        return !address.uri.schemeName.isEmpty
    }
}

extension FieldScanner {
    /// Reads one value up to a comma or the end.
    mutating func readNameAddress() throws(SIPParseError) -> NameAddress {
        var address = NameAddress()
        try readNameAddress(into: &address)
        return address
    }

    /// Reads one value into `address`, which is as new.
    mutating func readNameAddress(into address: inout NameAddress) throws(SIPParseError) {
        skipWhitespace()
        let start = position
        if current != ASCII.less {
            if current == ASCII.quote {
                guard skipQuotedString() else { throw SIPParseError(.malformedValue, at: start) }
                address.displayName = SIPSlice(start, position)
                skipWhitespace()
                guard current == ASCII.less else { throw SIPParseError(.malformedValue, at: position) }
            } else if startsWithScheme() {
                try readBareURI(into: &address.uri)
            } else {
                while !isAtEnd, current != ASCII.less, current != ASCII.quote, current != ASCII.comma {
                    advance()
                }
                guard current == ASCII.less else { throw SIPParseError(.malformedValue, at: position) }
                address.displayName = trimmed(from: start)
            }
        }
        if current == ASCII.less {
            address.isBracketed = true
            try readBracketedURI(into: &address.uri)
        }
        try readParameters(into: &address)
    }

    /// Whether a scheme and a colon come next: then the value is a bare URI and not a display name.
    private func startsWithScheme() -> Bool {
        var index = position
        while index < end, ByteSet.scheme.contains(bytes.byte(index)) { index &+= 1 }
        return index > position && index < end && bytes.byte(index) == ASCII.colon
    }

    private mutating func readBracketedURI(into uri: inout SIPURI) throws(SIPParseError) {
        advance()
        let start = position
        position = index(of: ASCII.greater)
        guard !isAtEnd else { throw SIPParseError(.malformedValue, at: start) }
        // Some senders put a space inside the brackets (RFC 4475 §3.1.2.14); it cannot be part of the URI.
        let inner = trimmed(from: start)
        advance()
        var scanner = FieldScanner(bytes, inner)
        try scanner.readURI(into: &uri)
    }

    /// A URI without brackets ends where header parameters begin; one that contains a question mark or comma
    /// needs brackets (RFC 3261 §20).
    private mutating func readBareURI(into uri: inout SIPURI) throws(SIPParseError) {
        let start = position
        while !isAtEnd, current != ASCII.semicolon, current != ASCII.comma,
            !ByteSet.linearWhitespace.contains(current)
        {
            guard current != ASCII.question else { throw SIPParseError(.malformedValue, at: position) }
            advance()
        }
        var scanner = FieldScanner(bytes, SIPSlice(start, position))
        try scanner.readURI(into: &uri)
    }

    private mutating func readParameters(into address: inout NameAddress) throws(SIPParseError) {
        skipWhitespace()
        let start = position
        while true {
            switch nextParameter() {
            case .parameter(let parameter):
                if parameter.name.length == 3, address.tag == nil,
                    bytes.matches(parameter.name, lowercase: "tag")
                {
                    address.tag = parameter.value ?? .empty
                }
            case .end:
                address.parameters = SIPParameterList(trimmed(from: start))
                return
            case .malformed:
                throw SIPParseError(.malformedValue, at: position)
            }
        }
    }
}
