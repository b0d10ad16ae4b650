/// Reason (RFC 3326): why something ended, in another protocol's words.
public struct SIPReason: Hashable, Sendable {
    /// `SIP`, `Q.850`, …
    public var protocolName: String
    /// SIP status or Q.850 cause; `nil` when it is absent or no number.
    public var cause: Int?
    public var text: String?

    public init(protocolName: String, cause: Int? = nil, text: String? = nil) {
        self.protocolName = protocolName
        self.cause = cause
        self.text = text
    }
}

/// RAck (RFC 3262 §7.2): which reliable provisional response a PRACK acknowledges.
public struct SIPRAck: Hashable, Sendable {
    public var responseNumber: UInt32
    public var cSeqNumber: UInt32
    public var method: SIPMethod

    public init(responseNumber: UInt32, cSeqNumber: UInt32, method: SIPMethod) {
        self.responseNumber = responseNumber
        self.cSeqNumber = cSeqNumber
        self.method = method
    }
}

/// Session-Expires (RFC 4028 §4).
public struct SIPSessionExpires: Hashable, Sendable {
    public enum Refresher: Hashable, Sendable { case uac, uas }

    public var seconds: UInt32
    public var refresher: Refresher?

    public init(seconds: UInt32, refresher: Refresher? = nil) {
        self.seconds = seconds
        self.refresher = refresher
    }
}

/// One Warning value (RFC 3261 §20.43).
public struct SIPWarning: Hashable, Sendable {
    /// `100...999`.
    public var code: Int
    public var agent: String
    public var text: String

    public init(code: Int, agent: String, text: String) {
        self.code = code
        self.agent = agent
        self.text = text
    }
}

extension SIPMessage {
    /// A header field that is one number of seconds or a count; numbers beyond 32 bits become the largest.
    ///
    /// - Returns: `nil` when the field is absent or does not start with a number.
    public func number(of name: SIPHeaderName) -> UInt32? {
        guard let value = value(of: name) else { return nil }
        var scanner = FieldScanner(bytes, value)
        return scanner.number().map { UInt32(clamping: $0) }
    }

    /// Expires in seconds.
    public var expires: UInt32? { number(of: .expires) }
    /// Retry-After in seconds; comment and duration are left in the header field.
    public var retryAfter: UInt32? { number(of: .retryAfter) }
    /// Min-SE in seconds (RFC 4028 §5).
    public var minimumSessionExpires: UInt32? { number(of: .minSE) }
    /// RSeq (RFC 3262 §7.1).
    public var rSeq: UInt32? { number(of: .rSeq) }

    /// RAck; `nil` when it is absent or malformed.
    public var rAck: SIPRAck? {
        guard let value = value(of: .rAck) else { return nil }
        var scanner = FieldScanner(bytes, value)
        guard let response = scanner.number().flatMap({ UInt32(exactly: $0) }) else { return nil }
        scanner.skipWhitespace()
        guard let sequence = scanner.number().flatMap({ UInt32(exactly: $0) }) else { return nil }
        scanner.skipWhitespace()
        let name = scanner.token()
        guard scanner.isAtEnd, !name.isEmpty else { return nil }
        let method = SIPMethod(code: SIPMethod.Code(bytes, name), token: bytes.rawString(name))
        return SIPRAck(responseNumber: response, cSeqNumber: sequence, method: method)
    }

    /// Session-Expires; `nil` when it is absent or malformed.
    public var sessionExpires: SIPSessionExpires? {
        guard let value = value(of: .sessionExpires) else { return nil }
        var scanner = FieldScanner(bytes, value)
        guard let seconds = scanner.number() else { return nil }
        let parameters = SIPParameterList(SIPSlice(scanner.position, scanner.end))
        let refresher = parameters.first("refresher", in: bytes)?.value
        return SIPSessionExpires(
            seconds: UInt32(clamping: seconds),
            refresher: refresher.flatMap {
                bytes.matches($0, "uac") ? .uac : bytes.matches($0, "uas") ? .uas : nil
            })
    }

    /// Timestamp in seconds (RFC 3261 §20.38), without the delay after it; `nil` when absent or malformed.
    public var timestamp: Double? {
        guard let value = value(of: .timestamp) else { return nil }
        var scanner = FieldScanner(bytes, value)
        guard let seconds = scanner.number() else { return nil }
        let start = scanner.position
        guard scanner.take(UInt8(ascii: ".")) else { return Double(seconds) }
        _ = scanner.number()
        return Double(bytes.rawString(SIPSlice(value.start, max(start, scanner.position))))
    }

    /// Every Reason value, in order; malformed ones are left out.
    public func reasons() -> [SIPReason] {
        var reasons: [SIPReason] = []
        var cursor = values(of: .reason)
        while let value = next(&cursor) {
            var scanner = FieldScanner(bytes, value)
            let name = scanner.token()
            guard !name.isEmpty else { continue }
            let parameters = SIPParameterList(SIPSlice(scanner.position, scanner.end))
            reasons.append(
                SIPReason(
                    protocolName: bytes.rawString(name),
                    cause: parameters.first("cause", in: bytes)?.value.flatMap { Int(bytes.rawString($0)) },
                    text: parameters.first("text", in: bytes)?.value.map { unquoted($0) }))
        }
        return reasons
    }

    /// Every Warning, in order; malformed ones are left out.
    public func warnings() -> [SIPWarning] {
        var warnings: [SIPWarning] = []
        var cursor = values(of: .warning)
        while let value = next(&cursor) {
            var scanner = FieldScanner(bytes, value)
            guard let code = scanner.number(), (100...999).contains(code) else { continue }
            scanner.skipWhitespace()
            let start = scanner.position
            while !scanner.isAtEnd, !ByteSet.linearWhitespace.contains(scanner.current) { scanner.advance() }
            let agent = SIPSlice(start, scanner.position)
            scanner.skipWhitespace()
            guard !agent.isEmpty, scanner.current == ASCII.quote else { continue }
            warnings.append(
                SIPWarning(
                    code: Int(code), agent: bytes.rawString(agent),
                    text: unquoted(SIPSlice(scanner.position, scanner.end))))
        }
        return warnings
    }

    /// The text of a quoted string without its quotes and escapes; other text as it stands, unfolded.
    public func unquoted(_ slice: SIPSlice) -> String { bytes.unquoted(slice) }

    /// The text of a URI's part with its `%` escapes resolved (RFC 3261 §19.1.2); malformed escapes stay.
    public func unescaped(_ slice: SIPSlice) -> String { bytes.unescaped(slice) }
}

extension RawSpan {
    func unquoted(_ slice: SIPSlice) -> String {
        let text = string(slice)
        guard text.utf8.first == ASCII.quote else { return text }
        var result: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8.dropFirst() {
            if isEscaped {
                result.append(byte)
                isEscaped = false
            } else if byte == ASCII.backslash {
                isEscaped = true
            } else if byte == ASCII.quote {
                break
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    func unescaped(_ slice: SIPSlice) -> String {
        let range = clamped(slice)
        var result: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let (byte, length) = escapedByte(index, range.upperBound)
            result.append(byte)
            index += length
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The octet that stands at `index`, a `%` escape resolved, and how many octets it takes.
    func escapedByte(_ index: Int, _ end: Int) -> (byte: UInt8, length: Int) {
        let first = byte(index)
        guard first == ASCII.percent, index + 2 < end, let high = ASCII.hexadecimal(byte(index + 1)),
            let low = ASCII.hexadecimal(byte(index + 2))
        else { return (first, 1) }
        return (high << 4 | low, 3)
    }
}
