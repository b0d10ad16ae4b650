/// Sequence number and method of a transaction (RFC 3261 §20.16).
public struct CSeq: Hashable, Sendable {
    /// Below 2^31.
    public internal(set) var number: UInt32 = 0
    /// The method as written.
    public internal(set) var methodName = SIPSlice.empty
    var methodCode = SIPMethod.Code.other

    init() {}

    /// The largest sequence number, RFC 3261 §8.1.1.5.
    public static let maximumNumber: UInt32 = 0x7FFF_FFFF

    /// The number of the next request; after the largest one it begins anew.
    static func successor(of number: UInt32) -> UInt32 { number >= maximumNumber ? 1 : number + 1 }
}

/// A media type and its parameters (RFC 3261 §20.15): `application/sdp`.
public struct SIPMediaType: Hashable, Sendable {
    public internal(set) var type = SIPSlice.empty
    public internal(set) var subtype = SIPSlice.empty
    public internal(set) var parameters = SIPParameterList()

    init() {}

    /// Whether type and subtype are those of `text`, which has the form `application/sdp`, in any case.
    public func isEqual(_ text: String, in bytes: RawSpan) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1)
        return parts.count == 2 && bytes.matches(type, parts[0]) && bytes.matches(subtype, parts[1])
    }
}

extension FieldScanner {
    mutating func readCSeq() throws(SIPParseError) -> CSeq {
        var sequence = CSeq()
        skipWhitespace()
        let start = position
        guard let number = number() else { throw SIPParseError(.malformedValue, at: position) }
        guard number <= UInt64(CSeq.maximumNumber) else { throw SIPParseError(.numberOutOfRange, at: start) }
        sequence.number = UInt32(truncatingIfNeeded: number)
        guard ByteSet.linearWhitespace.contains(current) else {
            throw SIPParseError(.malformedValue, at: position)
        }
        skipWhitespace()
        sequence.methodName = token()
        sequence.methodCode = SIPMethod.Code(bytes, sequence.methodName)
        skipWhitespace()
        guard isAtEnd, !sequence.methodName.isEmpty else {
            throw SIPParseError(.malformedValue, at: position)
        }
        return sequence
    }

    mutating func readMediaType() throws(SIPParseError) -> SIPMediaType {
        var media = SIPMediaType()
        skipWhitespace()
        media.type = token()
        skipWhitespace()
        guard !media.type.isEmpty, take(ASCII.slash) else {
            throw SIPParseError(.malformedValue, at: position)
        }
        skipWhitespace()
        media.subtype = token()
        guard !media.subtype.isEmpty else { throw SIPParseError(.malformedValue, at: position) }
        skipWhitespace()
        let start = position
        while case .parameter = nextParameter() {}
        media.parameters = SIPParameterList(SIPSlice(start, end))
        return media
    }

    /// A number that fills the scanner.
    mutating func readNumber(upTo maximum: UInt64) throws(SIPParseError) -> UInt64 {
        skipWhitespace()
        let start = position
        guard let value = number() else { throw SIPParseError(.malformedValue, at: position) }
        skipWhitespace()
        guard isAtEnd else { throw SIPParseError(.malformedValue, at: position) }
        guard value <= maximum else { throw SIPParseError(.numberOutOfRange, at: start) }
        return value
    }
}
