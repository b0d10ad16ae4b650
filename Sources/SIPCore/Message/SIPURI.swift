/// A URI as slices of a message: `sip`, `sips` and `tel` in structure, any other scheme as one opaque piece
/// (RFC 3261 §19.1, RFC 3966).
public struct SIPURI: Hashable, Sendable {
    public enum Scheme: UInt8, Hashable, Sendable {
        case sip, sips, tel
        /// Any other scheme, or (in brackets only) none at all; everything after it is in ``SIPURI/host``.
        case other
    }

    public internal(set) var scheme = Scheme.other
    /// The whole URI.
    public internal(set) var text = SIPSlice.empty
    /// The scheme as written; empty when there is none.
    public internal(set) var schemeName = SIPSlice.empty
    /// The user part without password, with its escapes; the number of a `tel` URI. `nil` when there is no `@`.
    public internal(set) var user: SIPSlice?
    public internal(set) var password: SIPSlice?
    /// Host name or address; an IPv6 address without its brackets.
    public internal(set) var host = SIPSlice.empty
    public internal(set) var hostIsIPv6 = false
    /// `nil` when the URI names none.
    public internal(set) var port: UInt16?
    /// From the first semicolon after the host to the headers or the end.
    public internal(set) var parameters = SIPSlice.empty
    /// After the question mark; empty when there is none.
    public internal(set) var headers = SIPSlice.empty

    init() {}

    /// A `sip` or `sips` URI.
    public var isSIP: Bool { scheme == .sip || scheme == .sips }

    /// The value of a URI parameter, name in any case; an empty slice for a flag, `nil` when it is absent.
    ///
    /// - Parameter bytes: The message that the URI was cut from.
    public func parameter(_ name: String, in bytes: RawSpan) -> SIPSlice? {
        var scanner = FieldScanner(bytes, parameters)
        while let parameter = scanner.nextURIParameter() {
            if bytes.matches(parameter.name, name) {
                return parameter.value ?? SIPSlice(scanner.position, scanner.position)
            }
        }
        return nil
    }

    /// Reads a URI that fills `slice`.
    ///
    /// - Throws: ``SIPParseError`` of kind `malformedValue` with the offset of the first octet that does not fit.
    public static func parse(_ bytes: RawSpan, _ slice: SIPSlice) throws(SIPParseError) -> SIPURI {
        var scanner = FieldScanner(bytes, slice)
        return try scanner.readURI()
    }

    /// Reads a URI from text; its slices count from the start of the text's UTF-8.
    public static func parse(_ text: String) throws(SIPParseError) -> SIPURI {
        try withUTF8(text) { (bytes: RawSpan) throws(SIPParseError) -> SIPURI in
            guard bytes.byteCount <= 65_535 else { throw SIPParseError(.uriTooLong, at: 65_535) }
            return try parse(bytes, SIPSlice(0, bytes.byteCount))
        }
    }

    /// Whether `text` is a URI with a scheme, without white space or line breaks.
    public static func isValid(_ text: String) -> Bool {
        guard let uri = try? parse(text) else { return false }
        return !uri.schemeName.isEmpty && (uri.scheme != .other || !uri.host.isEmpty)
    }
}

extension FieldScanner {
    /// Reads a URI that extends to the scanner's end.
    mutating func readURI() throws(SIPParseError) -> SIPURI {
        var uri = SIPURI()
        try readURI(into: &uri)
        return uri
    }

    /// Reads a URI into `uri`, which is as new.
    mutating func readURI(into uri: inout SIPURI) throws(SIPParseError) {
        let start = position
        uri.text = SIPSlice(start, end)
        guard readScheme(into: &uri) else {
            try skipOpaque(into: &uri, from: start)
            return
        }
        switch uri.scheme {
        case .sip, .sips: try readSIPParts(into: &uri)
        case .tel: try readTelephoneParts(into: &uri)
        case .other: try skipOpaque(into: &uri, from: position)
        }
    }

    /// False when the text does not begin with a scheme and a colon.
    @inline(__always) private mutating func readScheme(into uri: inout SIPURI) -> Bool {
        let start = position
        guard current | 0x20 >= UInt8(ascii: "a"), current | 0x20 <= UInt8(ascii: "z") else { return false }
        let name = read(while: .scheme)
        guard take(ASCII.colon) else {
            position = start
            return false
        }
        uri.schemeName = name
        if name.length == 3, bytes.matches(name, lowercase: "sip") {
            uri.scheme = .sip
        } else if name.length == 4, bytes.matches(name, lowercase: "sips") {
            uri.scheme = .sips
        } else if name.length == 3, bytes.matches(name, lowercase: "tel") {
            uri.scheme = .tel
        }
        return true
    }

    private mutating func skipOpaque(into uri: inout SIPURI, from start: Int) throws(SIPParseError) {
        while !isAtEnd, ByteSet.uri.contains(current) || current >= 0x80 { advance() }
        guard isAtEnd, position > start else { throw SIPParseError(.malformedValue, at: position) }
        uri.host = SIPSlice(start, position)
    }

    private mutating func readSIPParts(into uri: inout SIPURI) throws(SIPParseError) {
        if let invalid = firstOutsideURI() { throw SIPParseError(.malformedValue, at: invalid) }
        let start = position
        let at = index(of: ASCII.at)
        if at < end {
            while position < at, current != ASCII.colon { position &+= 1 }
            uri.user = SIPSlice(start, position)
            if position < at { uri.password = SIPSlice(position &+ 1, at) }
            position = at &+ 1
        }
        (uri.host, uri.hostIsIPv6) = try readHost()
        if take(ASCII.colon) { uri.port = try readPort() }
        if current == ASCII.semicolon {
            let parametersStart = position
            position = index(of: ASCII.question)
            uri.parameters = SIPSlice(parametersStart, position)
        }
        if take(ASCII.question) {
            uri.headers = SIPSlice(position, end)
            position = end
        }
        guard isAtEnd else { throw SIPParseError(.malformedValue, at: position) }
    }

    /// The first octet that no URI contains (octets above 0x7F are let pass); `nil` when there is none.
    private func firstOutsideURI() -> Int? {
        var index = position
        while index &+ 8 <= end {
            // A mark for each octet up to 0x20, for DEL and for the three delimiters. A false mark costs a second
            // look at eight octets, nothing else.
            let word = bytes.word(index)
            let marks =
                Word.below(0x21, word) | Word.equal(0x7F, word) | Word.equal(ASCII.less, word)
                | Word.equal(ASCII.greater, word) | Word.equal(ASCII.quote, word)
            if marks != 0 { break }
            index &+= 8
        }
        while index < end {
            let byte = bytes.byte(index)
            if !ByteSet.uri.contains(byte), byte < 0x80 { return index }
            index &+= 1
        }
        return nil
    }

    private mutating func readTelephoneParts(into uri: inout SIPURI) throws(SIPParseError) {
        let numberStart = position
        while !isAtEnd, Self.isTelephoneDigit(current) { advance() }
        let number = SIPSlice(numberStart, position)
        guard !number.isEmpty, isAtEnd || current == ASCII.semicolon else {
            throw SIPParseError(.malformedValue, at: position)
        }
        uri.user = number
        let start = position
        while !isAtEnd, ByteSet.uri.contains(current) || current >= 0x80 { advance() }
        guard isAtEnd else { throw SIPParseError(.malformedValue, at: position) }
        uri.parameters = SIPSlice(start, position)
    }

    /// RFC 3966: hexadecimal digits, `*`, `#`, `+` and visual separators.
    private static func isTelephoneDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "#"):
            true
        default:
            ASCII.hexadecimal(byte) != nil
        }
    }

    /// A host name, an IPv4 address or an IPv6 address in brackets.
    @inline(__always) mutating func readHost() throws(SIPParseError) -> (SIPSlice, isIPv6: Bool) {
        guard take(ASCII.openBracket) else {
            let name = read(while: .host)
            guard !name.isEmpty else { throw SIPParseError(.malformedValue, at: position) }
            return (name, false)
        }
        let address = read(while: .ipv6)
        guard !address.isEmpty, take(ASCII.closeBracket) else {
            throw SIPParseError(.malformedValue, at: position)
        }
        return (address, true)
    }

    @inline(__always) mutating func readPort() throws(SIPParseError) -> UInt16 {
        let start = position
        guard let number = number(), let port = UInt16(exactly: number) else {
            throw SIPParseError(.malformedValue, at: start)
        }
        return port
    }

    /// Reads `;name[=value]` of a URI: no white space, no quotes; empty parameters are passed over.
    mutating func nextURIParameter() -> SIPParameter? {
        while take(ASCII.semicolon) {
            let start = position
            var equals = -1
            while position < end, current != ASCII.semicolon {
                if equals < 0, current == ASCII.equals { equals = position }
                position &+= 1
            }
            guard position > start else { continue }
            guard equals >= 0 else { return SIPParameter(name: SIPSlice(start, position)) }
            return SIPParameter(
                name: SIPSlice(start, equals), value: SIPSlice(equals &+ 1, position))
        }
        return nil
    }
}
