/// One Via value: the way a response goes back (RFC 3261 §20.42, RFC 3581).
public struct Via: Hashable, Sendable {
    public enum Transport: UInt8, Hashable, Sendable { case udp, tcp, tls, sctp, ws, wss, other }

    public internal(set) var transport = Transport.other
    /// The transport as written; empty when the value lacks one.
    public internal(set) var transportName = SIPSlice.empty
    /// The host of sent-by; an IPv6 address without its brackets.
    public internal(set) var host = SIPSlice.empty
    public internal(set) var hostIsIPv6 = false
    /// The port of sent-by; `nil` when it names none.
    public internal(set) var port: UInt16?
    public internal(set) var parameters = SIPParameterList()
    public internal(set) var branch: SIPSlice?
    public internal(set) var received: SIPSlice?
    /// Whether `rport` is there, with or without a value.
    public internal(set) var hasRport = false
    /// The value of `rport`; `nil` when it has none or one that is no port.
    public internal(set) var rport: UInt16?
    public internal(set) var maddr: SIPSlice?
    public internal(set) var ttl: UInt8?
    /// The whole value.
    public internal(set) var text = SIPSlice.empty

    init() {}

    /// Whether the branch starts with the magic cookie and has something after it, so that it names a
    /// transaction by itself (RFC 3261 §17.2.3, RFC 4475 §3.2.1).
    public func hasUniqueBranch(in bytes: RawSpan) -> Bool {
        guard let branch, branch.length > 7 else { return false }
        return bytes.matches(SIPSlice(offset: branch.offset, length: 7), lowercase: "z9hg4bk")
    }

    /// Reads a value that fills `slice`.
    ///
    /// - Throws: ``SIPParseError`` of kind `malformedValue`; also for a second value after a comma.
    public static func parse(_ bytes: RawSpan, _ slice: SIPSlice) throws(SIPParseError) -> Via {
        var scanner = FieldScanner(bytes, slice)
        let via = try scanner.readVia()
        guard scanner.isAtEnd else { throw SIPParseError(.malformedValue, at: scanner.position) }
        return via
    }
}

extension FieldScanner {
    /// Reads one value up to a comma or the end.
    mutating func readVia() throws(SIPParseError) -> Via {
        var via = Via()
        skipWhitespace()
        let start = position
        try readProtocol(into: &via)
        (via.host, via.hostIsIPv6) = try readHost()
        if !isAtEnd, current != ASCII.semicolon {
            skipWhitespace()
            if take(ASCII.colon) {
                skipWhitespace()
                via.port = try readPort()
            }
        }
        try readParameters(into: &via)
        via.text = trimmed(from: start)
        return via
    }

    /// `SIP / 2.0 / UDP` and the white space after it.
    @inline(__always) private mutating func readProtocol(into via: inout Via) throws(SIPParseError) {
        // "SIP/2.0/" in one comparison; anything else step by step.
        if position &+ 8 <= end, bytes.word(position) == 0x2F30_2E32_2F50_4953 {
            position &+= 8
            return try readTransport(into: &via)
        }
        for _ in 0..<2 {
            guard !token().isEmpty else { throw SIPParseError(.malformedValue, at: position) }
            if current != ASCII.slash { skipWhitespace() }
            guard take(ASCII.slash) else { throw SIPParseError(.malformedValue, at: position) }
            skipWhitespace()
        }
        try readTransport(into: &via)
    }

    @inline(__always) private mutating func readTransport(into via: inout Via) throws(SIPParseError) {
        skipWhitespace()
        let start = position
        let transport = token()
        guard ByteSet.linearWhitespace.contains(current), !transport.isEmpty else {
            // `SIP/2.0/192.0.2.1:5060` is met in the field: no transport, sent-by directly after the slash.
            guard transport.range.contains(where: { bytes.byte($0) == UInt8(ascii: ".") }) else {
                throw SIPParseError(.malformedValue, at: position)
            }
            position = start
            return
        }
        via.transportName = transport
        via.transport = Via.Transport(bytes, transport)
        skipWhitespace()
    }

    @inline(__always) private mutating func readParameters(into via: inout Via) throws(SIPParseError) {
        skipWhitespace()
        let start = position
        while true {
            switch nextParameter() {
            case .parameter(let parameter):
                note(parameter, into: &via)
            case .end:
                via.parameters = SIPParameterList(trimmed(from: start))
                return
            case .malformed:
                throw SIPParseError(.malformedValue, at: position)
            }
        }
    }

    @inline(__always) private func note(_ parameter: SIPParameter, into via: inout Via) {
        let name = parameter.name
        switch name.length {
        case 3 where bytes.matches(name, lowercase: "ttl"):
            via.ttl = parameter.value.flatMap { number($0) }.flatMap { UInt8(exactly: $0) }
        case 5 where bytes.matches(name, lowercase: "rport"):
            via.hasRport = true
            via.rport = parameter.value.flatMap { number($0) }.flatMap { UInt16(exactly: $0) }
        case 5 where bytes.matches(name, lowercase: "maddr"):
            via.maddr = parameter.value
        case 6 where bytes.matches(name, lowercase: "branch"):
            if via.branch == nil { via.branch = parameter.value }
        case 8 where bytes.matches(name, lowercase: "received"):
            via.received = parameter.value
        default:
            break
        }
    }

    /// The number that a slice consists of; `nil` for anything else.
    private func number(_ slice: SIPSlice) -> UInt64? {
        var scanner = FieldScanner(bytes, slice)
        guard let value = scanner.number(), scanner.isAtEnd else { return nil }
        return value
    }
}

extension Via.Transport {
    init(_ bytes: RawSpan, _ name: SIPSlice) {
        self =
            switch name.length {
            case 2 where bytes.matches(name, lowercase: "ws"): .ws
            case 3 where bytes.matches(name, lowercase: "udp"): .udp
            case 3 where bytes.matches(name, lowercase: "tcp"): .tcp
            case 3 where bytes.matches(name, lowercase: "tls"): .tls
            case 3 where bytes.matches(name, lowercase: "wss"): .wss
            case 4 where bytes.matches(name, lowercase: "sctp"): .sctp
            default: .other
            }
    }
}
